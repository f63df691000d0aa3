//! The subsystem's configuration tables: what an administrator may set while it runs.
//!
//! A [`Configuration`] is all tables of a tenant, checked as a whole; [`Provisioning`] is what they
//! say, as plain data. [`Table`] lists the tables with their shapes, which the platform's services
//! and the admin API show.

mod configuration;
mod provisioning;
mod row;
mod shape;

pub use configuration::{
    BYTES_MAX, Change, Configuration, ConfigurationError, DOCUMENT, check_rows,
};
pub use provisioning::{Adoption, Defaults, GroupMapping, Provisioning};
pub use row::{Row, tags};
pub use shape::{Column, Table};
