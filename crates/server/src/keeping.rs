//! What is no longer to be kept: rows of the audit trail, and what was deleted.

use provost_platform::DEFAULT_TENANT;
use provost_platform::table::{Configuration, DOCUMENT, Provisioning};
use provost_store::{Purge, Store, TenantId};
use tracing::warn;

use crate::audit::{self, PURGED_AT_ONCE};
use crate::context::App;
use crate::error::Error;
use crate::issued::read;
use crate::tenant::TenantList;

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// How much of what was deleted goes in one write.
const TRASH_AT_ONCE: u32 = 100;

/// Removes what is over, in every tenant, also those that nobody asks anything of. Where it cannot be
/// done, the log says so, and the others are not kept waiting.
pub(crate) async fn remove_what_is_over(app: &App) {
    let engine = &app.parts.engine;
    remove_in_all(&*engine.store, app.tenants.own.id, engine.clock.now_micros()).await;
}

async fn remove_in_all(store: &dyn Store, own: TenantId, now: i64) {
    let names = match read::<TenantList>(store, own).await {
        Ok(list) => list.records().iter().map(|it| it.name.to_string()).collect(),
        Err(error) => {
            warn!("What is over in tenants stays: {}", Error::from(error).chain());
            Vec::new()
        }
    };
    for name in std::iter::once(DEFAULT_TENANT).chain(names.iter().map(String::as_str)) {
        if let Err(error) = remove_in(store, name, now).await {
            warn!("What is over in the tenant {name} stays: {}", error.chain());
        }
    }
}

async fn remove_in(store: &dyn Store, name: &str, now: i64) -> Result<(), Error> {
    let tenant = store.tenant(name.into()).await.map_err(Error::NoTenant)?;
    loop {
        let removed = store.purge_trash(tenant, now, TRASH_AT_ONCE).await;
        if removed.map_err(Error::NoTenant)? < u64::from(TRASH_AT_ONCE) {
            break;
        }
    }
    let found = store.document(tenant, DOCUMENT.into()).await.map_err(Error::NoConfiguration)?;
    let Some(document) = found else { return Ok(()) };
    let tables = Provisioning::of(&Configuration::from_document(&document.body)?);
    let Some(days) = tables.keep_audit_days else { return Ok(()) };
    let before = now.saturating_sub(i64::from(days) * DAY_MICROS);
    let removed = audit::remove(store, tenant, Purge::before(before, PURGED_AT_ONCE)).await;
    removed.map(drop).map_err(Error::NoAudit)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use provost_platform::table::{Change, Table};
    use provost_scim::schema::{Options, Schemas};
    use provost_store::memory::MemoryStore;
    use provost_store::{AuditOutcome, AuditQuery, Cause, DocumentPut, Entry, Target};

    use super::*;
    use crate::issued::change;

    fn store() -> MemoryStore {
        MemoryStore::new(Arc::new(Schemas::builtin(&Options::default())))
    }

    /// A tenant whose trail has a row of each of ten days.
    async fn tenant(store: &MemoryStore, name: &str) -> TenantId {
        let tenant = store.tenant(name.into()).await.unwrap();
        let entry = |day: i64| Entry {
            at: day * DAY_MICROS,
            category: "Subsystem".into(),
            action: "started".into(),
            outcome: AuditOutcome::Done,
            cause: Cause::default(),
            target: Target::default(),
            detail: Default::default(),
        };
        store.record(tenant, (1..=10).map(entry).collect()).await.unwrap();
        tenant
    }

    async fn keep_three_days(store: &MemoryStore, tenant: TenantId) {
        let days = serde_json::json!({"keepAuditDays": 3});
        let change = Change { table: Table::Policy, rows: vec![days] };
        let tables = Configuration::default().with(&[change]).unwrap().to_document();
        store.put_document(tenant, DocumentPut::new(DOCUMENT, None, tables)).await.unwrap();
    }

    async fn rows(store: &MemoryStore, tenant: TenantId) -> usize {
        let max = std::num::NonZeroU16::new(100).unwrap();
        store.audit(tenant, AuditQuery::all(None, max)).await.unwrap().len()
    }

    #[tokio::test]
    async fn rows_stay_as_long_as_the_tables_say() {
        let store = store();
        let own = tenant(&store, DEFAULT_TENANT).await;
        remove_in_all(&store, own, 11 * DAY_MICROS).await;
        assert_eq!(rows(&store, own).await, 10, "without a word they stay");
        keep_three_days(&store, own).await;
        remove_in_all(&store, own, 11 * DAY_MICROS).await;
        assert_eq!(rows(&store, own).await, 3);
    }

    #[tokio::test]
    async fn a_tenant_whose_tables_are_damaged_keeps_no_other_waiting() {
        let store = store();
        let own = tenant(&store, DEFAULT_TENANT).await;
        let damaged = DocumentPut::new(DOCUMENT, None, b"no tables".to_vec());
        store.put_document(own, damaged).await.unwrap();
        let create = |list: &mut TenantList| list.create("acme".parse().unwrap(), 0);
        change(&store, own, create).await.unwrap();
        let acme = tenant(&store, "acme").await;
        keep_three_days(&store, acme).await;
        remove_in_all(&store, own, 11 * DAY_MICROS).await;
        assert_eq!((rows(&store, own).await, rows(&store, acme).await), (10, 3));
    }
}
