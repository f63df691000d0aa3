//! Formats of the database, from number 1: each step in one transaction, with its number.

use rusqlite::{Connection, TransactionBehavior};

use crate::OpenError;

/// The steps; step n leads to format n.
const STEPS: [&str; 1] = [include_str!("../migrations/0001.sql")];

/// Brings a database to the newest format.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let known = STEPS.len() as i64;
        if found > known {
            return Err(OpenError::NewerFormat { found, known });
        }
        let Some(step) = usize::try_from(found).ok().and_then(|found| STEPS.get(found)) else {
            return Ok(());
        };
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", found + 1)?;
        transaction.commit()?;
        tracing::info!(sqlite.format = found + 1, "Brought the database to format {}", found + 1);
    }
}
