//! The places of values in a body: which attribute each one is for.

use provost_scim::filter::parse_value_path;
use provost_scim::path::{self, Named, Target};
use provost_scim::schema::{AttrId, Attribute, DataType, Kind, SchemaId, Schemas};
use provost_scim::value::Message;
use serde_json::{Map, Value};

use crate::Context;

/// How a value stands in its attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It is the value of the attribute, and a list if the attribute is one.
    Whole,
    /// It is one element of the attribute.
    Element,
}

/// Visits the value of every attribute that a body sets, and then those of its sub-attributes.
pub(crate) fn each_value(
    cx: &Context<'_>,
    body: &mut Value,
    visit: &mut dyn FnMut(&Attribute, Stand, &mut Value) -> bool,
) -> bool {
    match cx.message {
        Message::Post | Message::Put => {
            body.as_object_mut().is_some_and(|members| top_level(cx, members, visit))
        }
        Message::Patch => {
            let mut fired = false;
            for operation in operations(body) {
                fired |= operation_value(cx, operation, visit);
            }
            fired
        }
    }
}

/// The operations of a PATCH body, as far as they are objects.
pub(crate) fn operations(body: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let list = body.as_object_mut().and_then(|it| member_mut(it, "Operations"));
    list.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// A member of a message, in any letter case.
pub(crate) fn member_mut<'a>(
    members: &'a mut Map<String, Value>,
    name: &str,
) -> Option<&'a mut Value> {
    members.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A member of a message, in any letter case.
pub(crate) fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// What a PATCH path names: the attribute, and whether the value is for one element of it.
pub(crate) fn named(schemas: &Schemas, kind: Kind, text: &str) -> Option<(Named, Stand)> {
    let mut deviations = Vec::new();
    let (found, _) = parse_value_path(text.trim()).ok()?;
    let named = path::resolve(schemas, kind, &found.path, &mut deviations)?;
    match (named, &found.filter, &found.sub) {
        (Named::Attribute(Target { attribute, .. }), Some(_), Some(sub)) => {
            let sub = schemas.sub_attribute(attribute, sub)?;
            Some((Named::Attribute(Target { attribute, sub: Some(sub) }), Stand::Whole))
        }
        (named, Some(_), None) => Some((named, Stand::Element)),
        (named, None, _) => Some((named, Stand::Whole)),
        (Named::Extension(_), Some(_), Some(_)) => None,
    }
}

/// The extension of a kind with a URN.
pub(crate) fn extension(schemas: &Schemas, kind: Kind, urn: &str) -> Option<SchemaId> {
    let schema = schemas.schema_by_urn(urn)?;
    let mut own = schemas.resource_type(kind).extensions.iter();
    own.find(|it| it.schema == schema).map(|it| it.schema)
}

/// The common or core attribute of a kind with a name.
pub(crate) fn core_attribute(schemas: &Schemas, kind: Kind, name: &str) -> Option<AttrId> {
    let core = schemas.resource_type(kind).schema;
    schemas.in_common(name).or_else(|| schemas.in_schema(core, name))
}

fn operation_value(
    cx: &Context<'_>,
    operation: &mut Map<String, Value>,
    visit: &mut dyn FnMut(&Attribute, Stand, &mut Value) -> bool,
) -> bool {
    let path = match member(operation, "path") {
        Some(Value::String(path)) if !path.trim().is_empty() => Some(path.clone()),
        Some(_) | None => None,
    };
    let Some(value) = member_mut(operation, "value") else { return false };
    let Some(path) = path else {
        return value.as_object_mut().is_some_and(|members| top_level(cx, members, visit));
    };
    match named(cx.schemas, cx.kind, &path) {
        Some((Named::Attribute(target), stand)) => {
            deep(cx.schemas, target.leaf(), stand, value, visit)
        }
        Some((Named::Extension(schema), _)) => value
            .as_object_mut()
            .is_some_and(|members| extension_members(cx, schema, members, visit)),
        None => false,
    }
}

fn top_level(
    cx: &Context<'_>,
    members: &mut Map<String, Value>,
    visit: &mut dyn FnMut(&Attribute, Stand, &mut Value) -> bool,
) -> bool {
    let mut fired = false;
    for (name, value) in members.iter_mut() {
        if let Some(schema) = extension(cx.schemas, cx.kind, name) {
            if let Some(members) = value.as_object_mut() {
                fired |= extension_members(cx, schema, members, visit);
            }
        } else if let Some(id) = core_attribute(cx.schemas, cx.kind, name) {
            fired |= deep(cx.schemas, id, Stand::Whole, value, visit);
        }
    }
    fired
}

fn extension_members(
    cx: &Context<'_>,
    schema: SchemaId,
    members: &mut Map<String, Value>,
    visit: &mut dyn FnMut(&Attribute, Stand, &mut Value) -> bool,
) -> bool {
    let mut fired = false;
    for (name, value) in members.iter_mut() {
        if let Some(id) = cx.schemas.in_schema(schema, name) {
            fired |= deep(cx.schemas, id, Stand::Whole, value, visit);
        }
    }
    fired
}

fn deep(
    schemas: &Schemas,
    id: AttrId,
    stand: Stand,
    value: &mut Value,
    visit: &mut dyn FnMut(&Attribute, Stand, &mut Value) -> bool,
) -> bool {
    let attribute = schemas.attribute(id);
    let mut fired = visit(attribute, stand, value);
    match value {
        Value::Array(elements) if attribute.multi_valued && stand == Stand::Whole => {
            for element in elements {
                fired |= deep(schemas, id, Stand::Element, element, visit);
            }
        }
        Value::Object(members) if attribute.data_type == DataType::Complex => {
            for (name, value) in members.iter_mut() {
                if let Some(sub) = schemas.sub_attribute(id, name) {
                    fired |= deep(schemas, sub, Stand::Whole, value, visit);
                }
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => {}
    }
    fired
}
