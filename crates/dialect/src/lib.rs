//! What identity providers really send, rewritten to what the RFC says.
//!
//! A rule takes JSON and gives JSON, before the readers of `provost-scim` see it. Each is a unit
//! struct with its evidence, an example and a recorded pair; [`ALL`] lists them. Departures that are
//! a matter of syntax (bare literals, `URN.attribute`) are understood by the readers themselves.
#![warn(missing_docs)]
#![deny(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

pub mod entra;
mod message;
pub mod okta;
pub mod onelogin;
mod option;
mod page;
mod rule;
mod walk;

pub use option::{EmptyString, Options};
pub use page::page;
pub use rule::{ALL, Context, Rule, Strict, interpret};
