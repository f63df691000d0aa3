//! In-process server, stand-in identity provider, transcripts: for tests only.

#![warn(missing_docs)]

pub mod clock;
pub mod fuzz;
pub mod idp;
#[cfg(feature = "openapi")]
mod openapi;
pub mod server;
pub mod transcript;
pub mod witness;
