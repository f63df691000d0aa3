//! Opening a database: folder, lock, format, numbers, keys, threads, in this order.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use provost_scim::schema::Schemas;
use provost_store::Indexes;
use rusqlite::Connection;

use crate::checkpoint::Checkpoints;
use crate::condition::Condition;
use crate::folder::{self, Lock};
use crate::reader::Readers;
use crate::registry::Registry;
use crate::writer::{Place, Writer};
use crate::{OpenError, SqliteStore, connection, migrate, reindex};

/// Where a database is, and how it is used.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder; made if it is absent. The database is `provost.db` in it.
    pub folder: PathBuf,
    /// What for.
    pub role: Role,
    /// Threads that read; at least one.
    pub readers: usize,
    /// How long a question may take, from when it is asked.
    pub deadline: Duration,
    /// The most pages of 4 KiB that the file may have; beyond it the disk counts as full.
    pub pages_max: Option<u32>,
}

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A server: there is one at a time. It brings format and keys up to date and copies the log
    /// back.
    Serve,
    /// A command that works beside a server. It changes neither format nor keys under one; if its
    /// indexes are not those of the database it reads and writes documents, and no resources by key.
    Command,
}

impl Options {
    /// For a server.
    pub fn serve(folder: &Path) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            folder: folder.into(),
            role: Role::Serve,
            readers: 2 * cores,
            deadline: Duration::from_secs(10),
            pages_max: None,
        }
    }

    /// For a command beside a server.
    pub fn command(folder: &Path) -> Self {
        Self { role: Role::Command, readers: 1, ..Self::serve(folder) }
    }
}

/// What the threads of a store share.
pub(crate) struct Shared {
    pub(crate) schemas: Arc<Schemas>,
    pub(crate) indexes: Arc<Indexes>,
    pub(crate) registry: Registry,
    /// Whether the keys of the database are those of the indexes.
    pub(crate) has_our_keys: bool,
    pub(crate) condition: Condition,
}

/// Opens a database.
///
/// # Errors
/// See [`OpenError`]; the database is then as it was.
pub fn open(
    options: Options,
    schemas: Arc<Schemas>,
    indexes: Arc<Indexes>,
) -> Result<SqliteStore, OpenError> {
    let path = folder::prepare(&options.folder)?;
    let lock = match options.role {
        Role::Serve => Some(Lock::take_to_serve(&options.folder)?),
        Role::Command => None,
    };
    let mut connection = connection::open(&path)?;
    bring_to_format(&mut connection, &options)?;
    let registry = Registry::load(&connection, &schemas, &indexes)?;
    if options.role == Role::Serve {
        reindex::follow(&mut connection, &registry, &schemas, &indexes)?;
    }
    let has_our_keys = reindex::is_followed(&connection, &schemas, &indexes)?;
    let condition = Condition::default();
    let shared = Arc::new(Shared { schemas, indexes, registry, has_our_keys, condition });
    let place = Place { path: path.clone(), pages_max: options.pages_max };
    Ok(SqliteStore {
        readers: Readers::start(&path, options.readers, options.deadline, &shared)?,
        writer: Writer::start(connection, place, &shared)?,
        _checkpoints: match options.role {
            Role::Serve => Some(Checkpoints::start(&path, &shared)?),
            Role::Command => None,
        },
        path,
        shared,
        _lock: lock,
    })
}

/// A command makes the database if there is none, but changes no format under a server.
fn bring_to_format(connection: &mut Connection, options: &Options) -> Result<(), OpenError> {
    if migrate::is_current(connection)? {
        return Ok(());
    }
    let _lock = match options.role {
        Role::Serve => None,
        Role::Command => Some(Lock::take(&options.folder)?),
    };
    migrate::migrate(connection)
}
