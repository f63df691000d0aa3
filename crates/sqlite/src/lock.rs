//! The folder of a database: made if absent, local, and served by one process.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::OpenError;

/// A kernel lock; it dies with the process.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(folder: &Path) -> Result<Self, OpenError> {
        let file = private(&folder.join("provost.lock")).map_err(|it| failed(folder, it))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked(folder.into())),
            Err(TryLockError::Error(cause)) => Err(failed(folder, cause)),
        }
    }
}

/// Makes the folder and the file of the database, for the owner alone.
pub(crate) fn prepare(folder: &Path, database: &Path) -> Result<(), OpenError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|cause| failed(folder, cause))?;
    if is_network(folder).map_err(|cause| failed(folder, cause))? {
        return Err(OpenError::NetworkFileSystem(folder.into()));
    }
    private(database).map(drop).map_err(|cause| failed(folder, cause))
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)
}

/// NFS, SMB, CIFS and the like, by the numbers of statfs(2).
fn is_network(folder: &Path) -> io::Result<bool> {
    const NETWORK: [u32; 6] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x7375_7245, 0x0bd0_0bd0];
    let found = rustix::fs::statfs(folder)?;
    Ok(NETWORK.contains(&(found.f_type as u32)))
}

fn failed(folder: &Path, cause: io::Error) -> OpenError {
    OpenError::Folder { folder: folder.into(), cause }
}
