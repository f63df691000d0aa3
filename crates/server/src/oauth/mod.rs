//! OAuth 2.0 for clients that cannot keep one token for years: the token endpoint and its metadata.

mod metadata;
mod token;

pub(crate) use metadata::metadata;
pub(crate) use token::answer as token;
