//! Defects, deadlines, crowds, and the end of the server.

use std::sync::Arc;
use std::time::Duration;

use provost_testkit::server::{Setup, TestServer, request};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::{Order, Told, Turnstile, created, head, read_to_end, user};

/// A server on a store that does as it is told, with one user.
async fn world(change: impl FnOnce(&mut Setup)) -> (TestServer, Told, String) {
    let (mut setup, memory) = Setup::in_memory();
    let store = Told::new(memory);
    setup.store = Arc::new(store.clone());
    change(&mut setup);
    let server = TestServer::start_with(setup).await;
    let path = created(&server, "/Users", &user("ann")).await;
    (server, store, path)
}

#[tokio::test]
async fn a_panic_is_500_with_the_request_and_the_server_goes_on() {
    let (server, store, path) = world(|_| {}).await;
    store.tell(Some(Order::Panic));
    insta::assert_snapshot!(server.send("GET", &path, None).await, @r#"
    500
    content-type: application/scim+json
    x-request-id: 655815f672000-2

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "500",
      "detail": "request 655815f672000-2"
    }
    "#);
    store.tell(None);
    assert_eq!(server.send("GET", &path, None).await.status, 200);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_503() {
    let (server, store, path) =
        world(|setup| setup.limits.request_time = Duration::from_millis(20)).await;
    store.tell(Some(Order::Wait(Turnstile::new())));
    insta::assert_snapshot!(server.send("GET", &path, None).await, @r#"
    503
    content-type: application/scim+json
    retry-after: 1
    x-request-id: 655815f672000-2

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "503",
      "detail": "request 655815f672000-2"
    }
    "#);
}

#[tokio::test]
async fn more_requests_than_may_be_in_work_are_429() {
    let (server, store, path) = world(|setup| setup.limits.requests_in_flight = 1).await;
    let turnstile = Turnstile::new();
    store.tell(Some(Order::Wait(Arc::clone(&turnstile))));
    let crowd = async {
        turnstile.arrival().await;
        let answer = server.send("GET", "/Users", None).await;
        turnstile.open();
        answer
    };
    let (first, second) = tokio::join!(server.send("GET", &path, None), crowd);
    assert_eq!(first.status, 200);
    insta::assert_snapshot!(second, @r#"
    429
    content-type: application/scim+json
    retry-after: 1
    x-request-id: 655815f672000-3

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "429",
      "detail": "too many requests are in work at once"
    }
    "#);
    assert_eq!(server.send("GET", "/Users", None).await.status, 200);
}

#[tokio::test]
async fn a_client_that_hangs_up_stops_no_write() {
    let (server, store, path) = world(|_| {}).await;
    let turnstile = Turnstile::new();
    store.tell(Some(Order::Wait(Arc::clone(&turnstile))));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = head(&server, &format!("DELETE /scim/v2{path}")) + "\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    turnstile.arrival().await;
    drop(stream);
    turnstile.open();
    store.tell(None);
    // The name is free once the write is done.
    let again = async || server.send("POST", "/Users", Some(&user("ann"))).await.status;
    let taken = async {
        while again().await != 201 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), taken).await.expect("the write ends");
}

#[tokio::test]
async fn a_drain_finishes_what_is_in_work_and_takes_no_more() {
    let (server, store, path) = world(|_| {}).await;
    let turnstile = Turnstile::new();
    store.tell(Some(Order::Wait(Arc::clone(&turnstile))));
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    let request = head(&server, &format!("GET /scim/v2{path}")) + "\r\n";
    busy.write_all(request.as_bytes()).await.unwrap();
    turnstile.arrival().await;
    let address = server.address;
    let stop = tokio::spawn(server.stop());
    assert_eq!(read_to_end(&mut idle).await, "", "a connection without a request closes");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
    turnstile.open();
    let answer = read_to_end(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    stop.await.unwrap();
}

#[tokio::test]
async fn a_drain_ends_in_time_whatever_is_in_work() {
    let (server, store, path) =
        world(|setup| setup.limits.drain_time = Duration::from_millis(20)).await;
    let turnstile = Turnstile::new();
    store.tell(Some(Order::Wait(Arc::clone(&turnstile))));
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    let request = head(&server, &format!("GET /scim/v2{path}")) + "\r\n";
    busy.write_all(request.as_bytes()).await.unwrap();
    turnstile.arrival().await;
    server.stop().await;
    assert_eq!(read_to_end(&mut busy).await, "");
}

#[tokio::test]
async fn every_answer_names_its_request_by_another_id() {
    let server = TestServer::start().await;
    let mut ids = std::collections::BTreeSet::new();
    for path in ["/scim/v2/Users", "/scim/v2/Gadgets", "/health", "/nowhere"] {
        let answer = server.ask(request("GET", path, Some(&server.provision_token))).await;
        assert!(ids.insert(answer.header("x-request-id").unwrap().to_owned()), "{path}");
    }
}
