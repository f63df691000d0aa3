//! Keys of resources in their two tables.

use provost_scim::value::Key;
use provost_store::ResourceId;
use rusqlite::{Connection, params};
use uuid::Uuid;

/// Whose keys they are; tenant and kind as the database numbers them.
pub(crate) struct Holder {
    pub(crate) tenant: i64,
    pub(crate) kind: i64,
    pub(crate) id: ResourceId,
    pub(crate) rid: i64,
}

/// Adds a key of an ordinary attribute.
pub(crate) fn add_value(
    connection: &Connection,
    holder: &Holder,
    attribute: i64,
    key: &Key,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO value_key (tenant_id, kind, attribute, key, id, rid)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let Holder { tenant, kind, id, rid } = holder;
    connection.prepare_cached(sql)?.execute(params![
        tenant,
        kind,
        attribute,
        &key[..],
        id.0,
        rid
    ])?;
    Ok(())
}

/// Removes a key of an ordinary attribute.
pub(crate) fn remove_value(
    connection: &Connection,
    holder: &Holder,
    attribute: i64,
    key: &Key,
) -> rusqlite::Result<()> {
    let sql = "DELETE FROM value_key
               WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?3 AND key = ?4 AND id = ?5";
    let Holder { tenant, kind, id, .. } = holder;
    connection.prepare_cached(sql)?.execute(params![tenant, kind, attribute, &key[..], id.0])?;
    Ok(())
}

/// Adds a key of a unique attribute; `false` if it is taken.
pub(crate) fn add_unique(
    connection: &Connection,
    holder: &Holder,
    attribute: i64,
    key: &Key,
) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO unique_key (tenant_id, kind, attribute, key, id, rid)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
    let Holder { tenant, kind, id, rid } = holder;
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.execute(params![tenant, kind, attribute, &key[..], id.0, rid])? == 1)
}

/// Removes a key of a unique attribute.
pub(crate) fn remove_unique(
    connection: &Connection,
    holder: &Holder,
    attribute: i64,
    key: &Key,
) -> rusqlite::Result<()> {
    let sql = "DELETE FROM unique_key
               WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?3 AND key = ?4 AND rid = ?5";
    let Holder { tenant, kind, rid, .. } = holder;
    connection.prepare_cached(sql)?.execute(params![tenant, kind, attribute, &key[..], rid])?;
    Ok(())
}

/// Who has a unique key.
pub(crate) fn unique_holder(
    connection: &Connection,
    holder: &Holder,
    attribute: i64,
    key: &Key,
) -> rusqlite::Result<Uuid> {
    let sql = "SELECT id FROM unique_key
               WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?3 AND key = ?4";
    let parameters = params![holder.tenant, holder.kind, attribute, &key[..]];
    connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))
}
