//! Where questions wait for a reader.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use provost_store::Error;

use super::{Snapshot, Weight};

/// Questions that may wait.
const QUESTIONS_MAX: usize = 4_096;

pub(super) type Ask = Box<dyn FnOnce(Result<&Snapshot<'_>, Error>) + Send>;

pub(super) struct Question {
    pub(super) weight: Weight,
    pub(super) due: Instant,
    pub(super) ask: Ask,
}

pub(super) struct Desk {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    /// Half of the readers: no more are busy with heavy questions at one time.
    heavy_max: usize,
}

#[derive(Default)]
struct Waiting {
    questions: VecDeque<Question>,
    /// Heavy questions that readers are busy with, also those whose callers have gone.
    heavy: usize,
    closed: bool,
}

impl Desk {
    pub(super) fn new(readers: usize) -> Self {
        Self { waiting: Mutex::default(), changed: Condvar::new(), heavy_max: readers.div_ceil(2) }
    }

    pub(super) fn put(&self, question: Question) -> Result<(), Error> {
        let mut waiting = self.lock();
        if waiting.questions.len() >= QUESTIONS_MAX {
            return Err(Error::Busy);
        }
        waiting.questions.push_back(question);
        self.changed.notify_one();
        Ok(())
    }

    /// The first question that may be taken; waits for one. `None` if the desk is closed.
    pub(super) fn take(&self) -> Option<Question> {
        let mut waiting = self.lock();
        loop {
            if waiting.closed {
                return None;
            }
            if let Some(question) = waiting.next(self.heavy_max) {
                return Some(question);
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn finished(&self, weight: Weight) {
        match weight {
            Weight::Light => {}
            Weight::Heavy => {
                self.lock().heavy -= 1;
                self.changed.notify_one();
            }
        }
    }

    /// Turns away whoever waits.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.questions.clear();
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn next(&mut self, heavy_max: usize) -> Option<Question> {
        let may_go = |it: &Question| it.weight == Weight::Light || self.heavy < heavy_max;
        let place = self.questions.iter().position(may_go)?;
        let question = self.questions.remove(place)?;
        self.heavy += usize::from(question.weight == Weight::Heavy);
        Some(question)
    }
}
