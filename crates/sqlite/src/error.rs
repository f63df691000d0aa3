//! Why a database was not opened.

use std::path::PathBuf;

/// Why a database was not opened; each text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has the database open.
    #[error("another provost serves the data folder {0}; stop it first")]
    Locked(PathBuf),
    /// The folder lies on a network file system, where SQLite's locks do not hold.
    #[error("the data folder {0} is on a network file system; SQLite needs a local one")]
    NetworkFileSystem(PathBuf),
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
    /// Two resources share a value that must be unique.
    #[error(
        "{attribute} must be unique, but {first} and {second} share a value; change one of them, or the setting"
    )]
    NotUnique {
        /// The path of the attribute.
        attribute: String,
        /// The id of one resource.
        first: String,
        /// The id of the other one.
        second: String,
    },
    /// A stored resource cannot be read.
    #[error("resource {0} cannot be read; restore a backup")]
    Corrupt(String),
    /// The folder cannot be used.
    #[error("cannot use the data folder {folder}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// SQLite refused.
    #[error("cannot open the database")]
    Sqlite(#[from] rusqlite::Error),
}
