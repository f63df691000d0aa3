//! The ways to authenticate, a file each.

pub(crate) mod bearer;
pub(crate) mod introspect;
pub(crate) mod jwt;
