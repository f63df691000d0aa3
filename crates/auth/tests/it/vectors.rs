//! The 130 vectors of `testdata/jwt`, each with its verdict, at the second they were made.

use ::http::{HeaderMap, HeaderName, HeaderValue};
use provost_auth::{Answer, Binding, KeyCache, KeyHealth, Pair, Requirements, TrustedIssuer};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{Script, World, show};

const VECTORS: &str = include_str!("../../../../testdata/jwt/vectors.jsonl");
const JWKS: &str = include_str!("../../../../testdata/jwt/jwks.json");
const SETTINGS: &str = include_str!("../../../../testdata/jwt/settings.json");

/// Which issuers the settings name. Two of the vectors, `ok-v2` and `iss-v2-when-v1`, are for one of
/// these each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Issuers {
    Version1,
    Both,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    expect: String,
    keys: String,
    headers: Vec<Header>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
    #[serde(default)]
    then: String,
    #[serde(default)]
    times: usize,
}

impl Vector {
    fn all() -> impl Iterator<Item = Self> {
        VECTORS.lines().map(|line| serde_json::from_str(line).unwrap())
    }

    fn headers(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for Header { name, value, then, times } in &self.headers {
            let value = format!("{value}{}", then.repeat(*times));
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(&value).unwrap(),
            );
        }
        map
    }

    fn is_for(&self, issuers: Issuers) -> bool {
        match self.id.as_str() {
            "ok-v2" => issuers == Issuers::Both,
            "iss-v2-when-v1" => issuers == Issuers::Version1,
            _ => true,
        }
    }

    /// Asserts the verdict; gives the reason.
    #[track_caller]
    fn check(&self, answer: &Answer) -> String {
        let accepted = match answer {
            Answer::Accepted(_) => true,
            Answer::Rejected(_) | Answer::NotMine => false,
            Answer::Unavailable(_) => panic!("{}: no verdict", self.id),
        };
        assert_eq!(accepted, self.expect == "accept", "{}: {}", self.id, show(answer));
        format!("{:<28} {}\n", self.id, show(answer))
    }
}

fn keys(mode: &str) -> Value {
    serde_json::from_str::<Value>(JWKS).unwrap()[mode].clone()
}

fn world(issuers: Issuers) -> World {
    let settings: Value = serde_json::from_str(SETTINGS).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pair = &settings["pair"];
    let binding = Binding::AnyOf {
        client_id: text(&settings["client_id"]),
        claims: ["appid", "azp", "client_id", "aud"].map(String::from).into(),
        also: vec![Pair {
            caller_claim: text(&pair["caller_claim"]),
            caller: text(&pair["caller"]),
            audience: text(&pair["audience"]),
        }],
    };
    let pinned =
        Requirements { object_ids: vec![text(&settings["object_id"])], ..Requirements::default() };
    let trust = |keys: Arc<KeyCache>| {
        let first =
            TrustedIssuer::new(text(&settings["issuer"]), keys.clone(), binding, "Administrator");
        let mut trusted = vec![TrustedIssuer { requirements: pinned.clone(), ..first }];
        if issuers == Issuers::Both {
            let second = TrustedIssuer::new(
                text(&settings["issuer_v2"]),
                keys,
                Binding::AnyClient,
                "Administrator",
            );
            let requirements = Requirements {
                audiences: vec![text(&pair["audience"])],
                callers: vec![text(&pair["caller"])],
                ..pinned
            };
            trusted.push(TrustedIssuer { requirements, ..second });
        }
        trusted
    };
    World::new(trust, Script::Keys(keys("normal")), settings["made_at"].as_i64().unwrap())
}

#[tokio::test(start_paused = true)]
async fn every_vector_with_the_usual_keys_gets_its_verdict() {
    let reasons = play_usual(Issuers::Version1).await;
    insta::assert_snapshot!(reasons);
}

#[tokio::test(start_paused = true)]
async fn the_same_beside_an_issuer_of_version_2() {
    let reasons = play_usual(Issuers::Both).await;
    let of_version_2 = reasons.lines().filter(|line| line.starts_with("ok-v2 "));
    assert_eq!(of_version_2.count(), 1);
}

async fn play_usual(issuers: Issuers) -> String {
    let world = world(issuers);
    let (mut played, mut reasons) = (0, String::new());
    let vectors = Vector::all().filter(|vector| vector.keys == "normal" && vector.is_for(issuers));
    for vector in vectors {
        let answer = world.ask(&vector.headers()).await;
        reasons += &vector.check(&answer);
        played += 1;
    }
    assert_eq!(played, 122);
    // One fetch at the start, one for all the unknown keys.
    assert_eq!(world.source.fetches(), 2);
    reasons
}

/// The vectors that follow one another while the key server goes through its troubles. Before each,
/// an unknown key makes the server be asked, so that the trouble is met.
#[tokio::test(start_paused = true)]
async fn every_vector_of_troubled_keys_gets_its_verdict_and_none_waits() {
    let world = world(Issuers::Version1);
    let unknown = Vector::all().find(|vector| vector.id == "kid-unknown").unwrap();
    let (mut played, mut reasons) = (0, String::new());
    for vector in Vector::all().skip_while(|vector| vector.id != "warm-cache") {
        let fetches = world.source.fetches();
        world.source.set(script(&vector.keys));
        world.pass(300).await;
        if vector.keys != "rotated" {
            world.ask(&unknown.headers()).await;
            assert!(world.source.fetches() > fetches, "{}: not asked", vector.id);
        }
        let (answer, took) = world.ask_timed(&vector.headers()).await;
        reasons += &vector.check(&answer);
        assert_eq!(took, Duration::ZERO, "{}", vector.id);
        world.pass(20).await; // What was slow has come by then.
        played += 1;
    }
    assert_eq!(played, 8);
    insta::assert_snapshot!(reasons);
}

fn script(mode: &str) -> Script {
    match mode {
        "normal" | "rotated" => Script::Keys(keys(mode)),
        "outage" => Script::Status(503),
        "garbage" => Script::Bytes("<html>proxy error</html>"),
        "huge" => Script::TooLarge,
        "slow" => Script::Slow(Duration::from_secs(20), keys("normal")),
        "redirect" => Script::Status(302),
        other => panic!("unknown mode {other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn revoked_key_is_refused_after_the_next_refresh() {
    let world = world(Issuers::Version1);
    let old = Vector::all().find(|vector| vector.id == "ok-v1").unwrap().headers();
    let new = Vector::all().find(|vector| vector.id == "rollover-new-key").unwrap().headers();
    assert!(matches!(world.ask(&old).await, Answer::Accepted(_)));

    world.source.set(Script::Keys(keys("revoked")));
    world.pass(3599).await;
    assert!(matches!(world.ask(&old).await, Answer::Accepted(_)));
    world.pass(1).await;
    assert!(matches!(world.ask(&old).await, Answer::Rejected(_)));
    assert!(matches!(world.ask(&new).await, Answer::Accepted(_)));
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_key_server_is_seen_by_those_who_watch_and_felt_by_nobody_for_a_day() {
    let world = world(Issuers::Version1);
    let good = Vector::all().find(|vector| vector.id == "ok-v1").unwrap();
    let health = || world.cache.health(world.now());
    world.settle().await;
    assert_eq!(health(), KeyHealth::Fresh);
    world.source.set(script("outage"));
    world.pass(60 * 60).await;
    assert_eq!(health(), KeyHealth::Outdated { age_seconds: 60 * 60 });
    assert!(matches!(world.ask(&good.headers()).await, Answer::Accepted(_)));
    world.pass(23 * 60 * 60 - 1).await;
    assert_eq!(health(), KeyHealth::Outdated { age_seconds: 24 * 60 * 60 - 1 });
    world.pass(1).await;
    assert_eq!(health(), KeyHealth::Missing);
    assert!(matches!(world.ask(&good.headers()).await, Answer::Unavailable(_)));
    world.source.set(script("normal"));
    world.pass(5 * 60).await;
    assert_eq!(health(), KeyHealth::Fresh);
}
