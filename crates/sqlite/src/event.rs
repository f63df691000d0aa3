//! Events in the feed: a row with a format number, at the place that the writer gives it.

use bytes::Bytes;
use provost_store::{Cause, Event, EventAct, Position, ResourceId, TenantId, Version};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::error::unreadable;
use crate::registry::Registry;

const FORMAT: i64 = 1;
const ID_BYTES: usize = 16;

/// Appends an event to a tenant's feed, at the next place, and gives that; its own place is not looked
/// at.
pub(crate) fn append(
    connection: &Connection,
    registry: &Registry,
    tenant: TenantId,
    event: &Event,
) -> rusqlite::Result<Position> {
    let is_removal = event.act == EventAct::Deleted || !event.removed.is_empty();
    let seq: i64 = connection
        .prepare_cached(
            "UPDATE feed_head SET next_seq = next_seq + 1, last_version = max(last_version, ?2),
                 last_removal = iif(?3, max(last_version, ?2), last_removal)
             WHERE tenant_id = ?1 RETURNING next_seq - 1",
        )?
        .query_row(params![tenant.0, event.version.0, is_removal], |row| row.get(0))?;
    let cause = serde_json::to_string(&event.cause).expect("names print as JSON");
    connection
        .prepare_cached(
            "INSERT INTO feed (tenant_id, seq, resource_id, kind, version, act, format, cause,
                               change, added, removed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            tenant.0,
            seq,
            event.id.0,
            registry.kind(event.kind),
            event.version.0,
            event.act.name(),
            FORMAT,
            cause,
            &event.change[..],
            joined(&event.added),
            joined(&event.removed),
        ])?;
    Ok(Position(seq))
}

/// See `Store::last_removal`.
pub(crate) fn last_removal(connection: &Connection, tenant: TenantId) -> rusqlite::Result<Version> {
    let sql = "SELECT last_removal FROM feed_head WHERE tenant_id = ?1";
    let found = connection.prepare_cached(sql)?.query_row([tenant.0], |row| row.get(0)).optional();
    Ok(Version(found?.unwrap_or_default()))
}

/// The events after a position.
pub(crate) fn read(
    connection: &Connection,
    registry: &Registry,
    tenant: TenantId,
    after: Position,
    max: u16,
) -> rusqlite::Result<Vec<Event>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, resource_id, kind, version, act, format, cause, change, added, removed
         FROM feed WHERE tenant_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let rows = statement.query_map(params![tenant.0, after.0, max], |row| event(registry, row))?;
    rows.collect()
}

/// The event at a position.
pub(crate) fn one(
    connection: &Connection,
    registry: &Registry,
    tenant: TenantId,
    position: Position,
) -> rusqlite::Result<Option<Event>> {
    Ok(read(connection, registry, tenant, Position(position.0 - 1), 1)?.pop())
}

fn event(registry: &Registry, row: &Row<'_>) -> rusqlite::Result<Event> {
    if row.get::<_, i64>(5)? != FORMAT {
        return Err(unreadable(5, "an event of an unknown format"));
    }
    let kind = registry.kind_of(row.get(2)?);
    let cause: Cause = serde_json::from_str(row.get_ref(6)?.as_str()?)
        .map_err(|_| unreadable(6, "a cause that is not JSON"))?;
    Ok(Event {
        position: Position(row.get(0)?),
        id: ResourceId(row.get(1)?),
        kind: kind.ok_or_else(|| unreadable(2, "an unknown resource type"))?,
        version: Version(row.get(3)?),
        act: act(row.get_ref(4)?.as_str()?).ok_or_else(|| unreadable(4, "an unknown act"))?,
        cause,
        change: Bytes::copy_from_slice(row.get_ref(7)?.as_blob()?),
        added: split(row.get_ref(8)?.as_blob()?),
        removed: split(row.get_ref(9)?.as_blob()?),
    })
}

fn act(text: &str) -> Option<EventAct> {
    EventAct::ALL.into_iter().find(|act| act.name() == text)
}

/// Ids as one column.
pub(crate) fn joined(ids: &[ResourceId]) -> Vec<u8> {
    ids.iter().flat_map(|id| *id.0.as_bytes()).collect()
}

/// The ids in a column.
pub(crate) fn split(bytes: &[u8]) -> Vec<ResourceId> {
    let (ids, _) = bytes.as_chunks::<ID_BYTES>();
    ids.iter().map(|id| ResourceId(Uuid::from_bytes(*id))).collect()
}
