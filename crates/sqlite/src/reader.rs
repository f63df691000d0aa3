//! Readers: a few threads with a connection each; every question has one snapshot and a deadline.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use provost_scim::schema::Schemas;
use provost_store::Error;
use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

use crate::connection::{closed, connect};
use crate::registry::Registry;

/// What a question is asked of.
pub(crate) struct Snapshot<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) schemas: &'a Schemas,
    pub(crate) registry: &'a Registry,
}

type Question = Box<dyn FnOnce(&Snapshot<'_>) + Send>;

/// The pool.
pub(crate) struct Readers {
    questions: Option<Sender<Question>>,
    /// Half of the readers: no more may be busy with heavy queries.
    heavy: Semaphore,
    threads: Vec<JoinHandle<()>>,
}

/// How much a question may cost.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Light,
    Heavy,
}

impl Readers {
    pub(crate) fn start(
        path: &Path,
        count: usize,
        deadline: Duration,
        schemas: &Arc<Schemas>,
        registry: &Arc<Registry>,
    ) -> Result<Self, crate::OpenError> {
        let (questions, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let mut threads = Vec::new();
        for number in 0..count.max(1) {
            let mut connection = connect(path)?;
            connection.pragma_update(None, "query_only", true)?;
            let (queue, schemas, registry) = (queue.clone(), schemas.clone(), registry.clone());
            let reader = std::thread::Builder::new().name(format!("sqlite-reader-{number}"));
            let spawned =
                reader.spawn(move || run(&mut connection, &queue, deadline, &schemas, &registry));
            threads.push(
                spawned.map_err(|cause| crate::OpenError::Folder { folder: path.into(), cause })?,
            );
        }
        Ok(Self { questions: Some(questions), heavy: Semaphore::new(count.div_ceil(2)), threads })
    }

    /// Asks a question of the next reader that is free.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        weight: Weight,
        question: impl FnOnce(&Snapshot<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _turn = match weight {
            Weight::Light => None,
            Weight::Heavy => Some(self.heavy.acquire().await.map_err(|_| closed())?),
        };
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |snapshot| {
            // Whoever asked may have gone.
            drop(answer.send(question(snapshot)));
        });
        let questions = self.questions.as_ref().ok_or_else(closed)?;
        questions.send(question).map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.questions = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn run(
    connection: &mut Connection,
    queue: &Mutex<Receiver<Question>>,
    deadline: Duration,
    schemas: &Schemas,
    registry: &Registry,
) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(question) = next else { return };
        let due = Instant::now() + deadline;
        // A question that runs too long is interrupted; it answers with an error.
        let watched = connection.progress_handler(10_000, Some(move || Instant::now() > due));
        let begun = connection.execute_batch("BEGIN");
        if watched.is_ok() && begun.is_ok() {
            question(&Snapshot { connection, schemas, registry });
        }
        // Dropping the question unanswered tells its asker that the store is unavailable.
        let _ = connection.execute_batch("ROLLBACK");
    }
}
