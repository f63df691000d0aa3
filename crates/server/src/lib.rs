//! The HTTP edge: an accept loop with bounds, and the endpoints of SCIM and of the subsystem.
//!
//! ```text
//! listen ─ worker ─┬─ scim2    door, body, interpreter, reader, engine, window
//!                  ├─ service  the platform's services
//!                  ├─ oauth    the token endpoint and its metadata
//!                  ├─ admin    the admin API
//!                  ├─ console  pages made of what the admin API answers
//!                  └─ health   /health, /ready
//! ```
//!
//! [`Server::bind`] takes the [`Parts`] that a server is made of, [`Server::run`] serves until it is
//! told to stop, and then drains. A request passes each room once, and no room calls an earlier one.
#![warn(missing_docs)]

mod admin;
pub mod audit;
mod base_url;
mod body;
mod cause;
mod client;
mod configuration;
mod console;
mod context;
mod door;
mod error;
mod flight;
mod health;
pub mod issued;
mod keeping;
mod lifecycle;
mod limit;
mod listen;
mod log;
mod metric;
mod oauth;
mod payload;
mod rate;
mod request_line;
mod respond;
mod route;
mod scim2;
mod service;
pub mod tenant;
mod worker;

pub use client::Proxies;
pub use context::Parts;
pub use listen::{Server, Tls, TlsError, TlsFiles};
pub use log::LogBook;
