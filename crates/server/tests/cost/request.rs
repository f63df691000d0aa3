//! Requests at their bounds and one beyond: headers, bodies, JSON, filters, operations, members, pages.

use std::time::Duration;

use provost_testkit::server::{Setup, TestServer};
use serde_json::{Value, json};

use crate::probe::{Bound, Cost, exchange, turn};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What refusing takes, whatever was sent.
const REFUSED: Bound = Bound { kib: 256, time: Duration::from_millis(20) };

/// The largest body.
const BODY_BYTES: usize = 8 << 20;

fn within(kib: usize, millis: u64) -> Bound {
    Bound { kib, time: Duration::from_millis(millis) }
}

/// A request line and headers, and a body behind them.
fn request(server: &TestServer, line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let token = &server.provision_token;
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn post(server: &TestServer, body: &[u8]) -> Vec<u8> {
    request(server, "POST /scim/v2/Users", "", body)
}

fn get(server: &TestServer, target: &str) -> Vec<u8> {
    request(server, &format!("GET /scim/v2{target}"), "", b"")
}

/// A server that has answered each kind of request once: what is made at the first is not counted.
async fn warm() -> TestServer {
    let mut setup = Setup::in_memory().0;
    // The answer counts, not the haste of the machine that measures.
    setup.limits.request_time = Duration::from_secs(300);
    let server = TestServer::start_with(setup).await;
    exchange(&server, &get(&server, "/Users?filter=userName+eq+%22a%22")).await;
    exchange(&server, &post(&server, b"{}")).await;
    server
}

/// Measures one request after the other: its name, its bytes, its status, what it may take.
async fn check(server: &TestServer, rows: Vec<(&str, Vec<u8>, u16, Bound)>) {
    for (what, bytes, status, bound) in rows {
        let (answered, cost) = Cost::of(exchange(server, &bytes)).await;
        assert_eq!(answered, status, "{what}");
        cost.check(what, bound);
    }
}

#[tokio::test]
async fn headers() {
    let _turn = turn().await;
    let server = warm().await;
    let large = |bytes| format!("X-Large: {}\r\n", "a".repeat(bytes));
    let many = |count| "X-Many: 1\r\n".repeat(count);
    let get = |headers: &str| request(&server, "GET /scim/v2/Users", headers, b"");
    let token = |bytes| {
        format!(
            "GET /scim/v2/Users HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            "a".repeat(bytes)
        )
    };
    let bound = within(256, 20);
    check(
        &server,
        vec![
            ("30 KiB of headers", get(&large(30 << 10)), 200, bound),
            ("40 KiB of headers", get(&large(40 << 10)), 431, REFUSED),
            ("8 MiB of headers", get(&large(8 << 20)), 431, REFUSED),
            ("90 headers", get(&many(90)), 200, bound),
            ("101 headers", get(&many(101)), 431, REFUSED),
            ("100,000 headers", get(&many(100_000)), 431, REFUSED),
            ("a token of 8 KiB", token(8 << 10).into_bytes(), 401, bound),
            ("a token of 9 KiB", token(9 << 10).into_bytes(), 401, REFUSED),
        ],
    )
    .await;
}

#[tokio::test]
async fn bodies() {
    let _turn = turn().await;
    let server = warm().await;
    let chunked = |bytes: usize| {
        let token = &server.provision_token;
        let head = format!(
            "POST /scim/v2/Users HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
        [head.into_bytes(), chunk.repeat(bytes / 0x10000), b"0\r\n\r\n".to_vec()].concat()
    };
    let gzip = |bytes| {
        request(&server, "POST /scim/v2/Users", "Content-Encoding: gzip\r\n", &vec![0; bytes])
    };
    // The body itself, twice while its buffer grows.
    let whole = within(2 * BODY_BYTES / 1024 + 1024, 200);
    check(
        &server,
        vec![
            ("8 MiB of blanks", post(&server, &vec![b' '; BODY_BYTES]), 400, whole),
            ("8 MiB in chunks", chunked(BODY_BYTES), 400, whole),
            ("a byte more", post(&server, &vec![b' '; BODY_BYTES + 1]), 413, REFUSED),
            ("32 MiB in chunks", chunked(4 * BODY_BYTES), 413, whole),
            ("8 MiB of a coding", gzip(BODY_BYTES), 415, REFUSED),
        ],
    )
    .await;
}

#[tokio::test]
async fn json_documents() {
    let _turn = turn().await;
    let server = warm().await;
    let array = |element: &str, count: usize| {
        let elements = vec![element; count].join(",");
        post(&server, format!("{{\"schemas\":[{elements}]}}").as_bytes())
    };
    let nested = |depth: usize| post(&server, &[vec![b'['; depth], vec![b']'; depth]].concat());
    let string = |bytes: usize| {
        post(&server, format!("{{\"userName\":\"{}\"}}", "a".repeat(bytes)).as_bytes())
    };
    let object = |names: usize| {
        let members: Vec<String> = (0..names).map(|n| format!("\"a{n}\":0")).collect();
        post(&server, format!("{{{}}}", members.join(",")).as_bytes())
    };
    let escaped =
        post(&server, format!("{{\"userName\":\"{}\"}}", "\\n".repeat(100_000)).as_bytes());
    check(
        &server,
        vec![
            ("99,999 numbers", array("1", 99_999), 400, within(24 << 10, 50)),
            ("99,999 objects of one name", array("{\"a\":1}", 99_999), 400, within(40 << 10, 100)),
            ("100,001 elements", array("1", 100_001), 413, within(24 << 10, 50)),
            ("600,000 numbers", array("1", 600_000), 400, within(80 << 10, 100)),
            ("600,000 objects", array("{\"a\":1}", 600_000), 400, within(96 << 10, 250)),
            ("33 levels", nested(33), 400, REFUSED),
            ("a million levels", nested(1_000_000), 400, within(8 << 10, 50)),
            ("a string of 64 KiB", string(64 << 10), 400, within(1 << 10, 20)),
            ("a string of 1 MiB", string(1 << 20), 400, within(4 << 10, 20)),
            ("a string of 2 MiB", string(2 << 20), 400, within(8 << 10, 20)),
            ("escapes", escaped, 400, within(1 << 10, 50)),
            ("1,000 names", object(1_000), 400, within(1 << 10, 20)),
            ("400,000 names", object(400_000), 400, within(16 << 10, 50)),
        ],
    )
    .await;
}

#[tokio::test]
async fn filters_and_paths() {
    let _turn = turn().await;
    let server = warm().await;
    for n in 0..1_000 {
        create(&server, json!({"schemas": [USER], "userName": format!("user{n}")})).await;
    }
    let filter = |text: &str| {
        let text = text.replace(' ', "+").replace('"', "%22");
        get(&server, &format!("/Users?count=1&filter={text}"))
    };
    let long = |bytes: usize| filter(&format!("userName co \"{}\"", "a".repeat(bytes)));
    let terms = |count: usize| filter(&vec!["title co \"x\""; count].join(" or "));
    let nested =
        |depth: usize| filter(&format!("{}title pr{}", "(".repeat(depth), ")".repeat(depth)));
    let negated =
        |count: usize| filter(&format!("{}title pr{}", "not (".repeat(count), ")".repeat(count)));
    let user = create(&server, json!({"schemas": [USER], "userName": "ann"})).await;
    let path = |bytes: usize| {
        let operation = json!({"op": "remove", "path": "a".repeat(bytes)});
        patch(&server, &user, &[operation])
    };
    let all = within(256, 50);
    check(
        &server,
        vec![
            ("a filter of 7 KiB over 1,000 users", long(7 << 10), 200, all),
            ("a filter of 9 KiB", long(9 << 10), 400, REFUSED),
            ("64 terms over 1,000 users", terms(64), 200, all),
            ("65 terms", terms(65), 400, REFUSED),
            ("15 levels over 1,000 users", nested(15), 200, all),
            ("15 negations over 1,000 users", negated(15), 200, all),
            ("2,000 levels", nested(2_000), 400, REFUSED),
            ("a path of 1 KiB", path(1 << 10), 200, within(256, 20)),
            ("a path of 64 KiB", path(64 << 10), 400, within(512, 20)),
        ],
    )
    .await;
}

#[tokio::test]
async fn operations_and_values() {
    let _turn = turn().await;
    let server = warm().await;
    let emails = |from: usize, count: usize| -> Vec<Value> {
        (from..from + count).map(|n| json!({"value": format!("a{n}@x.example")})).collect()
    };
    let full = json!({"schemas": [USER], "userName": "full", "emails": emails(0, 1_000)});
    let full = create(&server, full).await;
    let plain = create(&server, json!({"schemas": [USER], "userName": "plain"})).await;
    let add = |n: usize| json!({"op": "add", "path": "emails", "value": emails(n, 1)});
    let adds = |count: usize| (0..count).map(add).collect::<Vec<_>>();
    let removal =
        |n: usize| json!({"op": "remove", "path": format!("emails[value eq \"a{n}@x.example\"]")});
    let removals: Vec<Value> = (0..1_000).map(removal).collect();
    let with = |count: usize| {
        let name = format!("with{count}");
        let user = json!({"schemas": [USER], "userName": name, "emails": emails(0, count)});
        post(&server, user.to_string().as_bytes())
    };
    check(
        &server,
        vec![
            ("a user with 1,000 values", with(1_000), 201, within(2 << 10, 50)),
            ("a user with 1,001 values", with(1_001), 400, within(1 << 10, 20)),
            ("1,000 additions", patch(&server, &plain, &adds(1_000)), 200, within(4 << 10, 500)),
            (
                "1,000 removals, 1,000 values",
                patch(&server, &full, &removals),
                200,
                within(4 << 10, 500),
            ),
            ("1,001 operations", patch(&server, &full, &adds(1_001)), 413, within(2 << 10, 50)),
            ("50,000 operations", patch(&server, &full, &adds(50_000)), 413, within(80 << 10, 500)),
        ],
    )
    .await;
}

#[tokio::test]
async fn members() {
    let _turn = turn().await;
    let server = warm().await;
    let group = "urn:ietf:params:scim:schemas:core:2.0:Group";
    let user = create(&server, json!({"schemas": [USER], "userName": "ann"})).await;
    let user = user.rsplit('/').next().expect("an id").to_owned();
    let of = |count: usize, member: &dyn Fn(usize) -> String| {
        let members: Vec<Value> = (0..count).map(|n| json!({"value": member(n)})).collect();
        let body = json!({"schemas": [group], "displayName": "g", "members": members}).to_string();
        request(&server, "POST /scim/v2/Groups", "", body.as_bytes())
    };
    let strange = |n: usize| format!("00000000-0000-7000-8000-{n:012x}");
    let same = |_: usize| user.clone();
    check(
        &server,
        vec![
            ("100,000 strange members", of(100_000, &strange), 400, within(80 << 10, 500)),
            ("one member 100,000 times", of(100_000, &same), 201, within(80 << 10, 500)),
            ("100,001 members", of(100_001, &strange), 413, within(56 << 10, 150)),
        ],
    )
    .await;
}

#[tokio::test]
async fn pages() {
    let _turn = turn().await;
    let server = warm().await;
    for n in 0..1_000 {
        let title = "x".repeat(8 << 10);
        create(&server, json!({"schemas": [USER], "userName": format!("user{n}"), "title": title}))
            .await;
    }
    // A page holds 4 MiB: as they are stored, as they are told, and as they are sent.
    let page = within(24 << 10, 150);
    check(
        &server,
        vec![
            ("a page of 8 MiB", get(&server, "/Users?count=1000"), 200, page),
            ("a page that is none", get(&server, "/Users?count=0"), 200, within(1 << 10, 20)),
            ("more than is allowed", get(&server, "/Users?count=1000000000"), 200, page),
        ],
    )
    .await;
}

/// Creates a user; gives its path.
async fn create(server: &TestServer, user: Value) -> String {
    let answer = server.send("POST", "/Users", Some(&user)).await;
    assert_eq!(answer.status, 201, "{answer}");
    format!("/Users/{}", answer.json()["id"].as_str().expect("an id"))
}

fn patch(server: &TestServer, path: &str, operations: &[Value]) -> Vec<u8> {
    let body = json!({"schemas": [PATCH], "Operations": operations}).to_string();
    request(server, &format!("PATCH /scim/v2{path}"), "", body.as_bytes())
}
