//! GET and `/.search`: one resource, or a page of them (RFC 7644 §3.4).

use http::StatusCode;
use provost_engine as engine;
use provost_scim::message::{ListResponse, SearchRequest};
use provost_scim::schema::Kind;
use serde_json::Value;

use super::inside::Inside;
use super::precondition::{check_if_match, is_not_modified};
use super::window;
use crate::error::Error;
use crate::respond::{Response, json};

/// One resource.
pub(super) async fn read(inside: &Inside<'_>, kind: Kind, id: &str) -> Result<Response, Error> {
    let projections = inside.projections(Some(kind), &inside.search_request()?)?;
    let cx = inside.context();
    let stored = engine::read(&cx, kind, id).await?;
    check_if_match(inside.headers, &stored)?;
    let rendered = window::rendered(&cx, stored, &projections).await?;
    if is_not_modified(&cx, inside.headers, &rendered).await? {
        return Ok(window::not_modified(&rendered));
    }
    Ok(window::resource(inside, StatusCode::OK, &rendered))
}

/// A page of resources, as the query string asks for.
pub(super) async fn list(inside: &Inside<'_>, kind: Option<Kind>) -> Result<Response, Error> {
    page(inside, kind, &inside.search_request()?).await
}

/// A page of resources, as a body asks for (RFC 7644 §3.4.3).
pub(super) async fn search(
    inside: &Inside<'_>,
    kind: Option<Kind>,
    body: &Value,
) -> Result<Response, Error> {
    page(inside, kind, &SearchRequest::from_body(body)?).await
}

async fn page(
    inside: &Inside<'_>,
    kind: Option<Kind>,
    request: &SearchRequest,
) -> Result<Response, Error> {
    let projections = inside.projections(kind, request)?;
    let cx = inside.context();
    let found = engine::search(&cx, kind, request).await?;
    inside.line.tolerated(&found.deviations);
    let rendered = engine::render(&cx, found.rows, |kind| projections.of(kind)).await?;
    let resources = rendered.iter().map(|it| window::printed(inside, it)).collect();
    let list = ListResponse::new(found.total, found.start, resources);
    Ok(json(StatusCode::OK, inside.media_type, &list))
}
