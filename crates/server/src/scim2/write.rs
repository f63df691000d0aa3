//! POST, PUT, PATCH, DELETE: read, handed to the engine, answered (RFC 7644 §3.3, §3.5, §3.6).

use http::StatusCode;
use provost_engine::{self as engine, Context, Outcome};
use provost_scim::patch::Patch;
use provost_scim::schema::Kind;
use provost_scim::value::Message;
use serde_json::Value;

use super::inside::{Inside, Projections};
use super::interpreter::interpret;
use super::precondition::{check_if_none_match, if_match};
use super::window;
use crate::error::Error;
use crate::respond::{Response, empty};

/// A resource comes into being: 201.
pub(super) async fn create(
    inside: &Inside<'_>,
    kind: Kind,
    body: Value,
) -> Result<Response, Error> {
    let projections = inside.projections(Some(kind), &inside.search_request()?)?;
    let body = interpret(inside, kind, Message::Post, body)?;
    let mut reader = inside.reader(kind);
    let draft = reader.resource(&body, Message::Post)?;
    inside.line.tolerated(&reader.deviations);
    let cx = inside.context();
    let outcome = engine::create(&cx, kind, draft).await?;
    inside.line.tolerated(&outcome.deviations);
    shown(inside, &cx, StatusCode::CREATED, After { kind, outcome, projections }).await
}

/// A resource is replaced: 200.
pub(super) async fn replace(
    inside: &Inside<'_>,
    kind: Kind,
    id: &str,
    body: Value,
) -> Result<Response, Error> {
    let projections = inside.projections(Some(kind), &inside.search_request()?)?;
    let body = interpret(inside, kind, Message::Put, body)?;
    let mut reader = inside.reader(kind);
    let attributes = reader.resource(&body, Message::Put)?;
    inside.line.tolerated(&reader.deviations);
    let cx = inside.context();
    check_if_none_match(&cx, inside.headers, kind, id).await?;
    let draft = (attributes, reader.cleared);
    let outcome = engine::replace(&cx, kind, id, draft, if_match(inside.headers)).await?;
    inside.line.tolerated(&outcome.deviations);
    shown(inside, &cx, StatusCode::OK, After { kind, outcome, projections }).await
}

/// A resource changes: 200, or 204 for resources that have members.
pub(super) async fn patch(
    inside: &Inside<'_>,
    kind: Kind,
    id: &str,
    body: Value,
) -> Result<Response, Error> {
    let projections = inside.projections(Some(kind), &inside.search_request()?)?;
    let body = interpret(inside, kind, Message::Patch, body)?;
    let mut reader = inside.reader(kind);
    let patch = Patch::parse(&mut reader, &body, inside.policy.group_replace)?;
    inside.line.tolerated(&reader.deviations);
    let cx = inside.context();
    check_if_none_match(&cx, inside.headers, kind, id).await?;
    let outcome = engine::patch(&cx, kind, id, &patch, if_match(inside.headers)).await?;
    inside.line.tolerated(&outcome.deviations);
    // RFC 7644 §3.5.2 leaves the choice, unless `attributes` is asked for. A group may be large, and
    // clients that change its members do not look at the answer.
    let is_short =
        inside.schemas().members_of(kind).is_some() && !projections.of(kind).is_explicit();
    match is_short {
        true => Ok(window::no_content(&cx, kind, &outcome)),
        false => shown(inside, &cx, StatusCode::OK, After { kind, outcome, projections }).await,
    }
}

/// A resource goes: 204.
pub(super) async fn delete(inside: &Inside<'_>, kind: Kind, id: &str) -> Result<Response, Error> {
    let cx = inside.context();
    check_if_none_match(&cx, inside.headers, kind, id).await?;
    engine::delete(&cx, kind, id, if_match(inside.headers)).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

struct After {
    kind: Kind,
    outcome: Outcome,
    projections: Projections,
}

/// The resource after a write; where the operation did not read it, it is read.
async fn shown(
    inside: &Inside<'_>,
    cx: &Context<'_>,
    status: StatusCode,
    after: After,
) -> Result<Response, Error> {
    let After { kind, outcome, projections } = after;
    let stored = match outcome.stored {
        Some(stored) => stored,
        None => engine::read(cx, kind, &outcome.id.to_string()).await?,
    };
    let rendered = window::rendered(cx, stored, &projections).await?;
    Ok(window::resource(inside, status, &rendered))
}
