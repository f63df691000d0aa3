//! SCIM 2.0 as values: schemas, filters, paths, PATCH, projection, messages (RFC 7643, RFC 7644).
//!
//! This crate is pure: it knows no clock, no randomness, no I/O and no `async`. Text and JSON come
//! in, typed values go out, and the other way round. [`schema::Schemas`] is built once; everything
//! else is read against it.
#![warn(missing_docs)]
#![deny(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

pub mod deviation;
pub mod endpoint;
pub mod error;
pub mod filter;
pub mod json;
pub mod membership;
pub mod message;
pub mod patch;
pub mod path;
pub mod projection;
pub mod schema;
pub mod urn;
pub mod value;

pub use deviation::Deviation;
pub use error::{Error, ErrorKind};
