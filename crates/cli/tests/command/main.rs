//! The commands of the binary, as an operator uses them.

mod audit;
mod check_config;
mod doctor;
mod healthcheck;
mod import;
mod process;
mod reload;
mod secret;
mod seed;
mod serve;
mod setup;
mod stand_in;
mod tenant;
mod token;
mod trail;
mod trial;
