//! The log's way back into the database, on a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use crate::connection::connect;
use crate::writer::Trouble;

const PAUSE: Duration = Duration::from_millis(500);
/// From here on the log is copied back beside the writer.
const PASSIVE_BYTES: u64 = 16 << 20;
/// From here on someone should look.
const ALARM_BYTES: u64 = 256 << 20;
/// From here on no write is taken.
const FULL_BYTES: u64 = 1 << 30;

pub(crate) struct Checkpoints {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(crate) fn start(path: &Path, trouble: Arc<Trouble>) -> Result<Self, crate::OpenError> {
        let connection = connect(path)?;
        let log = PathBuf::from(format!("{}-wal", path.display()));
        let (stop, stopped) = channel::<()>();
        let thread =
            std::thread::Builder::new().name("sqlite-checkpoint".into()).spawn(move || {
                let mut last = 0;
                while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                    last = look(&connection, &log, last, &trouble);
                }
            });
        let thread =
            thread.map_err(|cause| crate::OpenError::Folder { folder: path.into(), cause })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Copies the log back if it is long, or if nothing was written since the last look.
fn look(connection: &Connection, log: &Path, last: u64, trouble: &Trouble) -> u64 {
    let bytes = std::fs::metadata(log).map_or(0, |it| it.len());
    if bytes > ALARM_BYTES {
        tracing::warn!(sqlite.log_bytes = bytes, "The write-ahead log is long: {bytes} bytes");
    }
    trouble.log_full.store(bytes > FULL_BYTES, Ordering::Relaxed);
    let mode = match bytes {
        0 => return 0,
        bytes if bytes == last => "RESTART",
        PASSIVE_BYTES.. => "PASSIVE",
        _ => return bytes,
    };
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    if let Err(error) = connection.query_row(&sql, [], |_| Ok(())) {
        tracing::warn!(error = %error, "A checkpoint failed");
    }
    bytes
}
