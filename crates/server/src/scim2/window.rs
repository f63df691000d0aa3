//! The window: what is handed back, with `ETag` and `Location` (RFC 7644 §3.3, §3.14).

use http::header::{ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use provost_engine::{self as engine, Context, Outcome, Rendered};
use provost_scim::schema::Kind;
use provost_scim::value::Printed;
use provost_store::{Stored, Version, view};

use super::inside::{Inside, Projections};
use crate::error::Error;
use crate::respond::{Response, empty, json};

/// One resource as a client sees it.
pub(super) async fn rendered(
    cx: &Context<'_>,
    stored: Stored,
    projections: &Projections,
) -> Result<Rendered, Error> {
    let rendered = engine::render(cx, vec![stored], |kind| projections.of(kind)).await?;
    Ok(rendered.into_iter().next().expect("a resource for each row"))
}

/// A resource, ready to be serialized.
pub(super) fn printed<'a>(inside: &Inside<'a>, rendered: &'a Rendered) -> Printed<'a> {
    let schemas = inside.schemas();
    let core = schemas.resource_type(rendered.kind).schema;
    Printed { schemas, attributes: &rendered.attributes, core }
}

/// An answer that holds a resource.
pub(super) fn resource(inside: &Inside<'_>, status: StatusCode, rendered: &Rendered) -> Response {
    let response = json(status, inside.media_type, &printed(inside, rendered));
    labeled(response, rendered.version, &rendered.location)
}

/// The answer to a client that has the resource as it is.
pub(super) fn not_modified(rendered: &Rendered) -> Response {
    labeled(empty(StatusCode::NOT_MODIFIED), rendered.version, &rendered.location)
}

/// The answer to a change that is not shown.
pub(super) fn no_content(cx: &Context<'_>, kind: Kind, outcome: &Outcome) -> Response {
    let endpoint = &cx.schemas().resource_type(kind).endpoint;
    let location = format!("{}{endpoint}/{}", cx.base, outcome.id);
    labeled(empty(StatusCode::NO_CONTENT), outcome.version, &location)
}

fn labeled(mut response: Response, version: Version, location: &str) -> Response {
    let headers = response.headers_mut();
    let value = |text: &str| HeaderValue::from_str(text);
    headers.insert(ETAG, value(&view::entity_tag(version)).expect("digits in quotes"));
    headers.insert(LOCATION, value(location).expect("the base URL was checked, an id is ASCII"));
    response
}
