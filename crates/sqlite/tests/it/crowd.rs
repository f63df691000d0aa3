//! Many writers, a writer that is held up, and callers that go away.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::path::Path;
use std::task::Poll;

use provost_scim::membership::Delta;
use provost_store::{Act, Error, Health, Store as _};
use rusqlite::Connection;
use serde_json::json;
use tokio::task::JoinSet;

use crate::world::{World, id};

/// What the queue holds, beside the write that the writer has taken.
const QUEUE: u128 = 1_024;

/// Keeps every writer from beginning, until it is dropped.
struct Hold(Connection);

impl Hold {
    fn new(folder: &Path) -> Self {
        let connection = Connection::open(folder.join("provost.db")).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(connection)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

fn creations(world: &World, range: std::ops::Range<u128>) -> JoinSet<(u128, Result<(), Error>)> {
    let mut writers = JoinSet::new();
    for n in range {
        let world = world.clone();
        writers.spawn(async move {
            let done = world.create_user(n, json!({"userName": format!("u{n}")})).await;
            (n, done.map(drop))
        });
    }
    writers
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_are_all_answered_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    for (n, done) in creations(&world, 0..600).join_all().await {
        done.unwrap_or_else(|error| panic!("{n}: {error}"));
    }
    assert_eq!((world.total(world.user, None).await, world.events().await.len()), (600, 600));
    world.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_busy_and_what_it_took_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let hold = Hold::new(folder.path());
    let mut writers = creations(&world, 0..QUEUE + 76);
    let (_, first) = writers.join_next().await.unwrap().unwrap();
    assert!(matches!(first, Err(Error::Busy)), "nothing else can be answered yet");
    drop(hold);
    let mut written = BTreeSet::new();
    for (n, done) in writers.join_all().await {
        match done {
            Ok(()) => assert!(written.insert(n)),
            Err(error) => assert!(matches!(error, Error::Busy), "{n}: {error}"),
        }
    }
    assert!(written.len() >= QUEUE as usize, "{}", written.len());
    let found: BTreeSet<u128> =
        world.events().await.iter().map(|event| event.id.0.as_u128()).collect();
    assert_eq!(found, written);
    world.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_full_by_bytes_too() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let hold = Hold::new(folder.path());
    let mut writers = JoinSet::new();
    for n in 0..5 {
        let world = world.clone();
        let body = "x".repeat(16 << 20);
        writers.spawn(async move { world.put(&format!("d{n}"), None, &body).await });
    }
    assert!(matches!(writers.join_next().await.unwrap().unwrap(), Err(Error::Busy)));
    drop(hold);
    for done in writers.join_all().await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_neither_undoes_nor_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let hold = Hold::new(folder.path());
    for n in 1..=50 {
        let mut answer = Box::pin(world.create_user(n, json!({"userName": format!("u{n}")})));
        // Polled once it is in the queue; the writer cannot have answered.
        poll_fn(|cx| {
            assert!(answer.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }
    drop(hold);
    // A later write is behind all of them.
    world.create_user(99, json!({"userName": "last"})).await.unwrap();
    assert_eq!((world.total(world.user, None).await, world.events().await.len()), (51, 51));
    world.assert_sound();
}

#[tokio::test]
async fn dropping_the_store_finishes_what_was_submitted() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let hold = Hold::new(folder.path());
    for n in 1..=50 {
        let mut answer = Box::pin(world.create_user(n, json!({"userName": format!("u{n}")})));
        poll_fn(|cx| {
            assert!(answer.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }
    drop(hold);
    drop(world);
    let world = World::open(folder.path()).await;
    assert_eq!(world.total(world.user, None).await, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_of_many_members_is_whole_among_others() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    for some in 0..6 {
        for (_, done) in creations(&world, some * 500..(some + 1) * 500).join_all().await {
            done.unwrap();
        }
    }
    world.create_group(9_000, "Crowd", &[]).await.unwrap();
    let everyone = || Delta::replace((0..3_000).map(id));
    let others = creations(&world, 4_000..4_200);
    let applied = world.change_members(9_000, everyone()).await.unwrap();
    for (_, done) in others.join_all().await {
        done.unwrap();
    }
    let again = world.change_members(9_000, everyone()).await.unwrap();
    assert_eq!(again.version(), applied.version());
    world.delete(world.group, 9_000).await.unwrap();
    let last = world.events().await.pop().unwrap();
    assert_eq!(last.removed, (0..3_000).map(id).collect::<Vec<_>>());
    world.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_panics_answers_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let mut write = world.creation(world.user, 1, json!({"userName": "ada"}), &[]);
    if let Act::Create { content, .. } = &mut write.act {
        // No engine of ours makes a key of an attribute without an index.
        let title = "urn:ietf:params:scim:schemas:core:2.0:User:title";
        let title = world.schemas().by_path(title).unwrap();
        content.values.add.push((title, (*b"x").into()));
    }
    assert!(matches!(world.apply(write).await, Err(Error::Unavailable(_))));
    // Its connection is opened again meanwhile.
    while let Err(error) = world.create_user(2, json!({"userName": "bea"})).await {
        assert!(matches!(error, Error::Unavailable(_)), "{error}");
        tokio::task::yield_now().await;
    }
    assert_eq!(world.store.health().await.unwrap(), Health { trouble: None });
    assert_eq!(world.total(world.user, None).await, 1);
    world.assert_sound();
}
