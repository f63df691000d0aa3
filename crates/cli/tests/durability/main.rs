//! The binary under load, over HTTP: nothing acknowledged is lost, also not by SIGKILL.
//!
//! Continuous integration runs these with `--release`.

mod crash;
mod members;
mod server;
