//! Why a database was not opened, and why a verb failed.

use std::path::PathBuf;

use provost_store::{Error, ResourceId};
use rusqlite::ErrorCode;

/// Why a database was not opened; each text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has the database open.
    #[error("another provost serves the data folder {0}; stop it first")]
    Locked(PathBuf),
    /// The folder lies on a network file system, where SQLite's locks do not hold.
    #[error("the data folder {folder} is on {found}; SQLite needs a local file system")]
    NetworkFileSystem {
        /// The folder.
        folder: PathBuf,
        /// The name of the file system.
        found: &'static str,
    },
    /// A newer release made the database.
    #[error(
        "the database has format {found}; this release knows formats up to {known}: use a newer release"
    )]
    NewerFormat {
        /// The format of the database.
        found: i64,
        /// The newest that this release knows.
        known: i64,
    },
    /// The file is not a database, or another program's.
    #[error("provost.db is no database of Provost")]
    NotADatabase,
    /// The file is damaged.
    #[error("the database is damaged; restore a backup")]
    Damaged(#[source] rusqlite::Error),
    /// The database knows a resource type that the schemas do not.
    #[error("the database holds the resource type {0}, which is not configured")]
    UnknownResourceType(String),
    /// Two resources share a value that must be unique.
    #[error(
        "{attribute} must be unique, but {first} and {second} share a value; change one of them, or the setting"
    )]
    NotUnique {
        /// The path of the attribute.
        attribute: String,
        /// One resource.
        first: ResourceId,
        /// The other one.
        second: ResourceId,
    },
    /// A stored resource cannot be read.
    #[error("resource {0} cannot be read; restore a backup")]
    Corrupt(ResourceId),
    /// The folder cannot be used.
    #[error("cannot use the data folder {folder}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// SQLite refused.
    #[error("cannot open the database")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(error),
            Some(_) | None => Self::Sqlite(error),
        }
    }
}

/// Why a verb failed: what the contract says, or SQLite.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Refused(#[from] Error),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Sqlite(error) => Self::Unavailable(error.into()),
        }
    }
}

/// The answer of a store that is going down, or whose thread failed.
pub(crate) fn gone() -> Error {
    Error::Unavailable("the thread that had the question is gone".into())
}

/// Whether a statement was stopped because its time was over.
pub(crate) fn is_interruption(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

/// What the database says and no release of ours writes.
pub(crate) fn unreadable(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Blob, what.into())
}
