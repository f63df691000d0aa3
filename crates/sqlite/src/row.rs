//! Rows of resources.

use provost_scim::schema::Kind;
use provost_store::{ResourceId, Rev, Stored, TenantId, Version};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::registry::Registry;

/// The columns that [`stored`] reads, in its order.
pub(crate) const COLUMNS: &str = "rid, id, kind, version, rev, created, label, body";

/// A resource and its row number.
pub(crate) struct Found {
    pub(crate) rid: i64,
    pub(crate) stored: Stored,
}

/// Reads the columns of [`COLUMNS`]; `None` if the schemas have no such resource type.
pub(crate) fn stored(registry: &Registry, row: &Row<'_>) -> rusqlite::Result<Option<Found>> {
    let Some(kind) = registry.kind_of(row.get(2)?) else { return Ok(None) };
    let label: String = row.get(6)?;
    let body: Vec<u8> = row.get(7)?;
    let stored = Stored {
        id: ResourceId(row.get(1)?),
        kind,
        version: Version(row.get(3)?),
        rev: Rev(row.get(4)?),
        created: row.get(5)?,
        label: label.into(),
        body: body.into(),
    };
    Ok(Some(Found { rid: row.get(0)?, stored }))
}

/// The resource with an id, of any kind.
pub(crate) fn find(
    connection: &Connection,
    registry: &Registry,
    tenant: TenantId,
    id: ResourceId,
) -> rusqlite::Result<Option<Found>> {
    let sql = format!("SELECT {COLUMNS} FROM resource WHERE tenant_id = ?1 AND id = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let row = statement.query_row(params![tenant.0, id.0], |row| stored(registry, row));
    Ok(row.optional()?.flatten())
}

/// The resource with an id, of one kind.
pub(crate) fn find_kind(
    connection: &Connection,
    registry: &Registry,
    tenant: TenantId,
    kind: Kind,
    id: ResourceId,
) -> rusqlite::Result<Option<Found>> {
    Ok(find(connection, registry, tenant, id)?.filter(|it| it.stored.kind == kind))
}
