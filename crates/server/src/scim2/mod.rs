//! SCIM 2.0 over HTTP: a request passes the door, the ear, the interpreter, the reader, the desk and
//! the window, in this order (RFC 7644 §3).

mod discovery;
mod inside;
mod interpreter;
mod operation;
mod precondition;
mod query;
mod window;
mod write;

use provost_auth::Rights;
use provost_scim::endpoint::Endpoint;
use provost_scim::error::{Error as Refusal, ErrorKind};
use provost_scim::schema::Kind;
use provost_store::{AuditOutcome, Entry, EventAct, ResourceId, Target};
use serde_json::{Value, json};
use tracing::warn;

use crate::base_url::base_url;
use crate::cause::cause;
use crate::context::Call;
use crate::error::Error;
use crate::respond::{MediaType, Response};
use crate::route::Head;
use crate::worker::{check_method, in_time};
use crate::{body, door};
use inside::Inside;
use operation::Operation;

/// How much of a name the audit trail has of what was refused.
const NAME_CHARACTERS_MAX: usize = 256;

/// Answers a SCIM request.
pub(crate) async fn answer(call: Call, head: Head, endpoint: Endpoint) -> Result<Response, Error> {
    door::check_state(&call.app)?;
    check_method(&call, endpoint.methods())?;
    let operation = Operation::of(endpoint, &call.head.method);
    let Call { app, line, tenant, peer, client, head: request, body } = call;
    let from = door::From { peer: &peer, client: &client };
    let caller = in_time(&app, async {
        door::authenticate(&app, &tenant, from, &request.headers, &line).await
    })
    .await?;
    door::check_rights(&caller, operation.rights())?;
    let governed = in_time(&app, tenant.governance.get(&app, tenant.id)).await?;
    let policy = &governed.policy;
    let body = match operation.has_body() {
        true => {
            body::check_kind(&request.headers, &body, policy.mode)?;
            let body = body::read(body, &app.limits, &tenant.bodies).await?;
            line.received(body.bytes.len());
            Some(body)
        }
        false => None,
    };
    // A body that comes slowly keeps nobody else from being served.
    let _flight = door::enter(&app, &tenant)?;
    let (document, _room) = match body {
        Some(body) => {
            let (document, room) = body::document(body, &app.limits).await?;
            (document, Some(room))
        }
        None => (Value::Null, None),
    };
    let base = format!("{}{}{}", base_url(&app, &client, &request), tenant.path, head.path());
    let inside = Inside {
        app: &app,
        tenant: tenant.id,
        line: &line,
        policy,
        base: &base,
        caller: &caller,
        client: &client,
        headers: &request.headers,
        query: request.uri.query().unwrap_or_default(),
        media_type: MediaType::accepted(&request.headers),
    };
    let is_read = operation.rights() == Rights::Read;
    let attempt = operation.attempt().map(|(kind, act, id)| {
        let target = Target { name: name_in(&document), id };
        (kind, act, target)
    });
    let mut response = match in_time(&app, perform(&inside, operation, document)).await {
        Ok(response) => response,
        Err(error) => {
            if let (Some(attempt), Error::Refused(refusal)) = (attempt, &error)
                && refusal.kind == ErrorKind::Forbidden
            {
                refused(&inside, attempt, &refusal.detail).await;
            }
            return Err(error);
        }
    };
    // What was written is said in any case; its answers are small.
    if is_read {
        let bytes = response.body().len();
        response.body_mut().hold(tenant.answers.room_for(bytes)?);
    }
    Ok(response)
}

/// The name that a document has for its resource, for the audit trail.
fn name_in(document: &Value) -> Box<str> {
    let name = ["userName", "displayName"].into_iter().find_map(|it| document[it].as_str());
    name.unwrap_or_default().chars().take(NAME_CHARACTERS_MAX).collect::<String>().into()
}

/// Says in the audit trail what was refused by a policy. The client has its answer in any case.
async fn refused(inside: &Inside<'_>, attempt: (Kind, EventAct, Target), reason: &str) {
    let (kind, act, mut target) = attempt;
    let engine = &inside.app.parts.engine;
    if let Some(id) = ResourceId::parse(&target.id) {
        // Who is called by an id only is hard to find; the row is worth more than the name.
        let labels = engine.store.labels(inside.tenant, vec![id]).await.unwrap_or_default();
        if let Some(label) = labels.into_iter().next() {
            target.name = label.label;
        }
    }
    let entry = Entry {
        at: engine.clock.now_micros(),
        category: engine.schemas.resource_type(kind).name.clone(),
        action: act.name().into(),
        outcome: AuditOutcome::Refused,
        cause: cause(inside.line, inside.caller, inside.client),
        target,
        detail: json!({"reason": reason}).to_string().into(),
    };
    if let Err(error) = engine.store.record(inside.tenant, vec![entry]).await {
        let id = inside.line.id();
        warn!(request.id = %id, "The audit trail lacks a write that was refused: {error}");
    }
}

async fn perform(
    inside: &Inside<'_>,
    operation: Operation,
    document: Value,
) -> Result<Response, Error> {
    match operation {
        Operation::Read(kind, id) => query::read(inside, kind, &id).await,
        Operation::List(kind) => query::list(inside, kind).await,
        Operation::Search(kind) => query::search(inside, kind, &document).await,
        Operation::Create(kind) => write::create(inside, kind, document).await,
        Operation::Replace(kind, id) => write::replace(inside, kind, &id, document).await,
        Operation::Patch(kind, id) => write::patch(inside, kind, &id, document).await,
        Operation::Delete(kind, id) => write::delete(inside, kind, &id).await,
        Operation::Config => discovery::config(inside),
        Operation::ResourceTypes(name) => discovery::resource_types(inside, name.as_deref()),
        Operation::Schemas(urn) => discovery::schemas(inside, urn.as_deref()),
        Operation::NotOffered(what) => {
            let detail = format!("{what} is not offered; ServiceProviderConfig says what is");
            Err(Refusal::new(ErrorKind::NotImplemented, detail).into())
        }
    }
}
