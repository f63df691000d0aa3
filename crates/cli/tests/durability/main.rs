//! The binary under load, over HTTP: nothing acknowledged is lost, also not by SIGKILL; and hostile
//! clients neither take its memory nor keep good ones from it.
//!
//! Continuous integration runs these with `--release`.

mod crash;
mod hostile;
mod members;
mod server;
