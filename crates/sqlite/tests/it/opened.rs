//! Opening: again, by two, of other formats, of what is no database of ours.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use provost_scim::schema::GroupDisplayName;
use provost_sqlite::OpenError;
use provost_store::Error;
use rusqlite::Connection;
use serde_json::json;

use crate::world::{World, serve, try_open};

/// The steps of the formats, as they were released.
const STEPS: [&str; 3] = [
    include_str!("../../migrations/0001.sql"),
    include_str!("../../migrations/0002.sql"),
    include_str!("../../migrations/0003.sql"),
];

fn refusal(folder: &Path) -> OpenError {
    try_open(serve(folder), GroupDisplayName::Unique).err().expect("is refused")
}

fn raw(folder: &Path) -> Connection {
    Connection::open(folder.join("provost.db")).expect("opens")
}

#[tokio::test]
async fn what_was_written_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.create_user(1, json!({"userName": "ada"})).await.unwrap();
    world.create_group(101, "Crew", &[1]).await.unwrap();
    world.put("d", None, "1").await.unwrap();
    let before = world.state().await;
    drop(world);
    let world = World::open(folder.path()).await;
    assert_eq!(world.state().await, before);
    let taken = world.create_user(2, json!({"userName": "Ada"})).await;
    assert!(matches!(taken, Err(Error::Taken(_))));
    world.assert_sound();
}

#[tokio::test]
async fn folder_and_files_are_for_their_owner_alone() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("made/on/the/way");
    let world = World::open(&folder).await;
    world.create_user(1, json!({"userName": "ada"})).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for name in ["provost.db", "provost.db-wal", "provost.db-shm", "provost.lock"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_second_server_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    assert!(matches!(refusal(folder.path()), OpenError::Locked(_)));
    drop(world);
    World::open(folder.path()).await.assert_sound();
}

#[test]
fn a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(try_open(serve(folder.path()), GroupDisplayName::Unique).unwrap());
    raw(folder.path()).pragma_update(None, "user_version", 99).unwrap();
    let refusal = refusal(folder.path());
    assert!(matches!(refusal, OpenError::NewerFormat { found: 99, known: 3 }), "{refusal}");
    let text =
        "the database has format 99; this release knows formats up to 3: use a newer release";
    assert_eq!(refusal.to_string(), text);
}

#[tokio::test]
async fn every_older_format_is_brought_to_the_newest() {
    for format in 0..=STEPS.len() {
        let folder = tempfile::tempdir().unwrap();
        let older = raw(folder.path());
        STEPS[..format].iter().for_each(|step| older.execute_batch(step).unwrap());
        older.pragma_update(None, "user_version", format as i64).unwrap();
        drop(older);
        let world = World::open(folder.path()).await;
        world.create_user(1, json!({"userName": "ada"})).await.unwrap();
        world.assert_sound();
        let sql = "PRAGMA user_version";
        let newest: i64 = raw(folder.path()).query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(newest, STEPS.len() as i64);
    }
}

#[tokio::test]
async fn a_database_without_counts_gets_them() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    for n in 1..=3 {
        world.create_user(n, json!({"userName": format!("u{n}")})).await.unwrap();
    }
    drop(world);
    // Back to the first format.
    raw(folder.path())
        .execute_batch(
            "DROP TABLE audit; DROP TABLE trash; DROP TABLE population;
             ALTER TABLE feed_head DROP COLUMN next_audit; PRAGMA user_version = 1;",
        )
        .unwrap();
    let world = World::open(folder.path()).await;
    world.create_user(4, json!({"userName": "u4"})).await.unwrap();
    world.assert_sound();
}

#[test]
fn what_is_no_database_of_ours_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("provost.db");
    let text = "no database at all, but longer than the header of one".repeat(20);
    std::fs::write(&file, &text).unwrap();
    assert!(matches!(refusal(folder.path()), OpenError::NotADatabase));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);

    std::fs::remove_file(&file).unwrap();
    raw(folder.path()).execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(refusal(folder.path()), OpenError::NotADatabase));
    let theirs = raw(folder.path()).query_row("SELECT count(*) FROM theirs", [], |row| row.get(0));
    assert_eq!(theirs, Ok(0));
}

#[test]
fn a_resource_type_that_is_not_configured_is_named() {
    let folder = tempfile::tempdir().unwrap();
    drop(try_open(serve(folder.path()), GroupDisplayName::Unique).unwrap());
    raw(folder.path()).execute("INSERT INTO kind (name) VALUES ('Device')", []).unwrap();
    let refusal = refusal(folder.path());
    assert!(matches!(&refusal, OpenError::UnknownResourceType(name) if name == "Device"));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let outer = tempfile::tempdir().unwrap();
    let file = outer.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refusal = refusal(&file.join("data"));
    assert!(refusal.to_string().ends_with("file/data"), "{refusal}");
}
