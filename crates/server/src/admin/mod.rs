//! The admin API, in plain JSON, for administrators of the platform or of a tenant.

mod audit;
mod configuration;
mod endpoint;
mod log;
mod login;
mod openapi;
mod principal;
mod services;
mod subsystem;
mod tenants;
mod trash;

use std::sync::Arc;

use http::{Method, StatusCode};
use provost_auth::Caller;
use provost_engine::Context;
use provost_scim::Error as Refusal;
use provost_scim::value::Mode;
use provost_store::Cause;
use serde_json::Value;

use crate::base_url::base_url;
use crate::body::{Body, Room};
use crate::cause::cause;
use crate::configuration::Governed;
use crate::context::{App, Call};
use crate::error::Error;
use crate::lifecycle::Steering;
use crate::request_line::RequestLine;
use crate::respond::{MediaType, Response, json};
use crate::tenant::Tenant;
use crate::worker::in_time;
use crate::{body, door, health};

use endpoint::Place;
pub(crate) use endpoint::{AdminRoute, ROOT};

/// The longest body: configuration tables.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What an administrator asks, once it is known who asks.
struct Asked {
    app: Arc<App>,
    tenant: Arc<Tenant>,
    line: Arc<RequestLine>,
    caller: Caller,
    cause: Cause,
    method: Method,
    /// What stands in the path in place of the part in braces.
    value: Box<str>,
    /// The query string.
    query: Box<str>,
    document: Value,
    /// What URLs begin with.
    base: String,
    _room: Option<Room>,
}

/// Answers an administrator.
pub(crate) async fn answer(call: Call, route: AdminRoute) -> Result<Response, Error> {
    let Call { app, line, tenant, peer, client, head, body } = call;
    let from = door::From { peer: &peer, client: &client };
    let authenticating = door::authenticate(&app, &tenant, from, &head.headers, &line);
    let caller = in_time(&app, authenticating).await?;
    door::check_operator(&caller)?;
    let (mut document, mut room) = (Value::Null, None);
    if matches!(head.method, Method::POST | Method::PUT | Method::PATCH) {
        body::check_kind(&head.headers, &body, Mode::Lenient)?;
        let body = body::read_at_most(body, &app.limits, &tenant.bodies, BODY_BYTES_MAX).await?;
        line.received(body.bytes.len());
        if !body.bytes.is_empty() {
            let (read, taken) = body::document(body, &app.limits).await?;
            (document, room) = (read, Some(taken));
        }
    }
    let asked = Asked {
        base: format!("{}{}", base_url(&app, &client, &head), tenant.path),
        cause: cause(&line, &caller, &client),
        query: head.uri.query().unwrap_or_default().into(),
        method: head.method,
        value: route.value,
        document,
        _room: room,
        app,
        tenant,
        line,
        caller,
    };
    perform(&asked, route.endpoint.place).await
}

/// Somebody who is known already, and asks from within.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) app: Arc<App>,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) line: Arc<RequestLine>,
    pub(crate) caller: Caller,
    pub(crate) cause: Cause,
    /// What URLs begin with.
    pub(crate) base: String,
}

/// Answers a request of the console, which can do what this API offers.
pub(crate) async fn ask(
    known: Known,
    request: provost_console::Request,
) -> Result<Response, Error> {
    let provost_console::Request { method, path, query, body } = request;
    let Known { app, tenant, line, caller, cause, base } = known;
    door::check_operator(&caller)?;
    let route = AdminRoute::parse(&path);
    let is_own = Arc::ptr_eq(&tenant, &app.tenants.own);
    let route = route.filter(|it| is_own || it.endpoint.in_tenants);
    let route = route.ok_or_else(|| Refusal::not_found("there is nothing of this name"))?;
    if !route.endpoint.methods.contains(&method.as_str()) {
        return Err(Error::MethodNotAllowed(route.endpoint.methods));
    }
    // What the console sends is read as what comes from outside.
    let (document, room) = read_within(&app, &tenant, body.into_bytes()).await?;
    let asked = Asked {
        app,
        tenant,
        line,
        caller,
        cause,
        method,
        value: route.value,
        query: query.into(),
        document,
        base,
        _room: room,
    };
    perform(&asked, route.endpoint.place).await
}

async fn read_within(
    app: &App,
    tenant: &Tenant,
    bytes: Vec<u8>,
) -> Result<(Value, Option<Room>), Error> {
    if bytes.is_empty() {
        return Ok((Value::Null, None));
    }
    let (document, room) =
        body::document(Body::within(bytes, &tenant.bodies, BODY_BYTES_MAX)?, &app.limits).await?;
    Ok((document, Some(room)))
}

/// Does what is asked.
async fn perform(asked: &Asked, place: Place) -> Result<Response, Error> {
    // Stopping takes its own time.
    if let Place::Start | Place::Stop | Place::Restart | Place::Service = place {
        return Box::pin(at(asked, place)).await;
    }
    let mut response = in_time(&asked.app, at(asked, place)).await?;
    if asked.method == Method::GET {
        let bytes = response.body().len();
        response.body_mut().hold(asked.tenant.answers.room_for(bytes)?);
    }
    Ok(response)
}

async fn at(asked: &Asked, place: Place) -> Result<Response, Error> {
    match place {
        Place::OpenApi => Ok(openapi::document(asked)),
        Place::Subsystem => Ok(subsystem::shown(asked)),
        Place::Start => subsystem::steered(asked, Steering::Start).await,
        Place::Stop => subsystem::steered(asked, Steering::Stop).await,
        Place::Restart => subsystem::steered(asked, Steering::Restart).await,
        Place::Metrics => subsystem::metrics(asked).await,
        Place::ResetMetrics => subsystem::reset_metrics(asked).await,
        Place::Health => Ok(health::health_for_administrators(&asked.app).await),
        Place::Services => Ok(services::all()),
        Place::Service => services::run(asked).await,
        Place::Log => log::lines(asked),
        Place::LogLevel => log::set_level(asked).await,
        Place::Configuration => configuration::all(asked).await,
        Place::Table => configuration::table(asked).await,
        Place::History => audit::history(asked).await,
        Place::Audit => audit::page(asked).await,
        Place::ExportAudit => audit::export(asked).await,
        Place::PurgeAudit => audit::purge(asked).await,
        Place::Revocations => audit::revocations(asked).await,
        Place::LoginDecision => login::decide(asked).await,
        Place::Principals => Ok(principal::own()),
        Place::Users | Place::Groups => principal::all(asked, place).await,
        Place::User | Place::Group => principal::one(asked, place).await,
        Place::AdoptUser | Place::AdoptGroup => principal::adopt(asked, place).await,
        Place::Deleted => trash::page(asked).await,
        Place::Restore => trash::restore(asked).await,
        Place::Tenants => tenants::all(asked).await,
        Place::Tenant => tenants::one(asked).await,
        Place::PauseTenant => tenants::set_paused(asked, true).await,
        Place::ResumeTenant => tenants::set_paused(asked, false).await,
    }
}

impl Asked {
    /// What the engine is told, under the configuration as it holds.
    fn context<'a>(&'a self, governed: &'a Governed) -> Context<'a> {
        Context {
            engine: &self.app.parts.engine,
            policy: &governed.policy,
            tenant: self.tenant.id,
            cause: self.cause.clone(),
            base: &self.base,
        }
    }

    /// A parameter of the query string; the first of its name.
    fn parameter(&self, name: &str) -> Option<String> {
        let mut parameters = form_urlencoded::parse(self.query.as_bytes());
        parameters.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The members of the body.
    fn body(&self) -> Result<&serde_json::Map<String, Value>, Refusal> {
        let what = "the body of this request is a JSON object";
        self.document.as_object().ok_or_else(|| Refusal::invalid_syntax(what))
    }

    /// A text in the body, if it is there.
    fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.body()?.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::invalid_value(format!("{name} is a text"))),
        }
    }
}

fn ok(body: &Value) -> Response {
    json(StatusCode::OK, MediaType::Json, body)
}
