//! Rows of resources, read whole.

use bytes::Bytes;
use provost_scim::schema::AttrId;
use provost_store::{At, Error, ResourceId, Rev, Stored, TenantId, Version};
use rusqlite::{OptionalExtension as _, Row, params};

use super::Snapshot;
use crate::error::{Failure, unreadable};
use crate::registry::Registry;

/// The format of bodies that this release reads.
const BODY_FORMAT: i64 = 1;

impl Snapshot<'_> {
    /// One resource of a kind.
    pub(crate) fn get(&self, at: At, id: ResourceId) -> rusqlite::Result<Option<Stored>> {
        let At { tenant, kind } = at;
        Ok(self.find(tenant, id)?.filter(|stored| stored.kind == kind))
    }

    /// The resource of a row that is there.
    pub(super) fn fetch(&self, id: ResourceId, rid: i64) -> Result<Stored, Failure> {
        let sql = "SELECT id, kind, version, rev, created, label, body, format
                   FROM resource WHERE rid = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([rid], |row| stored(&self.shared.registry, row));
        // A key without its resource is a contradiction of ours.
        Ok(found.optional()?.ok_or(Error::Corrupt(id))?)
    }

    /// The hash of a secret of a resource.
    pub(crate) fn secret(
        &self,
        at: At,
        id: ResourceId,
        attribute: AttrId,
    ) -> rusqlite::Result<Option<Bytes>> {
        let registry = &self.shared.registry;
        let sql = "SELECT hash FROM secret JOIN resource USING (rid)
                   WHERE tenant_id = ?1 AND id = ?2 AND kind = ?3 AND attribute = ?4";
        let (kind, attribute) = (registry.kind(at.kind), registry.attribute(attribute));
        let parameters = params![at.tenant.0, id.0, kind, attribute];
        let read = |row: &Row<'_>| row.get::<_, Vec<u8>>(0).map(Bytes::from);
        self.connection.prepare_cached(sql)?.query_row(parameters, read).optional()
    }

    fn find(&self, tenant: TenantId, id: ResourceId) -> rusqlite::Result<Option<Stored>> {
        let sql = "SELECT id, kind, version, rev, created, label, body, format
                   FROM resource WHERE tenant_id = ?1 AND id = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &Row<'_>| stored(&self.shared.registry, row);
        statement.query_row(params![tenant.0, id.0], read).optional()
    }
}

/// Reads `id, kind, version, rev, created, label, body, format`.
pub(crate) fn stored(registry: &Registry, row: &Row<'_>) -> rusqlite::Result<Stored> {
    if row.get::<_, i64>(7)? != BODY_FORMAT {
        return Err(unreadable(7, "a body of an unknown format"));
    }
    let kind = registry.kind_of(row.get(1)?);
    Ok(Stored {
        id: ResourceId(row.get(0)?),
        kind: kind.ok_or_else(|| unreadable(1, "an unknown resource type"))?,
        version: Version(row.get(2)?),
        rev: Rev(row.get(3)?),
        created: row.get(4)?,
        label: row.get(5)?,
        body: Bytes::copy_from_slice(row.get_ref(6)?.as_blob()?),
    })
}
