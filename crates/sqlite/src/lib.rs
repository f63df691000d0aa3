//! The embedded store on SQLite: one writer thread with group commit, reader threads, one file.
//!
//! The writer takes what is waiting, applies each write in a savepoint of one transaction, commits
//! with `synchronous=FULL`, and answers only then. Readers see one snapshot for each question.
#![warn(missing_docs)]

mod apply;
mod checkpoint;
mod connection;
mod error;
mod event;
mod lock;
mod migrate;
mod open;
mod query;
mod reader;
mod registry;
mod relation;
mod row;
mod writer;

pub use error::OpenError;
pub use open::{Options, Role, SqliteStore, open};
