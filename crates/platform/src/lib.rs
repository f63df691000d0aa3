//! The SCIM subsystem of the platform: settings, state, policy.
#![warn(missing_docs)]

pub mod client_binding;
pub mod info_table;
pub mod principal;
pub mod setting;
pub mod state;
