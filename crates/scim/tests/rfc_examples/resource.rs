//! Resources are read and printed without loss, but for what is not the client's to set.

use provost_scim::projection::Projection;
use provost_scim::schema::{ResourceType, Schemas};
use provost_scim::urn;
use provost_scim::value::{Attributes, Message, Mode, Printed, Reader};
use serde_json::Value;

use crate::example::{of_kind, schemas};

#[test]
fn a_resource_reads_and_prints_without_loss() {
    for example in of_kind("resource") {
        check(&example.name, &schemas(), example.text("resource_type"), example.member("resource"));
    }
}

/// Reads a resource to the letter, and compares what is printed with what was sent.
#[track_caller]
pub(crate) fn check(name: &str, schemas: &Schemas, resource_type: &str, sent: &Value) {
    let found = schemas.resource_type_by_name(resource_type);
    let resource_type = found.unwrap_or_else(|| panic!("{name}: there is no {resource_type}"));
    let mut reader = Reader::new(schemas, resource_type.kind, Mode::Strict);
    let read = reader.resource(sent, Message::Post);
    let mut attributes = read.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut expected = settable(sent);
    assert_eq!(print(schemas, resource_type, &attributes), expected, "{name}");

    // RFC 7643 §4.1.1: no answer holds the password.
    let none: [&str; 0] = [];
    let projection = Projection::new(schemas, resource_type.kind, &none, &none, &mut Vec::new());
    projection.apply(schemas, &mut attributes);
    members(&mut expected).shift_remove("password");
    assert_eq!(print(schemas, resource_type, &attributes), expected, "{name}");
}

/// Attributes as JSON.
pub(crate) fn print(
    schemas: &Schemas,
    resource_type: &ResourceType,
    attributes: &Attributes,
) -> Value {
    let printed = Printed { schemas, attributes, core: resource_type.schema };
    serde_json::to_value(printed).expect("values print as JSON")
}

/// What a client may set of a resource, in the form in which it is kept: read-only attributes are
/// ignored (RFC 7644 §3.3), empty lists are unassigned (RFC 7643 §2.5), and the service provider
/// makes up `display`, `displayName` and `$ref` of managers when it answers.
pub(crate) fn settable(resource: &Value) -> Value {
    let mut resource = resource.clone();
    members(&mut resource).retain(|name, value| {
        !["schemas", "id", "meta", "groups"].contains(&name.as_str())
            && value.as_array().is_none_or(|it| !it.is_empty())
    });
    let listed = resource.get_mut("members").and_then(Value::as_array_mut);
    for member in listed.into_iter().flatten() {
        members(member).shift_remove("display");
    }
    if let Some(manager) = resource.pointer_mut(&format!("/{}/manager", urn::ENTERPRISE_USER)) {
        members(manager).retain(|name, _| !["$ref", "displayName"].contains(&name.as_str()));
    }
    resource
}

fn members(value: &mut Value) -> &mut serde_json::Map<String, Value> {
    value.as_object_mut().expect("an object")
}
