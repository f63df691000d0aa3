//! The log: on standard error, as text or JSON, by a thread of its own.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use provost_platform::setting::{Log, LogFormat, LogLevel};
use provost_server::LogBook;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt as _;

/// How many lines wait for whoever reads the log; those that come on top are lost, and counted.
const LINES_MAX: usize = 8_192;
/// How often lost lines are looked for.
const PAUSE: Duration = Duration::from_secs(10);

/// The log while it is written; what waits is written when it is dropped, for a second at most.
pub(crate) struct Logging {
    _guard: WorkerGuard,
    /// Its last lines, and its level.
    pub(crate) book: Arc<LogBook>,
}

/// Writes lines into the book.
struct BookWriter(Arc<LogBook>);

impl io::Write for BookWriter {
    /// An event is written by one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn targets(level: LogLevel) -> Targets {
    let level: LevelFilter = level.as_str().parse().unwrap_or(LevelFilter::INFO);
    // What a client does to a connection of its own is no warning.
    Targets::new().with_default(level).with_target("h2", level.min(LevelFilter::ERROR))
}

fn set_level(handle: &Handle<Targets, Registry>, level: LogLevel) {
    if let Err(error) = handle.reload(targets(level)) {
        tracing::warn!("The level of the log stays as it was: {error}");
    }
}

/// Starts the log; what was started first stays. Within a runtime.
///
/// A log that nobody reads, or that is read too slowly, stops no request.
pub(crate) fn start(log: &Log) -> Logging {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(LINES_MAX);
    let (writer, guard) = builder.thread_name("log").finish(io::stderr());
    let lost = writer.error_counter();
    let (targets, handle) = reload::Layer::new(targets(log.level));
    let book = Arc::new(LogBook::new(log.level, move |level| set_level(&handle, level)));
    // An error would be said on standard error, and panic.
    let lines = fmt::layer().with_writer(writer).with_target(false).log_internal_errors(false);
    let lines = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
    };
    let writer = Arc::clone(&book);
    let kept = fmt::layer().with_writer(move || BookWriter(Arc::clone(&writer)));
    let kept = kept.json().flatten_event(true).log_internal_errors(false);
    let both = lines.and_then(kept).with_filter(targets);
    if let Err(error) = tracing_subscriber::registry().with(both).try_init() {
        tracing::debug!(error = %error, "The log was started before");
    }
    tokio::spawn(report_lost(lost));
    Logging { _guard: guard, book }
}

/// Says how many lines were lost, once there is room for saying so.
async fn report_lost(lost: ErrorCounter) {
    let mut known = 0;
    loop {
        tokio::time::sleep(PAUSE).await;
        let lines = lost.dropped_lines();
        if lines > known {
            tracing::warn!(
                lines = lines - known,
                "Log lines were lost: the log is read too slowly"
            );
            known = lines;
        }
    }
}
