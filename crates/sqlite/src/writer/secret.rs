//! Secrets of a resource: hashes that change with it.

use provost_store::SecretPut;
use rusqlite::params;

use super::Ledger;
use super::ledger::Row;

impl Ledger<'_> {
    /// Sets and removes secrets; whether any is another one now.
    pub(super) fn put_secrets(&self, row: &Row, secrets: &[SecretPut]) -> rusqlite::Result<bool> {
        let mut changed = 0;
        for SecretPut { attribute, hash } in secrets {
            let attribute = self.shared.registry.attribute(*attribute);
            changed += match hash {
                Some(hash) => self
                    .connection
                    .prepare_cached(
                        "INSERT INTO secret (rid, attribute, hash) VALUES (?1, ?2, ?3)
                         ON CONFLICT DO UPDATE SET hash = excluded.hash
                         WHERE hash <> excluded.hash",
                    )?
                    .execute(params![row.rid, attribute, &hash[..]])?,
                None => self
                    .connection
                    .prepare_cached("DELETE FROM secret WHERE rid = ?1 AND attribute = ?2")?
                    .execute(params![row.rid, attribute])?,
            };
        }
        Ok(changed > 0)
    }

    /// Removes the secrets of a resource that goes.
    pub(super) fn remove_all_secrets(&self, row: &Row) -> rusqlite::Result<()> {
        let sql = "DELETE FROM secret WHERE rid = ?1";
        self.connection.prepare_cached(sql)?.execute([row.rid]).map(drop)
    }
}
