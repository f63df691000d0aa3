//! Readers: a few threads with a connection each; every question has one snapshot and a deadline.

mod candidate;
mod desk;
mod document;
mod probe;
mod query;
mod relation;
pub(crate) mod resource;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use provost_store::Error;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::connection::{self, execute};
use crate::error::{Failure, gone};
use crate::open::Shared;
use crate::{OpenError, error};
use desk::{Desk, Question};
pub(crate) use query::Search;

/// Steps of SQLite's machine between two looks at the clock: about a millisecond.
const STEPS: i32 = 10_000;

/// The pool.
pub(crate) struct Readers {
    desk: Arc<Desk>,
    deadline: Duration,
    threads: Vec<JoinHandle<()>>,
}

/// What a question is asked of.
pub(crate) struct Snapshot<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) shared: &'a Shared,
    due: Instant,
}

impl Snapshot<'_> {
    /// SQLite looks at the clock by itself; what is done between its steps must ask.
    fn check_time(&self) -> Result<(), Error> {
        if Instant::now() < self.due { Ok(()) } else { Err(Error::TooBroad) }
    }
}

/// How much a question may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Light,
    Heavy,
}

impl Readers {
    pub(crate) fn start(
        path: &Path,
        count: usize,
        deadline: Duration,
        shared: &Arc<Shared>,
    ) -> Result<Self, OpenError> {
        let count = count.max(1);
        let desk = Arc::new(Desk::new(count));
        let mut readers = Self { desk, deadline, threads: Vec::new() };
        for number in 0..count {
            let due = Arc::new(Mutex::new(Instant::now()));
            let (path, shared, desk) = (path.to_owned(), shared.clone(), readers.desk.clone());
            let mut reader = Reader { path, shared, desk, due, connection: None };
            reader.connection = Some(reader.connect()?);
            let thread = std::thread::Builder::new().name(format!("sqlite-reader-{number}"));
            let thread = thread.spawn(move || reader.run()).map_err(OpenError::Thread)?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Asks a question of the next reader that is free.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        weight: Weight,
        question: impl FnOnce(&Snapshot<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let ask = move |snapshot: Result<&Snapshot<'_>, Error>| {
            if answer.is_closed() {
                return; // Whoever asked has gone.
            }
            let found = snapshot.and_then(|it| question(it).map_err(Error::from));
            drop(answer.send(found));
        };
        let due = Instant::now() + self.deadline;
        self.desk.put(Question { weight, due, ask: Box::new(ask) })?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.desk.close();
        for thread in self.threads.drain(..) {
            // A panic there was logged when it happened.
            let _ = thread.join();
        }
    }
}

/// One thread of the pool.
struct Reader {
    path: PathBuf,
    shared: Arc<Shared>,
    desk: Arc<Desk>,
    /// When the statement that runs is interrupted.
    due: Arc<Mutex<Instant>>,
    connection: Option<Connection>,
}

impl Reader {
    fn run(mut self) {
        while let Some(Question { weight, due, ask }) = self.desk.take() {
            // The caller of a question that panicked learns it from its broken channel.
            let answered = catch_unwind(AssertUnwindSafe(|| self.answer(due, ask)));
            if answered.is_err() {
                tracing::error!("A question panicked");
            }
            self.desk.finished(weight);
        }
    }

    fn answer(&mut self, due: Instant, ask: desk::Ask) {
        if Instant::now() >= due {
            return ask(Err(Error::Busy)); // It waited for a reader until its deadline.
        }
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = due;
        match self.begin() {
            Ok(connection) => {
                ask(Ok(&Snapshot { connection: &connection, shared: &self.shared, due }));
                // A connection that cannot end a transaction is not used again.
                self.connection = execute(&connection, "ROLLBACK").is_ok().then_some(connection);
            }
            Err(error) => ask(Err(Error::Unavailable(error.into()))),
        }
    }

    /// Begins a transaction: all that follows sees one snapshot.
    fn begin(&mut self) -> rusqlite::Result<Connection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        execute(&connection, "BEGIN")?;
        Ok(connection)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let mut connection = connection::open_to_read(&self.path)?;
        let due = self.due.clone();
        let is_over = move || Instant::now() >= *due.lock().unwrap_or_else(PoisonError::into_inner);
        connection.progress_handler(STEPS, Some(is_over))?;
        Ok(connection)
    }
}

/// A question that reads on for too long is too broad; others meet a store that is too slow.
fn interrupted(failure: Failure) -> Failure {
    match failure {
        Failure::Sqlite(error) if error::is_interruption(&error) => Error::TooBroad.into(),
        Failure::Sqlite(_) | Failure::Refused(_) => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, open};
    use provost_scim::schema::{Options as SchemaOptions, Schemas};
    use provost_store::Indexes;

    const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                           SELECT count(*) FROM n";

    async fn with_readers(count: usize, deadline: Duration, test: impl AsyncFnOnce(&Readers)) {
        let folder = tempfile::tempdir().unwrap();
        let schemas = Arc::new(Schemas::builtin(&SchemaOptions::default()));
        let indexes = Arc::new(Indexes::new(&schemas));
        let options = Options { readers: count, deadline, ..Options::serve(folder.path()) };
        let store = open(options, schemas, indexes).unwrap();
        test(&store.readers).await;
    }

    fn count(snapshot: &Snapshot<'_>, sql: &str) -> Result<i64, Failure> {
        Ok(snapshot.connection.query_row(sql, [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_statement_is_interrupted_at_its_deadline_and_the_reader_goes_on() {
        with_readers(1, Duration::from_millis(200), async |readers| {
            let endless = readers.ask(Weight::Heavy, |it| count(it, ENDLESS)).await;
            assert!(matches!(endless, Err(Error::Unavailable(_))));
            let next = readers.ask(Weight::Light, |it| count(it, "SELECT 7")).await;
            assert_eq!(next.unwrap(), 7);
        })
        .await;
    }

    #[tokio::test]
    async fn a_panic_is_answered_and_the_reader_goes_on() {
        with_readers(1, Duration::from_secs(10), async |readers| {
            let panics = |_: &Snapshot<'_>| -> Result<i64, Failure> { panic!("on purpose") };
            assert!(matches!(readers.ask(Weight::Heavy, panics).await, Err(Error::Unavailable(_))));
            let next = readers.ask(Weight::Heavy, |it| count(it, "SELECT 7")).await;
            assert_eq!(next.unwrap(), 7);
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn heavy_questions_leave_half_of_the_readers_to_light_ones() {
        with_readers(2, Duration::from_secs(20), async |readers| {
            let (open_door, door) = std::sync::mpsc::channel::<()>();
            let door = Arc::new(Mutex::new(door));
            let wait = |door: Arc<Mutex<std::sync::mpsc::Receiver<()>>>| {
                move |_: &Snapshot<'_>| {
                    // Ends when the sender does.
                    let _ = door.lock().unwrap().recv();
                    Ok(())
                }
            };
            // Its caller goes away; it still holds its reader.
            drop(futures_poll(readers.ask(Weight::Heavy, wait(door.clone()))).await);
            let second = readers.ask(Weight::Heavy, wait(door.clone()));
            let light = readers.ask(Weight::Light, |it| count(it, "SELECT 7"));
            let light = async {
                let seven = light.await.unwrap();
                drop(open_door);
                seven
            };
            let (second, light) = tokio::join!(second, light);
            second.unwrap();
            assert_eq!(light, 7);
        })
        .await;
    }

    /// Polls a future once, and gives it back.
    async fn futures_poll<F: Future>(future: F) -> std::pin::Pin<Box<F>> {
        let mut future = Box::pin(future);
        std::future::poll_fn(|cx| {
            let _ = future.as_mut().poll(cx);
            std::task::Poll::Ready(())
        })
        .await;
        future
    }
}
