//! A disk that is full, and a database that goes missing.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use provost_scim::schema::GroupDisplayName;
use provost_sqlite::Options;
use provost_store::{Error, Health, Store as _};
use serde_json::json;
use tokio::task::JoinSet;

use crate::world::{World, serve};

async fn until_healthy(world: &World) {
    let begun = Instant::now();
    while world.store.health().await.unwrap() != (Health { trouble: None }) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the store does not heal");
        tokio::task::yield_now().await;
    }
}

/// Writes until the disk is full, from eight sides; gives who was told that it is written.
async fn fill(world: &World) -> BTreeSet<u128> {
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let world = world.clone();
        writers.spawn(async move {
            let mut written = Vec::new();
            for n in writer * 1_000.. {
                let json = json!({"userName": format!("u{n}"), "title": "x".repeat(3_000)});
                match world.create_user(n, json).await {
                    Ok(_) => written.push(n),
                    Err(Error::Unavailable(_)) => return written,
                    Err(other) => panic!("{other}"),
                }
            }
            written
        });
    }
    writers.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_whole_batches_and_reads_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { pages_max: Some(300), ..serve(folder.path()) };
    let world = World::with(options, GroupDisplayName::Unique).await;
    let written = fill(&world).await;
    assert!(written.len() > 20, "{}", written.len());
    let found = |events: &[provost_store::Event]| -> BTreeSet<u128> {
        events.iter().map(|event| event.id.0.as_u128()).collect()
    };
    assert_eq!(found(&world.events().await), written);
    until_healthy(&world).await;
    world.assert_sound();
    drop(world);
    let world = World::open(folder.path()).await;
    assert_eq!(found(&world.events().await), written);
    world.create_user(99_999, json!({"userName": "later"})).await.unwrap();
    world.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_cannot_be_opened_again_writes_are_refused_and_health_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { pages_max: Some(300), ..serve(folder.path()) };
    let world = World::with(options, GroupDisplayName::Unique).await;
    let (here, away) = (folder.path().join("provost.db"), folder.path().join("away"));
    std::fs::rename(&here, &away).unwrap();
    fill(&world).await;
    let begun = Instant::now();
    let trouble = loop {
        match world.store.health().await.unwrap().trouble {
            Some(trouble) if trouble.contains("open") => break trouble,
            Some(_) | None => assert!(begun.elapsed() < Duration::from_secs(30)),
        }
        tokio::task::yield_now().await;
    };
    let refused = world.put("d", None, "1").await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{trouble}");
    std::fs::rename(&away, &here).unwrap();
    until_healthy(&world).await;
    world.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_disk_has_no_room_writes_are_refused_and_health_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { pages_max: Some(300), ..serve(folder.path()) };
    let world = World::with(options, GroupDisplayName::Unique).await;
    // Room is looked for where a file cannot be.
    let room = folder.path().join("provost.room");
    std::fs::create_dir(&room).unwrap();
    fill(&world).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(1) {
        let Health { trouble } = world.store.health().await.unwrap();
        assert!(trouble.is_some_and(|it| it.contains("full")), "it is not well yet");
        let refused = world.put("d", None, "1").await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    std::fs::remove_dir(&room).unwrap();
    until_healthy(&world).await;
    assert!(!room.exists());
    world.put("d", None, "1").await.unwrap();
    world.assert_sound();
}
