//! The writer: one thread, one connection, group commit.
//!
//! It waits for one write, begins a transaction, applies the write in a savepoint, takes what is
//! already waiting, commits, and answers all. There is no timer: while one batch is on its way to
//! the disk the next one gathers.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use provost_scim::schema::Schemas;
use provost_store::{Act, Applied, DocumentPut, Error, Mode, Rev, TenantId, Write};
use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::apply::{Refusal, Scene};
use crate::connection::{closed, connect, limit};
use crate::registry::Registry;

/// Writes that may wait, in number and in KiB.
const QUEUE_MAX: usize = 1_024;
const QUEUE_KIB_MAX: usize = 64 * 1_024;
/// How long a write waits for a place in the queue.
const PATIENCE: Duration = Duration::from_millis(100);
/// How large a batch grows, in writes, bytes and time.
const BATCH_MAX: usize = 64;
const BATCH_BYTES_MAX: usize = 2 << 20;
const BATCH_TIME_MAX: Duration = Duration::from_millis(3);
/// A write that names more members gets a batch of its own.
const MEMBERS_MAX: usize = 2_000;

/// The way to the writer.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    room: Arc<Semaphore>,
    pub(crate) trouble: Arc<Trouble>,
    thread: Option<JoinHandle<()>>,
}

/// What keeps the writer from writing.
#[derive(Default)]
pub(crate) struct Trouble {
    text: Mutex<Option<String>>,
    /// Set while the log is too long.
    pub(crate) log_full: AtomicBool,
}

impl Trouble {
    pub(crate) fn get(&self) -> Option<String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, text: Option<String>) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

/// What the writer is asked to do.
pub(crate) enum Task {
    Apply(TenantId, Box<Write>, oneshot::Sender<Result<Applied, Error>>),
    Document(TenantId, DocumentPut, oneshot::Sender<Result<Rev, Error>>),
    Tenant(Box<str>, oneshot::Sender<Result<TenantId, Error>>),
}

struct Job {
    task: Task,
    bytes: usize,
    _room: OwnedSemaphorePermit,
}

/// What a task came to; said when the batch is on disk.
type Verdict = Box<dyn FnOnce(Result<(), &str>) + Send>;

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        (path, pages_max): (PathBuf, Option<u32>),
        schemas: Arc<Schemas>,
        registry: Arc<Registry>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let trouble = Arc::new(Trouble::default());
        let desk = Desk {
            connection: Some(connection),
            path,
            pages_max,
            schemas,
            registry,
            trouble: trouble.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || desk.run(jobs))?;
        let room = Arc::new(Semaphore::new(QUEUE_KIB_MAX));
        Ok(Self { queue: Some(queue), room, trouble, thread: Some(thread) })
    }

    /// Puts a task into the queue; from then on it is done, whether or not anyone waits for it.
    pub(crate) async fn submit(&self, task: Task) -> Result<(), Error> {
        let bytes = task.bytes();
        let Some(queue) = &self.queue else { return Err(closed()) };
        if self.trouble.log_full.load(Ordering::Relaxed) {
            return Err(Error::Busy);
        }
        let kib = u32::try_from(bytes.div_ceil(1_024).min(QUEUE_KIB_MAX)).unwrap_or(u32::MAX);
        let place = timeout(PATIENCE, async {
            let room = self.room.clone().acquire_many_owned(kib).await;
            (room, queue.reserve().await)
        });
        match place.await {
            Ok((Ok(room), Ok(place))) => {
                place.send(Job { task, bytes, _room: room });
                Ok(())
            }
            Ok(_) => Err(closed()),
            Err(_) => Err(Error::Busy),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread ends when the queue is closed and empty.
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Task {
    fn bytes(&self) -> usize {
        match self {
            Self::Apply(_, write, _) => 512 + content_bytes(&write.act) + 48 * members(&write.act),
            Self::Document(_, put, _) => 512 + put.body.len(),
            Self::Tenant(..) => 512,
        }
    }

    fn is_large(&self) -> bool {
        matches!(self, Self::Apply(_, write, _) if members(&write.act) > MEMBERS_MAX)
    }

    /// Says what came of it.
    fn fail(self, error: &str) {
        let error = || Error::Unavailable(error.to_owned().into());
        // Whoever asked may have gone.
        match self {
            Self::Apply(_, _, answer) => drop(answer.send(Err(error()))),
            Self::Document(_, _, answer) => drop(answer.send(Err(error()))),
            Self::Tenant(_, answer) => drop(answer.send(Err(error()))),
        }
    }
}

fn content_bytes(act: &Act) -> usize {
    match act {
        Act::Create { content, .. } | Act::Change { content: Some((_, content)), .. } => {
            content.body.len() + content.change.len()
        }
        Act::Change { content: None, .. } => 0,
        Act::Delete { change, .. } => change.len(),
    }
}

fn members(act: &Act) -> usize {
    match act {
        Act::Create { members, .. } | Act::Change { members, .. } => {
            members.added().len() + members.removed().len()
        }
        Act::Delete { .. } => 0,
    }
}

struct Desk {
    connection: Option<Connection>,
    path: PathBuf,
    pages_max: Option<u32>,
    schemas: Arc<Schemas>,
    registry: Arc<Registry>,
    trouble: Arc<Trouble>,
}

impl Desk {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut next = jobs.blocking_recv();
        while let Some(first) = next.take() {
            match self.connection.take().map_or_else(|| self.reopen(), Ok) {
                Ok(connection) => next = self.batch(connection, first, &mut jobs),
                Err(reason) => first.task.fail(&reason),
            }
            if next.is_none() {
                next = jobs.blocking_recv();
            }
        }
    }

    /// One transaction. Gives the job that was taken from the queue and is too large for it.
    fn batch(
        &mut self,
        connection: Connection,
        first: Job,
        jobs: &mut mpsc::Receiver<Job>,
    ) -> Option<Job> {
        if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
            first.task.fail(&error.to_string());
            self.settle(connection, Some(error));
            return None;
        }
        let (mut verdicts, mut bytes, begun) = (Vec::new(), 0, Instant::now());
        let mut held = None;
        let mut job = Some(first);
        let mut lost = None;
        while let Some(Job { task, bytes: size, .. }) = job.take() {
            let alone = task.is_large();
            bytes += size;
            match self.savepoint(&connection, task) {
                Ok(verdict) => verdicts.push(verdict),
                Err((verdict, error)) => {
                    verdicts.push(verdict);
                    lost = Some(error);
                    break;
                }
            }
            let full = alone
                || verdicts.len() >= BATCH_MAX
                || bytes >= BATCH_BYTES_MAX
                || begun.elapsed() >= BATCH_TIME_MAX;
            if !full {
                job = jobs.try_recv().ok();
                if job.as_ref().is_some_and(|it| it.task.is_large()) {
                    held = job.take();
                }
            }
        }
        let lost = match lost {
            Some(error) => Some(error),
            None => connection.execute_batch("COMMIT").err(),
        };
        let reason = lost.as_ref().map(ToString::to_string);
        for verdict in verdicts {
            verdict(reason.as_deref().map_or(Ok(()), Err));
        }
        self.settle(connection, lost);
        held
    }

    /// Does a task in a savepoint. An error means that the whole transaction is gone.
    fn savepoint(
        &self,
        connection: &Connection,
        task: Task,
    ) -> Result<Verdict, (Verdict, rusqlite::Error)> {
        match task {
            Task::Apply(tenant, write, answer) => {
                let mode = write.mode;
                let scene =
                    Scene { connection, schemas: &self.schemas, registry: &self.registry, tenant };
                let done = within(connection, mode, || scene.apply(*write));
                verdict(connection, done, answer)
            }
            Task::Document(tenant, put, answer) => {
                let done =
                    within(connection, Mode::Commit, || put_document(connection, tenant, &put));
                verdict(connection, done, answer)
            }
            Task::Tenant(name, answer) => {
                let done = within(connection, Mode::Commit, || find_tenant(connection, &name));
                verdict(connection, done, answer)
            }
        }
    }

    /// After an error the connection is closed: what SQLite made of the transaction is not trusted.
    fn settle(&mut self, connection: Connection, lost: Option<rusqlite::Error>) {
        match lost {
            None => self.connection = Some(connection),
            Some(error) => {
                tracing::error!(error = %error, "A batch of writes failed; nothing of it is kept");
                self.trouble.set(Some(error.to_string()));
            }
        }
    }

    /// Opens the database again; it is trusted once it checks out.
    fn reopen(&self) -> Result<Connection, String> {
        let opened = connect(&self.path).and_then(|connection| {
            limit(&connection, self.pages_max)?;
            let check: String =
                connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            Ok((connection, check))
        });
        let outcome = match opened {
            Ok((connection, check)) if check == "ok" => Ok(connection),
            Ok((_, check)) => Err(check),
            Err(error) => Err(error.to_string()),
        };
        self.trouble.set(outcome.as_ref().err().cloned());
        outcome
    }
}

/// Runs a task in a savepoint, and undoes it if it is refused or rehearsed.
fn within<T>(
    connection: &Connection,
    mode: Mode,
    task: impl FnOnce() -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    connection.prepare_cached("SAVEPOINT task")?.execute([])?;
    let done = task();
    if done.is_err() || mode == Mode::Rehearse {
        connection.prepare_cached("ROLLBACK TO task")?.execute([])?;
    }
    connection.prepare_cached("RELEASE task")?.execute([])?;
    done
}

/// What will be said when the batch is on disk.
fn verdict<T: Send + 'static>(
    connection: &Connection,
    done: Result<T, Refusal>,
    answer: oneshot::Sender<Result<T, Error>>,
) -> Result<Verdict, (Verdict, rusqlite::Error)> {
    let say = |done: Result<T, Error>| -> Verdict {
        Box::new(move |batch| {
            let said = match batch {
                Ok(()) => done,
                Err(reason) => Err(Error::Unavailable(reason.to_owned().into())),
            };
            // Whoever asked may have gone.
            drop(answer.send(said));
        })
    };
    match done {
        Ok(done) => Ok(say(Ok(done))),
        Err(Refusal::Contract(error)) => Ok(say(Err(error))),
        Err(Refusal::Sqlite(error)) => {
            // On a full disk or an I/O error SQLite may have undone the transaction by itself; going
            // on would commit what follows one by one.
            let is_gone = connection.is_autocommit();
            let said = say(Err(Error::Unavailable(error.to_string().into())));
            match is_gone {
                true => Err((said, error)),
                false => Ok(said),
            }
        }
    }
}

fn put_document(
    connection: &Connection,
    tenant: TenantId,
    put: &DocumentPut,
) -> Result<Rev, Refusal> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT rev FROM document WHERE tenant_id = ?1 AND key = ?2")?
        .query_row(params![tenant.0, &*put.key], |row| row.get(0))
        .optional()?;
    if found.map(Rev) != put.base {
        return Err(Error::Stale.into());
    }
    let rev = found.unwrap_or(0) + 1;
    connection
        .prepare_cached(
            "INSERT INTO document (tenant_id, key, rev, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant_id, key) DO UPDATE SET rev = excluded.rev, body = excluded.body",
        )?
        .execute(params![tenant.0, &*put.key, rev, &put.body[..]])?;
    Ok(Rev(rev))
}

fn find_tenant(connection: &Connection, name: &str) -> Result<TenantId, Refusal> {
    connection
        .prepare_cached("INSERT INTO tenant (name) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([name])?;
    let id = connection
        .prepare_cached("SELECT tenant_id FROM tenant WHERE name = ?1")?
        .query_row([name], |row| row.get(0))?;
    Ok(TenantId(id))
}
