//! The log's way back into the database, on a thread of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, DEFAULT_NAME, ErrorCode};

use crate::condition::Condition;
use crate::open::Shared;
use crate::{OpenError, connection};

/// How often the log is looked at.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a checkpoint may hold up the writer while it waits for readers.
const WAIT: Duration = Duration::from_millis(50);
/// From here on the log is copied back beside the writer.
const PASSIVE_BYTES: u64 = 16 << 20;
/// From here on someone should look, and the writer waits for readers.
const ALARM_BYTES: u64 = 256 << 20;

pub(crate) struct Checkpoints {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(crate) fn start(path: &Path, shared: &Arc<Shared>) -> Result<Self, OpenError> {
        let connection = connection::open(path)?;
        connection.busy_timeout(WAIT)?;
        let (stop, stopped) = channel::<()>();
        let mut keeper = Keeper { connection, shared: shared.clone(), last: 0, alarmed: false };
        let run = move || {
            while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                keeper.look();
            }
        };
        let thread = std::thread::Builder::new().name("sqlite-checkpoint".into()).spawn(run);
        Ok(Self { stop: Some(stop), thread: Some(thread.map_err(OpenError::Thread)?) })
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was logged when it happened.
            let _ = thread.join();
        }
    }
}

struct Keeper {
    connection: Connection,
    shared: Arc<Shared>,
    /// The length of the log when it was looked at before.
    last: u64,
    alarmed: bool,
}

impl Keeper {
    /// Copies the log back if it is long, and lets it begin anew if nobody writes.
    fn look(&mut self) {
        let condition = &self.shared.condition;
        let bytes = condition.log_bytes();
        let is_alarming = bytes >= ALARM_BYTES;
        if is_alarming && !self.alarmed {
            tracing::warn!(sqlite.log_bytes = bytes, "The write-ahead log is long: {bytes} bytes");
        }
        self.alarmed = is_alarming;
        let is_idle = bytes == self.last;
        self.last = bytes;
        let done = match bytes {
            0 => return,
            _ if is_alarming || is_idle => restart(&self.connection, condition, bytes),
            PASSIVE_BYTES.. => checkpoint(&self.connection, CheckpointMode::PASSIVE),
            _ => return,
        };
        match done {
            Ok(()) => {}
            // A reader or a writer is in the way: the next look tries again.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
            Err(error) => tracing::warn!(error = %error, "A checkpoint failed"),
        }
    }
}

/// Copies the whole log back, so that the next write begins it anew.
fn restart(connection: &Connection, condition: &Condition, bytes: u64) -> rusqlite::Result<()> {
    checkpoint(connection, CheckpointMode::RESTART)?;
    condition.log_restarted(bytes);
    Ok(())
}

fn checkpoint(connection: &Connection, mode: CheckpointMode) -> rusqlite::Result<()> {
    connection.wal_checkpoint_v2(DEFAULT_NAME, mode).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, SqliteStore, open};
    use provost_scim::schema::{Options as SchemaOptions, Schemas};
    use provost_store::{DocumentPut, Indexes, Store as _};

    /// A store whose log nobody else looks at, and a keeper of it.
    fn opened(folder: &Path) -> (SqliteStore, Keeper) {
        let schemas = Arc::new(Schemas::builtin(&SchemaOptions::default()));
        let indexes = Arc::new(Indexes::new(&schemas));
        let store = open(Options::command(folder), schemas, indexes).unwrap();
        let connection = connection::open(&store.path).unwrap();
        connection.busy_timeout(WAIT).unwrap();
        let shared = store.shared.clone();
        (store, Keeper { connection, shared, last: 0, alarmed: false })
    }

    async fn write(store: &SqliteStore, key: &str, bytes: usize) {
        let tenant = store.tenant("default".into()).await.unwrap();
        let put = DocumentPut::new(key, None, vec![7; bytes]);
        store.put_document(tenant, put).await.unwrap();
    }

    #[tokio::test]
    async fn a_log_that_nobody_writes_to_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (store, mut keeper) = opened(folder.path());
        write(&store, "a", 40_000).await;
        let condition = &store.shared.condition;
        let before = condition.log_bytes();
        assert!(before > 40_000, "{before}");
        keeper.look();
        assert_eq!(condition.log_bytes(), before, "it may be written to");
        keeper.look();
        assert_eq!(condition.log_bytes(), 0);
        write(&store, "b", 10).await;
        assert!(condition.log_bytes() < before, "the next write begins the log anew");
    }

    #[tokio::test]
    async fn a_long_log_is_copied_back_beside_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (store, mut keeper) = opened(folder.path());
        write(&store, "a", 20 << 20).await;
        keeper.look();
        write(&store, "b", 10).await;
        assert!(store.shared.condition.log_bytes() < 1 << 20, "the log begins anew");
    }

    #[tokio::test]
    async fn a_log_that_is_too_long_makes_writes_busy_until_it_is_copied_back() {
        let folder = tempfile::tempdir().unwrap();
        let (store, mut keeper) = opened(folder.path());
        write(&store, "a", 10).await;
        let tenant = store.tenant("default".into()).await.unwrap();
        store.shared.condition.set_log_bytes(1 << 30);
        let put = DocumentPut::new("b", None, "b");
        let refused = store.put_document(tenant, put).await;
        assert!(matches!(refused, Err(provost_store::Error::Busy)));
        let trouble = store.health().await.unwrap().trouble.unwrap();
        assert!(trouble.contains("log"), "{trouble}");
        keeper.look();
        write(&store, "b", 10).await;
        assert_eq!(store.health().await.unwrap().trouble, None);
    }

    #[tokio::test]
    async fn a_reader_in_the_way_holds_up_the_checkpoint_and_not_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (store, mut keeper) = opened(folder.path());
        write(&store, "a", 10).await;
        let reader = connection::open_to_read(&store.path).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM document").unwrap();
        write(&store, "b", 10).await;
        let length = store.shared.condition.log_bytes();
        (0..3).for_each(|_| keeper.look());
        assert_eq!(store.shared.condition.log_bytes(), length);
        write(&store, "c", 10).await;
        drop(reader);
        (0..2).for_each(|_| keeper.look());
        assert_eq!(store.shared.condition.log_bytes(), 0);
    }
}
