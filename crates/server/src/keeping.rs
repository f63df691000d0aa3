//! What is no longer to be kept: rows of the audit trail, and what was deleted.

use provost_platform::DEFAULT_TENANT;
use provost_platform::table::{Configuration, DOCUMENT, Provisioning};
use provost_store::{Purge, Store, TenantId};

use crate::audit::{self, PURGED_AT_ONCE};
use crate::context::App;
use crate::error::Error;
use crate::issued::read;
use crate::tenant::TenantList;

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// Removes what is over, in every tenant, also those that nobody asks anything of.
pub(crate) async fn remove_what_is_over(app: &App) -> Result<(), Error> {
    let store = &*app.parts.engine.store;
    let now = app.parts.engine.clock.now_micros();
    let list: TenantList = read(store, app.tenants.own.id).await?;
    let names = list.records().iter().map(|it| it.name.as_str());
    for name in std::iter::once(DEFAULT_TENANT).chain(names) {
        let tenant = match name {
            DEFAULT_TENANT => app.tenants.own.id,
            name => store.tenant(name.into()).await.map_err(Error::NoTenant)?,
        };
        remove_of(store, tenant, now).await?;
    }
    Ok(())
}

async fn remove_of(store: &dyn Store, tenant: TenantId, now: i64) -> Result<(), Error> {
    store.purge_trash(tenant, now).await.map_err(Error::NoTenant)?;
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

    #[tokio::test]
    async fn rows_stay_as_long_as_the_tables_say() {
        let store = MemoryStore::new(Arc::new(Schemas::builtin(&Options::default())));
        let tenant = store.tenant("acme".into()).await.unwrap();
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
        let rows = async || {
            let max = std::num::NonZeroU16::new(100).unwrap();
            store.audit(tenant, AuditQuery::all(None, max)).await.unwrap().len()
        };
        remove_of(&store, tenant, 11 * DAY_MICROS).await.unwrap();
        assert_eq!(rows().await, 10, "without a word they stay");
        let days = serde_json::json!({"keepAuditDays": 3});
        let change = Change { table: Table::Policy, rows: vec![days] };
        let tables = Configuration::default().with(&[change]).unwrap().to_document();
        store.put_document(tenant, DocumentPut::new(DOCUMENT, None, tables)).await.unwrap();
        remove_of(&store, tenant, 11 * DAY_MICROS).await.unwrap();
        assert_eq!(rows().await, 3);
    }
}
