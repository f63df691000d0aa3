//! The cases of the contract that need several clients at once.
#![allow(missing_docs, reason = "the names of the cases say what they check")]

use std::collections::BTreeSet;

use provost_scim::membership::Delta;
use serde_json::json;
use tokio::task::JoinSet;

use super::ground::{Ground, id};
use crate::{Applied, Error};

const CLIENTS: u128 = 5;
const EACH: u128 = 200;

pub async fn parallel_member_changes_lose_nothing(g: &Ground) {
    for n in 0..CLIENTS * EACH {
        g.create_user(n + 1_000, &format!("u{n}")).await;
    }
    g.create_group(101, "Crowd", &[]).await;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let g = g.clone();
        clients.spawn(async move {
            let mut last = 0;
            for n in 0..EACH {
                let member = 1_000 + client * EACH + n;
                let added = g.apply(g.member_change(101, Delta::add([id(member)]))).await.unwrap();
                assert!(matches!(added, Applied::Written { added: 1, .. }));
                assert!(added.version().0 > last, "the version did not grow");
                last = added.version().0;
                // Every third one goes again.
                if n.is_multiple_of(3) {
                    let gone = g.member_change(101, Delta::remove([id(member)]));
                    last = g.apply(gone).await.unwrap().version().0;
                }
            }
        });
    }
    let renamer = g.clone();
    clients.spawn(async move {
        for n in 0..50 {
            // Members never make a rename stale: only another rename could.
            let stored = renamer.get(renamer.group, id(101)).await;
            let rename = renamer.change_of(&stored, json!({"displayName": format!("Crowd {n}")}));
            renamer.apply(rename).await.unwrap();
        }
    });
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let expected: Vec<u128> =
        (0..CLIENTS * EACH).filter(|n| !(n % EACH).is_multiple_of(3)).map(|n| n + 1_000).collect();
    assert_eq!(g.members(101).await, expected);
    let events = g.events().await;
    let of_group = events.iter().filter(|it| it.id == id(101)).count() as u128;
    let removals = CLIENTS * EACH.div_ceil(3);
    assert_eq!(of_group, 1 + CLIENTS * EACH + removals + 50);
    assert_eq!(g.get(g.group, id(101)).await.rev.0, 51);
}

pub async fn parallel_creates_of_one_name_have_one_winner(g: &Ground) {
    let mut clients = JoinSet::new();
    for n in 1..=20_u128 {
        let g = g.clone();
        clients.spawn(async move {
            let name = if n % 2 == 0 { "ada" } else { "ADA" };
            let write = g.creation(g.user, n, json!({"userName": name}), &[]);
            match g.apply(write).await {
                Ok(_) => true,
                Err(Error::Taken(_)) => false,
                Err(other) => panic!("{other}"),
            }
        });
    }
    let mut winners = 0;
    while let Some(client) = clients.join_next().await {
        winners += u32::from(client.unwrap());
    }
    assert_eq!(winners, 1);
    assert_eq!(g.found(g.user, r#"userName eq "Ada""#).await.len(), 1);
    assert_eq!(g.events().await.len(), 1);
}

pub async fn a_dropped_write_is_done_once(g: &Ground) {
    let mut names = BTreeSet::new();
    for n in 1..=20_u128 {
        let write = g.creation(g.user, n, json!({"userName": format!("u{n}")}), &[]);
        let mut answer = g.store.apply(g.tenant, write);
        // Polled once, so it is submitted; then nobody waits for it.
        let polled = futures_poll_once(&mut answer).await;
        drop(answer);
        if let Some(done) = polled {
            done.unwrap();
        }
        names.insert(n);
    }
    // A later write is behind all of them.
    g.create_user(99, "last").await;
    let found: BTreeSet<u128> = g.found(g.user, r#"userName sw "u""#).await.into_iter().collect();
    assert_eq!(found, names);
    assert_eq!(g.events().await.len(), 21);
}

async fn futures_poll_once<T>(answer: &mut crate::Answer<'_, T>) -> Option<Result<T, Error>> {
    std::future::poll_fn(|cx| match answer.as_mut().poll(cx) {
        std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}
