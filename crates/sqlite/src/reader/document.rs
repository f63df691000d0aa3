//! Documents and tenants, read.

use provost_store::{Document, Rev, TenantId};
use rusqlite::{OptionalExtension as _, params};

use super::Snapshot;

impl Snapshot<'_> {
    /// A document.
    pub(crate) fn document(
        &self,
        tenant: TenantId,
        key: &str,
    ) -> rusqlite::Result<Option<Document>> {
        let sql = "SELECT rev, body FROM document WHERE tenant_id = ?1 AND key = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Document { rev: Rev(row.get(0)?), body: row.get::<_, Vec<u8>>(1)?.into() })
        };
        statement.query_row(params![tenant.0, key], read).optional()
    }

    /// The tenant with a name.
    pub(crate) fn tenant(&self, name: &str) -> rusqlite::Result<Option<TenantId>> {
        let sql = "SELECT tenant_id FROM tenant WHERE name = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_row([name], |row| row.get(0).map(TenantId)).optional()
    }
}
