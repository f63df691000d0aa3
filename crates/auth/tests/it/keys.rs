//! The key set over time: cold, warm, rolled over, out of reach, and flooded with unknown names.

use std::time::Duration;

use ::http::HeaderMap;
use provost_auth::Answer;
use provost_auth::stand_in::StandIn;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{NONE, START, Script, World, bearer, claims, good, show, trust};

const DAY: u64 = 24 * 60 * 60;

fn world(script: Script) -> World {
    World::new(trust, script, START)
}

fn unknown(issuer: &StandIn, kid: &str) -> HeaderMap {
    let header = json!({"alg": "RS256", "kid": kid});
    bearer(&issuer.sign_with_header(&header, &claims(START)).unwrap())
}

#[track_caller]
fn check(answer: &Answer, want: &str) {
    let got = show(answer);
    assert!(got.starts_with(want), "{got}");
}

/// A hundred requests at once, all accepted.
async fn check_hundred(world: &World, issuer: &StandIn) {
    let mut requests = JoinSet::new();
    for _ in 0..100 {
        let (chain, headers) = (world.chain.clone(), good(issuer, START));
        requests.spawn(async move { chain.authenticate(&headers, &NONE.issued(), START).await });
    }
    for answer in requests.join_all().await {
        check(&answer, "accepted: jwt:our-app");
    }
}

#[tokio::test(start_paused = true)]
async fn hundred_cold_requests_make_one_fetch_and_wait_for_it() {
    let issuer = StandIn::generate().unwrap();
    let world = world(Script::Slow(Duration::from_secs(1), issuer.jwks()));
    check_hundred(&world, &issuer).await;
    assert_eq!(world.source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn cold_and_out_of_reach_is_unavailable_until_it_heals_by_itself() {
    let issuer = StandIn::generate().unwrap();
    let world = world(Script::Status(503));
    let headers = good(&issuer, START);
    let mut requests = JoinSet::new();
    for _ in 0..100 {
        let (chain, headers) = (world.chain.clone(), headers.clone());
        requests.spawn(async move { chain.authenticate(&headers, &NONE.issued(), START).await });
    }
    for answer in requests.join_all().await {
        check(&answer, "unavailable: the signing keys are not at hand; ask again in 1 s");
    }
    let fetches = world.source.fetches();
    assert!(fetches <= 3, "{fetches} fetches: not once a request");

    world.source.set(Script::Keys(issuer.jwks()));
    // Right after a failed fetch: the request waits for the next one to be due.
    check(&world.ask(&headers).await, "accepted");
}

#[tokio::test(start_paused = true)]
async fn cold_and_slow_is_unavailable_after_two_seconds_and_the_fetch_goes_on() {
    let issuer = StandIn::generate().unwrap();
    let world = world(Script::Slow(Duration::from_secs(4), issuer.jwks()));
    let (answer, took) = world.ask_timed(&good(&issuer, START)).await;
    check(&answer, "unavailable");
    assert_eq!(took, Duration::from_secs(2));
    world.pass(2).await;
    check(&world.ask(&good(&issuer, START)).await, "accepted");
    assert_eq!(world.source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn fifty_unknown_keys_make_one_fetch_in_five_minutes() {
    let issuer = StandIn::generate().unwrap();
    let world = world(Script::Keys(issuer.jwks()));
    check(&world.ask(&good(&issuer, START)).await, "accepted");
    assert_eq!(world.source.fetches(), 1);
    for flood in 0..50 {
        let answer = world.ask(&unknown(&issuer, &format!("flood-{flood}"))).await;
        check(&answer, &format!("rejected: the key set holds no usable key \"flood-{flood}\""));
    }
    assert_eq!(world.source.fetches(), 2);

    world.pass(299).await;
    world.ask(&unknown(&issuer, "again")).await;
    assert_eq!(world.source.fetches(), 2);
    world.pass(1).await;
    world.ask(&unknown(&issuer, "again")).await;
    assert_eq!(world.source.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn rolled_over_key_is_found_by_one_fetch_and_the_old_one_serves_on() {
    let (old, new) = (StandIn::generate().unwrap(), StandIn::generate().unwrap());
    let world = world(Script::Keys(old.jwks()));
    check(&world.ask(&good(&old, START)).await, "accepted");

    world.source.set(Script::Keys(both(&old, &new)));
    check(&world.ask(&good(&new, START)).await, "accepted");
    check(&world.ask(&good(&old, START)).await, "accepted");
    assert_eq!(world.source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn all_that_wait_for_a_rolled_over_key_share_one_fetch() {
    let (old, new) = (StandIn::generate().unwrap(), StandIn::generate().unwrap());
    let world = world(Script::Keys(old.jwks()));
    check(&world.ask(&good(&old, START)).await, "accepted");

    world.source.set(Script::Slow(Duration::from_secs(1), both(&old, &new)));
    check_hundred(&world, &new).await;
    assert_eq!(world.source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn known_key_never_waits_while_an_unknown_one_waits_two_seconds() {
    let (old, new) = (StandIn::generate().unwrap(), StandIn::generate().unwrap());
    let world = world(Script::Keys(old.jwks()));
    check(&world.ask(&good(&old, START)).await, "accepted");

    world.source.set(Script::Slow(Duration::from_secs(4), both(&old, &new)));
    let (answer, took) = world.ask_timed(&good(&new, START)).await;
    check(&answer, "unavailable"); // It may be in what is on its way.
    assert_eq!(took, Duration::from_secs(2));

    let (answer, took) = world.ask_timed(&good(&old, START)).await;
    check(&answer, "accepted");
    assert_eq!(took, Duration::ZERO);

    world.pass(2).await;
    let (answer, took) = world.ask_timed(&good(&new, START)).await;
    check(&answer, "accepted");
    assert_eq!(took, Duration::ZERO);
    assert_eq!(world.source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn client_that_leaves_does_not_stop_the_fetch() {
    let issuer = StandIn::generate().unwrap();
    let world = world(Script::Slow(Duration::from_secs(1), issuer.jwks()));
    let headers = good(&issuer, START);
    let left = tokio::time::timeout(Duration::from_millis(10), world.ask(&headers)).await;
    assert!(left.is_err());
    world.pass(1).await;
    check(&world.ask(&headers).await, "accepted");
    assert_eq!(world.source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn last_good_set_serves_for_a_day_whatever_comes_instead() {
    for trouble in [
        Script::Status(503),
        Script::Bytes("<html>"),
        Script::Bytes(r#"{"keys":[]}"#),
        Script::Bytes(r#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#),
        Script::TooLarge,
    ] {
        let issuer = StandIn::generate().unwrap();
        let world = world(Script::Keys(issuer.jwks()));
        check(&world.ask(&good(&issuer, START)).await, "accepted");
        world.source.set(trouble);
        world.pass(3600).await;
        assert_eq!(world.source.fetches(), 2);
        world.pass(DAY - 3601).await;
        check(&world.ask(&good(&issuer, world.now())).await, "accepted");
        world.pass(1).await;
        check(&world.ask(&good(&issuer, world.now())).await, "unavailable");

        world.source.set(Script::Keys(issuer.jwks()));
        world.pass(5).await;
        check(&world.ask(&good(&issuer, world.now())).await, "accepted");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_refreshed_every_hour_and_five_minutes_after_a_failure() {
    let issuer = StandIn::generate().unwrap();
    let world = world(Script::Keys(issuer.jwks()));
    world.settle().await;
    assert_eq!(world.source.fetches(), 1);
    world.pass(3599).await;
    assert_eq!(world.source.fetches(), 1);
    world.pass(1).await;
    assert_eq!(world.source.fetches(), 2);
    world.source.set(Script::Status(500));
    world.pass(3600).await;
    assert_eq!(world.source.fetches(), 3);
    world.pass(299).await;
    assert_eq!(world.source.fetches(), 3);
    world.pass(1).await;
    assert_eq!(world.source.fetches(), 4);
}

#[tokio::test(start_paused = true)]
async fn clock_that_jumps_costs_no_more_than_a_fetch() {
    let issuer = StandIn::generate().unwrap();
    let world = world(Script::Keys(issuer.jwks()));
    check(&world.ask(&good(&issuer, START)).await, "accepted");
    world.ask(&unknown(&issuer, "x")).await;
    assert_eq!(world.source.fetches(), 2);

    // A day ahead: the set looks too old, and nobody sleeps a day less for it.
    world.set_clock(START + 2 * DAY as i64);
    check(&world.ask(&good(&issuer, world.now())).await, "accepted");
    assert_eq!(world.source.fetches(), 3);

    // Back again: the set seems to come from the future, and an unknown key may still ask.
    world.set_clock(START);
    check(&world.ask(&good(&issuer, START)).await, "accepted");
    world.set_clock(START - 3600);
    world.ask(&unknown(&issuer, "x")).await;
    assert_eq!(world.source.fetches(), 4);
}

#[tokio::test(start_paused = true)]
async fn stopped_task_leaves_the_keys_it_had_and_nobody_waits_for_more() {
    let issuer = StandIn::generate().unwrap();
    let world = world(Script::Keys(issuer.jwks()));
    check(&world.ask(&good(&issuer, START)).await, "accepted");
    world.task.abort();
    world.settle().await;

    check(&world.ask(&good(&issuer, START)).await, "accepted");
    let (answer, took) = world.ask_timed(&unknown(&issuer, "x")).await;
    check(&answer, "rejected: the key set holds no usable key \"x\"");
    assert_eq!(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn two_keys_of_one_name_are_both_tried() {
    let (first, second) = (StandIn::generate().unwrap(), StandIn::generate().unwrap());
    let mut keys = both(&first, &second);
    keys["keys"][1]["kid"] = json!(first.key_id());
    let world = world(Script::Keys(keys));
    let header = json!({"alg": "RS256", "kid": first.key_id()});
    for issuer in [&first, &second] {
        let token = issuer.sign_with_header(&header, &claims(START)).unwrap();
        check(&world.ask(&bearer(&token)).await, "accepted");
    }
}

#[tokio::test(start_paused = true)]
async fn token_that_names_no_key_needs_a_set_of_one() {
    let (first, second) = (StandIn::generate().unwrap(), StandIn::generate().unwrap());
    let token = first.sign_with_header(&json!({"alg": "RS256"}), &claims(START)).unwrap();

    let one = world(Script::Keys(first.jwks()));
    check(&one.ask(&bearer(&token)).await, "accepted");
    let two = world(Script::Keys(both(&first, &second)));
    for _ in 0..2 {
        check(&two.ask(&bearer(&token)).await, "rejected: the token names no key");
    }
    assert_eq!(two.source.fetches(), 1);
}

fn both(first: &StandIn, second: &StandIn) -> Value {
    let mut keys = first.jwks();
    keys["keys"].as_array_mut().unwrap().push(second.jwks()["keys"][0].clone());
    keys
}
