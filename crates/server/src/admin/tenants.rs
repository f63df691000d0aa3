//! `/admin/v1/tenants`: making, listing, pausing and resuming tenants.

use http::header::LOCATION;
use http::{HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use provost_auth::Rights;
use provost_platform::tenant_name::TenantName;
use provost_scim::Error as Refusal;
use provost_scim::value::Mode;
use provost_store::TenantId;
use serde_json::{Value, json};
use tracing::info;

use crate::base_url::base_url;
use crate::context::{App, Call};
use crate::error::Error;
use crate::issued::{change, read};
use crate::respond::{MediaType, Response, json};
use crate::route::{TENANTS, TenantsRoute};
use crate::tenant::{TenantError, TenantList, TenantRecord};
use crate::worker::in_time;
use crate::{body, door};

/// The longest body.
const BODY_BYTES_MAX: usize = 4 * 1024;

/// Answers an operator.
pub(crate) async fn answer(call: Call, route: TenantsRoute) -> Result<Response, Error> {
    let Call { app, line, tenant, peer, client, head, body } = call;
    let from = door::From { peer: &peer, client: &client };
    let authenticating = door::authenticate(&app, &tenant, from, &head.headers, &line);
    let caller = in_time(&app, authenticating).await?;
    door::check_rights(&caller, Rights::Administer)?;
    let base = base_url(&app, &client, &head);
    let own = tenant.id;
    let ok = |record: &TenantRecord| json(StatusCode::OK, MediaType::Json, &show(record, &base));
    let tell = |record: &TenantRecord, what: &str| {
        info!(request.id = %line.id(), caller = %caller.principal, "The tenant {} is {what}", record.name);
    };
    match route {
        TenantsRoute::All if head.method == Method::POST => {
            body::check_kind(&head.headers, &body, Mode::Lenient)?;
            let body =
                body::read_at_most(body, &app.limits, &tenant.bodies, BODY_BYTES_MAX).await?;
            line.received(body.bytes.len());
            let name = name_in(&body::document(body, &app.limits).await?.0)?;
            let now = app.now_seconds();
            let record = changed(&app, own, |list| list.create(name.clone(), now)).await?;
            tell(&record, "made");
            let number = app.parts.engine.store.tenant(name.as_str().into());
            in_time(&app, async { number.await.map_err(Error::NoTenant) }).await?;
            let mut response = json(StatusCode::CREATED, MediaType::Json, &show(&record, &base));
            let location = HeaderValue::from_str(&format!("{base}{TENANTS}/{}", record.name));
            let location = location.expect("a base URL and a tenant's name are printable ASCII");
            response.headers_mut().insert(LOCATION, location);
            Ok(response)
        }
        TenantsRoute::All => {
            let list = listed(&app, own).await?;
            let tenants: Vec<Value> = list.records().iter().map(|it| show(it, &base)).collect();
            Ok(json(StatusCode::OK, MediaType::Json, &json!({ "tenants": tenants })))
        }
        TenantsRoute::One(name) => {
            let name = parse(&name)?;
            let list = listed(&app, own).await?;
            let record = list.get(&name).ok_or(TenantError::NoSuchTenant(name))?;
            Ok(ok(record))
        }
        TenantsRoute::Pause(name) => {
            let name = parse(&name)?;
            let record = changed(&app, own, |list| list.set_paused(&name, true)).await?;
            tell(&record, "paused");
            Ok(ok(&record))
        }
        TenantsRoute::Resume(name) => {
            let name = parse(&name)?;
            let record = changed(&app, own, |list| list.set_paused(&name, false)).await?;
            tell(&record, "resumed");
            Ok(ok(&record))
        }
    }
}

async fn listed(app: &App, own: TenantId) -> Result<TenantList, Error> {
    in_time(app, async { Ok(read(&*app.parts.engine.store, own).await?) }).await
}

async fn changed(
    app: &App,
    own: TenantId,
    make: impl FnMut(&mut TenantList) -> Result<TenantRecord, TenantError>,
) -> Result<TenantRecord, Error> {
    let changing = change(&*app.parts.engine.store, own, make);
    in_time(app, async { changing.await.map_err(Error::from_change) }).await
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
