//! PATCH in tables: what an operation makes of a resource, and what it is refused with.

mod characteristic;
mod member;

use super::*;
use crate::patch::GroupReplace;
use crate::schema::{Options, Schemas};
use crate::value::{Message, Mode, Printed};
use serde_json::{Value, json};

fn before() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ada", "title": "Lead", "active": true,
        "name": {"familyName": "Brandt", "givenName": "Ada"},
        "emails": [{"value": "a@x.example", "type": "work", "primary": true}, {"value": "b@x.example", "type": "home"}],
        "addresses": [{"type": "work", "locality": "Bergen"}],
    })
}

fn patch(operations: Value, mode: Mode) -> Result<(Value, Vec<String>), String> {
    let schemas = Schemas::builtin(&Options::default());
    let user = schemas.resource_type_by_name("User").unwrap();
    let mut reader = Reader::new(&schemas, user.kind, mode);
    let resource = reader.resource(&before(), Message::Post).unwrap();
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
    let patched = Patch::parse(&mut reader, &body, GroupReplace::Rfc)
        .and_then(|patch| patch.apply(&mut reader, resource))
        .map_err(|error| {
            error.to_string().replace("urn:ietf:params:scim:schemas:core:2.0:User:", "")
        })?;
    let printed = Printed { schemas: &schemas, attributes: &patched.attributes, core: user.schema };
    let deviations = reader.deviations.iter().map(ToString::to_string).collect();
    Ok((serde_json::to_value(&printed).unwrap(), deviations))
}

/// What differs from the resource before, attribute by attribute.
#[track_caller]
fn check(operations: Value, expected: Value) {
    let (after, _) = patch(operations, Mode::Lenient).unwrap();
    let before = before();
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let changed: serde_json::Map<String, Value> = names(&before)
        .union(&names(&after))
        .filter(|name| *name != "schemas" && before.get(*name) != after.get(*name))
        .map(|name| (name.clone(), after.get(name).cloned().unwrap_or(Value::Null)))
        .collect();
    assert_eq!(Value::Object(changed), expected);
}

#[track_caller]
fn refused(operation: Value, expected: &str) {
    assert_eq!(patch(json!([operation]), Mode::Lenient).expect_err("is refused"), expected);
}

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[test]
fn add_sets_single_values_and_appends_to_lists() {
    check(json!([{"op": "add", "path": "nickName", "value": "A"}]), json!({"nickName": "A"}));
    check(json!([{"op": "add", "path": "title", "value": "Boss"}]), json!({"title": "Boss"}));
    check(json!([{"op": "add", "path": "title", "value": "Lead"}]), json!({}));
    let c = json!({"value": "c@x.example"});
    let (a, b) = (before()["emails"][0].clone(), before()["emails"][1].clone());
    check(json!([{"op": "add", "path": "emails", "value": [c, b]}]), json!({"emails": [a, b, c]}));
    check(json!([{"op": "add", "path": "emails", "value": c}]), json!({"emails": [a, b, c]}));
    check(
        json!([{"op": "add", "value": {"emails": [c], "nickName": "A", ENTERPRISE: {"department": "Ops"}}}]),
        json!({"emails": [a, b, c], "nickName": "A", ENTERPRISE: {"department": "Ops"}}),
    );
}

#[test]
fn complex_attributes_merge_for_add_and_replace() {
    for op in ["add", "replace"] {
        let merged = json!({"name": {"familyName": "Moe", "givenName": "Ada"}});
        check(json!([{"op": op, "path": "name", "value": {"familyName": "Moe"}}]), merged.clone());
        check(json!([{"op": op, "value": {"name": {"familyName": "Moe"}}}]), merged.clone());
        check(json!([{"op": op, "path": "name.familyName", "value": "Moe"}]), merged);
        check(
            json!([{"op": op, "value": {"name": {"familyName": null}}}]),
            json!({"name": {"givenName": "Ada"}}),
        );
    }
}

#[test]
fn replace_of_a_list_replaces_all_of_it() {
    check(
        json!([{"op": "replace", "path": "emails", "value": [{"value": "c@x.example"}]}]),
        json!({"emails": [{"value": "c@x.example"}]}),
    );
    check(json!([{"op": "replace", "path": "emails", "value": []}]), json!({"emails": null}));
    check(
        json!([{"op": "replace", "path": "emails[type eq \"home\"]", "value": {"value": "c@x.example"}}]),
        json!({"emails": [before()["emails"][0], {"value": "c@x.example"}]}),
    );
    check(
        json!([{"op": "add", "path": "emails[type eq \"home\"]", "value": {"display": "c"}}]),
        json!({"emails": [before()["emails"][0], {"value": "b@x.example", "display": "c", "type": "home"}]}),
    );
}

#[test]
fn a_part_of_an_element_is_set_and_its_siblings_stay() {
    check(
        json!([{"op": "replace", "path": "addresses[type eq \"work\"].postalCode", "value": "5003"}]),
        json!({"addresses": [{"locality": "Bergen", "postalCode": "5003", "type": "work"}]}),
    );
    check(
        json!([{"op": "replace", "path": "addresses.country", "value": "NO"}]),
        json!({"addresses": [{"locality": "Bergen", "country": "NO", "type": "work"}]}),
    );
}

#[test]
fn an_element_that_is_not_there_is_made_from_the_filter() {
    check(
        json!([{"op": "replace", "path": "phoneNumbers[type eq \"Mobile\"].value", "value": "1"}]),
        json!({"phoneNumbers": [{"value": "1", "type": "Mobile"}]}),
    );
    check(
        json!([{"op": "add", "path": "roles[primary eq \"True\"].value", "value": "Admin"}]),
        json!({"roles": [{"value": "Admin", "primary": true}]}),
    );
    check(
        json!([{"op": "add", "path": "ims[type eq \"xmpp\" and display eq \"d\"].value", "value": "1"}]),
        json!({"ims": [{"value": "1", "display": "d", "type": "xmpp"}]}),
    );
    refused(
        json!({"op": "replace", "path": "phoneNumbers[type co \"mob\"].value", "value": "1"}),
        "noTarget: operation 1: no value of phoneNumbers matches the filter of the path",
    );
    let strict = patch(
        json!([{"op": "add", "path": "ims[type eq \"x\"].value", "value": "1"}]),
        Mode::Strict,
    );
    assert_eq!(
        strict.expect_err("is refused"),
        "noTarget: operation 1: the value path selects nothing (strict mode)"
    );
}

#[test]
fn remove_unassigns() {
    check(json!([{"op": "remove", "path": "title"}]), json!({"title": null}));
    check(json!([{"op": "remove", "path": "nickName"}]), json!({}));
    check(
        json!([{"op": "remove", "path": "name.familyName"}]),
        json!({"name": {"givenName": "Ada"}}),
    );
    check(
        json!([{"op": "remove", "path": "emails[type eq \"work\" and value ew \"x.example\"]"}]),
        json!({"emails": [before()["emails"][1]]}),
    );
    check(json!([{"op": "remove", "path": "emails[value pr]"}]), json!({"emails": null}));
    check(
        json!([{"op": "remove", "path": "emails", "value": [{"value": "b@x.example"}]}]),
        json!({"emails": [before()["emails"][0]]}),
    );
    check(
        json!([{"op": "remove", "path": "emails[type eq \"work\"].value", "value": "old"}]),
        json!({"emails": [before()["emails"][1]]}),
    );
    check(
        json!([{"op": "remove", "path": format!("{ENTERPRISE}:manager[value eq \"x\"]")}]),
        json!({}),
    );
}

#[test]
fn an_element_left_with_type_and_primary_alone_goes() {
    check(
        json!([{"op": "replace", "path": "addresses[type eq \"work\"].locality", "value": null}]),
        json!({"addresses": null}),
    );
    check(
        json!([{"op": "add", "path": "ims[type eq \"x\"].primary", "value": true}, {"op": "add", "path": "ims[type eq \"x\"].value", "value": "1"}]),
        json!({"ims": [{"value": "1", "type": "x", "primary": true}]}),
    );
}

#[test]
fn a_primary_value_takes_this_from_the_others() {
    let (a, b) = (
        json!({"value": "a@x.example", "type": "work", "primary": false}),
        json!({"value": "b@x.example", "type": "home", "primary": true}),
    );
    check(
        json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}]),
        json!({"emails": [a, b]}),
    );
    check(
        json!([{"op": "add", "path": "emails", "value": [{"value": "c@x.example", "primary": true}]}]),
        json!({"emails": [a, before()["emails"][1], {"value": "c@x.example", "primary": true}]}),
    );
    refused(
        json!({"op": "replace", "path": "emails.primary", "value": true}),
        "invalidValue: operation 1: two values of emails would be primary",
    );
}

#[test]
fn adding_nothing_to_a_list_changes_nothing() {
    for nothing in [json!([]), json!(null), json!({}), json!([null, {}])] {
        check(json!([{"op": "add", "path": "emails", "value": nothing}]), json!({}));
        check(json!([{"op": "add", "value": {"emails": nothing}}]), json!({}));
    }
    let home = "emails[type eq \"home\"]";
    check(json!([{"op": "add", "path": home, "value": {}}]), json!({}));
    check(json!([{"op": "add", "path": home, "value": []}]), json!({}));
    check(json!([{"op": "replace", "path": home, "value": {"nosuch": 1}}]), json!({}));
    check(json!([{"op": "replace", "path": "name", "value": {"nosuch": 1}}]), json!({}));
    check(json!([{"op": "add", "path": "name", "value": {}}]), json!({}));
}

#[test]
fn nulls_inside_a_value_unassign_parts() {
    let a = before()["emails"][0].clone();
    check(
        json!([{"op": "add", "path": "emails[type eq \"home\"]", "value": {"type": null, "display": "b"}}]),
        json!({"emails": [a, {"value": "b@x.example", "display": "b"}]}),
    );
    check(
        json!([{"op": "add", "path": "emails[type eq \"home\"]", "value": [{"type": null}]}]),
        json!({"emails": [a, {"value": "b@x.example"}]}),
    );
    check(
        json!([{"op": "replace", "path": "name", "value": {"givenName": null, "middleName": "E"}}]),
        json!({"name": {"familyName": "Brandt", "middleName": "E"}}),
    );
    check(
        json!([{"op": "replace", "path": "emails[type eq \"home\"]", "value": null}]),
        json!({"emails": [a]}),
    );
    check(
        json!([{"op": "replace", "path": "phoneNumbers[type eq \"fax\"].value", "value": null}]),
        json!({}),
    );
}

#[test]
fn a_single_value_that_another_filter_selects_stays() {
    let manager = format!("{ENTERPRISE}:manager");
    let set = json!({"op": "add", "path": manager, "value": {"value": "m-1"}});
    let m = |id: &str| json!({ENTERPRISE: {"manager": {"value": id}}});
    let replace = |filter: &str| json!({"op": "replace", "path": format!("{manager}[value eq \"{filter}\"].value"), "value": "m-2"});
    check(json!([set, replace("m-1")]), m("m-2"));
    check(json!([replace("m-1")]), m("m-2"));
    let remove =
        |part: &str| json!({"op": "remove", "path": format!("{manager}[value eq \"m-1\"]{part}")});
    check(json!([set, remove("")]), json!({}));
    check(json!([set, remove(".value")]), json!({}));
    let error = patch(json!([set, replace("m-9")]), Mode::Lenient).expect_err("is refused");
    assert_eq!(
        error,
        format!("noTarget: operation 2: no value of {manager} matches the filter of the path")
    );
}

#[test]
fn listed_values_are_removed_in_any_letter_case_and_by_their_parts() {
    let (a, b) = (before()["emails"][0].clone(), before()["emails"][1].clone());
    let remove = |value: Value| json!([{"op": "remove", "path": "emails", "value": value}]);
    check(remove(json!([{"value": "A@X.example"}])), json!({"emails": [b]}));
    check(remove(json!({"type": "HOME"})), json!({"emails": [a]}));
    check(remove(json!([{"value": "a@x.example", "type": "home"}])), json!({}));
    check(remove(json!([])), json!({}));
    check(remove(json!([a, b])), json!({"emails": null}));
}

#[test]
fn an_attribute_has_a_thousand_values_at_most() {
    let values = |from: usize| -> Vec<Value> {
        (from..from + 600).map(|n| json!({"value": format!("{n}@x.example")})).collect()
    };
    let add = |from: usize| json!({"op": "add", "path": "emails", "value": values(from)});
    let error = patch(json!([add(0), add(0), add(600)]), Mode::Lenient);
    let expected = "invalidValue: operation 3: emails has 1202 values; 1000 are allowed";
    assert_eq!(error.expect_err("is refused"), expected);
}

#[test]
fn an_address_that_is_there_is_not_added_again() {
    let emails = |first: Value| json!({"emails": [first, before()["emails"][1]]});
    let add = |value: Value| json!([{"op": "add", "path": "emails", "value": [value]}]);
    check(add(json!({"value": "A@X.example", "type": "Work"})), json!({}));
    check(add(json!({"value": "a@x.example", "type": "work", "primary": true})), json!({}));
    check(
        add(json!({"value": "a@x.example", "type": "work", "display": "A"})),
        emails(json!({"value": "a@x.example", "display": "A", "type": "work", "primary": true})),
    );
    check(
        add(json!({"value": "b@x.example", "type": "home", "primary": true})),
        json!({"emails": [
            {"value": "a@x.example", "type": "work", "primary": false},
            {"value": "b@x.example", "type": "home", "primary": true},
        ]}),
    );
}

#[test]
fn one_value_for_many_elements_is_bounded() {
    let certificates: Vec<Value> = (0..100).map(|n| json!({"display": format!("{n}")})).collect();
    let add = json!({"op": "add", "path": "x509Certificates", "value": certificates});
    let spread = |bytes: usize| {
        let value = "A".repeat(bytes);
        json!({"op": "replace", "path": "x509Certificates.value", "value": value})
    };
    assert!(patch(json!([add, spread(40_000)]), Mode::Lenient).is_ok());
    let error = patch(json!([add, spread(44_000)]), Mode::Lenient).expect_err("is refused");
    let expected = "tooMany: operation 2: the operations write too much into the 100 values of x509Certificates; 4194304 bytes are allowed";
    assert_eq!(error, expected);
}

#[test]
fn the_core_schema_may_be_named_like_an_extension() {
    let core = "urn:ietf:params:scim:schemas:core:2.0:User";
    let title = json!({"title": "Boss"});
    check(json!([{"op": "replace", "path": core, "value": title}]), title.clone());
    check(json!([{"op": "replace", "value": {core: title}}]), title);
    check(json!([{"op": "replace", "value": {core: null}}]), json!({}));
    check(json!([{"op": "remove", "path": core}]), json!({}));
}

#[test]
fn operations_that_compare_too_much_are_refused() {
    let long = "a".repeat(16_000);
    let values: Vec<Value> =
        (0..200).map(|n| json!({"value": format!("{long}{n}"), "type": "other"})).collect();
    let add = json!({"op": "add", "path": "emails", "value": values});
    let set = json!({"op": "replace", "path": "emails[type eq \"work\" or value ew \"x\"].display", "value": "A"});
    let mut operations = vec![add];
    operations.extend(vec![set; 8]);
    let error = patch(json!(operations), Mode::Lenient).expect_err("is refused");
    let expected = "tooMany: operation 7: the operations compare too much with the values of emails; send fewer at once";
    assert_eq!(error, expected);
}

#[test]
fn an_extension_goes_and_comes_by_its_urn() {
    let extension = json!({"department": "Ops", "costCenter": "7"});
    let add = json!({"op": "add", "path": ENTERPRISE, "value": extension});
    check(json!([add]), json!({ENTERPRISE: extension}));
    check(json!([add, {"op": "remove", "path": ENTERPRISE.to_uppercase()}]), json!({}));
    check(json!([add, {"op": "replace", "value": {ENTERPRISE: null}}]), json!({}));
    check(json!([add, {"op": "add", "value": {ENTERPRISE: null}}]), json!({ENTERPRISE: extension}));
}

#[test]
fn a_path_that_names_no_attribute_is_dropped_and_reported() {
    let (_, deviations) =
        patch(json!([{"op": "add", "path": "urn:acme:2.0:User:badge", "value": 1}]), Mode::Lenient)
            .unwrap();
    assert_eq!(deviations, ["unknown-attribute(urn:acme:2.0:User:badge)"]);
    for (path, expected) in [
        ("urn:acme:2.0:User:badge", "\"urn:acme:2.0:User:badge\" is no attribute of the schema"),
        ("email", "\"email\" is no attribute; its plural is"),
    ] {
        let error = patch(json!([{"op": "add", "path": path, "value": []}]), Mode::Strict);
        let expected = format!("invalidPath: operation 1: {expected} (strict mode)");
        assert_eq!(error.expect_err("is refused"), expected);
    }
    for path in [
        "nosuch",
        "urn:ietf:params:scim:schemas:core:2.0:Group:members",
        "urn:ietf:params:scim:schemas:core:2.0:User:nosuch",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.nosuch",
        "name.nosuch",
        "emails[type eq \"work\"].nosuch",
    ] {
        let operation = json!([{"op": "add", "path": path, "value": 1}]);
        let (after, deviations) = patch(operation.clone(), Mode::Lenient).unwrap();
        assert_eq!((&after["emails"], deviations.len()), (&before()["emails"], 1), "{path}");
        let error = patch(operation, Mode::Strict).expect_err("is refused");
        assert!(error.starts_with("invalidPath: operation 1: "), "{path}: {error}");
    }
}

#[test]
fn strict_readers_find_no_target_where_a_value_path_selects_nothing() {
    let operation =
        json!([{"op": "replace", "path": "phoneNumbers[type eq \"fax\"].value", "value": null}]);
    assert_eq!(
        patch(operation, Mode::Strict).expect_err("is refused"),
        "noTarget: operation 1: no value of phoneNumbers matches the filter of the path"
    );
}

#[test]
fn an_error_names_the_operation_of_the_request() {
    let operations = json!([
        {"op": "add", "value": {"title": "x", "nickName": "y", "name": {"givenName": null}}},
        {"op": "add", "value": {}},
        {"op": "remove", "path": "ims[type eq \"x\"]"},
    ]);
    assert_eq!(
        patch(operations, Mode::Lenient).expect_err("is refused"),
        "noTarget: operation 3: no value of ims matches the filter of the path"
    );
}

#[test]
fn operations_apply_in_order_and_see_one_another() {
    check(
        json!([{"op": "add", "path": "title", "value": "x"}, {"op": "remove", "path": "title"}, {"op": "add", "path": "title", "value": "Lead"}]),
        json!({}),
    );
}

#[test]
fn what_cannot_be_is_refused_with_its_operation() {
    refused(json!({"op": "remove"}), "noTarget: operation 1: a remove needs a path");
    refused(
        json!({"op": "remove", "path": "userName"}),
        "mutability: operation 1: userName is required and cannot be removed",
    );
    refused(
        json!({"op": "replace", "path": "userName", "value": null}),
        "invalidValue: userName is required and must not be empty",
    );
    refused(
        json!({"op": "replace", "path": "id", "value": "x"}),
        "mutability: operation 1: id is read-only",
    );
    refused(
        json!({"op": "add", "path": "groups", "value": []}),
        "mutability: operation 1: groups is read-only",
    );
    refused(
        json!({"op": "add", "path": "meta.created", "value": "x"}),
        "mutability: operation 1: meta.created is read-only",
    );
    refused(
        json!({"op": "add", "path": "emails[type pr", "value": 1}),
        "invalidPath: operation 1: the path \"emails[type pr\" is malformed: expected `]` at character 15",
    );
    refused(
        json!({"op": "add", "path": "emails[nosuch pr]", "value": 1}),
        "invalidPath: operation 1: \"nosuch\" is no sub-attribute of emails",
    );
    refused(
        json!({"op": "add", "path": "title[value pr]", "value": 1}),
        "invalidPath: operation 1: title is not complex and takes no [filter]",
    );
    refused(
        json!({"op": "upsert", "path": "title", "value": 1}),
        "invalidSyntax: operation 1: op is add, remove or replace, not \"upsert\"",
    );
    refused(
        json!({"op": "replace", "path": "active", "value": "Maybe"}),
        "invalidValue: operation 1: active must be true or false, not the string \"Maybe\"",
    );
    for op in ["add", "replace"] {
        refused(
            json!({"op": op, "path": "title"}),
            "invalidValue: operation 1: add and replace need a value; null unassigns",
        );
    }
    refused(
        json!({"op": "replace", "path": "name.familyName[value pr]", "value": 1}),
        "invalidPath: operation 1: name.familyName is not complex and takes no [filter]",
    );
    refused(
        json!({"op": "replace", "path": "emails[type eq \"work\"]", "value": [{}, {}]}),
        "invalidValue: operation 1: the path selects one value of emails; several were sent",
    );
    refused(
        json!({"op": "add", "value": "x"}),
        "invalidValue: operation 1: without a path the value must be an object",
    );
    refused(
        json!({"op": "remove", "path": "phoneNumbers[type eq \"fax\"]"}),
        "noTarget: operation 1: no value of phoneNumbers matches the filter of the path",
    );
    refused(
        json!({"op": "replace", "path": 1, "value": 1}),
        "invalidPath: operation 1: path must be a string",
    );
    refused(json!(7), "invalidSyntax: operation 1: an operation is an object");
}

#[test]
fn read_only_attributes_in_a_value_are_ignored_and_reported() {
    let (after, deviations) = patch(json!([{"op": "replace", "value": {"id": "x", "meta": {}, "groups": [], "title": "T", "nosuch": 1}}]), Mode::Lenient).unwrap();
    assert_eq!(after["title"], "T");
    assert_eq!(
        deviations,
        [
            "read-only-in-patch(id)",
            "read-only-in-patch(meta)",
            "read-only-in-patch(groups)",
            "unknown-attribute(nosuch)"
        ]
    );
}

#[test]
fn a_remove_that_lists_an_element_with_a_null_part_removes_nothing_by_it() {
    for value in [
        json!([{"type": "work", "value": null}]),
        json!({"type": "work", "value": null}),
        json!([{"$ref": null, "value": null}]),
    ] {
        check(json!([{"op": "remove", "path": "emails", "value": value}]), json!({}));
    }
    check(
        json!([{"op": "remove", "path": "emails", "value": [{"$ref": null, "type": "work"}]}]),
        json!({"emails": [before()["emails"][1]]}),
    );
}
