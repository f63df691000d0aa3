//! Keys when the indexes change.

use provost_scim::schema::GroupDisplayName;
use provost_sqlite::OpenError;
use provost_store::Error;
use rusqlite::Connection;
use serde_json::json;

use crate::world::{World, id, serve, try_open};

#[tokio::test]
async fn changed_indexes_rebuild_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    for (names, unique) in [
        (GroupDisplayName::Free, false),
        (GroupDisplayName::Unique, true),
        (GroupDisplayName::Free, false),
    ] {
        let world = World::with(serve(folder.path()), names).await;
        world.assert_sound();
        if world.get(world.group, 101).await.is_none() {
            world.create_group(101, "Crew", &[]).await.unwrap();
        }
        assert_eq!(world.total(world.group, Some(r#"displayName eq "CREW""#)).await, 1);
        let again = world.create_group(102, "crew", &[]).await;
        assert_eq!(matches!(again, Err(Error::Taken(_))), unique);
        if again.is_ok() {
            world.delete(world.group, 102).await.unwrap();
        }
        world.assert_sound();
    }
}

#[tokio::test]
async fn two_of_one_name_keep_it_from_becoming_unique() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with(serve(folder.path()), GroupDisplayName::Free).await;
    world.create_group(101, "Secret name", &[]).await.unwrap();
    world.create_group(102, "SECRET NAME", &[]).await.unwrap();
    drop(world);
    let refusal = try_open(serve(folder.path()), GroupDisplayName::Unique).err().unwrap();
    let OpenError::NotUnique { attribute, first, second } = &refusal else { panic!("{refusal}") };
    assert_eq!(attribute, "urn:ietf:params:scim:schemas:core:2.0:Group:displayName");
    assert_eq!((*first, *second), (id(101), id(102)));
    assert!(!refusal.to_string().to_lowercase().contains("secret"), "{refusal}");
    // Nothing of the attempt is left.
    World::with(serve(folder.path()), GroupDisplayName::Free).await.assert_sound();
}

#[tokio::test]
async fn keys_of_another_format_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    for n in 1..=20 {
        let emails = json!([{"value": format!("u{n}@x.example")}, {"value": "all@x.example"}]);
        let json = json!({"userName": format!("u{n}"), "externalId": "x", "emails": emails});
        world.create_user(n, json).await.unwrap();
    }
    drop(world);
    let raw = Connection::open(folder.path().join("provost.db")).unwrap();
    raw.execute_batch(
        "UPDATE meta SET value = 'format 0'; UPDATE value_key SET key = CAST('0' || key AS BLOB)",
    )
    .unwrap();
    drop(raw);
    let world = World::open(folder.path()).await;
    world.assert_sound();
    assert_eq!(world.total(world.user, Some(r#"emails.value eq "all@x.example""#)).await, 20);
}
