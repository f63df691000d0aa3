//! Formats of the database, from number 1: each step in one transaction, with its number.

use rusqlite::{Connection, TransactionBehavior};

use crate::OpenError;

/// The steps; step n leads to format n.
const STEPS: [&str; 3] = [
    include_str!("../migrations/0001.sql"),
    include_str!("../migrations/0002.sql"),
    include_str!("../migrations/0003.sql"),
];
/// The format that this release works with.
const KNOWN: i64 = STEPS.len() as i64;
/// What the first step writes into the header of the file.
const APPLICATION: i64 = 1_347_571_542;

/// Whether the database has the format that this release works with.
///
/// # Errors
/// If it is not ours, or newer.
pub(crate) fn is_current(connection: &Connection) -> Result<bool, OpenError> {
    Ok(format(connection)? == KNOWN)
}

/// Brings a database to the newest format.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = format(&transaction)?;
        let Some(step) = usize::try_from(found).ok().and_then(|found| STEPS.get(found)) else {
            return Ok(());
        };
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", found + 1)?;
        transaction.commit()?;
        tracing::info!(sqlite.format = found + 1, "Brought the database to format {}", found + 1);
    }
}

fn format(connection: &Connection) -> Result<i64, OpenError> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let found = number("PRAGMA user_version")?;
    let application = number("PRAGMA application_id")?;
    let is_empty = number("SELECT count(*) FROM sqlite_schema")? == 0;
    if application != APPLICATION && !is_empty {
        return Err(OpenError::NotADatabase);
    }
    if found > KNOWN {
        return Err(OpenError::NewerFormat { found, known: KNOWN });
    }
    Ok(found)
}
