//! Methods: what is offered where, HEAD, and what is not offered at all.

use provost_testkit::server::{TestServer, request};

use crate::support::{created, head, raw, user};

#[tokio::test]
async fn a_method_that_is_not_offered_is_405_with_those_that_are() {
    let server = TestServer::start().await;
    let mut table = String::new();
    for (method, path) in [
        ("PUT", "/scim/v2/Users"),
        ("OPTIONS", "/scim/v2/Users"),
        ("POST", "/scim/v2/Users/none"),
        ("GET", "/scim/v2/.search"),
        ("POST", "/scim/v2/Schemas"),
        ("DELETE", "/scim/v2/ServiceProviderConfig"),
        ("GET", "/scim/v2/Bulk"),
        ("POST", "/scim/v2"),
        ("BREW", "/scim/v2/Groups"),
        ("GET", "/Thingworx/Subsystems/SCIMSubsystem/Services/Start"),
        ("POST", "/health"),
    ] {
        let answer = server.ask(request(method, path, Some(&server.admin_token))).await;
        let allow = answer.header("allow").unwrap_or("-");
        table.push_str(&format!("{} {method} {path}: {allow}\n", answer.status));
    }
    insta::assert_snapshot!(table, @"
    405 PUT /scim/v2/Users: GET, POST, HEAD
    405 OPTIONS /scim/v2/Users: GET, POST, HEAD
    405 POST /scim/v2/Users/none: GET, PUT, PATCH, DELETE, HEAD
    405 GET /scim/v2/.search: POST
    405 POST /scim/v2/Schemas: GET, HEAD
    405 DELETE /scim/v2/ServiceProviderConfig: GET, HEAD
    405 GET /scim/v2/Bulk: POST
    405 POST /scim/v2: GET, HEAD
    405 BREW /scim/v2/Groups: GET, POST, HEAD
    405 GET /Thingworx/Subsystems/SCIMSubsystem/Services/Start: POST
    405 POST /health: GET, HEAD
    ");
    let answer = server.send("PUT", "/Users", None).await;
    insta::assert_snapshot!(answer, @r#"
    405
    allow: GET, POST, HEAD
    content-type: application/scim+json
    x-request-id: 655815f672000-c

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "405",
      "detail": "the method \"PUT\" is not offered here; offered: GET, POST, HEAD"
    }
    "#);
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    for path in [&*path, "/Users", "/ServiceProviderConfig", "/Users/none"] {
        let get = server.send("GET", path, None).await;
        let head = server.send("HEAD", path, None).await;
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        for name in ["content-type", "etag", "location"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
    }
    let health = server.ask(request("HEAD", "/health", None)).await;
    assert_eq!((health.status, health.body.len()), (200, 0));
}

#[tokio::test]
async fn what_is_not_offered_is_501() {
    let server = TestServer::start().await;
    insta::assert_snapshot!(server.send("POST", "/Bulk", None).await, @r#"
    501
    content-type: application/scim+json
    x-request-id: 655815f672000-1

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "501",
      "detail": "/Bulk is not offered; ServiceProviderConfig says what is"
    }
    "#);
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        assert_eq!(server.send(method, "/Me", None).await.status, 501, "{method}");
    }
}

#[tokio::test]
async fn sort_by_is_passed_over() {
    let server = TestServer::start().await;
    created(&server, "/Users", &user("zoe")).await;
    created(&server, "/Users", &user("ann")).await;
    let list = server.send("GET", "/Users?sortBy=userName&sortOrder=ascending", None).await.json();
    let names: Vec<_> =
        list["Resources"].as_array().unwrap().iter().map(|it| it["userName"].clone()).collect();
    assert_eq!(names, ["zoe", "ann"], "in the order of their making");
}

#[tokio::test]
async fn unknown_paths_are_404_in_scim_json() {
    let server = TestServer::start().await;
    for path in ["/", "/favicon.ico", "/scim/v2/Gadgets", "/scim/v2/Users/1/2", "/SCIM/v2/Users"] {
        let answer = server.ask(request("GET", path, Some(&server.provision_token))).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["status"], "404", "{path}");
    }
}

#[tokio::test]
async fn a_target_with_another_scheme_or_form_is_answered() {
    let server = TestServer::start().await;
    let absolute =
        head(&server, "GET http://scim.example/scim/v2/Users") + "Connection: close\r\n\r\n";
    let answer = raw(&server, absolute).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let asterisk = head(&server, "OPTIONS *") + "Connection: close\r\n\r\n";
    let answer = raw(&server, asterisk).await;
    assert!(answer.starts_with("HTTP/1.1 404 Not Found"), "{answer}");
}
