//! Events in the feed: a payload with a format number, and the place that the writer gives it.

use bytes::Bytes;
use provost_scim::schema::{Kind, Schemas};
use provost_store::{Cause, Event, EventAct, Position, ResourceId, TenantId, Version};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

const FORMAT: u32 = 1;

/// What is stored beside position, resource and version.
#[derive(Serialize, Deserialize)]
struct Payload {
    format: u32,
    act: EventAct,
    kind: Box<str>,
    cause: Cause,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    added: Vec<Uuid>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removed: Vec<Uuid>,
}

/// An event without its place.
pub(crate) struct NewEvent<'a> {
    pub(crate) id: ResourceId,
    pub(crate) kind: Kind,
    pub(crate) version: Version,
    pub(crate) act: EventAct,
    pub(crate) cause: &'a Cause,
    pub(crate) change: &'a [u8],
    pub(crate) added: &'a [ResourceId],
    pub(crate) removed: &'a [ResourceId],
}

/// Appends an event to a tenant's feed: the next number, without a gap.
pub(crate) fn append(
    connection: &Connection,
    schemas: &Schemas,
    tenant: TenantId,
    event: &NewEvent<'_>,
) -> rusqlite::Result<()> {
    let change = match event.change {
        [] => None,
        bytes => serde_json::from_slice(bytes).ok(),
    };
    let uuids = |ids: &[ResourceId]| ids.iter().map(|it| it.0).collect();
    let payload = Payload {
        format: FORMAT,
        act: event.act,
        kind: schemas.resource_type(event.kind).name.clone(),
        cause: event.cause.clone(),
        change,
        added: uuids(event.added),
        removed: uuids(event.removed),
    };
    let payload = serde_json::to_vec(&payload).expect("a payload is JSON");
    let seq: i64 = connection
        .prepare_cached(
            "INSERT INTO feed_head (tenant_id, next_seq) VALUES (?1, 2)
             ON CONFLICT (tenant_id) DO UPDATE SET next_seq = next_seq + 1
             RETURNING next_seq - 1",
        )?
        .query_row([tenant.0], |row| row.get(0))?;
    connection
        .prepare_cached(
            "INSERT INTO feed (tenant_id, seq, resource_id, version, payload)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![tenant.0, seq, event.id.0, event.version.0, payload])?;
    Ok(())
}

/// The events after a position.
pub(crate) fn read(
    connection: &Connection,
    schemas: &Schemas,
    tenant: TenantId,
    after: Position,
    max: u16,
) -> rusqlite::Result<Vec<Event>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, resource_id, version, payload FROM feed
         WHERE tenant_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let rows = statement.query_map(params![tenant.0, after.0, max], |row| {
        let payload: Vec<u8> = row.get(3)?;
        let unreadable = |cause: Box<dyn std::error::Error + Send + Sync>| {
            rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Blob, cause)
        };
        let payload: Payload =
            serde_json::from_slice(&payload).map_err(|it| unreadable(it.into()))?;
        let kind = schemas.resource_type_by_name(&payload.kind).map(|it| it.kind);
        let ids = |uuids: Vec<Uuid>| uuids.into_iter().map(ResourceId).collect();
        Ok(Event {
            position: Position(row.get(0)?),
            id: ResourceId(row.get(1)?),
            kind: kind.ok_or_else(|| unreadable("an unknown resource type".into()))?,
            version: Version(row.get(2)?),
            act: payload.act,
            cause: payload.cause,
            change: payload.change.map_or_else(Bytes::new, |it| it.get().to_owned().into()),
            added: ids(payload.added),
            removed: ids(payload.removed),
        })
    })?;
    rows.collect()
}
