//! The store fails on purpose, under every operation: 503, and healed without a restart.

use provost_store::memory::{Fault, MemoryStore};
use provost_testkit::idp::{Idp, Keys};
use provost_testkit::server::{Setup, TestServer, request};
use serde_json::{Value, json};

use crate::support::{created, group, patch, user};

/// A server, and a JWT: it is judged without a look into the store, so the operation meets the fault.
async fn world() -> (TestServer, MemoryStore, String) {
    let (setup, store) = Setup::in_memory();
    let idp = Idp::new(setup.clock.clone());
    let chain = idp.chain(Keys::Served);
    let server = TestServer::start_with(Setup { chain, ..setup }).await;
    (server, store, idp.token())
}

#[tokio::test]
async fn every_operation_fails_with_503_and_heals() {
    let (server, store, token) = world().await;
    let ann = created(&server, "/Users", &user("ann")).await;
    let guides = created(&server, "/Groups", &group("Guides")).await;
    let id = ann.trim_start_matches("/Users/").to_owned();
    let title = patch(json!({"op": "add", "path": "title", "value": "Guide"}));
    let member = patch(json!({"op": "add", "path": "members", "value": [{"value": id}]}));
    let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]});
    let operations: [(&str, &str, Option<&Value>, u16); 9] = [
        ("GET", "/Users", None, 200),
        ("GET", &ann, None, 200),
        ("POST", "/.search", Some(&search), 200),
        ("POST", "/Users", Some(&user("bea")), 201),
        ("PUT", &ann, Some(&user("ann")), 200),
        ("PATCH", &ann, Some(&title), 200),
        ("PATCH", &guides, Some(&member), 204),
        ("DELETE", &guides, None, 204),
        ("DELETE", &ann, None, 204),
    ];
    // That the caller runs as somebody else is written down with the first request.
    ask(&server, &token, "GET", "/Users", None).await;
    for (method, path, body, expected) in operations {
        for fault in [Fault::Unavailable, Fault::Busy] {
            store.fail_next(fault);
            let answer = ask(&server, &token, method, path, body).await;
            assert_eq!(answer.status, 503, "{method} {path} {fault:?}: {answer}");
            assert_eq!(answer.header("retry-after"), Some("1"), "{method} {path}");
            let id = answer.header("x-request-id").unwrap();
            assert_eq!(answer.json()["detail"], format!("request {id}"), "{method} {path}");
        }
        let answer = ask(&server, &token, method, path, body).await;
        assert_eq!(answer.status, expected, "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn without_the_list_of_tokens_nobody_is_judged() {
    let (server, store, _) = world().await;
    store.fail_next(Fault::Unavailable);
    let answer = server.send("GET", "/Users", None).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{answer}");
    assert_eq!(server.send("GET", "/Users", None).await.status, 200);
}

async fn ask(
    server: &TestServer,
    token: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> provost_testkit::server::Answer {
    let mut request = request(method, &format!("/scim/v2{path}"), Some(token));
    request.body = body.map(|it| it.to_string().into_bytes());
    server.ask(request).await
}
