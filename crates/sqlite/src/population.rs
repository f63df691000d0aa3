//! How many resources of a kind a tenant has.

use provost_store::TenantId;
use rusqlite::{Connection, OptionalExtension as _, params};

/// The number; `kind` is as the database counts kinds.
pub(crate) fn of(connection: &Connection, tenant: TenantId, kind: i64) -> rusqlite::Result<u64> {
    let sql = "SELECT resources FROM population WHERE tenant_id = ?1 AND kind = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params![tenant.0, kind], |row| row.get(0)).optional()?;
    Ok(found.map_or(0, |found: i64| found.unsigned_abs()))
}

/// Some more, or fewer.
pub(crate) fn add(
    connection: &Connection,
    tenant: TenantId,
    kind: i64,
    more: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO population (tenant_id, kind, resources) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET resources = resources + excluded.resources",
        )?
        .execute(params![tenant.0, kind, more])
        .map(drop)
}
