//! SCIM operations over a store, a file each (RFC 7644 §3).
//!
//! An operation takes typed values, decides, and hands the store one [`Write`](provost_store::Write).
//! Resource types are data: nothing here knows a User from a Group.
#![warn(missing_docs)]

mod administrator;
mod context;
mod create;
mod delete;
mod discover;
mod error;
mod immutable;
mod local;
mod membership;
mod patch;
mod platform;
mod policy;
mod read;
mod render;
mod replace;
mod search;
mod secret;
mod stored;
mod system;
mod turn;
mod write;

pub use administrator::is_administrator;
pub use context::{Clock, Context, Engine, IdSource};
pub use create::create;
pub use delete::delete;
pub use discover::{resource_type, resource_types, schema, schemas};
pub use error::Error;
pub use local::{bring_in, change_local, create_local, enroll, restore};
pub use patch::patch;
pub use platform::{SESSIONS, find};
pub use policy::{
    Administrators, EntityNames, LOCAL, Local, NameRule, Platform, Policy, Put, Reserved, Sessions,
    UnknownMember,
};
pub use read::read;
pub use render::{Others, Rendered, is_as_it_was, render};
pub use replace::replace;
pub use search::{Found, search};
pub use secret::{Hashing, SecretHasher};
pub use stored::attributes;
pub use system::{SystemClock, SystemIds};
pub use turn::Turns;
pub use write::Outcome;
