//! `ETag`, `If-Match`, `If-None-Match` (RFC 7644 §3.14).

use provost_testkit::server::{Setup, TestServer};
use serde_json::{Value, json};

use crate::support::{created, group, patch, user};

#[derive(Clone, Copy)]
enum Tag {
    Current,
    Strong,
    Listed,
    Old,
    Any,
    Broken,
}

impl Tag {
    const ALL: [(&'static str, Self); 6] = [
        ("current", Self::Current),
        ("strong", Self::Strong),
        ("listed", Self::Listed),
        ("old", Self::Old),
        ("any", Self::Any),
        ("broken", Self::Broken),
    ];

    fn text(self, current: &str) -> String {
        match self {
            Self::Current => current.to_owned(),
            Self::Strong => current.trim_start_matches("W/").to_owned(),
            Self::Listed => format!("W/\"1\", {current}"),
            Self::Old => "W/\"1\"".to_owned(),
            Self::Any => "*".to_owned(),
            Self::Broken => "yesterday".to_owned(),
        }
    }
}

fn body(method: &str) -> Option<Value> {
    match method {
        "PUT" => Some(json!({"schemas": user("")["schemas"], "userName": "ann", "title": "Guide"})),
        "PATCH" => Some(patch(json!({"op": "add", "path": "title", "value": "Guide"}))),
        _ => None,
    }
}

/// The status for each method and tag, on a fresh user each time.
async fn table(header: &str) -> String {
    let mut table = String::new();
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        for (name, tag) in Tag::ALL {
            let server = TestServer::start().await;
            let path = created(&server, "/Users", &user("ann")).await;
            let get = server.send("GET", &path, None).await;
            let tag = tag.text(get.header("etag").unwrap());
            let headers = [(header, &*tag)];
            let answer = server.send_with(method, &path, &headers, body(method).as_ref()).await;
            table.push_str(&format!("{} {method} {name}\n", answer.status));
        }
    }
    table
}

#[tokio::test]
async fn if_match_lets_writes_through_on_the_version_that_they_name() {
    insta::assert_snapshot!(table("If-Match").await, @"
    200 GET current
    200 GET strong
    200 GET listed
    412 GET old
    200 GET any
    412 GET broken
    200 PUT current
    200 PUT strong
    200 PUT listed
    412 PUT old
    200 PUT any
    412 PUT broken
    200 PATCH current
    200 PATCH strong
    200 PATCH listed
    412 PATCH old
    200 PATCH any
    412 PATCH broken
    204 DELETE current
    204 DELETE strong
    204 DELETE listed
    412 DELETE old
    204 DELETE any
    412 DELETE broken
    ");
}

#[tokio::test]
async fn if_none_match_spares_reads_and_stops_writes() {
    insta::assert_snapshot!(table("If-None-Match").await, @"
    304 GET current
    304 GET strong
    304 GET listed
    200 GET old
    304 GET any
    200 GET broken
    412 PUT current
    412 PUT strong
    412 PUT listed
    200 PUT old
    412 PUT any
    200 PUT broken
    412 PATCH current
    412 PATCH strong
    412 PATCH listed
    200 PATCH old
    412 PATCH any
    200 PATCH broken
    412 DELETE current
    412 DELETE strong
    412 DELETE listed
    204 DELETE old
    412 DELETE any
    204 DELETE broken
    ");
}

#[tokio::test]
async fn an_etag_is_the_version_and_changes_with_each_change_alone() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    let put =
        |title: &str| json!({"schemas": user("")["schemas"], "userName": "ann", "title": title});
    let first = server.send("PUT", &path, Some(&put("Guide"))).await;
    let same = server.send("PUT", &path, Some(&put("Guide"))).await;
    let other = server.send("PUT", &path, Some(&put("Pilot"))).await;
    assert_eq!(first.header("etag"), same.header("etag"));
    assert_eq!(first.json()["meta"], same.json()["meta"]);
    assert_ne!(first.header("etag"), other.header("etag"));
    assert_eq!(other.json()["meta"]["version"], other.header("etag").unwrap());
}

#[tokio::test]
async fn an_unmodified_resource_is_304_without_a_body() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    let answer = server.send_with("GET", &path, &[("If-None-Match", "*")], None).await;
    insta::assert_snapshot!(answer, @r#"
    304
    etag: W/"1782864000000000"
    location: http://scim.example/scim/v2/Users/00000000-0000-7000-8000-000000000001
    x-request-id: 655815f672000-2
    "#);
}

#[tokio::test]
async fn what_shows_the_state_of_others_is_never_304() {
    let server = TestServer::start().await;
    let ann = created(&server, "/Users", &user("ann")).await;
    let mut body = group("Guides");
    body["members"] = json!([{"value": ann.trim_start_matches("/Users/")}]);
    let path = created(&server, "/Groups", &body).await;
    let any = [("If-None-Match", "*")];
    assert_eq!(server.send_with("GET", &path, &any, None).await.status, 200);
    let without = format!("{path}?excludedAttributes=members");
    assert_eq!(server.send_with("GET", &without, &any, None).await.status, 304);
    // Her groups are named in her answer.
    assert_eq!(server.send_with("GET", &ann, &any, None).await.status, 200);
}

#[tokio::test]
async fn what_no_longer_shows_the_state_of_others_is_not_304_either() {
    let (setup, _) = Setup::in_memory();
    let clock = setup.clock.clone();
    let server = TestServer::start_with(setup).await;
    let boss = created(&server, "/Users", &user("boss")).await;
    let mut bea = user("bea");
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    bea[enterprise] = json!({"manager": {"value": boss.trim_start_matches("/Users/")}});
    let bea = created(&server, "/Users", &bea).await;
    let ann = created(&server, "/Users", &user("ann")).await;
    let mut body = group("Guides");
    body["members"] = json!([{"value": ann.trim_start_matches("/Users/")}]);
    let guides = created(&server, "/Groups", &body).await;
    let tag =
        async |path: &str| server.send("GET", path, None).await.header("etag").unwrap().to_owned();
    let (ann_tag, bea_tag) = (tag(&ann).await, tag(&bea).await);
    assert_eq!(server.send("DELETE", &guides, None).await.status, 204);
    assert_eq!(server.send("DELETE", &boss, None).await.status, 204);
    for (path, known) in [(&ann, &ann_tag), (&bea, &bea_tag)] {
        assert_eq!(tag(path).await, *known, "it has not changed itself");
        let answer = server.send_with("GET", path, &[("If-None-Match", known)], None).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    // Nothing went since this one came.
    clock.pass(1);
    let cat = created(&server, "/Users", &user("cat")).await;
    let known = tag(&cat).await;
    let answer = server.send_with("GET", &cat, &[("If-None-Match", &*known)], None).await;
    assert_eq!(answer.status, 304);
}

#[tokio::test]
async fn a_precondition_on_nothing_is_404() {
    let server = TestServer::start().await;
    let path = "/Users/00000000-0000-7000-8000-000000000001";
    for header in ["If-Match", "If-None-Match"] {
        for method in ["PUT", "PATCH", "DELETE"] {
            let answer =
                server.send_with(method, path, &[(header, "*")], body(method).as_ref()).await;
            assert_eq!(answer.status, 404, "{method} {header}");
        }
    }
}
