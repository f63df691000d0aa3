//! A change of the configuration: whole, checked, with its rows in the audit trail.

use std::sync::Arc;

use provost_engine::SESSIONS;
use provost_platform::table::{Change, Configuration, DOCUMENT, Provisioning};
use provost_scim::Error as Refusal;
use provost_store::{AuditOutcome, Cause, DocumentPut, Entry, Error as StoreError, Target};
use serde_json::json;

use super::{CATEGORY, Governed};
use crate::context::App;
use crate::error::Error;
use crate::tenant::Tenant;

/// How often a configuration is read again because somebody else changed it.
const ATTEMPTS: usize = 16;

/// How long a reason may be, which the audit trail keeps.
const REASON_CHARACTERS_MAX: usize = 1_024;

/// Changes the configuration of a tenant. `changes` says what becomes of it; it is asked again if
/// somebody else was quicker. Nothing is written if nothing differs.
///
/// # Errors
/// The configuration would be wrong, or the store fails; then it is as it was.
pub(crate) async fn change(
    app: &App,
    tenant: &Tenant,
    cause: &Cause,
    reason: &str,
    changes: impl Fn(&Governed) -> Result<Vec<Change>, Error>,
) -> Result<Arc<Governed>, Error> {
    if reason.chars().count() > REASON_CHARACTERS_MAX {
        let detail = format!("a reason has at most {REASON_CHARACTERS_MAX} characters");
        return Err(Refusal::invalid_value(detail).into());
    }
    for _ in 0..ATTEMPTS {
        let present = tenant.governance.refresh(app, tenant.id).await?;
        let next = present.configuration.with(&changes(&present)?)?;
        if next == present.configuration {
            return Ok(present);
        }
        super::properties(&app.parts.engine.schemas, &Provisioning::of(&next))?;
        let entries = entries(app, cause, reason, &present.configuration, &next);
        let body = next.to_document();
        let put = DocumentPut { entries, ..DocumentPut::new(DOCUMENT, present.rev, body) };
        match app.parts.engine.store.put_document(tenant.id, put).await {
            Ok(_) => return tenant.governance.refresh(app, tenant.id).await,
            Err(StoreError::Stale) => {}
            Err(error) => return Err(Error::NoConfiguration(error)),
        }
    }
    Err(Error::NoConfiguration(StoreError::Busy))
}

/// What the audit trail says: each table that differs, and whose sessions end.
fn entries(
    app: &App,
    cause: &Cause,
    reason: &str,
    before: &Configuration,
    after: &Configuration,
) -> Vec<Entry> {
    let at = app.parts.engine.clock.now_micros();
    let entry = |category: &str, action: &str, name: &str, detail: serde_json::Value| Entry {
        at,
        category: category.into(),
        action: action.into(),
        outcome: AuditOutcome::Done,
        cause: cause.clone(),
        target: Target::named(name),
        detail: detail.to_string().into(),
    };
    let differences = before.differences(after).into_iter();
    let mut entries: Vec<Entry> = differences
        .map(|table| {
            let (before, after) = (before.rows(table), after.rows(table));
            let detail = json!({"reason": reason, "before": before, "after": after});
            entry(CATEGORY, "changed", table.name(), detail)
        })
        .collect();
    let provisioning = Provisioning::of(after);
    if provisioning.ends_sessions {
        let detail = json!({"reason": "configuration", "except": provisioning.excluded_users});
        entries.push(entry(SESSIONS, "revoked", "*", detail));
    }
    entries
}
