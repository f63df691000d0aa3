//! The bounds, each met: what is too large, too many, too slow, or of another kind.

use std::time::Duration;

use provost_testkit::server::{Answer, BASE, Setup, TestServer, request};
use provost_testkit::transcript::Transport as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{PATCH, created, head, patch, raw, read_to_end, status, user};

async fn limited(change: impl FnOnce(&mut Setup)) -> TestServer {
    let (mut setup, _) = Setup::in_memory();
    change(&mut setup);
    TestServer::start_with(setup).await
}

async fn post(server: &TestServer, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    let mut request = request("POST", &format!("{BASE}/Users"), Some(&server.provision_token));
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    request.headers.extend(headers);
    request.body = Some(body.into());
    server.ask(request).await
}

#[tokio::test]
async fn bodies_of_other_kinds_are_415() {
    let server = TestServer::start().await;
    let mut table = String::new();
    for (name, value) in [
        ("Content-Type", "application/scim+json"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Type", "application/json; charset=latin1"),
        ("Content-Type", "application/xml"),
        ("Content-Type", "text/plain"),
        ("Content-Encoding", "identity"),
        ("Content-Encoding", "gzip"),
        ("X-Nothing", "of the kind"),
    ] {
        let answer = post(&server, &[(name, value)], "{}").await;
        let detail = answer.json()["detail"].clone();
        table.push_str(&format!("{} {name}: {value} -> {detail}\n", answer.status));
    }
    insta::assert_snapshot!(table, @r#"
    400 Content-Type: application/scim+json -> "schemas must hold \"urn:ietf:params:scim:schemas:core:2.0:User\"; it holds nothing"
    400 Content-Type: application/json; charset=utf-8 -> "schemas must hold \"urn:ietf:params:scim:schemas:core:2.0:User\"; it holds nothing"
    415 Content-Type: application/json; charset=latin1 -> "Content-Type \"application/json; charset=latin1\" is not read; application/scim+json and application/json are, in UTF-8"
    415 Content-Type: application/xml -> "Content-Type \"application/xml\" is not read; application/scim+json and application/json are, in UTF-8"
    415 Content-Type: text/plain -> "Content-Type \"text/plain\" is not read; application/scim+json and application/json are, in UTF-8"
    400 Content-Encoding: identity -> "schemas must hold \"urn:ietf:params:scim:schemas:core:2.0:User\"; it holds nothing"
    415 Content-Encoding: gzip -> "Content-Encoding \"gzip\" is not read; send none"
    400 X-Nothing: of the kind -> "schemas must hold \"urn:ietf:params:scim:schemas:core:2.0:User\"; it holds nothing"
    "#);
}

#[tokio::test]
async fn what_is_no_json_within_the_bounds_is_400() {
    let server = limited(|setup| setup.limits.json_nodes = 100).await;
    let deep = "[".repeat(33) + &"]".repeat(33);
    let many = format!("[{}]", ["1"; 100].join(","));
    let mut table = String::new();
    for body in ["", "{", "nonsense", "{}{}", "{\"a\":1,\"A\":2}", &*deep, &*many, "\u{0}"] {
        let answer = post(&server, &[], body).await;
        let detail = answer.json()["detail"].clone();
        table.push_str(&format!("{} {detail}\n", answer.status));
    }
    let bytes = post(&server, &[], *b"{\"userName\":\"\xff\"}").await;
    table.push_str(&format!("{} {}\n", bytes.status, bytes.json()["detail"]));
    insta::assert_snapshot!(table, @r#"
    400 "the request has no body"
    400 "the body is not acceptable JSON: EOF while parsing an object at line 1 column 1"
    400 "the body is not acceptable JSON: expected ident at line 1 column 2"
    400 "the body is not acceptable JSON: trailing characters at line 1 column 3"
    400 "the body is not acceptable JSON: the member \"A\" occurs twice at line 1 column 10"
    400 "the body is not acceptable JSON: more than 32 levels deep at line 1 column 34"
    400 "the body is not acceptable JSON: more than 100 values at line 1 column 199"
    400 "the body is not acceptable JSON: expected value at line 1 column 1"
    400 "the body is not acceptable JSON: invalid unicode code point at line 1 column 14"
    "#);
}

#[tokio::test]
async fn what_is_too_long_for_its_reader_is_refused() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    let long = format!("/Users?filter=userName+eq+%22{}%22", "a".repeat(8 * 1024));
    let answer = server.send("GET", &long, None).await;
    assert_eq!((answer.status, &answer.json()["scimType"]), (400, &json!("invalidFilter")));
    let terms = ["title pr"; 65].join("+and+").replace(' ', "+");
    let answer = server.send("GET", &format!("/Users?filter={terms}"), None).await;
    assert_eq!((answer.status, &answer.json()["scimType"]), (400, &json!("invalidFilter")));
    let operation = json!({"op": "add", "path": "title", "value": "x"});
    let body = json!({"schemas": [PATCH], "Operations": vec![operation; 1_001]});
    let answer = server.send("PATCH", &path, Some(&body)).await;
    assert_eq!(answer.status, 413, "{answer}");
    let long_path = patch(json!({"op": "remove", "path": "a".repeat(1_025)}));
    let answer = server.send("PATCH", &path, Some(&long_path)).await;
    assert_eq!((answer.status, &answer.json()["scimType"]), (400, &json!("invalidPath")));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413_by_its_length_and_by_its_bytes() {
    let server = limited(|setup| setup.limits.body_bytes = 1_000).await;
    let announced = head(&server, "POST /scim/v2/Users") + "Content-Length: 1001\r\n\r\n";
    let answer = raw(&server, announced).await;
    assert_eq!(status(&answer), "HTTP/1.1 413 Payload Too Large");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    insta::assert_snapshot!(body, @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"413","detail":"the body has more than 1000 bytes"}"#);
    let chunk = format!("3e9\r\n{}\r\n", "a".repeat(1_001));
    let chunked =
        head(&server, "POST /scim/v2/Users") + "Transfer-Encoding: chunked\r\n\r\n" + &chunk;
    let answer = raw(&server, chunked).await;
    assert_eq!(status(&answer), "HTTP/1.1 413 Payload Too Large");
}

#[tokio::test]
async fn more_members_than_a_request_may_have_are_413() {
    let server = limited(|setup| setup.limits.request_members = 3).await;
    let members: Vec<Value> = (0..4).map(|it| json!({"value": it.to_string()})).collect();
    let body = patch(json!({"op": "add", "path": "members", "value": members}));
    let answer = server.send("PATCH", "/Groups/none", Some(&body)).await;
    assert_eq!(answer.status, 413, "{answer}");
}

#[tokio::test]
async fn a_page_has_no_more_than_its_bound() {
    let server = limited(|setup| setup.policy.page_size_max = 2).await;
    for name in ["ann", "bea", "cleo"] {
        created(&server, "/Users", &user(name)).await;
    }
    let list = server.send("GET", "/Users?count=100", None).await.json();
    assert_eq!((&list["itemsPerPage"], &list["totalResults"]), (&json!(2), &json!(3)));
}

#[tokio::test]
async fn a_slow_body_is_408() {
    for change in [
        |setup: &mut Setup| setup.limits.body_time = Duration::from_millis(20),
        |setup: &mut Setup| setup.limits.body_grace = Duration::from_millis(20),
    ] {
        let server = limited(change).await;
        let partial = head(&server, "POST /scim/v2/Users") + "Content-Length: 100\r\n\r\n{";
        let answer = raw(&server, partial).await;
        assert_eq!(status(&answer), "HTTP/1.1 408 Request Timeout");
        assert!(answer.contains("the body came too slowly"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_makes_nothing() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let partial = head(&server, "POST /scim/v2/Users") + "Content-Length: 100\r\n\r\n{";
    stream.write_all(partial.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    read_to_end(&mut stream).await;
    assert_eq!(server.send("GET", "/Users", None).await.json()["totalResults"], 0);
}

#[tokio::test]
async fn header_sections_that_are_too_large_are_431() {
    let server = TestServer::start().await;
    let large = head(&server, "GET /scim/v2/Users")
        + &format!("X-Large: {}\r\n\r\n", "a".repeat(40 * 1024));
    assert_eq!(status(&raw(&server, large).await), "HTTP/1.1 431 Request Header Fields Too Large");
    let many = head(&server, "GET /scim/v2/Users") + &"X-Many: 1\r\n".repeat(100) + "\r\n";
    assert_eq!(status(&raw(&server, many).await), "HTTP/1.1 431 Request Header Fields Too Large");
}

#[tokio::test]
async fn a_header_section_of_16_kib_is_read() {
    let server = TestServer::start().await;
    let large = head(&server, "GET /scim/v2/Users")
        + &format!("X-Large: {}\r\nConnection: close\r\n\r\n", "a".repeat(16 * 1024));
    assert_eq!(status(&raw(&server, large).await), "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_token_over_8_kib_is_401() {
    let server = TestServer::start().await;
    let token = "a".repeat(8 * 1024 + 1);
    let answer = server.ask(request("GET", "/scim/v2/Users", Some(&token))).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_slow_head_closes_the_connection() {
    let server = limited(|setup| setup.limits.header_time = Duration::from_millis(20)).await;
    for begun in ["", "G", "GET /scim/v2/Users HTTP/1.1\r\nHost: a\r\n"] {
        assert_eq!(raw(&server, begun).await, "", "{begun}");
    }
}

#[tokio::test]
async fn an_idle_connection_closes_and_a_busy_one_does_not() {
    let server = limited(|setup| {
        setup.limits.idle_time = Duration::from_millis(20);
        setup.limits.header_time = Duration::from_secs(600);
    })
    .await;
    let twice = (head(&server, "GET /scim/v2/Users") + "\r\n").repeat(2);
    let answer = raw(&server, twice).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
}

#[tokio::test]
async fn an_http2_connection_has_the_time_between_requests_alone() {
    let server = limited(|setup| {
        setup.limits.header_time = Duration::from_secs(600);
        setup.limits.idle_time = Duration::from_millis(20);
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // The preface, then an empty SETTINGS frame (RFC 9113 §3.4).
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    assert_eq!(bytes.get(3), Some(&4), "the server's own SETTINGS come first: {bytes:?}");
}

#[tokio::test]
async fn http2_is_answered_like_http1() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    let target = format!("{BASE}{path}");
    let get = request("GET", &target, Some(&server.provision_token));
    let answer = server.http2_client().send(get).await.unwrap();
    let location = format!("http://{}{target}", server.address);
    assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (200, &*location));
}

#[tokio::test]
async fn more_connections_than_may_be_are_closed() {
    for change in [
        |setup: &mut Setup| setup.limits.connections = 2,
        |setup: &mut Setup| setup.limits.connections_per_address = 2,
    ] {
        let server = limited(change).await;
        let ask = head(&server, "GET /scim/v2/Users") + "\r\n";
        let mut open = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(ask.as_bytes()).await.unwrap();
            // An answer proves that it was taken in.
            assert_eq!(stream.read(&mut [0; 64]).await.unwrap(), 64);
            open.push(stream);
        }
        let mut third = TcpStream::connect(server.address).await.unwrap();
        assert_eq!(read_to_end(&mut third).await, "");
        drop(open.pop());
        let room = async {
            while !raw(&server, ask.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
                .await
                .starts_with("HTTP/1.1 200")
            {}
        };
        tokio::time::timeout(Duration::from_secs(10), room).await.expect("a closed one makes room");
    }
}

#[tokio::test]
async fn answers_that_find_no_room_are_429_and_writes_are_said_in_any_case() {
    let server = limited(|setup| setup.limits.answers_bytes = 2 * 1024).await;
    let user = serde_json::json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a", "title": "x".repeat(4_000)});
    assert_eq!(server.send("POST", "/Users", Some(&user)).await.status, 201);
    let refused = server.send("GET", "/Users", None).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{refused}");
    assert_eq!(server.send("GET", "/Users?attributes=id", None).await.status, 200);
}
