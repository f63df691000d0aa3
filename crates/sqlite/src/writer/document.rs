//! Writes beside resources: documents, tenants, rows of the audit trail.

use provost_store::{DocumentPut, Entry, Error, Rev, TenantId};
use rusqlite::{OptionalExtension as _, params};

use super::Ledger;
use crate::audit;
use crate::error::Failure;

impl Ledger<'_> {
    /// Puts a document in place of the one that it was computed from.
    pub(crate) fn put_document(&self, tenant: TenantId, put: &DocumentPut) -> Result<Rev, Failure> {
        let found: Option<i64> = self
            .connection
            .prepare_cached("SELECT rev FROM document WHERE tenant_id = ?1 AND key = ?2")?
            .query_row(params![tenant.0, &*put.key], |row| row.get(0))
            .optional()?;
        if found.map(Rev) != put.base {
            return Err(Error::Stale.into());
        }
        let rev = Rev(found.map_or(1, |rev| rev + 1));
        self.connection
            .prepare_cached(
                "INSERT INTO document (tenant_id, key, rev, body) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET rev = excluded.rev, body = excluded.body",
            )?
            .execute(params![tenant.0, &*put.key, rev.0, &put.body[..]])?;
        self.record_entries(tenant, &put.entries)?;
        Ok(rev)
    }

    /// Appends rows to the audit trail.
    pub(crate) fn record_entries(
        &self,
        tenant: TenantId,
        entries: &[Entry],
    ) -> Result<(), Failure> {
        for entry in entries {
            audit::append(self.connection, tenant, entry, None)?;
        }
        Ok(())
    }

    /// The tenant with a name; it is made if there is none.
    pub(crate) fn tenant(&self, name: &str) -> Result<TenantId, Failure> {
        let find = || {
            self.connection
                .prepare_cached("SELECT tenant_id FROM tenant WHERE name = ?1")?
                .query_row([name], |row| row.get(0).map(TenantId))
                .optional()
        };
        if let Some(tenant) = find()? {
            return Ok(tenant);
        }
        self.connection.prepare_cached("INSERT INTO tenant (name) VALUES (?1)")?.execute([name])?;
        let tenant = self.connection.last_insert_rowid();
        self.connection
            .prepare_cached("INSERT INTO feed_head (tenant_id, next_seq) VALUES (?1, 1)")?
            .execute([tenant])?;
        Ok(TenantId(tenant))
    }
}
