//! The SCIM subsystem of the platform: settings, state, policy.
#![warn(missing_docs)]

pub mod client_binding;
pub mod info_table;
pub mod login;
pub mod message;
pub mod policy;
pub mod principal;
pub mod property;
pub mod schema;
pub mod secret_store;
pub mod setting;
pub mod state;
pub mod table;
pub mod tenant_name;

/// The name of the platform's own tenant: the one that requests without another belong to.
pub const DEFAULT_TENANT: &str = "default";
