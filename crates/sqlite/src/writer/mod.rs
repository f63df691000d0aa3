//! The way to the writer: a bounded queue, and the promise that what is in it will be answered.

mod batch;
mod desk;
mod document;
pub(crate) mod key;
mod ledger;
mod member;
mod secret;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use provost_store::{Act, Error, Mode, Write};
use rusqlite::Connection;
use tokio::sync::mpsc::{self, Permit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use crate::OpenError;
use crate::error::{Failure, gone};
use crate::open::Shared;
use batch::{Submission, Task};
use desk::Desk;
pub(crate) use ledger::Ledger;

/// Writes that may wait, in number and in bytes.
const QUEUE_MAX: usize = 1_024;
const QUEUE_BYTES_MAX: usize = 64 << 20;
/// How long a write waits for a place among them.
const PATIENCE: Duration = Duration::from_millis(100);
/// What a write takes beside its bodies and members.
const OVERHEAD_BYTES: usize = 512;
const MEMBER_BYTES: usize = 48;

/// The handle of the writer's thread.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Submission>>,
    room: Arc<Semaphore>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// Where the database is, and how large it may become.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) pages_max: Option<u32>,
}

/// What a write takes of queue and batch.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    pub(crate) bytes: usize,
    /// Members that it names.
    pub(crate) member_rows: usize,
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        place: Place,
        shared: &Arc<Shared>,
    ) -> Result<Self, OpenError> {
        let (queue, inbox) = mpsc::channel(QUEUE_MAX);
        let desk = Desk::new(inbox, place, shared.clone());
        let connection = desk.furnish(connection)?;
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || desk.run(connection))
            .map_err(OpenError::Thread)?;
        let room = Arc::new(Semaphore::new(QUEUE_BYTES_MAX));
        Ok(Self { queue: Some(queue), room, shared: shared.clone(), thread: Some(thread) })
    }

    /// Has a task done, and answers when it is on disk. Once it is in the queue it will be done,
    /// whether or not anyone waits for it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        size: Size,
        mode: Mode,
        task: impl FnOnce(&Ledger<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        if let Some(trouble) = self.shared.condition.trouble() {
            return Err(match self.shared.condition.is_log_full() {
                true => Error::Busy,
                false => Error::Unavailable(trouble.into()),
            });
        }
        let (answer, answered) = oneshot::channel();
        let (room, place) = self.find_room(size).await?;
        place.send(Submission { size, task: Task::new(task, mode, answer), _room: room });
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// A place in the queue, within the patience of a caller.
    async fn find_room(
        &self,
        size: Size,
    ) -> Result<(OwnedSemaphorePermit, Permit<'_, Submission>), Error> {
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        let bytes = size.bytes.clamp(1, QUEUE_BYTES_MAX) as u32;
        let room = async {
            let room = self.room.clone().acquire_many_owned(bytes).await.map_err(|_| gone())?;
            Ok((room, queue.reserve().await.map_err(|_| gone())?))
        };
        timeout(PATIENCE, room).await.unwrap_or(Err(Error::Busy))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread ends when the queue is closed and empty.
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was logged when it happened.
            let _ = thread.join();
        }
    }
}

impl Size {
    pub(crate) fn of(write: &Write) -> Self {
        let (content, members) = match &write.act {
            Act::Create { content, members, .. } => (Some(content), Some(members)),
            Act::Change { content, members } => {
                (content.as_ref().map(|(_, content)| content), Some(members))
            }
            Act::Delete { .. } => (None, None),
        };
        let content = content.map_or(0, |it| it.body.len() + it.change.len());
        let member_rows = members.map_or(0, |it| it.added().len() + it.removed().len());
        Self { bytes: OVERHEAD_BYTES + content + member_rows * MEMBER_BYTES, member_rows }
    }
}
