//! A thousand hostile connections at once, and one good client beside them.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::server::{Server, free_port};

const CONNECTIONS: usize = 1_000;
/// Where the hostile ones come from; the good client has the machine's usual address.
const HOSTILE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const TIME: Duration = Duration::from_secs(10);
/// A build for debugging is several times slower.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });
/// One siege at a time: each wants the machine for itself.
static TURN: Mutex<()> = Mutex::const_new(());

/// What a hostile client does, again and again.
#[derive(Clone, Copy)]
enum Attack {
    /// Heads, a byte at a time.
    SlowHead,
    /// Bodies that are announced large, a byte at a time.
    SlowBody,
    /// Heads larger than any may be.
    HeaderFlood,
    /// HTTP/2: streams that are opened and reset at once (CVE-2023-44487).
    RapidReset,
    /// HTTP/2: a header block that never ends (CVE-2024-27316).
    EndlessHeaders,
    /// Bytes that are no HTTP.
    Noise,
    /// JSON nested as deep as fits.
    DeepJson,
    /// Answers that are asked for and not taken.
    Unread,
}

const WITHOUT_TOKEN: [Attack; 4] =
    [Attack::SlowHead, Attack::SlowBody, Attack::HeaderFlood, Attack::Noise];
/// A connection of HTTP/2 has buffers of some 40 KiB before it carries anything.
const HTTP2: [Attack; 2] = [Attack::RapidReset, Attack::EndlessHeaders];
/// Whoever has a token can make the server work; it is bounded too.
const WITH_TOKEN: [Attack; 3] = [Attack::SlowBody, Attack::DeepJson, Attack::Unread];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_clients_take_little_memory_and_keep_nobody_waiting() {
    let Seen { more_kib, p99 } = besiege(&WITHOUT_TOKEN, false).await;
    assert!(more_kib <= 32 * 1024, "{more_kib} KiB more than when idle");
    assert!(p99 < PATIENCE, "{p99:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_clients_of_http2_are_bounded_too() {
    let Seen { more_kib, p99 } = besiege(&HTTP2, false).await;
    assert!(more_kib <= 96 * 1024, "{more_kib} KiB more than when idle");
    // They cost the processor most, and here they share it with the server.
    assert!(p99 < 3 * PATIENCE, "{p99:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_clients_that_have_a_token_are_bounded_too() {
    let Seen { more_kib, p99 } = besiege(&WITH_TOKEN, true).await;
    assert!(more_kib <= 96 * 1024, "{more_kib} KiB more than when idle");
    assert!(p99 < PATIENCE, "{p99:?}");
}

/// What the server took, and what the good client waited.
struct Seen {
    more_kib: u64,
    p99: Duration,
}

#[expect(clippy::print_stdout, reason = "the figures are worth as much as the verdict")]
async fn besiege(attacks: &'static [Attack], has_token: bool) -> Seen {
    let _turn = TURN.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    // All come from one address: as many as they are may come, and what they say of themselves is
    // believed, so that the rates of others hold for them.
    let settings = json!({
        "limits": {"connections": 1_200, "connectionsPerAddress": 1_200},
        "proxies": [HOSTILE.to_string()],
    });
    let server = Server::start_with(folder.path(), port, settings).await;
    // What the good client alone makes the server take is none of the hostile ones' doing.
    for n in 0..400 {
        let user = json!({"userName": format!("user{n}@x.example")});
        assert_eq!(server.api.create("/Users", user).await.unwrap().status, StatusCode::CREATED);
        assert_eq!(server.api.get("/Users?count=5").await.status, StatusCode::OK);
    }
    let idle = server.resident_kib();

    let address: SocketAddr = ([127, 0, 0, 1], port).into();
    let token = if has_token { server.api.token() } else { "pvt_forged" };
    let mut hostile = JoinSet::new();
    for n in 0..CONNECTIONS {
        let attack = attacks[n % attacks.len()];
        let own = format!(
            "Host: a\r\nX-Forwarded-For: 203.0.113.{}\r\nAuthorization: Bearer {token}\r\n",
            n % 250
        );
        hostile.spawn(async move {
            let begun = Instant::now();
            while begun.elapsed() < TIME {
                // A connection that the server ends is opened again.
                let _ = play(attack, address, &own).await;
                sleep(Duration::from_millis(500)).await;
            }
        });
    }
    let (mut waits, mut most) = (Vec::new(), idle);
    let begun = Instant::now();
    while begun.elapsed() < TIME {
        let asked = Instant::now();
        let answer = timeout(Duration::from_secs(20), server.api.get("/Users?count=5")).await;
        assert_eq!(answer.expect("an answer").status, StatusCode::OK);
        let user = json!({"userName": format!("good{}@x.example", waits.len())});
        let made = server.api.create("/Users", user).await.expect("an answer");
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        waits.push(asked.elapsed());
        most = most.max(server.resident_kib());
        sleep(Duration::from_millis(20)).await;
    }
    hostile.abort_all();
    waits.sort();
    let (rounds, p99) = (waits.len(), waits[waits.len() * 99 / 100]);
    println!(
        "idle {idle} KiB, most {most} KiB; {rounds} rounds of two requests of the good client, p99 \
         {p99:?}, longest {:?}",
        waits[rounds - 1]
    );
    assert!(rounds > 3, "the good client got {rounds} rounds");
    Seen { more_kib: most - idle, p99 }
}

async fn play(attack: Attack, address: SocketAddr, authorized: &str) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((HOSTILE, 0).into())?;
    let mut stream = socket.connect(address).await?;
    match attack {
        Attack::SlowHead => {
            slowly(
                &mut stream,
                b"GET /scim/v2/Users HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            )
            .await
        }
        Attack::SlowBody => {
            let head = format!(
                "POST /scim/v2/Users HTTP/1.1\r\n{authorized}Content-Type: application/json\r\n\
                 Content-Length: 8000000\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await?;
            slowly(&mut stream, &[b' '; 60]).await
        }
        Attack::HeaderFlood => {
            stream.write_all(b"GET / HTTP/1.1\r\n").await?;
            let line = format!("X-Flood: {}\r\n", "x".repeat(1_000));
            for _ in 0..1_000 {
                stream.write_all(line.as_bytes()).await?;
            }
            rest(&mut stream).await
        }
        Attack::DeepJson => {
            let body = "[".repeat(200_000);
            let head = format!(
                "POST /scim/v2/Users HTTP/1.1\r\n{authorized}Content-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
            rest(&mut stream).await
        }
        Attack::Unread => {
            let ask = format!("GET /scim/v2/Schemas HTTP/1.1\r\n{authorized}\r\n");
            for _ in 0..200 {
                timeout(Duration::from_secs(1), stream.write_all(ask.as_bytes())).await??;
            }
            sleep(Duration::from_secs(5)).await;
            Ok(())
        }
        Attack::RapidReset => {
            stream.write_all(&preface()).await?;
            for n in 0..5_000_u32 {
                let stream_id = 2 * n + 1;
                // :method GET, :path /, :scheme http of the static table (RFC 7541 Appendix A).
                let request = frame(1, 0x5, stream_id, &[0x82, 0x84, 0x86]);
                let reset = frame(3, 0, stream_id, &8_u32.to_be_bytes());
                stream.write_all(&[request, reset].concat()).await?;
            }
            rest(&mut stream).await
        }
        Attack::EndlessHeaders => {
            stream.write_all(&preface()).await?;
            stream.write_all(&frame(1, 0, 1, &[0x82, 0x84, 0x86])).await?;
            // A literal field without indexing: a name and a value of 100 bytes each.
            let field = [&[0x00, 100][..], &[b'a'; 100], &[100], &[b'b'; 100]].concat();
            let more = frame(9, 0, 1, &field.repeat(60));
            for _ in 0..1_000 {
                stream.write_all(&more).await?;
            }
            rest(&mut stream).await
        }
        Attack::Noise => {
            stream.write_all(&[0x16; 4_096]).await?;
            rest(&mut stream).await
        }
    }
}

/// A byte each quarter of a second.
async fn slowly(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}

/// Takes what comes, for a while.
async fn rest(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut answer = vec![0; 16 * 1024];
    while timeout(Duration::from_secs(2), stream.read(&mut answer)).await?? > 0 {}
    Ok(())
}

/// The preface of a client, with empty settings (RFC 9113 §3.4).
fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &frame(4, 0, 0, &[])].concat()
}

/// A frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
