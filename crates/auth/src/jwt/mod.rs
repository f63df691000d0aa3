//! JSON Web Tokens (RFC 7519), checked as RFC 8725 advises.

pub(crate) mod binding;
pub(crate) mod claims;
pub(crate) mod compact;
pub(crate) mod key_set;
pub(crate) mod refresh;
pub(crate) mod requirement;
pub(crate) mod source;
pub(crate) mod trust;

mod json;
