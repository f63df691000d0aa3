//! `/subsystem` and `/metrics`: the state, and what is counted.

use provost_store::At;
use serde_json::{Map, Value, json};
use tracing::info;

use super::endpoint::Place;
use super::{Asked, ok};
use crate::error::Error;
use crate::lifecycle::{Steering, steer};
use crate::metric::Metric;
use crate::respond::Response;

/// The state and its reason.
pub(super) fn shown(asked: &Asked) -> Response {
    let status = asked.app.parts.subsystem.status();
    ok(&json!({
        "state": status.state.name(),
        "reason": status.reason,
    }))
}

/// Starts, stops or restarts, and says the state afterwards.
pub(super) async fn steered(asked: &Asked, place: Place) -> Result<Response, Error> {
    let steering = match place {
        Place::Start => Steering::Start,
        Place::Stop => Steering::Stop,
        _ => Steering::Restart,
    };
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
