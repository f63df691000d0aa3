//! `/deleted`: what can come back, and its return under its id.

use std::num::NonZeroU16;

use jiff::Timestamp;
use provost_engine as engine;
use provost_scim::Error as Refusal;
use provost_scim::error::quote;
use provost_store::{At, ResourceId, Trashed};
use serde_json::{Value, json};

use super::{Asked, ok};
use crate::error::Error;
use crate::respond::Response;

const PAGE: NonZeroU16 = NonZeroU16::new(100).expect("is not 0");

/// What can come back, ordered by id.
pub(super) async fn page(asked: &Asked) -> Result<Response, Error> {
    let after = asked.parameter("after");
    let after = after.as_deref().map(id).transpose()?;
    let store = &asked.app.parts.engine.store;
    let rows = store.trash(asked.tenant.id, after, PAGE).await.map_err(Error::NoTenant)?;
    let next = rows.last().map(|it| it.id.to_string());
    let now = asked.app.parts.engine.clock.now_micros();
    let kept = rows.iter().filter(|it| it.keep_until > now);
    let shown: Vec<Value> = kept.map(|it| show(asked, it)).collect();
    Ok(ok(&json!({"deleted": shown, "after": next})))
}

/// Brings one back, under its id.
pub(super) async fn restore(asked: &Asked) -> Result<Response, Error> {
    let id = id(&asked.value)?;
    let governed = asked.tenant.governance.get(&asked.app, asked.tenant.id).await?;
    let engine = &asked.app.parts.engine;
    let mut found = None;
    for resource_type in engine.schemas.resource_types() {
        let at = At { tenant: asked.tenant.id, kind: resource_type.kind };
        found = found.or(engine.store.trashed(at, id).await.map_err(Error::NoTenant)?);
    }
    // What is over may wait to be removed.
    let found = found.filter(|it| it.keep_until > engine.clock.now_micros());
    let trashed = found.ok_or_else(|| {
        Refusal::not_found(format!(
            "nothing with the id {} was deleted and kept",
            quote(&asked.value)
        ))
    })?;
    let cx = asked.context(&governed);
    engine::restore(&cx, &trashed).await?;
    let resource_type = engine.schemas.resource_type(trashed.kind);
    let location = format!("{}/scim/v2{}/{id}", asked.base, resource_type.endpoint);
    let body = json!({"id": id.to_string(), "name": &*trashed.label, "location": location});
    Ok(ok(&body))
}

fn show(asked: &Asked, trashed: &Trashed) -> Value {
    let time = |micros| Timestamp::from_microsecond(micros).map(|it| it.to_string()).ok();
    let resource_type = asked.app.parts.engine.schemas.resource_type(trashed.kind);
    json!({
        "id": trashed.id.to_string(),
        "type": &*resource_type.name,
        "name": &*trashed.label,
        "deleted": time(trashed.version.0),
        "keptUntil": time(trashed.keep_until),
        "groups": trashed.groups.len(),
        "members": trashed.members.len(),
    })
}

fn id(text: &str) -> Result<ResourceId, Refusal> {
    ResourceId::parse(text).ok_or_else(|| Refusal::not_found(format!("{} is no id", quote(text))))
}
