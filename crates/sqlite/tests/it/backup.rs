//! Copies of a database in use.

use std::os::unix::fs::PermissionsExt as _;

use provost_sqlite::BackupError;
use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_whole_while_writers_write() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.create_user(1, json!({"userName": "first"})).await.unwrap();
    let writer = world.clone();
    let writing = tokio::spawn(async move {
        for n in 2..400 {
            writer.create_user(n, json!({"userName": format!("u{n}")})).await.unwrap();
        }
    });
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("provost.db");
    let store = world.store.clone();
    let to = copy.clone();
    tokio::task::spawn_blocking(move || store.backup(&to)).await.unwrap().unwrap();
    writing.await.unwrap();
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(copies.path()).unwrap().count(), 1, "one file, and nothing else");
    let copied = World::open(copies.path()).await;
    copied.assert_sound();
    let users = copied.total(copied.user, None).await;
    assert!((1..=399).contains(&users), "{users}");
    assert_eq!(world.events().await[..users as usize], copied.events().await);
}

#[tokio::test]
async fn a_file_that_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let file = folder.path().join("copy");
    std::fs::write(&file, "mine").unwrap();
    assert!(matches!(world.store.backup(&file), Err(BackupError::Exists(it)) if it == file));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    let nowhere = folder.path().join("no/such/folder/copy");
    assert!(matches!(world.store.backup(&nowhere), Err(BackupError::File { .. })));
}
