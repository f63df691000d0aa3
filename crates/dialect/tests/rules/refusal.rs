//! Strict mode: nothing is rewritten, and the refusal says what was sent, what is wanted, and why.

use provost_dialect::{ALL, Context, EmptyString, Options, Strict, interpret};
use provost_scim::value::{Message, Mode};
use serde_json::{Value, json};

use super::pair::Recorded;
use super::{ENTERPRISE, SCHEMAS, patch_body, with};

#[test]
fn what_a_rule_would_rewrite_is_refused_by_its_name_or_left() {
    for rule in ALL {
        let before = Recorded::load(rule, "in");
        with(&before.resource_type, before.message, |cx| {
            let answer = interpret(cx, before.body.clone(), Mode::Strict);
            match rule.strict() {
                Strict::Refuse(kind, wanted) => {
                    let error = answer.expect_err("is refused");
                    assert_eq!(error.kind, kind, "{}", error.detail);
                    let ending = format!("; {wanted} (strict mode: {})", rule.name());
                    assert!(error.detail.ends_with(&ending), "{}", error.detail);
                }
                Strict::Leave => assert_eq!(answer, Ok((before.body.clone(), vec![]))),
            }
        });
    }
}

#[track_caller]
fn check(body: Value, expected: &str) {
    let is_patch = body.is_array();
    let (message, body) = match is_patch {
        true => (Message::Patch, patch_body(&body)),
        false => (Message::Put, body),
    };
    let error = with("User", message, |cx| interpret(cx, body, Mode::Strict));
    let error = error.expect_err("is refused").to_string();
    let (sent, _) = error.rsplit_once("; ").unwrap();
    assert_eq!(sent.replace("urn:ietf:params:scim:schemas:", ""), expected);
}

#[test]
fn a_refusal_says_what_was_sent_where_it_was_met_first() {
    check(
        json!([{"op": "add", "path": "title", "value": "x"}, {"op": "Replace", "path": "title", "value": "y"}]),
        "invalidSyntax: operation 2: op is \"Replace\"",
    );
    check(
        json!([{"op": "add", "value": {"title": "x", "name.givenName": "y"}}]),
        "invalidPath: operation 1: value has \"name.givenName\"",
    );
    check(
        json!([{"op": "add", "value": {"Manager": "m"}}]),
        "invalidSyntax: operation 1: value has \"Manager\" at its root",
    );
    check(json!({"department": "x"}), "invalidSyntax: the resource has \"department\" at its root");
    check(
        json!([{"op": "replace", "path": "active", "value": [{"value": true}]}]),
        "invalidValue: operation 1: core:2.0:User:active is an array of 1",
    );
    check(
        json!({"emails": {"value": "a@x.example"}}),
        "invalidValue: core:2.0:User:emails is an object with \"value\"",
    );
    check(
        json!({"emails": ["a@x.example"]}),
        "invalidValue: core:2.0:User:emails holds the string \"a@x.example\"",
    );
    check(
        json!({ENTERPRISE: {"manager": {"value": ""}}}),
        "invalidValue: extension:enterprise:2.0:User:manager is an object with \"value\"",
    );
    check(
        json!({"roles": [{"value": "a", "displayName": "A"}]}),
        "invalidSyntax: core:2.0:User:roles holds an object with \"value\", \"displayName\"",
    );
    check(json!({"active": "False"}), "invalidValue: core:2.0:User:active is the string \"False\"");
    check(json!({"externalId": 7}), "invalidValue: externalId is the number 7");
}

#[test]
fn a_refusal_never_shows_a_secret() {
    check(
        json!({"password": [{"value": "hunter2"}]}),
        "invalidValue: core:2.0:User:password is what it must not be",
    );
}

#[test]
fn an_empty_string_is_kept_where_the_operator_says_so_but_refers_to_nobody() {
    let schemas = &*SCHEMAS;
    let kind = schemas.resource_type_by_name("User").unwrap().kind;
    let options = Options { empty_string: EmptyString::Keep };
    let cx = Context { schemas, kind, message: Message::Post, options: &options };
    let body = json!({"userName": "a", "title": "", ENTERPRISE: {"manager": {"value": ""}}});
    let kept = json!({"userName": "a", "title": "", ENTERPRISE: {"manager": null}});
    assert_eq!(interpret(&cx, body, Mode::Lenient), Ok((kept, vec!["empty-reference"])));
}
