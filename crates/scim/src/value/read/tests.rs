//! Reading in tables: what a client sends, and what it is taken for.

use super::*;
use crate::schema::{AttrId, Options};
use crate::value::{Printed, body};
use serde_json::json;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A resource with these members, and what it is read as; `schemas` is there, with the extension
/// that it uses.
fn read(schemas: &Schemas, mode: Mode, members: Value) -> Result<(Value, Vec<String>), String> {
    let resource_type = schemas.resource_types().first().unwrap();
    let mut resource = json!({"schemas": [schemas.schema(resource_type.schema).id]});
    for (name, value) in members.as_object().unwrap() {
        let is_extension = name.to_lowercase().starts_with("urn:") && !value.is_null();
        if is_extension && members.get("schemas").is_none() {
            resource["schemas"].as_array_mut().unwrap().push(json!(name));
        }
        resource[name] = value.clone();
    }
    let mut reader = Reader::new(schemas, resource_type.kind, mode);
    let attributes = reader
        .resource(&resource, Message::Post)
        .map_err(|it| it.to_string().replace(&format!("{USER}:"), ""))?;
    let printed = Printed { schemas, attributes: &attributes, core: resource_type.schema };
    let deviations = reader.deviations.iter().map(ToString::to_string).collect();
    Ok((serde_json::to_value(&printed).unwrap(), deviations))
}

#[track_caller]
fn check(members: Value, expected: Value) {
    let schemas = Schemas::builtin(&Options::default());
    assert_eq!(read(&schemas, Mode::Strict, members), Ok((expected, Vec::new())));
}

#[track_caller]
fn refused(members: Value, expected: &str) {
    let schemas = Schemas::builtin(&Options::default());
    let error = read(&schemas, Mode::Lenient, members).expect_err("is refused");
    assert_eq!(error, expected);
}

#[test]
fn names_are_read_in_any_case_and_printed_in_the_schemas() {
    check(
        json!({"USERNAME": "ada", "Name": {"FAMILYNAME": "B"}, ENTERPRISE.to_uppercase(): {"DEPARTMENT": "Ops"}}),
        json!({"userName": "ada", "name": {"familyName": "B"}, ENTERPRISE: {"department": "Ops"}}),
    );
}

#[test]
fn read_only_attributes_are_ignored() {
    check(
        json!({"userName": "ada", "id": "x", "meta": 1, "groups": "y", ENTERPRISE: {"manager": {"value": "m", "$ref": 1, "displayName": 2}}}),
        json!({"userName": "ada", ENTERPRISE: {"manager": {"value": "m"}}}),
    );
}

#[test]
fn nulls_and_empty_lists_are_unassigned() {
    check(
        json!({"userName": "ada", "title": null, "emails": [], "roles": [null, {}, {"value": null}], "name": {"givenName": null}, ENTERPRISE: null}),
        json!({"userName": "ada"}),
    );
}

#[test]
fn values_of_another_type_are_refused_with_what_they_are() {
    for (value, expected) in [
        (json!({"active": "yes"}), "active must be true or false, not the string \"yes\""),
        (json!({"title": 7}), "title must be a string, not the number 7"),
        (json!({"name": "Ada"}), "name must be an object, not the string \"Ada\""),
        (json!({"emails": {"value": "x"}}), "emails must be an array, not an object"),
        (json!({"emails": ["x"]}), "emails must be an object, not the string \"x\""),
        (
            json!({"x509Certificates": [{"value": "?"}]}),
            "x509Certificates.value must be a base64 string, not the string \"?\"",
        ),
        (json!({"password": 7}), "password must be a string"),
        (
            json!({ENTERPRISE: 1}),
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User is an object, not the number 1",
        ),
    ] {
        let mut members = json!({"userName": "ada"});
        for (name, value) in value.as_object().unwrap() {
            members[name] = value.clone();
        }
        refused(members, &format!("invalidValue: {expected}"));
    }
}

#[test]
fn a_required_attribute_must_be_there_and_not_be_blank() {
    for members in [json!({}), json!({"userName": null}), json!({"userName": " "})] {
        refused(members, "invalidValue: userName is required and must not be empty");
    }
}

#[test]
fn one_value_at_most_is_primary() {
    let two = json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}]);
    refused(
        json!({"userName": "ada", "emails": two}),
        "invalidValue: emails has two primary values; one is allowed",
    );
}

#[test]
fn an_attribute_has_a_thousand_values_at_most() {
    refused(
        json!({"userName": "ada", "roles": vec![json!({"value": "x"}); 1_001]}),
        "invalidValue: roles has 1001 values; 1000 are allowed",
    );
}

#[test]
fn schemas_must_hold_the_core_one() {
    refused(
        json!({"schemas": [], "userName": "ada"}),
        &format!("invalidSyntax: schemas must hold \"{USER}\"; it holds nothing"),
    );
    refused(
        json!({"schemas": ["a", "b", "c", "d", "e"], "userName": "ada"}),
        &format!(
            "invalidSyntax: schemas must hold \"{USER}\"; it holds \"a\", \"b\", \"c\", \"d\""
        ),
    );
    refused(
        json!({"schemas": USER, "userName": "ada"}),
        &format!("invalidSyntax: schemas is an array of URIs, not the string \"{USER}\""),
    );
    refused(
        json!({"schemas": [1], "userName": "ada"}),
        "invalidSyntax: schemas holds URIs as strings, not the number 1",
    );
}

#[test]
fn what_is_unknown_is_dropped_and_reported_or_refused() {
    let schemas = Schemas::builtin(&Options::default());
    let long = "x".repeat(1_000);
    let members = json!({"schemas": [USER, "urn:acme:User"], "userName": "ada", "name": {"nosuch": 1}, long.as_str(): 1, ENTERPRISE: {"badge": 1}});
    let (printed, deviations) = read(&schemas, Mode::Lenient, members).unwrap();
    assert_eq!(printed, json!({"userName": "ada"}));
    let cut = format!("unknown-attribute({}…)", "x".repeat(160));
    assert_eq!(
        deviations,
        [
            "unknown-schema(urn:acme:User)".to_owned(),
            format!("unlisted-schema({ENTERPRISE})"),
            format!("unknown-attribute({USER}:name.nosuch)"),
            cut,
            format!("unknown-attribute({ENTERPRISE}:badge)"),
        ]
    );
    for (members, expected) in [
        (
            json!({"userName": "a", "nosuch": 1}),
            "invalidSyntax: \"nosuch\" is no attribute of the schema (strict mode)",
        ),
        (
            json!({"userName": "a", "schemas": [USER, "urn:acme:User"]}),
            "invalidSyntax: \"urn:acme:User\" is no schema of the resource type (strict mode)",
        ),
    ] {
        let error = read(&schemas, Mode::Strict, members).expect_err("is refused");
        assert_eq!(error, expected);
    }
    let unlisted = json!({ENTERPRISE: {"department": "Ops"}, "schemas": [USER], "userName": "a"});
    let error = read(&schemas, Mode::Strict, unlisted.clone()).expect_err("is refused");
    let expected = format!(
        "invalidSyntax: schemas must hold \"{ENTERPRISE}\", which the body uses (strict mode: unlisted-schema)"
    );
    assert_eq!(error, expected);
    let (printed, _) = read(&schemas, Mode::Lenient, unlisted).unwrap();
    assert_eq!(printed[ENTERPRISE], json!({"department": "Ops"}));
}

#[test]
fn the_core_schema_may_be_named_like_an_extension() {
    let schemas = Schemas::builtin(&Options::default());
    let members = json!({USER: {"userName": "ada", "title": "Lead", "nosuch": 1}});
    let (printed, deviations) = read(&schemas, Mode::Lenient, members.clone()).unwrap();
    assert_eq!(printed, json!({"userName": "ada", "title": "Lead"}));
    assert_eq!(deviations, ["core-by-urn".to_owned(), format!("unknown-attribute({USER}:nosuch)")]);
    let error = read(&schemas, Mode::Strict, members).expect_err("is refused");
    assert!(error.ends_with("stand by their names (strict mode: core-by-urn)"), "{error}");
}

#[test]
fn an_element_that_says_nothing_is_none_and_one_that_is_alike_is_the_same() {
    check(
        json!({"userName": "ada",
               "emails": [{"type": "work"}, {"value": "a@x", "type": "work"},
                          {"value": "A@X", "type": "WORK", "display": "A", "primary": false},
                          {"value": "a@x", "type": "home"}, {"value": "a@x", "type": "home"}],
               "roles": [{"primary": true}]}),
        json!({"userName": "ada",
               "emails": [{"value": "a@x", "display": "A", "type": "work"}, {"value": "a@x", "type": "home"}]}),
    );
}

#[test]
fn members_must_say_whom_they_mean() {
    let schemas = Schemas::builtin(&Options::default());
    let group = schemas.resource_type_by_name("Group").unwrap().kind;
    let read = |members: Value| {
        let mut reader = Reader::new(&schemas, group, Mode::Lenient);
        let resource = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "G", "members": members});
        reader.resource(&resource, Message::Put).map(|_| ()).map_err(|it| it.kind)
    };
    assert_eq!(read(json!([{"value": "a"}])), Ok(()));
    assert_eq!(read(json!([])), Ok(()));
    assert_eq!(read(json!(null)), Ok(()));
    for nameless in [
        json!([{}]),
        json!([null]),
        json!([{"value": "a"}, {}]),
        json!([{"display": "A"}]),
        json!([{"value": ""}]),
        json!([{"value": null}]),
    ] {
        assert_eq!(read(nameless), Err(crate::ErrorKind::InvalidValue));
    }
}

fn gadgets(extension_required: bool) -> Schemas {
    let all = json!({"id": "urn:x:Gadget", "attributes": [
        {"name": "id", "required": true, "mutability": "readOnly"},
        {"name": "externalId", "required": true},
        {"name": "count", "type": "integer"},
        {"name": "weight", "type": "decimal"},
        {"name": "made", "type": "dateTime"},
        {"name": "tags", "multiValued": true},
        {"name": "maker", "type": "complex", "subAttributes": [{"name": "name", "required": true}, {"name": "note"}]},
    ]});
    let extension = json!({"id": "urn:x:2.0", "attributes": [{"name": "shelf", "required": true}, {"name": "row"}]});
    let types = json!([{"name": "Gadget", "endpoint": "/Gadgets", "schema": "urn:x:Gadget",
        "schemaExtensions": [{"schema": "urn:x:2.0", "required": extension_required}]}]);
    Schemas::load(&[all, extension], &types).unwrap()
}

#[track_caller]
fn gadget(schemas: &Schemas, members: Value, expected: Result<Value, &str>) {
    let found = read(schemas, Mode::Strict, members).map(|(printed, _)| printed);
    assert_eq!(found, expected.map_err(str::to_owned));
}

#[test]
fn what_an_extension_requires_is_required_where_the_extension_is() {
    let optional = gadgets(false);
    let lacking = "invalidValue: urn:x:2.0:shelf is required and must not be empty";
    gadget(&optional, json!({}), Ok(json!({})));
    gadget(&optional, json!({"urn:x:2.0": {"row": "1"}}), Err(lacking));
    let required = gadgets(true);
    gadget(&required, json!({}), Err("invalidValue: the extension urn:x:2.0 is required"));
    gadget(&required, json!({"urn:x:2.0": {"row": "1"}}), Err(lacking));
    let shelf = json!({"urn:x:2.0": {"shelf": "1"}});
    gadget(&required, shelf.clone(), Ok(shelf));
}

#[test]
fn a_required_part_must_be_there_where_its_parent_is() {
    let lacking = "invalidValue: urn:x:Gadget:maker.name is required and must not be empty";
    gadget(&gadgets(false), json!({"maker": {"note": "x"}}), Err(lacking));
    gadget(&gadgets(false), json!({"maker": {}}), Ok(json!({})));
}

#[test]
fn numbers_and_times_are_printed_as_they_were_sent() {
    let sent = json!({"count": i64::MIN, "weight": 1.945838527052888e-258, "made": "2026-01-02T03:04:05.1234567+01:00", "tags": ["a", "a", ""]});
    gadget(&gadgets(false), sent.clone(), Ok(sent));
    for (value, expected) in [
        (json!({"count": 1.0}), "count must be a whole number of 64 bits, not the number 1.0"),
        (
            json!({"count": u64::MAX}),
            "count must be a whole number of 64 bits, not the number 18446744073709551615",
        ),
        (
            json!({"made": "today"}),
            "made must be a date and time such as \"2008-01-23T04:56:22Z\", not the string \"today\"",
        ),
    ] {
        let expected = format!("invalidValue: urn:x:Gadget:{expected}");
        gadget(&gadgets(false), value, Err(&expected));
    }
}

#[test]
fn a_stored_body_reads_back_also_where_the_schema_requires_more_since() {
    let schemas = gadgets(false);
    let kind = schemas.resource_types().first().unwrap().kind;
    let stored = br#"{"maker":{"note":"x"},"gone":1}"#;
    let attributes = read_body(&schemas, kind, stored).unwrap();
    let core = schemas.resource_type(kind).schema;
    assert_eq!(body(&schemas, core, &attributes), br#"{"maker":{"note":"x"}}"#);
    assert!(read_body(&schemas, kind, b"[]").is_err());
    assert!(read_body(&schemas, kind, b"{").is_err());
}

#[test]
fn what_is_named_in_order_to_be_cleared_is_known() {
    let schemas = Schemas::builtin(&Options::default());
    let kind = schemas.resource_type_by_name("User").unwrap().kind;
    let mut reader = Reader::new(&schemas, kind, Mode::Strict);
    let resource = json!({"schemas": [USER], "userName": "ada", "title": null, "emails": []});
    reader.resource(&resource, Message::Put).unwrap();
    let name = |id: &AttrId| schemas.attribute(*id).name.to_string();
    assert_eq!(reader.cleared.iter().map(name).collect::<Vec<_>>(), ["title", "emails"]);
}

#[test]
fn a_string_beyond_its_bound_is_refused_and_a_photo_of_that_size_is_not() {
    let schemas = Schemas::builtin(&Options::default());
    let kind = schemas.resource_type_by_name("User").unwrap().kind;
    let long = "x".repeat(70_000);
    let read = |resource: Value| {
        Reader::new(&schemas, kind, Mode::Lenient).resource(&resource, Message::Post)
    };
    let core = "urn:ietf:params:scim:schemas:core:2.0:User";
    let error =
        read(json!({"schemas": [core], "userName": "a", "title": long})).expect_err("is refused");
    assert_eq!(
        error.to_string(),
        format!("invalidValue: {core}:title has 70000 bytes; 65536 are allowed")
    );
    read(json!({"schemas": [core], "userName": "a", "photos": [{"value": long}]})).unwrap();
}
