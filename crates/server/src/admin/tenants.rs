//! `/tenants`: making, listing, pausing and resuming tenants.

use http::header::LOCATION;
use http::{HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use provost_platform::tenant_name::TenantName;
use provost_scim::Error as Refusal;
use provost_store::{AuditOutcome, Entry, Target, TenantId};
use serde_json::{Value, json};
use tracing::info;

use super::{Asked, ROOT, ok};
use crate::context::App;
use crate::error::Error;
use crate::issued::{change_with, read};
use crate::respond::{MediaType, Response, json as answer};
use crate::tenant::{TenantError, TenantList, TenantRecord};

/// The category of tenants in the audit trail.
const CATEGORY: &str = "Tenant";

/// All tenants, or one more.
pub(super) async fn all(asked: &Asked) -> Result<Response, Error> {
    let (app, base) = (&asked.app, &asked.base);
    if asked.method != Method::POST {
        let list = listed(app, asked.tenant.id).await?;
        let tenants: Vec<Value> = list.records().iter().map(|it| show(it, base)).collect();
        return Ok(ok(&json!({"tenants": tenants})));
    }
    let name = name_in(&asked.document)?;
    let now = app.now_seconds();
    let record = changed(asked, "created", &name, |list| list.create(name.clone(), now)).await?;
    let number = app.parts.engine.store.tenant(name.as_str().into());
    number.await.map_err(Error::NoTenant)?;
    let mut response = answer(StatusCode::CREATED, MediaType::Json, &show(&record, base));
    let location = HeaderValue::from_str(&format!("{base}{ROOT}/tenants/{}", record.name));
    let location = location.expect("a base URL and a tenant's name are printable ASCII");
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// One tenant.
pub(super) async fn one(asked: &Asked) -> Result<Response, Error> {
    let name = parse(&asked.value)?;
    let list = listed(&asked.app, asked.tenant.id).await?;
    let record = list.get(&name).ok_or(TenantError::NoSuchTenant(name))?;
    Ok(ok(&show(record, &asked.base)))
}

/// Pauses a tenant, or resumes it.
pub(super) async fn set_paused(asked: &Asked, paused: bool) -> Result<Response, Error> {
    let name = parse(&asked.value)?;
    let action = if paused { "paused" } else { "resumed" };
    let record = changed(asked, action, &name, |list| list.set_paused(&name, paused)).await?;
    Ok(ok(&show(&record, &asked.base)))
}

async fn listed(app: &App, own: TenantId) -> Result<TenantList, Error> {
    Ok(read(&*app.parts.engine.store, own).await?)
}

async fn changed(
    asked: &Asked,
    action: &str,
    name: &TenantName,
    make: impl FnMut(&mut TenantList) -> Result<TenantRecord, TenantError>,
) -> Result<TenantRecord, Error> {
    let engine = &asked.app.parts.engine;
    let entry = Entry {
        at: engine.clock.now_micros(),
        category: CATEGORY.into(),
        action: action.into(),
        outcome: AuditOutcome::Done,
        cause: asked.cause.clone(),
        target: Target::named(name.as_str()),
        detail: Default::default(),
    };
    let changed = change_with(&*engine.store, asked.tenant.id, &[entry], make).await;
    let record = changed.map_err(Error::from_change)?;
    let caller = &asked.caller.principal;
    info!(request.id = %asked.line.id(), caller = %caller, "The tenant {} is {action}", record.name);
    Ok(record)
}

fn show(record: &TenantRecord, base: &str) -> Value {
    let TenantRecord { name, created_at, paused } = record;
    let created = Timestamp::from_second(*created_at).unwrap_or(Timestamp::UNIX_EPOCH);
    json!({
        "name": name.as_str(),
        "created": created.to_string(),
        "paused": paused,
        "scimBaseUrl": format!("{base}/t/{name}/scim/v2"),
    })
}

fn name_in(document: &Value) -> Result<TenantName, Refusal> {
    let name = document.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| {
        Refusal::invalid_syntax("the body is a JSON object with `name`, the name of the tenant")
    })?;
    name.parse().map_err(|reason| Refusal::invalid_value(format!("{reason}")))
}

/// A name that no tenant can have is the name of no tenant.
fn parse(name: &str) -> Result<TenantName, Refusal> {
    name.parse().map_err(|_| Refusal::not_found("there is no such tenant"))
}
