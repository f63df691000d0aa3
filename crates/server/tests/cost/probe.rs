//! How a cost is measured.

use std::fmt;
use std::time::{Duration, Instant};

use provost_testkit::server::TestServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};

use crate::MEMORY;

/// One measurement at a time: memory is counted for the whole process.
static TURN: Mutex<()> = Mutex::const_new(());

/// The turn to measure, until it is dropped.
pub(crate) async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// What something took.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// The most memory in use at once, above what was in use before.
    pub(crate) kib: usize,
    pub(crate) time: Duration,
}

/// What something may take.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) kib: usize,
    /// Of a release build; a build for debugging is several times slower.
    pub(crate) time: Duration,
}

/// A machine that does other work besides, and a build for debugging, take their time; what grows
/// with the square of a request takes more than this.
const PATIENCE: u32 = if cfg!(debug_assertions) { 20 } else { 4 };

impl Cost {
    /// Runs something, and gives what it took.
    pub(crate) async fn of<T>(work: impl Future<Output = T>) -> (T, Self) {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let begun = Instant::now();
        let done = work.await;
        let time = begun.elapsed();
        let kib = MEMORY.peak_usage().saturating_sub(before).div_ceil(1024);
        (done, Self { kib, time })
    }

    /// Panics if it is more.
    #[expect(clippy::print_stdout, reason = "the figures are worth as much as the verdict")]
    #[track_caller]
    pub(crate) fn check(self, what: &str, bound: Bound) {
        println!("{what}: {self}");
        assert!(self.kib <= bound.kib, "{what}: {self}; {} KiB are allowed", bound.kib);
        let time = bound.time * PATIENCE;
        assert!(self.time <= time, "{what}: {self}; {time:?} are allowed");
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KiB, {:?}", self.kib, self.time)
    }
}

/// Sends bytes, and takes the answer without keeping it; gives the status.
pub(crate) async fn exchange(server: &TestServer, bytes: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    // Who is refused early need not take the rest.
    let _ = stream.write_all(bytes).await;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.expect("a status line");
    let mut rest = [0; 4096];
    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
    let status = std::str::from_utf8(&status[9..]).expect("a status is text");
    status.parse().expect("a status is a number")
}
