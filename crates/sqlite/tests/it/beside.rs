//! A command beside a server, and before there is one.

use provost_scim::schema::GroupDisplayName;
use provost_sqlite::Options;
use provost_store::{Error, Rev, Store as _};
use serde_json::json;
use tokio::task::JoinSet;

use crate::world::{World, serve};

#[tokio::test]
async fn a_document_of_a_command_is_seen_by_the_servers_next_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = World::open(folder.path()).await;
    let command = World::with(Options::command(folder.path()), GroupDisplayName::Unique).await;
    assert_eq!(command.tenant, server.tenant);
    assert_eq!(command.put("d", None, "one").await.unwrap(), Rev(1));
    let seen = server.store.document(server.tenant, "d".into()).await.unwrap().unwrap();
    assert_eq!((seen.rev, &seen.body[..]), (Rev(1), &b"one"[..]));
    assert_eq!(server.put("d", Some(Rev(1)), "two").await.unwrap(), Rev(2));
    assert!(matches!(command.put("d", Some(Rev(1)), "three").await, Err(Error::Stale)));
}

#[tokio::test]
async fn a_command_may_come_first() {
    let folder = tempfile::tempdir().unwrap();
    let command = World::with(Options::command(folder.path()), GroupDisplayName::Free).await;
    command.put("d", None, "one").await.unwrap();
    let server = World::open(folder.path()).await;
    assert!(server.store.document(server.tenant, "d".into()).await.unwrap().is_some());
    server.create_group(101, "Crew", &[]).await.unwrap();
    server.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_and_a_server_write_in_turns_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = World::open(folder.path()).await;
    let command = World::with(Options::command(folder.path()), GroupDisplayName::Unique).await;
    let write = |world: World, base: u128| async move {
        for n in base..base + 100 {
            world.create_user(n, json!({"userName": format!("u{n}")})).await.unwrap();
        }
    };
    let mut writers = JoinSet::new();
    writers.spawn(write(server.clone(), 0));
    writers.spawn(write(server.clone(), 1_000));
    writers.spawn(write(command, 2_000));
    writers.join_all().await;
    assert_eq!((server.total(server.user, None).await, server.events().await.len()), (300, 300));
    server.assert_sound();
}

#[tokio::test]
async fn a_command_with_other_indexes_leaves_keys_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = World::with(serve(folder.path()), GroupDisplayName::Free).await;
    server.create_group(101, "Crew", &[]).await.unwrap();
    let command = World::with(Options::command(folder.path()), GroupDisplayName::Unique).await;
    let refused = command.create_group(102, "Other", &[]).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))));
    assert_eq!(command.get(command.group, 101).await, server.get(server.group, 101).await);
    assert_eq!(command.events().await, server.events().await);
    command.put("d", None, "one").await.unwrap();
    server.assert_sound();
}
