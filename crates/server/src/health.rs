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

/// How the server is; 200 in every state, because the server itself is there.
pub(crate) async fn health(app: &App) -> Response {
    let status = app.parts.subsystem.status();
    let now = app.now_seconds();
    let health = Health {
        state: status.state.name(),
        reason: status.reason.clone(),
        store: if is_store_well(app).await { "ok" } else { "unavailable" },
        signing_keys: app.tenants.key_health(now).map(SigningKeys::from),
        introspection: app.tenants.introspection_health(now).map(Introspection::from),
        draining: app.is_draining(),
    };
    json(StatusCode::OK, MediaType::Json, &health)
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

/// What troubles the store is for the log and not for whoever asks.
pub(crate) async fn is_store_well(app: &App) -> bool {
    let health = timeout(STORE_TIME_MAX, app.parts.engine.store.health()).await;
    matches!(health, Ok(Ok(provost_store::Health { trouble: None })))
}
