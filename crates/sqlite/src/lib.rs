//! The embedded store on SQLite: one writer thread with group commit, reader threads, one file.
//!
//! [`open`] prepares the data folder, brings the database to the newest format and its keys in step
//! with the indexes, and starts the threads. A write is answered when it is on disk; a question is
//! answered from one snapshot.
#![warn(missing_docs)]

mod audit;
mod backup;
mod checkpoint;
mod condition;
mod connection;
mod error;
mod event;
mod folder;
mod migrate;
mod open;
mod population;
mod reader;
mod registry;
mod reindex;
mod store;
mod trash;
mod verify;
mod writer;

pub use backup::BackupError;
pub use error::OpenError;
pub use folder::{is_there, serving_process};
pub use open::{Options, Role, open};
pub use store::SqliteStore;
pub use verify::Flaw;
