//! A copy of the database while it is in use, as it was at one moment.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::{connection, folder};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is a file already.
    #[error("{0} is there already")]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("cannot write {file}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// The database cannot be read, or the copy not be written.
    #[error("cannot copy the database")]
    Sqlite(#[from] rusqlite::Error),
    /// The copy is damaged.
    #[error("the copy does not check out: {0}")]
    Damaged(String),
}

/// Copies a database to a file that is not there yet; it gets its name when it is whole and on disk.
pub(crate) fn backup(from: &Path, to: &Path) -> Result<(), BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.into()));
    }
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = to.with_file_name(name);
    let done = copy(from, &partial).and_then(|()| {
        let failed = |cause| BackupError::File { file: to.into(), cause };
        // Refuses where someone else was quicker.
        fs::hard_link(&partial, to).map_err(failed)?;
        fs::remove_file(&partial).map_err(failed)?;
        let parent = to.parent().filter(|it| !it.as_os_str().is_empty());
        folder::sync(parent.unwrap_or(Path::new("."))).map_err(failed)
    });
    if done.is_err() {
        // What is left of it is of no use; that it cannot go is no news beside the failure.
        let _ = fs::remove_file(&partial);
    }
    done
}

fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    let failed = |cause| BackupError::File { file: to.into(), cause };
    let options = &mut OpenOptions::new();
    let file = options.create(true).truncate(true).write(true).mode(0o600).open(to);
    file.map_err(failed)?;
    let source = connection::open_to_read(from)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(to, flags)?;
    // In one step: between two, a writer would make it begin anew.
    while Backup::new(&source, &mut target)?.step(-1)? != StepResult::Done {
        std::thread::yield_now();
    }
    // A single file, without a log beside it.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    let found: String = target.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(BackupError::Damaged(found));
    }
    drop(target);
    fs::File::open(to).and_then(|it| it.sync_all()).map_err(failed)
}
