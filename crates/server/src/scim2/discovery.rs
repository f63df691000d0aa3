//! Discovery: `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas` (RFC 7644 §4).

use http::StatusCode;
use provost_engine as engine;
use provost_scim::Error as Refusal;
use provost_scim::message::{AuthenticationScheme, ListResponse, ServiceProviderConfig};
use serde_json::Value;

use super::inside::Inside;
use crate::error::Error;
use crate::respond::{Response, json};

/// What the service provider offers.
pub(super) fn config(inside: &Inside<'_>) -> Result<Response, Error> {
    let config = ServiceProviderConfig {
        documentation_uri: None,
        filter_max_results: inside.policy.page_size_max,
        authentication_schemes: vec![AuthenticationScheme {
            scheme: "oauthbearertoken",
            name: "OAuth Bearer Token",
            description: "A JWT of the configured issuer, or a token made by this server",
            spec_uri: "https://www.rfc-editor.org/info/rfc6750",
            primary: true,
        }],
    };
    check_no_filter(inside)?;
    Ok(json(StatusCode::OK, inside.media_type, &config.to_resource(inside.base)))
}

/// The resource types, or the one with a name.
pub(super) fn resource_types(inside: &Inside<'_>, name: Option<&str>) -> Result<Response, Error> {
    check_no_filter(inside)?;
    let cx = inside.context();
    match name {
        None => Ok(listed(inside, engine::resource_types(&cx))),
        Some(name) => Ok(one(inside, &engine::resource_type(&cx, name)?)),
    }
}

/// The schemas, or the one with a URN.
pub(super) fn schemas(inside: &Inside<'_>, urn: Option<&str>) -> Result<Response, Error> {
    check_no_filter(inside)?;
    let cx = inside.context();
    match urn {
        None => Ok(listed(inside, engine::schemas(&cx))),
        Some(urn) => Ok(one(inside, &engine::schema(&cx, urn)?)),
    }
}

/// RFC 7644 §4: what is discovered is not filtered; the other parameters of a query count for
/// nothing here.
fn check_no_filter(inside: &Inside<'_>) -> Result<(), Error> {
    match inside.search_request()?.filter {
        Some(_) => Err(Refusal::forbidden("discovery takes no filter").into()),
        None => Ok(()),
    }
}

fn listed(inside: &Inside<'_>, resources: Vec<Value>) -> Response {
    let total = resources.len() as u64;
    json(StatusCode::OK, inside.media_type, &ListResponse::new(total, 1, resources))
}

fn one(inside: &Inside<'_>, resource: &Value) -> Response {
    json(StatusCode::OK, inside.media_type, resource)
}
