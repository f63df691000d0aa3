//! Connections, all of one kind, and their failures as the contract has them.

use std::path::Path;
use std::time::Duration;

use provost_store::Error;
use rusqlite::Connection;

/// A connection as all of them are: a commit is on disk before it returns.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Lets the file grow to a number of pages and no further.
pub(crate) fn limit(connection: &Connection, pages_max: Option<u32>) -> rusqlite::Result<()> {
    let Some(pages) = pages_max else { return Ok(()) };
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
}

/// A failure of SQLite as the contract has it.
pub(crate) fn failed(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => Error::TooBroad,
        Some(_) | None => Error::Unavailable(error.into()),
    }
}

/// The store is going: its threads are.
pub(crate) fn closed() -> Error {
    Error::Unavailable("the store is closed".into())
}
