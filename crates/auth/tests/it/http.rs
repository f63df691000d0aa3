//! Keys over real HTTP, from a server on loopback that misbehaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use provost_auth::{FetchError, FetchLimits, HttpKeySource, KeyPlace, KeySource};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Answers every connection with the same bytes, and then either closes or stays silent.
struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

#[derive(Clone, Copy)]
enum Then {
    Close,
    KeepOpen,
}

impl Server {
    async fn start(answer: Vec<u8>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = requests.clone();
        let task = tokio::spawn(async move {
            let mut open = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                counter.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 4096];
                let read = stream.read(&mut request).await.unwrap();
                assert!(request[..read].starts_with(b"GET /keys HTTP/1.1\r\n"));
                // A client that has read enough hangs up in the middle.
                let _ = stream.write_all(&answer).await;
                match then {
                    Then::Close => drop(stream),
                    Then::KeepOpen => open.push(stream),
                }
            }
        });
        Self { url, requests, task }
    }

    async fn fetch(&self, timeout: Duration) -> Result<Vec<u8>, FetchError> {
        let limits = FetchLimits { timeout, ..FetchLimits::default() };
        let place = KeyPlace::Keys(self.url.parse().unwrap());
        HttpKeySource::new(place, limits).unwrap().fetch().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat()
}

async fn check(answer: Vec<u8>, want: Result<&[u8], &str>) {
    let server = Server::start(answer, Then::Close).await;
    let got = server.fetch(Duration::from_secs(5)).await.map_err(|error| error.to_string());
    assert_eq!(got, want.map(<[u8]>::to_vec).map_err(str::to_owned));
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn body_of_a_200_is_what_was_fetched() {
    let keys = br#"{"keys":[]}"#;
    check(answer("200 OK\r\nContent-Length: 11", keys), Ok(keys)).await;
    check(answer("200 OK\r\nConnection: close", keys), Ok(keys)).await;
}

#[tokio::test]
async fn other_statuses_are_no_keys() {
    let keys = br#"{"keys":[]}"#;
    for status in [204, 304, 404, 500, 503] {
        let head = format!("{status} Status\r\nContent-Length: 11");
        let want = format!("the answer's status is {status}, not 200");
        check(answer(&head, keys), Err(&want)).await;
    }
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let elsewhere = Server::start(answer("200 OK\r\nContent-Length: 2", b"{}"), Then::Close).await;
    for status in [301, 302, 303, 307, 308] {
        let head = format!("{status} Status\r\nContent-Length: 0\r\nLocation: {}", elsewhere.url);
        let want = format!("the answer's status is {status}, not 200");
        check(answer(&head, b""), Err(&want)).await;
    }
    assert_eq!(elsewhere.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn huge_body_is_cut_off() {
    let most = vec![b' '; 512 * 1024];
    check(answer("200 OK\r\nContent-Length: 524288", &most), Ok(&most)).await;

    let too_large = Err("the answer is longer than 524288 bytes");
    let huge = vec![b' '; 20 * 1024 * 1024];
    check(answer("200 OK\r\nContent-Length: 20971520", &huge), too_large).await;
    check(answer("200 OK\r\nConnection: close", &huge), too_large).await;
    let chunk = [b"1400000\r\n".as_slice(), &huge, b"\r\n0\r\n\r\n"].concat();
    check(answer("200 OK\r\nTransfer-Encoding: chunked", &chunk), too_large).await;
}

#[tokio::test]
async fn slow_answer_is_given_up() {
    for begun in [Vec::new(), answer("200 OK\r\nContent-Length: 11", b"{\"keys\"")] {
        let server = Server::start(begun, Then::KeepOpen).await;
        let error = server.fetch(Duration::from_millis(100)).await.unwrap_err();
        assert!(matches!(error, FetchError::Unreachable(_)), "{error}");
    }
}

#[tokio::test]
async fn broken_answer_and_closed_port_are_out_of_reach() {
    for broken in [Vec::new(), b"<html>".to_vec(), answer("200 OK\r\nContent-Length: 11", b"{")] {
        check(broken, Err("there is no answer")).await;
    }
    let server = Server::start(Vec::new(), Then::Close).await;
    server.task.abort();
    while !server.task.is_finished() {
        tokio::task::yield_now().await;
    }
    let error = server.fetch(Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable(_)), "{error}");
}

#[tokio::test]
async fn metadata_leads_to_the_keys() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    let metadata = format!(r#"{{"issuer": "https://id.example/", "jwks_uri": "{root}/keys"}}"#);
    let task = tokio::spawn(async move {
        for (path, body) in [("/metadata", metadata.as_str()), ("/keys", r#"{"keys":[]}"#)] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(format!("GET {path} HTTP/1.1\r\n").as_bytes()));
            let head = format!("200 OK\r\nConnection: close\r\nContent-Length: {}", body.len());
            stream.write_all(&answer(&head, body.as_bytes())).await.unwrap();
        }
    });
    let place = KeyPlace::Metadata {
        url: format!("{root}/metadata").parse().unwrap(),
        issuer: "https://id.example/".to_owned(),
        hosts: Vec::new(),
    };
    let source = HttpKeySource::new(place, FetchLimits::default()).unwrap();
    assert_eq!(source.fetch().await.unwrap(), br#"{"keys":[]}"#);
    task.await.unwrap();
}
