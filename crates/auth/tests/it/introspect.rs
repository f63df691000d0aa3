//! Introspection over real HTTP, by an authorization server in all its states.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use provost_auth::{
    Answer, Chain, IntrospectMethod, IntrospectionHealth, IntrospectionTrust, RunAs,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::{NONE, START, bearer, show};

/// An authorization server on loopback, and a chain that asks it.
struct World {
    chain: Arc<Chain>,
    answer: Arc<Mutex<(u16, String)>>,
    requests: Arc<AtomicUsize>,
    seen: Arc<Mutex<String>>,
}

impl World {
    async fn new() -> Self {
        Self::with_run_as(None).await
    }

    async fn with_run_as(run_as: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/as/introspect.oauth2", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((200, String::new())));
        let (requests, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::default()));
        let trust = IntrospectionTrust {
            endpoint: endpoint.parse().unwrap(),
            client_id: "us & co".to_owned(),
            client_secret: "s:cret".into(),
            accepted_client: "scim".to_owned(),
            run_as: run_as.map(Into::into),
        };
        let chain = Chain::opaque_only().with_introspection(IntrospectMethod::new(trust).unwrap());
        let world = Self { chain: Arc::new(chain), answer, requests, seen };
        let (answer, requests, seen) =
            (world.answer.clone(), world.requests.clone(), world.seen.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (answer, requests, seen) = (answer.clone(), requests.clone(), seen.clone());
                tokio::spawn(async move {
                    let mut request = vec![0; 65_536];
                    let read = stream.read(&mut request).await.unwrap();
                    requests.fetch_add(1, Ordering::SeqCst);
                    *seen.lock().unwrap() = String::from_utf8_lossy(&request[..read]).into_owned();
                    let (status, body) = answer.lock().unwrap().clone();
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    let head = format!(
                        "HTTP/1.1 {status} S\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    );
                    stream.write_all((head + &body).as_bytes()).await.unwrap();
                });
            }
        });
        world
    }

    fn says(&self, status: u16, body: impl ToString) {
        *self.answer.lock().unwrap() = (status, body.to_string());
    }

    fn active(&self) -> serde_json::Value {
        json!({"active": true, "client_id": "scim", "username": "Administrator", "exp": START + 600})
    }

    async fn ask(&self, token: &str, now: i64) -> Answer {
        self.chain.authenticate(&bearer(token), &NONE.issued(), now).await
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_token_that_is_active_runs_as_the_user_it_names() {
    let world = World::new().await;
    world.says(200, world.active());
    let Answer::Accepted(caller) = world.ask("reference.token", START).await else {
        panic!("refused")
    };
    assert_eq!(
        (&*caller.principal, caller.run_as),
        ("client:scim", RunAs::User("Administrator".into()))
    );
    let seen = world.seen.lock().unwrap().clone();
    assert!(seen.starts_with("POST /as/introspect.oauth2 HTTP/1.1\r\n"), "{seen}");
    // us+%26+co:s%3Acret
    assert!(seen.contains("authorization: Basic dXMrJTI2K2NvOnMlM0FjcmV0\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\ntoken=reference.token&token_type_hint=access_token"), "{seen}");
}

#[tokio::test]
async fn other_answers_are_refusals() {
    let world = World::new().await;
    let with = |name: &str, value: serde_json::Value| {
        let mut answer = world.active();
        answer[name] = value;
        answer
    };
    for (n, (answer, want)) in [
        (
            json!({"active": false}),
            "rejected: the authorization server says that the token is not active",
        ),
        (
            with("client_id", json!("other")),
            "rejected: the calling application is \"other\", which is not accepted",
        ),
        (
            with("client_id", json!(null)),
            "rejected: the calling application is \"\", which is not accepted",
        ),
        (
            with("username", json!(null)),
            "rejected: the authorization server names no user for the token (`username`)",
        ),
        (with("exp", json!(START)), "rejected: expired 0 s ago"),
    ]
    .into_iter()
    .enumerate()
    {
        world.says(200, answer);
        assert_eq!(show(&world.ask(&format!("token{n}"), START).await), want);
    }
}

#[tokio::test]
async fn an_outage_is_no_fault_of_the_token() {
    let world = World::new().await;
    for (n, (status, body)) in
        [(503, ""), (401, ""), (200, "<html>"), (200, "{}"), (302, ""), (200, "[]")]
            .iter()
            .enumerate()
    {
        world.says(*status, body);
        let answer = world.ask(&format!("token{n}"), START).await;
        assert!(matches!(answer, Answer::Unavailable(_)), "{status} {body}: {}", show(&answer));
    }
    world.says(200, world.active());
    assert!(
        matches!(world.ask("token0", START).await, Answer::Accepted(_)),
        "nothing is remembered"
    );
    let mut huge = world.active();
    huge["more"] = json!("x".repeat(600_000));
    world.says(200, huge);
    assert!(matches!(world.ask("huge", START).await, Answer::Unavailable(_)));
}

#[tokio::test]
async fn who_watches_the_server_is_told_since_when_there_is_no_answer() {
    let world = World::new().await;
    let health = |now| world.chain.introspection_health(now);
    assert_eq!(health(START), Some(IntrospectionHealth::Answering), "nobody asked yet");
    world.says(503, "");
    world.ask("a", START).await;
    world.ask("b", START + 5).await;
    assert_eq!(health(START + 7), Some(IntrospectionHealth::Failing { seconds: 7 }));
    world.says(200, json!({"active": false}));
    world.ask("a", START + 8).await;
    assert_eq!(health(START + 8), Some(IntrospectionHealth::Answering));
    assert_eq!(Chain::opaque_only().introspection_health(START), None);
}

#[tokio::test]
async fn the_settings_may_say_whom_tokens_run_as_in_place_of_the_answer() {
    let world = World::with_run_as(Some("Administrator")).await;
    for username in [json!("somebody"), json!(null)] {
        let mut answer = world.active();
        answer["username"] = username.clone();
        world.says(200, answer);
        let answer = world.ask(&username.to_string(), START).await;
        let Answer::Accepted(caller) = answer else { panic!("{}", show(&answer)) };
        assert_eq!(caller.run_as, RunAs::User("Administrator".into()));
    }
}

#[tokio::test]
async fn answers_are_believed_for_a_while_and_no_longer_than_the_token_lives() {
    let world = World::new().await;
    world.says(200, world.active());
    assert!(matches!(world.ask("a", START).await, Answer::Accepted(_)));
    world.says(200, json!({"active": false}));
    assert!(matches!(world.ask("a", START + 59).await, Answer::Accepted(_)));
    assert_eq!(world.requests(), 1);
    assert!(matches!(world.ask("a", START + 60).await, Answer::Rejected(_)));
    assert_eq!(world.requests(), 2);
    world.says(200, world.active());
    assert!(matches!(world.ask("a", START + 64).await, Answer::Rejected(_)), "for five seconds");
    assert!(matches!(world.ask("a", START + 65).await, Answer::Accepted(_)));
    let mut short = world.active();
    short["exp"] = json!(START + 10);
    world.says(200, short);
    assert!(matches!(world.ask("b", START).await, Answer::Accepted(_)));
    let before = world.requests();
    assert!(matches!(world.ask("b", START + 10).await, Answer::Rejected(_)));
    assert_eq!(world.requests(), before + 1, "asked again when it ended");
}

#[tokio::test]
async fn all_who_ask_about_one_token_at_once_wait_for_one_answer() {
    let world = World::new().await;
    world.says(200, world.active());
    let mut asking = JoinSet::new();
    for _ in 0..100 {
        let chain = world.chain.clone();
        asking.spawn(async move { chain.authenticate(&bearer("a"), &NONE.issued(), START).await });
    }
    for answer in asking.join_all().await {
        assert!(matches!(answer, Answer::Accepted(_)), "{}", show(&answer));
    }
    assert_eq!(world.requests(), 1);
}
