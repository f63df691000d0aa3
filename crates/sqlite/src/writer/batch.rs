//! What is committed together: tasks, how many of them, and what they came to.

use std::time::{Duration, Instant};

use provost_store::{Error, Mode};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{Ledger, Size};
use crate::error::Failure;

/// How large a batch grows, in writes, bytes, member rows and time. A write of more member rows gets
/// a batch of its own.
const WRITES_MAX: usize = 64;
const BYTES_MAX: usize = 2 << 20;
const MEMBER_ROWS_MAX: usize = 2_000;
const TIME_MAX: Duration = Duration::from_millis(3);

/// A task in the queue; it holds its room there until it is done.
pub(crate) struct Submission {
    pub(super) size: Size,
    pub(super) task: Task,
    pub(super) _room: OwnedSemaphorePermit,
}

/// What is to be done, and whom to tell.
pub(super) struct Task(Box<dyn Call + Send>);

/// What a task came to; said when the batch is on disk.
pub(super) struct Outcome {
    /// Whether its effects stay.
    pub(super) keep: bool,
    /// The failure of SQLite in it, for the log.
    pub(super) failure: Option<String>,
    say: Box<dyn FnOnce(Result<(), Error>)>,
}

/// The outcomes of a transaction.
pub(super) struct Batch {
    begun: Instant,
    size: Size,
    outcomes: Vec<Outcome>,
}

trait Call {
    fn run(self: Box<Self>, ledger: &Ledger<'_>) -> Outcome;
    fn refuse(self: Box<Self>, error: Error);
}

struct Asked<F, T> {
    task: F,
    mode: Mode,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl Task {
    pub(super) fn new<T: Send + 'static>(
        task: impl FnOnce(&Ledger<'_>) -> Result<T, Failure> + Send + 'static,
        mode: Mode,
        answer: oneshot::Sender<Result<T, Error>>,
    ) -> Self {
        Self(Box::new(Asked { task, mode, answer }))
    }

    pub(super) fn run(self, ledger: &Ledger<'_>) -> Outcome {
        self.0.run(ledger)
    }

    /// Answers without having begun.
    pub(super) fn refuse(self, error: Error) {
        self.0.refuse(error);
    }
}

impl<F, T> Call for Asked<F, T>
where
    F: FnOnce(&Ledger<'_>) -> Result<T, Failure>,
    T: 'static,
{
    fn run(self: Box<Self>, ledger: &Ledger<'_>) -> Outcome {
        let Self { task, mode, answer } = *self;
        let done = task(ledger);
        let failure = match &done {
            Ok(_) | Err(Failure::Refused(_)) => None,
            Err(Failure::Sqlite(error)) => Some(error.to_string()),
        };
        let keep = done.is_ok() && mode == Mode::Commit;
        let done = done.map_err(Error::from);
        // Whoever asked may have gone.
        let say = Box::new(move |batch: Result<(), Error>| drop(answer.send(batch.and(done))));
        Outcome { keep, failure, say }
    }

    fn refuse(self: Box<Self>, error: Error) {
        drop(self.answer.send(Err(error)));
    }
}

impl Batch {
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now(), size: Size::default(), outcomes: Vec::new() }
    }

    /// Whether one more task may be part of it.
    pub(super) fn has_room(&self, next: Size) -> bool {
        self.outcomes.len() < WRITES_MAX
            && self.size.bytes + next.bytes <= BYTES_MAX
            && self.size.member_rows + next.member_rows <= MEMBER_ROWS_MAX
            && self.begun.elapsed() < TIME_MAX
    }

    pub(super) fn add(&mut self, size: Size, outcome: Outcome) {
        self.size.bytes += size.bytes;
        self.size.member_rows += size.member_rows;
        self.outcomes.push(outcome);
    }

    /// Tells everyone what their task came to: it is on disk.
    pub(super) fn answer(self) {
        for outcome in self.outcomes {
            (outcome.say)(Ok(()));
        }
    }

    /// Tells everyone that nothing of it is known to be on disk.
    pub(super) fn lose(self, cause: &str) {
        for outcome in self.outcomes {
            (outcome.say)(Err(Error::Unavailable(cause.into())));
        }
    }
}
