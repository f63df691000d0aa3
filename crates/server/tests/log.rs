//! The request line, and what must never be in the log.
//!
//! In a process of its own: what is logged is collected by thread, and `tracing` remembers for the
//! whole process whether anybody listens.

use std::io;
use std::sync::{Arc, Mutex};

use provost_store::{Position, Store as _};
use provost_testkit::server::{Setup, TestServer, request};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

/// The lines of a log, without times.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Takes what the code of this thread logs until the guard goes.
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt().with_writer(self.clone()).with_ansi(false);
        tracing::subscriber::set_default(subscriber.without_time().finish())
    }

    fn text(&self) -> String {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        // How long it took differs from run to run.
        let words = |line: &str| {
            let kept = line.split(' ').map(|word| match word.split_once("duration_ms=") {
                Some((before, _)) => format!("{before}duration_ms=…"),
                None => word.to_owned(),
            });
            kept.collect::<Vec<_>>().join(" ")
        };
        text.lines().map(words).collect::<Vec<_>>().join("\n")
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn each_request_is_one_line_without_tokens_or_personal_data() {
    let (setup, store) = Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    let lines = Lines::default();
    let guard = lines.listen();
    let ann = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ann.archer",
    });
    let created = server.send("POST", "/Users", Some(&ann)).await.json();
    let path = format!("/Users/{}", created["id"].as_str().unwrap());
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "Replace", "path": "active", "value": "False"}],
    });
    server.send("PATCH", &path, Some(&body)).await;
    server.send("GET", "/Users?filter=userName+eq+%22ann.archer%22", None).await;
    server.send("POST", "/Users", Some(&ann)).await;
    server.ask(request("GET", "/scim/v2/Users", Some("pvt_wrong"))).await;
    server.ask(request("GET", "/ann.archer", None)).await;
    store.fail_next(provost_store::memory::Fault::Unavailable);
    server.send("GET", &path, None).await;
    drop(guard);
    let text = lines.text();
    insta::assert_snapshot!(text, @"
     INFO provost_server::request_line: POST /scim/v2/Users 201 request.id=655815f672000-1 http.method=POST http.route=/scim/v2/Users http.status=201 duration_ms=… tenant.id=1 caller=token:provision dialect.rules= request.bytes=82 response.bytes=375
     INFO provost_server::request_line: PATCH /scim/v2/Users/{id} 200 request.id=655815f672000-2 http.method=PATCH http.route=/scim/v2/Users/{id} http.status=200 duration_ms=… tenant.id=1 caller=token:provision dialect.rules=capitalized-op,boolean-string request.bytes=125 response.bytes=376
     INFO provost_server::request_line: GET /scim/v2/Users 200 request.id=655815f672000-3 http.method=GET http.route=/scim/v2/Users http.status=200 duration_ms=… tenant.id=1 caller=token:provision dialect.rules= request.bytes=0 response.bytes=506
     INFO provost_server::request_line: Refused: uniqueness request.id=655815f672000-4
     INFO provost_server::request_line: POST /scim/v2/Users 409 request.id=655815f672000-4 http.method=POST http.route=/scim/v2/Users http.status=409 duration_ms=… tenant.id=1 caller=token:provision dialect.rules= request.bytes=82 response.bytes=169
     INFO security: Token refused: an opaque token with a wrong checksum: cut off or mistyped request.id=655815f672000-5 token.fingerprint=762ecc76b796
     INFO provost_server::request_line: GET /scim/v2/Users 401 request.id=655815f672000-5 http.method=GET http.route=/scim/v2/Users http.status=401 duration_ms=… caller= dialect.rules= request.bytes=0 response.bytes=154
     INFO provost_server::request_line: Refused: 404 request.id=655815f672000-6
     INFO provost_server::request_line: GET (unknown) 404 request.id=655815f672000-6 http.method=GET http.route=(unknown) http.status=404 duration_ms=… caller= dialect.rules= request.bytes=0 response.bytes=182
    ERROR provost_server::request_line: Failed: could not read the list of tokens: the store is unavailable: a fault on purpose request.id=655815f672000-7
     INFO provost_server::request_line: GET /scim/v2/Users/{id} 503 request.id=655815f672000-7 http.method=GET http.route=/scim/v2/Users/{id} http.status=503 duration_ms=… caller= dialect.rules= request.bytes=0 response.bytes=109
    ");
    for secret in [&*server.provision_token, "pvt_wrong", "archer"] {
        assert!(!text.contains(secret), "{secret}");
    }
    // The rules that fired are in the event as well.
    let events = store.feed(server.tenant, Position(1), 1.try_into().unwrap()).await.unwrap();
    let cause = &events[0].cause;
    assert_eq!(&*cause.caller, "token:provision");
    assert_eq!(cause.rules, [Box::from("capitalized-op"), Box::from("boolean-string")]);
}
