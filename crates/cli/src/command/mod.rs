//! The commands, a file each.

pub(crate) mod audit;
pub(crate) mod check_config;
pub(crate) mod database;
pub(crate) mod explain;
pub(crate) mod healthcheck;
pub(crate) mod reload;
pub(crate) mod secret;
pub(crate) mod serve;
pub(crate) mod tenants;
pub(crate) mod token;
pub(crate) mod trial;
