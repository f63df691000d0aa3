//! Connections that cost memory by being there, and requests that are refused by the thousand.

use std::time::Duration;

use provost_testkit::server::{Setup, TestServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::probe::{Bound, Cost, exchange, turn};

const CONNECTIONS: usize = 200;

/// What a connection may hold: its task, and the buffer that its head is read into.
const HELD: Bound = Bound { kib: 32 * CONNECTIONS, time: Duration::from_secs(1) };

/// Opens connections that send bytes and stay, and gives what they take.
async fn hold(server: &TestServer, bytes: &[u8]) -> Cost {
    let work = async {
        let mut open = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
            stream.write_all(bytes).await.expect("the server takes it");
            open.push(stream);
        }
        // The server has taken in what came before this: there is one thread.
        exchange(server, b"GET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        open
    };
    Cost::of(work).await.1
}

#[tokio::test]
async fn connections_that_wait() {
    let _turn = turn().await;
    let server = TestServer::start().await;
    let token = &server.provision_token;
    let begun = format!(
        "POST /scim/v2/Users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 8000000\r\n\r\n{{"
    );
    let large = format!("GET / HTTP/1.1\r\nX-Large: {}", "a".repeat(8 << 10));
    hold(&server, b"").await.check("silent", HELD);
    hold(&server, b"GET / HTTP/1.1\r\nHost").await.check("a begun head", HELD);
    hold(&server, large.as_bytes()).await.check("8 KiB of a head", HELD);
    // More of them than may be in work are refused.
    hold(&server, begun.as_bytes()).await.check("an announced body", HELD);
}

#[tokio::test]
async fn http2_connections_that_wait() {
    let _turn = turn().await;
    let server = TestServer::start().await;
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &frame(4, 0, 0, &[])].concat();
    // :method POST, :path /, :scheme http of the static table (RFC 7541 Appendix A).
    let opened = |n: u32| frame(1, 0x4, 2 * n + 1, &[0x83, 0x84, 0x86]);
    let streams: Vec<u8> = (0..100).flat_map(opened).collect();
    hold(&server, &preface).await.check("a preface", Bound { kib: 48 * CONNECTIONS, ..HELD });
    // A stream that is answered takes its place until its client takes the answer.
    let bound = Bound { kib: 400 * CONNECTIONS, ..HELD };
    hold(&server, &[preface, streams].concat()).await.check("100 streams", bound);
}

#[tokio::test]
async fn requests_that_come_too_often() {
    let _turn = turn().await;
    let (mut setup, _) = Setup::in_memory();
    setup.proxies.networks = vec!["127.0.0.1/32".parse().expect("a network")];
    (setup.limits.address_rate, setup.limits.address_burst) = (1, 1);
    (setup.limits.strange_token_rate, setup.limits.strange_token_burst) = (1, 1);
    let server = TestServer::start_with(setup).await;
    let ask = |n: u32| {
        let [_, b, c, d] = n.to_be_bytes();
        format!(
            "GET /scim/v2/Users HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 11.{b}.{c}.{d}\r\n\
             Authorization: Bearer strange{n}\r\n\r\n"
        )
    };
    for (what, address) in [("one address", 0), ("an address each", 1)] {
        const REQUESTS: u32 = 10_000;
        let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
        let work = async {
            let mut answer = [0; 4096];
            for n in 0..REQUESTS {
                stream.write_all(ask(n * address).as_bytes()).await.expect("it is taken");
                assert!(stream.read(&mut answer).await.expect("an answer") > 0);
            }
        };
        let ((), cost) = Cost::of(work).await;
        // What is remembered of an address: when it may come again.
        cost.check(what, Bound { kib: 4 << 10, time: Duration::from_secs(1) });
    }
}

/// A frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
