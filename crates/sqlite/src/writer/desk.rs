//! The writer's thread: one connection, many writes to a commit.
//!
//! It waits for one write, begins a transaction, does the write in a savepoint, takes what is
//! already waiting, commits, and answers all. There is no timer: while one batch is on its way to
//! the disk the next one gathers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use provost_store::Error;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::mpsc;

use super::batch::{Batch, Outcome, Submission, Task};
use super::{Ledger, Place};
use crate::connection::{self, execute};
use crate::folder;
use crate::open::Shared;

/// How long a writer in trouble waits before it tries again.
const PAUSE: Duration = Duration::from_millis(250);
/// A page of 4 KiB in the log.
const FRAME_BYTES: u64 = 4_096 + 24;

pub(super) struct Desk {
    inbox: mpsc::Receiver<Submission>,
    /// Taken from the inbox for a batch that had no room for it.
    held: Option<Submission>,
    place: Place,
    shared: Arc<Shared>,
}

/// Why a batch is lost; the connection is not trusted any more.
struct Lost {
    cause: String,
    /// Whether the file must be checked before the next write.
    doubt: Doubt,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// SQLite undid the transaction.
    None,
    /// What a failed commit left on the disk is unknown.
    File,
}

impl Desk {
    pub(super) fn new(
        inbox: mpsc::Receiver<Submission>,
        place: Place,
        shared: Arc<Shared>,
    ) -> Self {
        Self { inbox, held: None, place, shared }
    }

    /// Works until the store is dropped and all that was submitted is answered.
    pub(super) fn run(mut self, connection: Connection) {
        let mut connection = Some(connection);
        while let Some(open) = connection.take() {
            match self.serve(&open) {
                Ok(()) => return,
                Err(lost) => {
                    // Closing it undoes what may be left of the transaction.
                    drop(open);
                    connection = self.recover(&lost);
                }
            }
        }
    }

    fn serve(&mut self, connection: &Connection) -> Result<(), Lost> {
        while let Some(first) = self.wait() {
            let batch = AssertUnwindSafe(|| self.batch(connection, first));
            // The callers of a batch that panicked learn it from their broken channels.
            catch_unwind(batch)
                .unwrap_or_else(|_| Err(Lost::new("the writer panicked", Doubt::None)))?;
        }
        Ok(())
    }

    /// One transaction: when it answers, all that it did is on disk; or nothing of it is done.
    fn batch(&mut self, connection: &Connection, first: Submission) -> Result<(), Lost> {
        if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
            return turn_away(first.task, &error);
        }
        let mut batch = Batch::begin();
        let mut next = Some(first);
        while let Some(Submission { mut size, task, _room }) = next {
            let ledger = Ledger::new(connection, &self.shared);
            match one(&ledger, task) {
                Ok(outcome) => {
                    size.member_rows = size.member_rows.max(ledger.member_rows());
                    batch.add(size, outcome);
                }
                Err((outcome, lost)) => {
                    outcome.into_iter().for_each(|outcome| batch.add(size, outcome));
                    return Err(self.lose(batch, lost));
                }
            }
            next = self.next_for(&batch);
        }
        match execute(connection, "COMMIT") {
            Ok(()) => batch.answer(),
            Err(error) => return Err(self.lose(batch, Lost::new(error, Doubt::File))),
        }
        Ok(())
    }

    /// Whoever hears of the loss finds that the store says so too.
    fn lose(&self, batch: Batch, lost: Lost) -> Lost {
        self.shared.condition.set_trouble(Some(lost.cause.clone()));
        batch.lose(&lost.cause);
        lost
    }

    /// The next submission; `None` when the store is dropped and none is left.
    fn wait(&mut self) -> Option<Submission> {
        self.held.take().or_else(|| self.inbox.blocking_recv())
    }

    /// A submission that is already waiting, if the batch has room for it.
    fn next_for(&mut self, batch: &Batch) -> Option<Submission> {
        let next = self.held.take().or_else(|| self.inbox.try_recv().ok())?;
        if batch.has_room(next.size) {
            return Some(next);
        }
        self.held = Some(next);
        None
    }

    /// Opens the database again, and checks it if need be; until that succeeds writes are refused.
    /// `None` if the store is dropped meanwhile.
    fn recover(&mut self, lost: &Lost) -> Option<Connection> {
        let cause = &lost.cause;
        tracing::error!(error = %cause, "A batch of writes failed; nothing of it is kept");
        let condition = &self.shared.condition;
        condition.set_trouble(Some(cause.clone()));
        loop {
            let waiting = std::iter::from_fn(|| self.inbox.try_recv().ok());
            for submission in self.held.take().into_iter().chain(waiting) {
                submission.task.refuse(Error::Unavailable(cause.as_str().into()));
            }
            let reopened = self.reopen(lost.doubt).and_then(|connection| {
                // What is small may still fit on a disk that is full, and the next write may not.
                let folder = self.place.path.parent().unwrap_or(Path::new("."));
                folder::check_room(folder).map_err(|error| format!("{cause}; {error}"))?;
                Ok(connection)
            });
            match reopened {
                Ok(connection) => {
                    condition.set_trouble(None);
                    tracing::info!("The writer has the database again");
                    return Some(connection);
                }
                Err(error) => condition.set_trouble(Some(error)),
            }
            if self.inbox.is_closed() {
                return None;
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn reopen(&self, doubt: Doubt) -> Result<Connection, String> {
        let open = || self.furnish(connection::open(&self.place.path)?);
        let connection = open().map_err(|error| error.to_string())?;
        let check = || connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
        match doubt {
            Doubt::None => Ok(connection),
            Doubt::File => match check() {
                Ok::<String, _>(found) if found == "ok" => Ok(connection),
                Ok(found) => Err(found),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    /// Prepares a connection to write: it tells how long the log is, and keeps to the pages it may
    /// have.
    pub(super) fn furnish(&self, mut connection: Connection) -> rusqlite::Result<Connection> {
        if let Some(pages) = self.place.pages_max {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        let shared = self.shared.clone();
        connection.wal_hook(Some(move |_: &mut Wal, pages| {
            shared.condition.set_log_bytes(u64::try_from(pages).unwrap_or(0) * FRAME_BYTES);
            Ok(())
        }))?;
        Ok(connection)
    }
}

impl Lost {
    fn new(cause: impl ToString, doubt: Doubt) -> Self {
        Self { cause: cause.to_string(), doubt }
    }
}

/// Does a task in a savepoint: what is refused or rehearsed leaves no trace.
fn one(ledger: &Ledger<'_>, task: Task) -> Result<Outcome, (Option<Outcome>, Lost)> {
    let connection = ledger.connection;
    if let Err(error) = execute(connection, "SAVEPOINT one") {
        let lost = Lost::new(error, Doubt::None);
        task.refuse(Error::Unavailable(lost.cause.as_str().into()));
        return Err((None, lost));
    }
    let mut outcome = task.run(ledger);
    // On a full disk or an I/O error SQLite may have undone the whole transaction; going on would
    // commit what follows one by one.
    if connection.is_autocommit() {
        let cause = outcome.failure.take().unwrap_or_else(|| "the transaction is gone".into());
        return Err((Some(outcome), Lost::new(cause, Doubt::None)));
    }
    let undone = if outcome.keep { Ok(()) } else { execute(connection, "ROLLBACK TO one") };
    match undone.and_then(|()| execute(connection, "RELEASE one")) {
        Ok(()) => Ok(outcome),
        Err(error) => Err((Some(outcome), Lost::new(error, Doubt::None))),
    }
}

/// Answers the first task of a batch that could not begin. Another process that writes for long is
/// no fault of the connection.
fn turn_away(task: Task, error: &rusqlite::Error) -> Result<(), Lost> {
    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
        task.refuse(Error::Busy);
        return Ok(());
    }
    task.refuse(Error::Unavailable(error.to_string().into()));
    Err(Lost::new(error, Doubt::None))
}
