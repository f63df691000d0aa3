//! The admin API, in plain JSON, for administrators of the platform.

mod tenants;

pub(crate) use tenants::answer as tenants;
