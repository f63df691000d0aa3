//! A log that was torn: what is left is what was committed, up to some commit.

use std::path::Path;
use std::sync::Arc;

use provost_scim::membership::Delta;
use provost_scim::schema::GroupDisplayName;
use provost_sqlite::Options;
use provost_store::Rev;
use serde_json::json;
use tokio::task::JoinSet;

use crate::world::{World, id};

const DATABASE: &str = "provost.db";
const LOG: &str = "provost.db-wal";
/// The log begins with a header of 32 bytes; each frame has 24 bytes before its page.
const HEADER: usize = 32;

/// A database as it was before a run, and the log of the run.
struct Recorded {
    database: Vec<u8>,
    log: Vec<u8>,
    frame: usize,
}

impl Recorded {
    fn of(folder: &Path) -> Self {
        let read = |name| std::fs::read(folder.join(name)).expect("is there");
        let (database, log) = (read(DATABASE), read(LOG));
        let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
        Self { database, log, frame: 24 + page }
    }

    fn frames(&self) -> usize {
        (self.log.len() - HEADER) / self.frame
    }

    fn edge(&self, frame: usize) -> usize {
        HEADER + frame * self.frame
    }

    /// How many commits lie in the frames before one.
    fn commits_before(&self, frame: usize) -> usize {
        let is_commit = |frame: &usize| {
            let at = self.edge(*frame) + 4;
            self.log[at..at + 4] != [0; 4] // The size of the database, after a commit only.
        };
        (0..frame).filter(is_commit).count()
    }

    /// Opens the database with another log.
    async fn reopened(&self, log: &[u8]) -> (tempfile::TempDir, World) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(DATABASE), &self.database).unwrap();
        std::fs::write(folder.path().join(LOG), log).unwrap();
        let world = World::open(folder.path()).await;
        (folder, world)
    }

    #[track_caller]
    fn assert_at(&self, frame: usize, found: &str, states: &[String]) {
        let commits = self.commits_before(frame);
        assert_eq!(found, states[commits], "{commits} commits in {frame} frames");
    }
}

/// A run whose log is not copied back: only a server does that.
async fn prepared(folder: &Path) -> World {
    drop(World::open(folder).await);
    World::with(Options::command(folder), GroupDisplayName::Unique).await
}

/// One write after the other: the state after each commit is known.
async fn record() -> (Recorded, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let world = prepared(folder.path()).await;
    let mut states = vec![world.state().await];
    for n in 0..30_u128 {
        match n % 6 {
            0 | 1 => {
                let emails = json!([{"value": format!("u{n}@x.example"), "type": "work"}]);
                let json = json!({"userName": format!("u{n}"), "emails": emails});
                world.create_user(n, json).await.unwrap();
            }
            2 => _ = world.create_group(100 + n, &format!("g{n}"), &[n - 2, n - 1]).await.unwrap(),
            3 => _ = world.put("d", (n > 3).then_some(Rev(n as i64 / 6)), "x").await.unwrap(),
            4 => {
                let delta = Delta::remove([id(n - 4)]);
                world.change_members(98 + n, delta).await.unwrap();
            }
            _ if n % 12 == 5 => _ = world.delete(world.user, n - 4).await.unwrap(),
            _ => {
                let json = json!({"userName": format!("renamed{n}")});
                world.change_user(n - 4, json).await.unwrap();
            }
        }
        states.push(world.state().await);
    }
    (Recorded::of(folder.path()), states)
}

/// A number below an end, the same in every run.
fn dice(seed: usize, end: usize) -> usize {
    (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % end
}

#[tokio::test]
async fn a_log_that_ends_anywhere_leaves_what_was_committed_before() {
    let (recorded, states) = record().await;
    let frames = recorded.frames();
    assert_eq!(recorded.commits_before(frames), states.len() - 1, "each write has its commit");
    for frame in 0..frames {
        let edge = recorded.edge(frame);
        for cut in [edge, edge + 1 + dice(frame, recorded.frame - 1)] {
            let (_folder, world) = recorded.reopened(&recorded.log[..cut]).await;
            recorded.assert_at(frame, &world.state().await, &states);
            world.assert_sound();
        }
    }
    for cut in [0, 1, HEADER - 1] {
        let (_folder, world) = recorded.reopened(&recorded.log[..cut]).await;
        assert_eq!(world.state().await, states[0]);
    }
    let (_folder, world) = recorded.reopened(&recorded.log).await;
    assert_eq!(world.state().await, *states.last().unwrap());
}

#[tokio::test]
async fn a_damaged_log_counts_up_to_the_damage() {
    let (recorded, states) = record().await;
    let frames = recorded.frames();
    for frame in (0..frames).rev().take(40) {
        // The first 16 bytes of a frame and its page are covered by its checksum.
        let at = match dice(frame, 4) {
            0 => dice(frame + 1, 16),
            _ => 24 + dice(frame + 2, recorded.frame - 24),
        };
        let mut log = recorded.log.clone();
        log[recorded.edge(frame) + at] ^= 1 << dice(frame + 3, 8);
        let (_folder, world) = recorded.reopened(&log).await;
        recorded.assert_at(frame, &world.state().await, &states);
        world.assert_sound();
        // It writes on where the good part ends.
        world.create_user(999, json!({"userName": "later"})).await.unwrap();
        world.assert_sound();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_there_with_all_its_writes_or_with_none() {
    let folder = tempfile::tempdir().unwrap();
    let world = prepared(folder.path()).await;
    let mut writers = JoinSet::new();
    for n in 0..120_u128 {
        let world = world.clone();
        writers.spawn(async move {
            let json = json!({"userName": format!("u{n}"), "externalId": "x"});
            world.create_user(n, json).await.unwrap();
        });
    }
    writers.join_all().await;
    let recorded = Arc::new(Recorded::of(folder.path()));
    let frames = recorded.frames();
    let commits = recorded.commits_before(frames);
    assert!((1..60).contains(&commits), "{commits} commits of 120 writes");
    let mut after = vec![0];
    for frame in 0..frames {
        let (_folder, world) = recorded.reopened(&recorded.log[..recorded.edge(frame + 1)]).await;
        let users = world.total(world.user, Some(r#"externalId eq "x""#)).await;
        world.assert_sound();
        assert_eq!(users, world.events().await.len() as u64);
        if recorded.commits_before(frame + 1) == after.len() {
            after.push(users);
        }
        assert_eq!(after.last(), Some(&users), "half a batch after frame {frame}");
    }
    assert_eq!((after.len(), after.last()), (commits + 1, Some(&120)));
    assert!(after.is_sorted());
}
