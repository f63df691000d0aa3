//! Stops, starts and changes of the configuration while clients are at work.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use provost_testkit::server::TestServer;
use serde_json::{Value, json};

use crate::policy::{admin, set};
use crate::support::user;

const PRINCIPAL: &str = "urn:ietf:params:scim:schemas:extension:provost:2.0:Principal";
const CLIENTS: usize = 6;

/// What clients saw: the users that were created, and how often they were told to come later.
struct Seen {
    created: BTreeSet<String>,
    later: usize,
}

/// Has clients create users until somebody says stop.
async fn clients(server: Arc<TestServer>, stop: Arc<AtomicBool>) -> Seen {
    let mut work = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
        work.spawn(async move {
            let mut seen = Seen { created: BTreeSet::new(), later: 0 };
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                n += 1;
                let answer =
                    server.send("POST", "/Users", Some(&user(&format!("u{client}-{n}")))).await;
                match answer.status {
                    201 => {
                        seen.created.insert(answer.json()["id"].as_str().unwrap().to_owned());
                    }
                    503 | 429 => {
                        let seconds = answer.header("retry-after").unwrap().parse::<u64>();
                        assert!(seconds.is_ok(), "{answer}");
                        seen.later += 1;
                    }
                    _ => panic!("{answer}"),
                }
            }
            seen
        });
    }
    let mut all = Seen { created: BTreeSet::new(), later: 0 };
    while let Some(seen) = work.join_next().await {
        let seen = seen.unwrap();
        all.created.extend(seen.created);
        all.later += seen.later;
    }
    all
}

async fn ids(server: &TestServer) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    loop {
        let start = found.len() + 1;
        let path = format!("/Users?startIndex={start}&count=1000&attributes=id");
        let page = server.send("GET", &path, None).await.json();
        let rows = page["Resources"].as_array().cloned().unwrap_or_default();
        if rows.is_empty() {
            return found;
        }
        found.extend(rows.iter().map(|it: &Value| it["id"].as_str().unwrap().to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_loses_nothing_and_a_start_is_soon() {
    let server = Arc::new(TestServer::start().await);
    let stop = Arc::new(AtomicBool::new(false));
    let working = tokio::spawn(clients(Arc::clone(&server), Arc::clone(&stop)));
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(
            admin(&server, "POST", "/subsystem/stop", None).await.json()["state"],
            "STOPPED"
        );
        let begun = Instant::now();
        assert_eq!(
            admin(&server, "POST", "/subsystem/start", None).await.json()["state"],
            "RUNNING"
        );
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
    stop.store(true, Ordering::Relaxed);
    let seen = working.await.unwrap();
    assert!(seen.created.len() > 20 && seen.later > 0, "{} {}", seen.created.len(), seen.later);
    // What was acknowledged is there, and nothing else: no request was half done.
    assert_eq!(ids(&server).await, seen.created);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_configuration_is_seen_whole_or_not_at_all() {
    let server = Arc::new(TestServer::start().await);
    let defaults =
        |text: &str| json!([{"userDefaultDescription": text, "userDefaultProjectName": text}]);
    set(&server, "UserProvisioningDefaultSettings", defaults("A")).await;
    let stop = Arc::new(AtomicBool::new(false));
    let working = tokio::spawn(clients(Arc::clone(&server), Arc::clone(&stop)));
    for n in 0..40 {
        let text = if n % 2 == 0 { "B" } else { "A" };
        set(&server, "UserProvisioningDefaultSettings", defaults(text)).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let seen = working.await.unwrap();
    let mut texts = BTreeSet::new();
    for id in &seen.created {
        let found =
            server.send("GET", &format!("/Users/{id}?attributes={PRINCIPAL}"), None).await.json();
        let (description, project) =
            (&found[PRINCIPAL]["description"], &found[PRINCIPAL]["projectName"]);
        assert_eq!(description, project, "{found}");
        texts.insert(description.as_str().unwrap().to_owned());
    }
    assert_eq!(texts.len(), 2, "both were met: {texts:?}");
}

#[tokio::test]
async fn a_change_that_somebody_else_made_holds_within_a_second() {
    let (setup, store) = provost_testkit::server::Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    set(&server, "ProvisioningPolicy", json!([{"userLimit": 1}])).await;
    crate::support::created(&server, "/Users", &user("ann")).await;
    assert_eq!(server.send("POST", "/Users", Some(&user("bea"))).await.status, 403);
    // Another node, or a command, writes the document.
    let key = provost_platform::table::DOCUMENT;
    let present =
        provost_store::Store::document(&store, server.tenant, key.into()).await.unwrap().unwrap();
    let default = provost_platform::table::Configuration::default().to_document();
    let put = provost_store::DocumentPut::new(key, Some(present.rev), default);
    provost_store::Store::put_document(&store, server.tenant, put).await.unwrap();
    let begun = Instant::now();
    while server.send("POST", "/Users", Some(&user("bea"))).await.status == 403 {
        assert!(begun.elapsed() < Duration::from_secs(5), "it is not taken over");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
