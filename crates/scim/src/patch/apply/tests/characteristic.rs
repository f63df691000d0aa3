//! PATCH under the characteristics that no built-in schema has together: required, immutable, simple
//! multi-valued attributes (RFC 7643 §2.2).

use super::*;

/// A schema with what the built-in ones lack: lists of simple values, required and immutable
/// attributes and parts.
fn gadgets() -> Schemas {
    let schema = json!({"id": "urn:x:Gadget", "attributes": [
        {"name": "tags", "multiValued": true},
        {"name": "kinds", "type": "complex", "multiValued": true, "subAttributes": [{"name": "type"}]},
        {"name": "serial", "mutability": "immutable"},
        {"name": "maker", "type": "complex", "subAttributes": [
            {"name": "name", "required": true}, {"name": "country", "mutability": "immutable"}, {"name": "note"}]},
        {"name": "parts", "type": "complex", "multiValued": true, "required": true, "subAttributes": [
            {"name": "value", "required": true}, {"name": "code", "mutability": "immutable"}, {"name": "count", "type": "integer"}]},
    ]});
    let types = json!([{"name": "Gadget", "endpoint": "/Gadgets", "schema": "urn:x:Gadget"}]);
    Schemas::load(&[schema], &types).unwrap()
}

#[track_caller]
fn gadget(operation: Value, expected: &str) {
    let schemas = gadgets();
    let gadget = schemas.resource_type_by_name("Gadget").unwrap();
    let mut reader = Reader::new(&schemas, gadget.kind, Mode::Strict);
    let before = json!({
        "schemas": ["urn:x:Gadget"], "tags": ["red", "Blue"], "serial": "7",
        "maker": {"name": "Acme", "country": "NO"}, "parts": [{"value": "bolt", "code": "b1"}],
    });
    let resource = reader.resource(&before, Message::Post).unwrap();
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
    let patched = Patch::parse(&mut reader, &body, GroupReplace::Rfc)
        .and_then(|it| it.apply(&mut reader, resource));
    let text = match patched {
        Err(error) => error.to_string().replace("urn:x:Gadget:", ""),
        Ok(Patched { attributes, .. }) => {
            let printed =
                Printed { schemas: &schemas, attributes: &attributes, core: gadget.schema };
            serde_json::to_string(&printed).unwrap()
        }
    };
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_filter_selects_simple_values_by_value() {
    let red = "tags[value eq \"RED\"]";
    gadget(json!({"op": "remove", "path": red}), r#""tags":["Blue"]"#);
    gadget(json!({"op": "replace", "path": red, "value": "green"}), r#""tags":["green","Blue"]"#);
    gadget(
        json!({"op": "replace", "path": "tags[value eq \"x\"]", "value": "y"}),
        "noTarget: operation 1: no value of tags matches",
    );
    gadget(json!({"op": "add", "path": "tags", "value": ["red", "x"]}), r#"["red","Blue","x"]"#);
}

#[test]
fn labels_stay_where_there_is_nothing_but_labels() {
    let kinds = json!([{"type": "a"}, {"type": "b"}]);
    gadget(
        json!({"op": "replace", "path": "kinds", "value": kinds}),
        r#""kinds":[{"type":"a"},{"type":"b"}]"#,
    );
    gadget(json!({"op": "add", "path": "kinds.type", "value": "c"}), r#""kinds":[{"type":"c"}]"#);
}

#[test]
fn what_is_immutable_is_set_once() {
    let refused =
        |path: &str| format!("mutability: operation 1: {path} has a value and is immutable");
    gadget(json!({"op": "add", "path": "serial", "value": "7"}), r#""serial":"7""#);
    gadget(json!({"op": "replace", "path": "serial", "value": "8"}), &refused("serial"));
    gadget(json!({"op": "remove", "path": "serial"}), &refused("serial"));
    gadget(
        json!({"op": "add", "path": "maker", "value": {"country": "SE"}}),
        &refused("maker.country"),
    );
    gadget(
        json!({"op": "replace", "path": "parts[value pr].code", "value": "b2"}),
        &refused("parts.code"),
    );
    gadget(json!({"op": "remove", "path": "maker.country"}), &refused("maker.country"));
    gadget(
        json!({"op": "replace", "path": "parts[value pr]", "value": {"value": "nut", "code": "n1"}}),
        r#""parts":[{"value":"nut","code":"n1"}]"#,
    );
}

#[test]
fn what_is_required_stays() {
    gadget(
        json!({"op": "add", "path": "maker", "value": {"note": "x"}}),
        r#""maker":{"name":"Acme","country":"NO","note":"x"}"#,
    );
    gadget(
        json!({"op": "remove", "path": "maker.name"}),
        "mutability: operation 1: maker.name is required and cannot be removed",
    );
    gadget(
        json!({"op": "replace", "path": "maker", "value": {"name": null}}),
        "invalidValue: maker.name is required and must not be empty",
    );
    gadget(
        json!({"op": "remove", "path": "parts[value eq \"bolt\"]"}),
        "mutability: operation 1: parts is required; one value must stay",
    );
    gadget(
        json!({"op": "add", "path": "parts[value eq \"bolt\"].count", "value": 2}),
        r#""parts":[{"value":"bolt","code":"b1","count":2}]"#,
    );
    gadget(
        json!({"op": "add", "path": "parts", "value": {"count": 2}}),
        "invalidValue: parts.value is required and must not be empty",
    );
}

#[test]
fn what_was_lacking_before_does_not_stand_in_the_way() {
    let schemas = gadgets();
    let kind = schemas.resource_type_by_name("Gadget").unwrap().kind;
    let stored = crate::value::read_body(&schemas, kind, br#"{"maker":{"note":"x"}}"#).unwrap();
    let mut reader = Reader::new(&schemas, kind, Mode::Strict);
    let mut apply = |operation: Value| {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
        let patch = Patch::parse(&mut reader, &body, GroupReplace::Rfc).unwrap();
        patch.apply(&mut reader, stored.clone()).map(|_| ()).map_err(|it| it.detail)
    };
    assert_eq!(apply(json!({"op": "add", "path": "serial", "value": "7"})), Ok(()));
    let parts = json!({"op": "add", "path": "parts", "value": [{"count": 1}]});
    let expected = "urn:x:Gadget:parts.value is required and must not be empty";
    assert_eq!(apply(parts), Err(expected.to_owned()));
}
