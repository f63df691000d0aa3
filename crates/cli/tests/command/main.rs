//! The commands of the binary, as an operator uses them.

mod check_config;
mod process;
mod secret;
mod serve;
mod setup;
mod tenant;
mod token;
mod trial;
