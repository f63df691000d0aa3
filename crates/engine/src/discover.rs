//! Discovery: what resource types and schemas there are (RFC 7644 §4).

use provost_scim::Error as Refusal;
use provost_scim::error::quote;
use serde_json::Value;

use crate::{Context, Error};

/// All resource types.
pub fn resource_types(cx: &Context<'_>) -> Vec<Value> {
    let schemas = cx.schemas();
    schemas.resource_types().iter().map(|it| schemas.resource_type_resource(it, cx.base)).collect()
}

/// One resource type, by its name.
///
/// # Errors
/// 404 if there is none.
pub fn resource_type(cx: &Context<'_>, name: &str) -> Result<Value, Error> {
    let schemas = cx.schemas();
    let found = schemas.resource_type_by_name(name);
    let found = found.map(|it| schemas.resource_type_resource(it, cx.base));
    found.ok_or_else(|| missing("resource type", name))
}

/// All schemas.
pub fn schemas(cx: &Context<'_>) -> Vec<Value> {
    let schemas = cx.schemas();
    let ids = schemas.schemas().iter().filter_map(|it| schemas.schema_by_urn(&it.id));
    ids.map(|id| schemas.schema_resource(id, cx.base)).collect()
}

/// One schema, by its URN.
///
/// # Errors
/// 404 if there is none.
pub fn schema(cx: &Context<'_>, urn: &str) -> Result<Value, Error> {
    let found = cx.schemas().schema_by_urn(urn);
    let found = found.map(|id| cx.schemas().schema_resource(id, cx.base));
    found.ok_or_else(|| missing("schema", urn))
}

fn missing(what: &str, name: &str) -> Error {
    Error::Refused(Refusal::not_found(format!("there is no {what} {}", quote(name))))
}
