//! `/subsystem` and `/metrics`: the state, and what is counted.

use provost_store::At;
use serde_json::{Map, Value, json};
use tracing::info;

use super::{Asked, ok};
use crate::audit::time;
use crate::error::Error;
use crate::lifecycle::{Steering, steer};
use crate::metric::Metric;
use crate::respond::Response;
use crate::route::Head;
use crate::service::{DESCRIPTION, NAME};

/// What it is, its state with the reason, and where SCIM is.
pub(super) fn shown(asked: &Asked) -> Response {
    let subsystem = &asked.app.parts.subsystem;
    let status = subsystem.status();
    ok(&json!({
        "name": NAME,
        "description": DESCRIPTION,
        "state": status.state.name(),
        "reason": status.reason,
        "autoStart": subsystem.starts_by_itself(),
        "version": env!("CARGO_PKG_VERSION"),
        "serverStartedAt": time(asked.app.started_at()),
        "scimUrls": Head::ALL.map(|it| format!("{}{}", asked.base, it.path())),
    }))
}

/// Starts, stops or restarts, and says the state afterwards.
pub(super) async fn steered(asked: &Asked, steering: Steering) -> Result<Response, Error> {
    let caller = &asked.caller.principal;
    info!(request.id = %asked.line.id(), caller = %caller, "{steering:?} asked for");
    steer(asked.app.clone(), asked.cause.clone(), steering).await?;
    Ok(shown(asked))
}

/// What is counted, and how many resources there are.
pub(super) async fn metrics(asked: &Asked) -> Result<Response, Error> {
    let counts = Metric::ALL.map(|it| (it.name().to_owned(), asked.app.metrics.get(it).into()));
    let mut metrics: Map<String, Value> = counts.into_iter().collect();
    let engine = &asked.app.parts.engine;
    for resource_type in engine.schemas.resource_types() {
        let at = At { tenant: asked.tenant.id, kind: resource_type.kind };
        let count = engine.store.count(at).await.map_err(Error::NoTenant)?;
        metrics.insert(format!("provisioned{}s", resource_type.name), count.into());
    }
    Ok(ok(&Value::Object(metrics)))
}

/// Counts from here on.
pub(super) async fn reset_metrics(asked: &Asked) -> Result<Response, Error> {
    asked.app.metrics.reset();
    metrics(asked).await
}
