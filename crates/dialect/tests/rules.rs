//! Every rule on its recorded pair, and all of them on whatever comes.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use provost_dialect::{ALL, Context, EmptyString, Options, Strict, interpret, page};
use provost_scim::schema::{Options as SchemaOptions, Schemas};
use provost_scim::value::{Message, Mode};
use serde_json::{Value, json};

fn schemas() -> Schemas {
    Schemas::builtin(&SchemaOptions::default())
}

fn with<T>(
    schemas: &Schemas,
    resource_type: &str,
    message: Message,
    act: impl FnOnce(&Context<'_>) -> T,
) -> T {
    let kind = schemas.resource_type_by_name(resource_type).expect("is built in").kind;
    act(&Context { schemas, kind, message, options: &Options::default() })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pairs")
}

fn recorded(name: &str, side: &str) -> Value {
    let path = folder().join(format!("{name}.{side}.json"));
    let text =
        std::fs::read_to_string(&path).unwrap_or_else(|it| panic!("{}: {it}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn message(recorded: &Value) -> Message {
    match recorded["message"].as_str().unwrap() {
        "post" => Message::Post,
        "put" => Message::Put,
        "patch" => Message::Patch,
        other => panic!("{other}"),
    }
}

#[test]
fn every_rule_turns_its_recorded_input_into_its_output() {
    let schemas = schemas();
    for rule in ALL {
        let (before, after) = (recorded(rule.name(), "in"), recorded(rule.name(), "out"));
        let resource_type = before["resourceType"].as_str().unwrap();
        with(&schemas, resource_type, message(&before), |cx| {
            let mut body = before["body"].clone();
            assert!(rule.rewrite(cx, &mut body), "{} does not fire", rule.name());
            assert_eq!(body, after["body"], "{}", rule.name());
            assert!(!rule.rewrite(cx, &mut body), "{} fires on its own output", rule.name());
            let (again, fired) = interpret(cx, body, Mode::Lenient).unwrap();
            assert_eq!(
                (again, fired),
                (after["body"].clone(), vec![]),
                "others fire on {}",
                rule.name()
            );
        });
    }
}

#[test]
fn strict_mode_refuses_by_the_name_of_the_rule_and_rewrites_nothing() {
    let schemas = schemas();
    for rule in ALL {
        let before = recorded(rule.name(), "in");
        let resource_type = before["resourceType"].as_str().unwrap();
        with(&schemas, resource_type, message(&before), |cx| {
            let answer = interpret(cx, before["body"].clone(), Mode::Strict);
            match rule.strict() {
                Strict::Refuse(kind, _) => {
                    let error = answer.expect_err("is refused");
                    assert_eq!(error.kind, kind);
                    assert!(error.detail.contains(rule.name()), "{}", error.detail);
                }
                Strict::Leave => assert_eq!(answer.unwrap(), (before["body"].clone(), vec![])),
            }
        });
    }
}

#[test]
fn every_recorded_pair_belongs_to_a_rule() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut expected: Vec<String> = ALL
        .iter()
        .flat_map(|it| ["in", "out"].map(|side| format!("{}.{side}.json", it.name())))
        .collect();
    expected.sort();
    assert_eq!(files, expected);
}

#[test]
fn the_page_of_the_documentation_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dialect.md");
    let committed = std::fs::read_to_string(&path).unwrap();
    let (_, rules) =
        committed.split_once("<!-- rules -->\n\n").expect("the page marks where the rules begin");
    assert!(
        rules == page(),
        "docs/dialect.md is stale below its mark; `cargo run --package provost-dialect --example dialect_page` prints it"
    );
}

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[track_caller]
fn patch(operations: Value, expected: Value, rules: &[&str]) {
    let schemas = schemas();
    with(&schemas, "User", Message::Patch, |cx| {
        let (body, fired) =
            interpret(cx, json!({"Operations": operations}), Mode::Lenient).unwrap();
        assert_eq!(body["Operations"], expected);
        assert_eq!(fired, rules);
    });
}

#[track_caller]
fn post(resource: Value, expected: Value, rules: &[&str]) {
    let schemas = schemas();
    with(&schemas, "User", Message::Post, |cx| {
        let (body, fired) = interpret(cx, resource, Mode::Lenient).unwrap();
        assert_eq!(body, expected);
        assert_eq!(fired, rules);
    });
}

#[test]
fn booleans_are_read_in_every_form_of_patch() {
    for (before, after) in [
        (
            json!({"op": "add", "path": "active", "value": "False"}),
            json!({"op": "add", "path": "active", "value": false}),
        ),
        (
            json!({"op": "replace", "value": {"active": "TRUE"}}),
            json!({"op": "replace", "value": {"active": true}}),
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"work\"].primary", "value": "True"}),
            json!({"op": "replace", "path": "emails[type eq \"work\"].primary", "value": true}),
        ),
        (
            json!({"op": "add", "path": "emails", "value": [{"primary": "true"}]}),
            json!({"op": "add", "path": "emails", "value": [{"primary": true}]}),
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"work\"]", "value": {"primary": "True"}}),
            json!({"op": "replace", "path": "emails[type eq \"work\"]", "value": {"primary": true}}),
        ),
    ] {
        patch(json!([before]), json!([after]), &["boolean-string"]);
    }
    let untouched = json!([{"op": "replace", "path": "displayName", "value": "True"}, {"op": "replace", "path": "active", "value": "Maybe"}]);
    patch(untouched.clone(), untouched, &[]);
}

#[test]
fn a_wrapped_string_boolean_takes_two_rules() {
    patch(
        json!([{"op": "Replace", "path": "active", "value": [{"$ref": null, "value": "False"}]}]),
        json!([{"op": "replace", "path": "active", "value": false}]),
        &["capitalized-op", "wrapped-value", "boolean-string"],
    );
    let two = json!([{"op": "replace", "path": "active", "value": [{"value": "False"}, {"value": "True"}]}]);
    patch(two.clone(), two, &[]);
    let more = json!([{"op": "replace", "path": "title", "value": [{"value": "x", "type": "y"}]}]);
    patch(more.clone(), more, &[]);
}

#[test]
fn a_manager_is_understood_in_every_form() {
    let object = json!({"value": "m"});
    for (value, expected) in [
        (json!("m"), object.clone()),
        (json!([{"value": "m"}]), object.clone()),
        (json!(["m"]), object.clone()),
        (json!(""), Value::Null),
        (json!({"value": ""}), Value::Null),
        (json!([{"$ref": null, "value": ""}]), Value::Null),
    ] {
        for path in ["manager", &format!("{ENTERPRISE}:manager"), &format!("{ENTERPRISE}.manager")]
        {
            patch(
                json!([{"op": "add", "path": path, "value": value}]),
                json!([{"op": "add", "path": path, "value": expected}]),
                &["value-for-complex"],
            );
        }
        let nested = json!({"userName": "a", ENTERPRISE: {"manager": value}});
        post(
            nested,
            json!({"userName": "a", ENTERPRISE: {"manager": expected}}),
            &["value-for-complex"],
        );
    }
    patch(
        json!([{"op": "add", "path": "manager", "value": object}]),
        json!([{"op": "add", "path": "manager", "value": {"value": "m"}}]),
        &[],
    );
    post(
        json!({"userName": "a", "manager": "m"}),
        json!({"userName": "a", ENTERPRISE: {"manager": {"value": "m"}}}),
        &["extension-attribute-at-root", "value-for-complex"],
    );
}

#[test]
fn an_empty_string_is_kept_where_the_operator_says_so() {
    let schemas = schemas();
    let kind = schemas.resource_type_by_name("User").unwrap().kind;
    let options = Options { empty_string: EmptyString::Keep };
    let cx = Context { schemas: &schemas, kind, message: Message::Post, options: &options };
    let body = json!({"userName": "a", "title": ""});
    assert_eq!(interpret(&cx, body.clone(), Mode::Lenient).unwrap(), (body, vec![]));
}

#[test]
fn members_of_a_message_are_found_in_any_case() {
    let schemas = schemas();
    with(&schemas, "User", Message::Patch, |cx| {
        let body = json!({"operations": [{"OP": "Add", "Path": "active", "Value": "True"}]});
        let (body, fired) = interpret(cx, body, Mode::Lenient).unwrap();
        assert_eq!(body, json!({"operations": [{"OP": "add", "Path": "active", "Value": true}]}));
        assert_eq!(fired, ["capitalized-op", "boolean-string"]);
    });
}

#[test]
fn a_member_may_be_a_text() {
    let schemas = schemas();
    with(&schemas, "Group", Message::Patch, |cx| {
        let body = json!({"Operations": [{"op": "add", "path": "members", "value": "u"}, {"op": "add", "path": "members", "value": ["v", {"value": "w"}]}]});
        let (body, fired) = interpret(cx, body, Mode::Lenient).unwrap();
        assert_eq!(
            body["Operations"],
            json!([{"op": "add", "path": "members", "value": {"value": "u"}}, {"op": "add", "path": "members", "value": [{"value": "v"}, {"value": "w"}]}])
        );
        assert_eq!(fired, ["value-for-complex"]);
    });
}

fn any_json() -> impl Strategy<Value = Value> {
    let word = proptest::sample::select(vec![
        "active",
        "emails",
        "manager",
        "members",
        "name",
        "name.givenName",
        "value",
        "primary",
        "title",
        ENTERPRISE,
        "Operations",
        "op",
        "Replace",
        "path",
        "True",
        "",
        "type",
        "emails[type eq \"work\"].value",
        "schemas",
        "$ref",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((word.clone(), inner), 0..5)
                .prop_map(|it| it.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_comes_is_interpreted_once_for_all(body in any_json(), patch in any::<bool>()) {
        let schemas = schemas();
        let message = if patch { Message::Patch } else { Message::Put };
        for resource_type in ["User", "Group"] {
            with(&schemas, resource_type, message, |cx| {
                let (once, _) = interpret(cx, body.clone(), Mode::Lenient).unwrap();
                let (twice, fired) = interpret(cx, once.clone(), Mode::Lenient).unwrap();
                assert_eq!(twice, once, "{fired:?} again");
                let _ = interpret(cx, body.clone(), Mode::Strict);
            });
        }
    }
}
