//! `/health` and `/ready`: for those who watch the server and those who send requests to it.

use std::time::Duration;

use http::StatusCode;
use provost_auth::{IntrospectionHealth, KeyHealth};
use provost_platform::state::State;
use serde::Serialize;
use tokio::time::timeout;

use crate::context::App;
use crate::respond::{MediaType, Response, json};

/// How long the store may take to say how it is.
const STORE_TIME_MAX: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct Health {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    store: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// Where JWTs are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_keys: Option<SigningKeys>,
    /// Where an authorization server is asked about tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    introspection: Option<Introspection>,
    draining: bool,
}

#[derive(Serialize)]
struct SigningKeys {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
}

#[derive(Serialize)]
struct Introspection {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_seconds: Option<u64>,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    state: &'static str,
}

/// How the server is; 200 in every state, because the server itself is there. What troubles the store
/// is for the log, and for administrators.
pub(crate) async fn health(app: &App) -> Response {
    let health = Health { trouble: None, ..look(app).await };
    json(StatusCode::OK, MediaType::Json, &health)
}

/// The same, with what troubles the store.
pub(crate) async fn health_for_administrators(app: &App) -> Response {
    json(StatusCode::OK, MediaType::Json, &look(app).await)
}

async fn look(app: &App) -> Health {
    let status = app.parts.subsystem.status();
    let now = app.now_seconds();
    let trouble = trouble(app).await;
    Health {
        state: status.state.name(),
        reason: status.reason.clone(),
        store: if trouble.is_none() { "ok" } else { "unavailable" },
        trouble,
        signing_keys: app.tenants.key_health(now).map(SigningKeys::from),
        introspection: app.tenants.introspection_health(now).map(Introspection::from),
        draining: app.is_draining(),
    }
}

impl From<KeyHealth> for SigningKeys {
    fn from(health: KeyHealth) -> Self {
        let (state, age_seconds) = match health {
            KeyHealth::Fresh => ("ok", None),
            KeyHealth::Outdated { age_seconds } => ("outdated", Some(age_seconds)),
            KeyHealth::Missing => ("missing", None),
        };
        Self { state, age_seconds }
    }
}

impl From<IntrospectionHealth> for Introspection {
    fn from(health: IntrospectionHealth) -> Self {
        let (state, failing_seconds) = match health {
            IntrospectionHealth::Answering => ("ok", None),
            IntrospectionHealth::Failing { seconds } => ("failing", Some(seconds)),
        };
        Self { state, failing_seconds }
    }
}

/// Whether SCIM requests are served.
pub(crate) async fn ready(app: &App) -> Response {
    let state = app.parts.subsystem.state();
    let ready = state == State::Running && !app.is_draining() && is_store_well(app).await;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, MediaType::Json, &Readiness { ready, state: state.name() })
}

/// Whether the store takes what it is given.
pub(crate) async fn is_store_well(app: &App) -> bool {
    trouble(app).await.is_none()
}

/// What troubles the store.
async fn trouble(app: &App) -> Option<String> {
    match timeout(STORE_TIME_MAX, app.parts.engine.store.health()).await {
        Ok(Ok(health)) => health.trouble,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("it does not answer within {} s", STORE_TIME_MAX.as_secs())),
    }
}
