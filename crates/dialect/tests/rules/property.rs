//! Whatever comes: no panic, one pass is enough, and nobody leaves a group by an empty value.

use proptest::prelude::*;
use proptest::sample::select;
use provost_dialect::{ALL, Strict, interpret};
use provost_scim::value::{Message, Mode};
use serde_json::{Value, json};

use super::{CORE, ENTERPRISE, with};

const NAMES: [&str; 26] = [
    "active",
    "Emails",
    "manager",
    "Manager",
    "members",
    "name",
    "givenName",
    "value",
    "primary",
    "title",
    "type",
    "$ref",
    "display",
    "displayName",
    "department",
    "schemas",
    "groups",
    "roles",
    "password",
    "externalId",
    ENTERPRISE,
    "Operations",
    "op",
    "path",
    "postalCode",
    "",
];

const PATHS: [&str; 12] = [
    "name.givenName",
    "emails[type eq \"work\"].value",
    "emails[type eq \"work\"]",
    "manager.value",
    "manager[value eq \"m\"]",
    "members[value eq \"m\"]",
    "meta.version",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager",
    "urn:ietf:params:scim:schemas:core:2.0:User:title",
    "a[b",
    CORE,
];

fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => select(&NAMES[..]).prop_map(str::to_owned), 1 => select(&PATHS[..]).prop_map(str::to_owned), 1 => ".{0,6}"]
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        select(&["", "True", "false", "Replace", "remove", "x"][..]).prop_map(str::to_owned),
        key()
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..5).prop_map(Value::from_iter),
        ]
    })
}

/// A PATCH body whose operations look like some.
fn any_patch() -> impl Strategy<Value = Value> {
    let op = select(&["add", "Replace", "Remove", "REMOVE", "upsert"][..]);
    let path = prop_oneof![2 => Just(Value::Null), 5 => key().prop_map(Value::from)];
    let operation = (op, path, any_json())
        .prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}));
    proptest::collection::vec(operation, 0..4).prop_map(|it| json!({"Operations": it}))
}

fn any_message() -> impl Strategy<Value = (Message, Value)> {
    prop_oneof![
        any_json().prop_map(|body| (Message::Post, body)),
        any_json().prop_map(|body| (Message::Put, body)),
        any_json().prop_map(|body| (Message::Patch, body)),
        any_patch().prop_map(|body| (Message::Patch, body)),
    ]
}

/// How many removes take a value that is not null, and how many take null or none.
fn removes(body: &Value) -> (usize, usize) {
    let is_remove =
        |it: &&Value| it["op"].as_str().is_some_and(|op| op.eq_ignore_ascii_case("remove"));
    let operations = body["Operations"].as_array().into_iter().flatten().filter(is_remove);
    let (open, listing): (Vec<&Value>, _) = operations.partition(|it| it["value"].is_null());
    (listing.len(), open.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_pass_is_enough((message, body) in any_message()) {
        for resource_type in ["User", "Group"] {
            with(resource_type, message, |cx| {
                let (once, _) = interpret(cx, body.clone(), Mode::Lenient).unwrap();
                assert_eq!(interpret(cx, once.clone(), Mode::Lenient), Ok((once, vec![])));
            });
        }
    }

    #[test]
    fn strict_mode_passes_what_no_refusing_rule_would_touch((message, body) in any_message()) {
        for resource_type in ["User", "Group"] {
            with(resource_type, message, |cx| {
                let refuses = |rule: &&dyn provost_dialect::Rule| {
                    rule.strict() != Strict::Leave && rule.rewrite(cx, &mut body.clone()).is_some()
                };
                match (interpret(cx, body.clone(), Mode::Strict), ALL.iter().copied().find(refuses)) {
                    (Ok(same), None) => assert_eq!(same, (body.clone(), vec![])),
                    (Err(error), Some(rule)) => {
                        assert!(error.detail.ends_with(&format!("(strict mode: {})", rule.name())));
                    }
                    (answer, rule) => panic!("{answer:?} by {:?}", rule.map(|it| it.name())),
                }
            });
        }
    }

    #[test]
    fn a_remove_that_lists_something_never_becomes_one_that_empties(body in any_patch()) {
        for resource_type in ["User", "Group"] {
            with(resource_type, Message::Patch, |cx| {
                let (after, _) = interpret(cx, body.clone(), Mode::Lenient).unwrap();
                assert_eq!(removes(&after), removes(&body));
            });
        }
    }
}
