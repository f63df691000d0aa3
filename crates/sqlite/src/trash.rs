//! The trash: what was deleted, until it is purged or comes back.

use bytes::Bytes;
use provost_store::{AUDIT_PAGE_BYTES_MAX, At, ResourceId, TenantId, Trashed, Version};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::error::unreadable;
use crate::event::{joined, split};
use crate::registry::Registry;

/// The format of the bodies that this release writes.
const FORMAT: i64 = 1;

const COLUMNS: &str =
    "SELECT id, kind, version, keep_until, label, body, groups_of, members FROM trash
     WHERE tenant_id = ?1";

pub(crate) fn put(
    connection: &Connection,
    registry: &Registry,
    tenant: TenantId,
    trashed: &Trashed,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO trash (tenant_id, id, kind, version, keep_until, format, label, body,
                                groups_of, members)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            tenant.0,
            trashed.id.0,
            registry.kind(trashed.kind),
            trashed.version.0,
            trashed.keep_until,
            FORMAT,
            &*trashed.label,
            &trashed.body[..],
            joined(&trashed.groups),
            joined(&trashed.members),
        ])
        .map(drop)
}

/// What comes back is no longer in the trash; gives the version of its end. Those of its groups and
/// members that are there still will find it when they come back.
pub(crate) fn take(
    connection: &Connection,
    tenant: TenantId,
    id: ResourceId,
) -> rusqlite::Result<Option<Version>> {
    let sql = "DELETE FROM trash WHERE tenant_id = ?1 AND id = ?2
               RETURNING version, groups_of, members";
    let mut statement = connection.prepare_cached(sql)?;
    let taken = statement.query_row(params![tenant.0, id.0], |row| {
        let groups = split(row.get_ref(1)?.as_blob()?);
        Ok((Version(row.get(0)?), groups, split(row.get_ref(2)?.as_blob()?)))
    });
    let Some((version, groups, members)) = taken.optional()? else { return Ok(None) };
    for group in groups {
        note(connection, (tenant, group), "members", id)?;
    }
    for member in members {
        note(connection, (tenant, member), "groups_of", id)?;
    }
    Ok(Some(version))
}

/// Adds an id to a list of what is in the trash, if it is.
fn note(
    connection: &Connection,
    (tenant, at): (TenantId, ResourceId),
    column: &'static str,
    id: ResourceId,
) -> rusqlite::Result<()> {
    let sql = format!("SELECT {column} FROM trash WHERE tenant_id = ?1 AND id = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row(params![tenant.0, at.0], |row| row.get::<_, Vec<u8>>(0));
    let Some(mut ids) = found.optional()?.map(|bytes| split(&bytes)) else { return Ok(()) };
    let Err(place) = ids.binary_search(&id) else { return Ok(()) };
    ids.insert(place, id);
    let sql = format!("UPDATE trash SET {column} = ?3 WHERE tenant_id = ?1 AND id = ?2");
    connection.prepare_cached(&sql)?.execute(params![tenant.0, at.0, joined(&ids)]).map(drop)
}

/// Removes what has been over the longest, at most so many.
pub(crate) fn purge(
    connection: &Connection,
    tenant: TenantId,
    now: i64,
    max: u32,
) -> rusqlite::Result<u64> {
    let sql = "DELETE FROM trash WHERE tenant_id = ?1 AND id IN (
                   SELECT id FROM trash WHERE tenant_id = ?1 AND keep_until <= ?2
                   ORDER BY keep_until, id LIMIT ?3)";
    Ok(connection.prepare_cached(sql)?.execute(params![tenant.0, now, max])? as u64)
}

pub(crate) fn one(
    connection: &Connection,
    registry: &Registry,
    at: At,
    id: ResourceId,
) -> rusqlite::Result<Option<Trashed>> {
    let mut statement =
        connection.prepare_cached(&format!("{COLUMNS} AND id = ?2 AND kind = ?3"))?;
    let parameters = params![at.tenant.0, id.0, registry.kind(at.kind)];
    statement.query_row(parameters, |row| trashed(registry, row)).optional()
}

pub(crate) fn page(
    connection: &Connection,
    registry: &Registry,
    tenant: TenantId,
    after: Option<ResourceId>,
    max: u16,
) -> rusqlite::Result<Vec<Trashed>> {
    let after = after.map_or(uuid::Uuid::nil(), |it| it.0);
    let mut statement =
        connection.prepare_cached(&format!("{COLUMNS} AND id > ?2 ORDER BY id LIMIT ?3"))?;
    let mut rows = statement.query(params![tenant.0, after, max])?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let trashed = trashed(registry, row)?;
        bytes += trashed.bytes();
        if bytes > AUDIT_PAGE_BYTES_MAX && !found.is_empty() {
            break;
        }
        found.push(trashed);
    }
    Ok(found)
}

fn trashed(registry: &Registry, row: &Row<'_>) -> rusqlite::Result<Trashed> {
    let kind = registry.kind_of(row.get(1)?);
    Ok(Trashed {
        id: ResourceId(row.get(0)?),
        kind: kind.ok_or_else(|| unreadable(1, "an unknown resource type"))?,
        version: Version(row.get(2)?),
        keep_until: row.get(3)?,
        label: row.get(4)?,
        body: Bytes::copy_from_slice(row.get_ref(5)?.as_blob()?),
        groups: split(row.get_ref(6)?.as_blob()?),
        members: split(row.get_ref(7)?.as_blob()?),
    })
}
