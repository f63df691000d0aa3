//! The data folder: made if absent, for the owner alone, on a local file system, served by one process.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::OpenError;

/// How long to wait for a lock: a process that was killed gives it back within its last moments, and
/// a command holds it while it makes the database.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(20);

/// How much room a disk must have for writes to be taken again after some were lost.
const ROOM_BYTES: usize = 1024 * 1024;

/// A kernel lock; it dies with the process.
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// The lock of a server, with its process's id in it.
    pub(crate) fn take_to_serve(folder: &Path) -> Result<Self, OpenError> {
        let lock = Self::take(folder)?;
        sign(&lock.file).map_err(|cause| OpenError::Folder { folder: folder.into(), cause })?;
        Ok(lock)
    }

    pub(crate) fn take(folder: &Path) -> Result<Self, OpenError> {
        let unusable = |cause| OpenError::Folder { folder: folder.into(), cause };
        // Not the database itself: closing any handle of it would drop SQLite's own locks.
        let file = lock_file(folder).map_err(unusable)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(OpenError::Locked(folder.into())),
                Err(TryLockError::Error(cause)) => return Err(unusable(cause)),
            }
        }
    }
}

/// Writes into the lock whose it is.
fn sign(mut file: &File) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes())
}

/// Whether the disk takes some writes more: a file of their size is written, and removed.
///
/// # Errors
/// It does not.
pub(crate) fn check_room(folder: &Path) -> io::Result<()> {
    let path = folder.join("provost.room");
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(&[0; ROOM_BYTES])?;
        file.sync_all()
    };
    let written = write();
    // What is left of it would take the room that there is.
    match std::fs::remove_file(&path) {
        Err(error) if written.is_ok() => Err(error),
        Ok(()) | Err(_) => written,
    }
}

/// The id of the process that serves a folder; none if no process does.
///
/// # Errors
/// The lock cannot be looked at.
pub fn serving_process(folder: &Path) -> io::Result<Option<u32>> {
    let path = folder.join("provost.lock");
    let file = match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let id = io::read_to_string(&file)?.trim().parse().ok();
            Ok(id.filter(|id| has_open(*id, &path)))
        }
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

/// Whether a process has a file open: a number that was written elsewhere, as in another container,
/// or before, may be another process's here.
fn has_open(process: u32, file: &Path) -> bool {
    let Ok(wanted) = std::fs::metadata(file) else { return false };
    let Ok(open) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    let is_it =
        |found: std::fs::Metadata| found.dev() == wanted.dev() && found.ino() == wanted.ino();
    open.flatten().any(|it| std::fs::metadata(it.path()).is_ok_and(is_it))
}

/// Whether there is a database in a folder.
#[must_use]
pub fn is_there(folder: &Path) -> bool {
    folder.join("provost.db").exists()
}

/// Makes what is absent, and gives the path of the database.
pub(crate) fn prepare(folder: &Path) -> Result<PathBuf, OpenError> {
    let unusable = |cause| OpenError::Folder { folder: folder.into(), cause };
    make(folder).map_err(unusable)?;
    if let Some(found) = writable_by(folder).map_err(unusable)? {
        tracing::warn!(
            folder = %folder.display(),
            "{found} may write to the data folder, and so make themselves administrators: \
             `chmod go-w` takes that from them"
        );
    }
    if let Some(found) = network_of(folder).map_err(unusable)? {
        return Err(OpenError::NetworkFileSystem { folder: folder.into(), found });
    }
    let database = folder.join("provost.db");
    make_private(&database).map_err(unusable)?;
    Ok(database)
}

fn lock_file(folder: &Path) -> io::Result<File> {
    let path = folder.join("provost.lock");
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync(parent),
        Some(_) | None => sync(Path::new(".")),
    }
}

/// The file of the database is ours before SQLite opens it: the log beside it gets the same mode.
fn make_private(database: &Path) -> io::Result<()> {
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(database) {
        Ok(_) => sync(database.parent().unwrap_or(database)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => take_from_others(database),
        Err(error) => Err(error),
    }
}

/// Who else may write to a folder.
fn writable_by(folder: &Path) -> io::Result<Option<&'static str>> {
    let mode = std::fs::metadata(folder)?.permissions().mode();
    Ok(match mode & 0o022 {
        0 => None,
        0o020 => Some("the folder's group"),
        _ => Some("others"),
    })
}

/// Whoever can read or write the database has everybody's data, or makes a token of an administrator.
fn take_from_others(database: &Path) -> io::Result<()> {
    let metadata = std::fs::metadata(database)?;
    let mode = metadata.permissions().mode();
    if mode & 0o077 == 0 || !metadata.is_file() {
        return Ok(());
    }
    let private = std::fs::Permissions::from_mode(mode & 0o700);
    if let Err(error) = std::fs::set_permissions(database, private) {
        tracing::warn!(%error, "others may read or write {}", database.display());
    }
    Ok(())
}

/// A name in a folder is on disk when the folder is.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn network_of(folder: &Path) -> io::Result<Option<&'static str>> {
    let found = rustix::fs::statfs(folder)?;
    Ok(network_name(found.f_type as u32))
}

/// File systems whose locks or shared memory SQLite cannot rely on, by the numbers of statfs(2).
const fn network_name(number: u32) -> Option<&'static str> {
    match number {
        0x6969 => Some("NFS"),
        0x517b => Some("SMB"),
        0xff53_4d42 => Some("CIFS"),
        0xfe53_4d42 => Some("SMB2"),
        0x5346_414f => Some("AFS"),
        0x7375_7245 => Some("Coda"),
        0x00c3_6400 => Some("Ceph"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x0102_1997 => Some("9P"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_others_may_write_is_taken_from_them() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("provost.db");
        File::create(&database).unwrap();
        let mode = || std::fs::metadata(&database).unwrap().permissions().mode() & 0o777;
        std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(prepare(folder.path()).unwrap(), database);
        assert_eq!(mode(), 0o600);
        for (mode, who) in [(0o700, None), (0o755, None), (0o777, Some("others"))] {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(writable_by(folder.path()).unwrap(), who, "{mode:o}");
        }
    }

    #[test]
    fn network_file_systems_are_known_by_number() {
        const EXT4: u32 = 0xef53;
        assert_eq!(network_name(0x6969), Some("NFS"));
        assert_eq!(network_name(0xfe53_4d42), Some("SMB2"));
        assert_eq!(network_name(EXT4), None);
    }
}
