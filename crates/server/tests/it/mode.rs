//! Lenient understands and reports; strict refuses by the rule's name.

use provost_scim::value::Mode;
use provost_testkit::server::{Setup, TestServer};
use serde_json::{Value, json};

use crate::support::{created, patch, user};

async fn in_mode(mode: Mode) -> TestServer {
    let (mut setup, _) = Setup::in_memory();
    setup.policy.mode = mode;
    TestServer::start_with(setup).await
}

fn departures(path: &str) -> [(&'static str, String, Option<Value>); 5] {
    let mut unknown = user("bea");
    unknown["shoeSize"] = json!(42);
    let capital = patch(json!({"op": "Replace", "path": "title", "value": "Guide"}));
    let quoted = patch(json!({"op": "replace", "path": "active", "value": "False"}));
    [
        ("POST", "/Users".to_owned(), Some(unknown)),
        ("PATCH", path.to_owned(), Some(capital)),
        ("PATCH", path.to_owned(), Some(quoted)),
        ("GET", "/Users?filter=active+eq+%22true%22".to_owned(), None),
        ("GET", "/Users?attributes=userName&excludedAttributes=title".to_owned(), None),
    ]
}

#[tokio::test]
async fn lenient_understands() {
    let server = in_mode(Mode::Lenient).await;
    let path = created(&server, "/Users", &user("ann")).await;
    for (method, path, body) in departures(&path) {
        let answer = server.send(method, &path, body.as_ref()).await;
        assert!(answer.status < 300, "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn strict_refuses_by_name() {
    let server = in_mode(Mode::Strict).await;
    let path = created(&server, "/Users", &user("ann")).await;
    let mut table = String::new();
    for (method, path, body) in departures(&path) {
        let answer = server.send(method, &path, body.as_ref()).await;
        table.push_str(&format!("{} {}\n", answer.status, answer.json()["detail"]));
    }
    insta::assert_snapshot!(table, @r#"
    400 "\"shoeSize\" is no attribute of the schema (strict mode)"
    400 "operation 1: op is \"Replace\"; op is add, remove or replace, in lower case (strict mode: capitalized-op)"
    400 "operation 1: urn:ietf:params:scim:schemas:core:2.0:User:active is the string \"False\"; a boolean is true or false, without quotation marks (strict mode: boolean-string)"
    400 "the filter is not in the form of RFC 7644 §3.4.2.2 (strict mode: quoted-literal)"
    400 "the request is not in the form of RFC 7644 §3.9 (strict mode: both-projections)"
    "#);
}

#[tokio::test]
async fn strict_wants_the_media_type() {
    for (mode, expected) in [(Mode::Lenient, 201), (Mode::Strict, 415)] {
        let server = in_mode(mode).await;
        let token = Some(&*server.provision_token);
        let mut request = provost_testkit::server::request("POST", "/scim/v2/Users", token);
        request.body = Some(user("ann").to_string().into_bytes());
        assert_eq!(server.ask(request).await.status, expected, "{mode:?}");
    }
}
