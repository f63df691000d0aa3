//! What a rule is for is understood in every form in which PATCH, POST and PUT carry it.

use provost_scim::value::Message;
use serde_json::{Map, Value, json};

use super::{CORE, ENTERPRISE, Interpreted, patch, read};

/// A User that has something in every attribute that these tests write.
fn before() -> Value {
    json!({
        "schemas": [CORE, ENTERPRISE], "userName": "ada", "active": true, "title": "Lead",
        "displayName": "Ada", "name": {"familyName": "Brandt", "givenName": "Ada"},
        "emails": [{"value": "a@x.example", "type": "work", "primary": true}, {"value": "b@x.example", "type": "home"}],
        "addresses": [{"type": "work", "locality": "Bergen"}],
        ENTERPRISE: {"department": "Ops", "manager": {"value": "m-0"}},
    })
}

/// The forms of PATCH that set one attribute: `add` and `replace`, by path and without, bare and
/// with the URN, nested and by a key that is a path.
fn forms(urn: &str, path: &str, value: &Value) -> Vec<Value> {
    let qualified = format!("{urn}:{path}");
    let (name, sub) = path.split_once('.').unwrap_or((path, ""));
    let nested = match sub {
        "" => json!({name: value}),
        sub => json!({name: {sub: value}}),
    };
    let nested = if urn == ENTERPRISE { json!({urn: nested}) } else { nested };
    let mut forms = Vec::new();
    for op in ["add", "replace", "Add", "Replace"] {
        forms.extend([
            json!({"op": op, "path": path, "value": value}),
            json!({"op": op, "path": qualified, "value": value}),
            json!({"op": op, "path": qualified.to_uppercase(), "value": value}),
            json!({"op": op, "value": {path: value}}),
            json!({"op": op, "value": {&qualified: value}}),
            json!({"op": op, "path": "", "value": nested}),
            json!({"Value": nested, "OP": op}),
        ]);
    }
    forms
}

/// In every form a value does what the RFC's form of it does.
#[track_caller]
fn check(urn: &str, path: &str, sent: Value, meant: Value) {
    let plain = json!([{"op": "replace", "path": format!("{urn}:{path}"), "value": meant}]);
    let (expected, fired) = patch("User", &before(), &plain).unwrap();
    assert!(fired.is_empty(), "{fired:?}");
    assert_ne!(
        expected,
        patch("User", &before(), &json!([{"op": "remove", "path": "photos"}])).unwrap().0
    );
    for form in forms(urn, path, &sent) {
        let (after, fired) = patch("User", &before(), &json!([form]))
            .unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(after, expected, "{form}");
        assert!(!fired.is_empty(), "{form}");
    }
    for message in [Message::Post, Message::Put] {
        let body = |value: &Value| resource(urn, path, value);
        let (expected, _) = read("User", message, body(&meant)).unwrap();
        assert_eq!(read("User", message, body(&sent)).unwrap().0, expected, "{sent}");
    }
}

/// A whole resource that sets one attribute.
fn resource(urn: &str, path: &str, value: &Value) -> Value {
    let mut body = json!({"schemas": [CORE, ENTERPRISE], "userName": "ada"});
    let own: &mut Value = if urn == ENTERPRISE { &mut body[ENTERPRISE] } else { &mut body };
    match path.split_once('.') {
        Some((name, sub)) => own[name][sub] = value.clone(),
        None => own[path] = value.clone(),
    }
    body
}

#[test]
fn string_booleans_are_booleans_where_the_schema_says_so() {
    for sent in ["False", "false", "FALSE"] {
        check(CORE, "active", json!(sent), json!(false));
    }
    check(CORE, "active", json!([{"$ref": null, "value": "False"}]), json!(false));
}

#[test]
fn wrapped_values_are_the_value() {
    check(CORE, "title", json!([{"$ref": null, "value": "Boss"}]), json!("Boss"));
    check(CORE, "name.familyName", json!([{"$ref": null, "value": "Li"}]), json!("Li"));
    check(ENTERPRISE, "department", json!([{"value": "Lab"}]), json!("Lab"));
    check(CORE, "title", json!([{"$ref": null, "value": null}]), json!(null));
}

#[test]
fn a_manager_is_understood_in_every_shape() {
    for sent in [
        json!("m-1"),
        json!({"value": "m-1", "displayName": "Kim"}),
        json!([{"$ref": "https://scim.example/Users/m-1", "value": "m-1"}]),
        json!(["m-1"]),
    ] {
        // The object is the RFC's form: by some forms of PATCH no rule need fire.
        if sent.is_object() {
            let operations = json!([{"op": "add", "path": "manager", "value": sent}]);
            let (after, fired) = patch("User", &before(), &operations).unwrap();
            assert_eq!(after[ENTERPRISE]["manager"], json!({"value": "m-1"}));
            assert!(fired.is_empty());
        } else {
            check(ENTERPRISE, "manager", sent, json!({"value": "m-1"}));
        }
    }
    for sent in [json!(""), json!({"value": ""}), json!([{"$ref": null, "value": ""}]), json!([""])]
    {
        check(ENTERPRISE, "manager", sent, json!(null));
    }
    check(ENTERPRISE, "manager.value", json!(""), json!(null));
}

#[test]
fn empty_strings_unassign() {
    check(CORE, "title", json!(""), json!(null));
    check(CORE, "name.givenName", json!(""), json!(null));
    check(CORE, "name", json!(""), json!(null));
    check(ENTERPRISE, "department", json!(""), json!(null));
}

#[test]
fn numbers_are_their_digits() {
    check(CORE, "externalId", json!(701_984), json!("701984"));
    check(ENTERPRISE, "employeeNumber", json!(7), json!("7"));
}

#[test]
fn a_value_path_carries_the_same_forms() {
    let path = "emails[type eq \"work\"].primary";
    let expected = json!([{"value": "a@x.example", "type": "work", "primary": false}, {"value": "b@x.example", "type": "home"}]);
    for value in [json!("False"), json!([{"value": "False"}]), json!("false")] {
        for form in [
            json!({"op": "Replace", "path": path, "value": value}),
            json!({"op": "replace", "value": {path: value}}),
        ] {
            let (after, _) = patch("User", &before(), &json!([form])).unwrap();
            assert_eq!(after["emails"], expected, "{form}");
        }
    }
    let whole =
        json!([{"op": "add", "path": "emails[type eq \"home\"]", "value": [{"primary": "True"}]}]);
    let (after, fired) = patch("User", &before(), &whole).unwrap();
    assert_eq!(after["emails"][1]["primary"], json!(true));
    assert_eq!(fired, ["boolean-string"]);
}

#[test]
fn the_value_of_selected_elements_is_no_element_by_itself() {
    for value in ["c@x.example", ""] {
        let form = json!([{"op": "replace", "path": "emails[type eq \"work\"]", "value": value}]);
        let error = patch("User", &before(), &form).expect_err("is refused");
        assert_eq!(error.kind, provost_scim::ErrorKind::InvalidValue);
    }
}

#[test]
fn keys_that_are_paths_keep_their_order() {
    let value = json!({"name.givenName": "A", "name": {"givenName": "B", "middleName": "M"}, "name.middleName": "N", "title": "T"});
    let (after, fired) =
        patch("User", &before(), &json!([{"op": "replace", "value": value}])).unwrap();
    assert_eq!(after["name"], json!({"familyName": "Brandt", "givenName": "B", "middleName": "N"}));
    assert_eq!((&after["title"], fired), (&json!("T"), vec!["path-as-key"]));
}

#[test]
fn a_key_that_leads_to_something_read_only_or_to_nothing_is_dropped() {
    for key in [
        "meta.version",
        "groups.value",
        "manager.displayName",
        "name.nosuch",
        "nosuch.at.all",
        "a[b",
        "urn:acme:2.0:User:badge",
    ] {
        let operations = json!([{"op": "replace", "value": {key: "x", "title": "T"}}]);
        let (after, fired) = patch("User", &before(), &operations).unwrap();
        assert_eq!((&after["title"], fired), (&json!("T"), vec![]), "{key}");
    }
}

#[test]
fn a_key_is_a_path_in_add_and_replace_alone() {
    let refused = |operation: Value| {
        patch("User", &before(), &json!([operation])).expect_err("is refused").kind
    };
    let value = json!({"name.givenName": "A"});
    assert_eq!(refused(json!({"op": "remove", "value": value})), provost_scim::ErrorKind::NoTarget);
    assert_eq!(
        refused(json!({"op": "Upsert", "value": value})),
        provost_scim::ErrorKind::InvalidSyntax
    );
    assert_eq!(
        refused(json!({"op": "add", "path": 7, "value": value})),
        provost_scim::ErrorKind::InvalidPath
    );
}

#[test]
fn an_extension_attribute_at_the_root_goes_where_it_belongs_unless_that_is_taken() {
    let body = |more: Value| {
        let mut body =
            json!({"schemas": [CORE], "userName": "ada", "department": "Root", "Manager": "m-1"});
        let own: &mut Map<String, Value> = body.as_object_mut().unwrap();
        own.extend(more.as_object().unwrap().clone());
        read("User", Message::Post, body)
    };
    let moved = json!({"department": "Root", "manager": {"value": "m-1"}});
    assert_eq!(body(json!({})).unwrap().0[ENTERPRISE], moved);
    let (resource, fired) =
        body(json!({ENTERPRISE.to_uppercase(): {"department": "Own"}})).unwrap();
    assert_eq!(resource[ENTERPRISE], json!({"department": "Own", "manager": {"value": "m-1"}}));
    assert_eq!(fired, ["extension-attribute-at-root", "value-for-complex"]);
    let (resource, fired) = body(json!({ENTERPRISE: null})).unwrap();
    assert_eq!((resource.get(ENTERPRISE), fired), (None, vec![]));
}

#[test]
fn one_object_for_a_list_is_its_element_and_an_empty_one_is_nobody() {
    for message in [Message::Post, Message::Put] {
        let user = json!({"schemas": [CORE], "userName": "ada", "Emails": {"value": "a@x.example", "primary": "True"}});
        let (resource, fired) = read("User", message, user).unwrap();
        assert_eq!(resource["emails"], json!([{"value": "a@x.example", "primary": true}]));
        assert_eq!(fired, ["object-for-list", "boolean-string"]);
        let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "G", "members": {}});
        let (resource, fired) = read("Group", message, group).unwrap();
        assert_eq!((resource.get("members"), fired), (None, vec!["object-for-list"]));
    }
}

#[test]
fn the_label_of_a_role_is_kept() {
    let operations =
        json!([{"op": "Add", "path": "roles", "value": [{"value": "a", "displayName": "A"}]}]);
    let (after, fired) = patch("User", &before(), &operations).unwrap();
    assert_eq!(after["roles"], json!([{"value": "a", "display": "A"}]));
    assert_eq!(fired, ["capitalized-op", "display-name-for-display"]);
}

#[test]
fn what_is_in_doubt_stays_and_is_refused() {
    let operation = |path: &str, value: Value| {
        patch("User", &before(), &json!([{"op": "replace", "path": path, "value": value}]))
    };
    let refused = |answer: Interpreted| {
        assert_eq!(answer.expect_err("is refused").kind, provost_scim::ErrorKind::InvalidValue)
    };
    for value in [
        json!("Maybe"),
        json!(""),
        json!(1),
        json!(["False"]),
        json!([{"value": "False"}, {"value": "True"}]),
    ] {
        refused(operation("active", value));
    }
    for value in [
        json!([]),
        json!(["x"]),
        json!([{"value": "x", "type": "y"}]),
        json!([{"value": {}}]),
        json!([{"$ref": null}]),
        json!([{"value": [{"value": "x"}]}]),
        json!(7.5),
    ] {
        refused(operation("title", value));
    }
    for value in [json!([{"value": "a"}, {"value": "b"}]), json!([["m"]]), json!(7)] {
        refused(operation("manager", value));
    }
    for value in [json!(""), json!(42)] {
        refused(operation("userName", value));
    }
    refused(operation("emails", json!([""])));
    refused(patch("User", &before(), &json!([{"op": "add", "path": "emails", "value": ""}])));
}

#[test]
fn what_is_as_it_should_be_is_left_alone() {
    let operations = json!([
        {"op": "replace", "path": "displayName", "value": "True"},
        {"op": "add", "path": "roles", "value": [{"value": "{\"id\":\"1\"}"}]},
        {"op": "replace", "value": {"name": {"givenName": "A"}, "groups": ["g"], "meta": [{}], "id": 7}},
        {"op": "add", "path": "manager", "value": {"value": "m-1", "displayName": "", "$ref": ""}},
    ]);
    let (after, fired) = patch("User", &before(), &operations).unwrap();
    assert_eq!(after["displayName"], json!("True"));
    assert_eq!(after["roles"], json!([{"value": "{\"id\":\"1\"}"}]));
    assert!(fired.is_empty());
}

#[test]
fn what_a_remove_lists_is_looked_for_as_it_was_sent() {
    // Were the empty value taken for none, every address of the type would go.
    let operations =
        json!([{"op": "Remove", "path": "emails", "value": [{"type": "work", "value": ""}]}]);
    let (after, _) = patch("User", &before(), &operations).unwrap();
    assert_eq!(after["emails"], before()["emails"]);
    let operations =
        json!([{"op": "Remove", "path": "emails", "value": [{"type": "work", "primary": "True"}]}]);
    let (after, _) = patch("User", &before(), &operations).unwrap();
    assert_eq!(after["emails"], json!([{"value": "b@x.example", "type": "home"}]));
}
