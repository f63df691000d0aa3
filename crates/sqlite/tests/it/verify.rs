//! What the check of a database finds.

use provost_sqlite::Flaw;
use rusqlite::Connection;
use serde_json::json;

use crate::world::{World, id};

async fn check(tamper: &str, expected: impl Fn(&World) -> Vec<Flaw>) {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let json = json!({"userName": "ada", "externalId": "x", "title": "Lead"});
    world.create_user(1, json).await.unwrap();
    world.create_user(2, json!({"userName": "bea"})).await.unwrap();
    world.create_group(101, "Crew", &[1, 2]).await.unwrap();
    world.change_user(2, json!({"userName": "bea", "active": true})).await.unwrap();
    world.delete(world.user, 2).await.unwrap();
    world.assert_sound();
    let raw = Connection::open(folder.path().join("provost.db")).unwrap();
    raw.pragma_update(None, "foreign_keys", false).unwrap();
    raw.execute_batch(tamper).unwrap();
    assert_eq!(world.store.verify().unwrap(), expected(&world), "{tamper}");
}

const ADA: &str = "x'00000000000000000000000000000001'";

#[tokio::test]
async fn keys_that_are_not_those_of_the_body_are_found() {
    let keys = |world: &World| vec![Flaw::Keys(world.tenant, id(1))];
    check(&format!("DELETE FROM value_key WHERE id = {ADA}"), keys).await;
    check(&format!("DELETE FROM unique_key WHERE id = {ADA}"), keys).await;
    check("UPDATE value_key SET key = x'79'", keys).await;
    check("INSERT INTO value_key VALUES (1, 1, 2, x'7a', x'05', 77)", |_| vec![Flaw::LostKeys(1)])
        .await;
}

#[tokio::test]
async fn a_body_that_the_feed_does_not_lead_to_is_found() {
    let feed = |world: &World| vec![Flaw::Feed(world.tenant, id(1))];
    let other = r#"CAST('{"userName":"ada","externalId":"x","title":"Boss"}' AS BLOB)"#;
    check(&format!("UPDATE resource SET body = {other} WHERE id = {ADA}"), feed).await;
    check(&format!("UPDATE resource SET version = version + 1 WHERE id = {ADA}"), feed).await;
    check(&format!("UPDATE resource SET body = x'7b' WHERE id = {ADA}"), |world| {
        vec![Flaw::Body(world.tenant, id(1)), Flaw::LostKeys(2), Flaw::Feed(world.tenant, id(1))]
    })
    .await;
}

#[tokio::test]
async fn memberships_that_contradict_are_found() {
    check("DELETE FROM member", |world| vec![Flaw::Feed(world.tenant, id(101))]).await;
    check("UPDATE member SET member_id = x'09'", |_| vec![Flaw::Membership(id(101))]).await;
}

#[tokio::test]
async fn holes_in_the_feed_are_found() {
    check("UPDATE feed_head SET next_seq = 9", |world| vec![Flaw::Gap(world.tenant, 6, 9)]).await;
    check("DELETE FROM feed WHERE seq = 1", |world| {
        vec![Flaw::Gap(world.tenant, 6, 7), Flaw::Feed(world.tenant, id(1))]
    })
    .await;
}

#[tokio::test]
async fn lost_rows_are_found() {
    check("DELETE FROM kind WHERE name = 'User'", |_| {
        let lost = |table: &str| Flaw::File(format!("a row of {table} refers to no kind"));
        let mut flaws = vec![lost("feed"); 4];
        flaws.insert(0, lost("population"));
        flaws.push(lost("resource"));
        flaws
    })
    .await;
}

#[tokio::test]
async fn a_wrong_number_of_resources_is_found() {
    check("UPDATE population SET resources = 7 WHERE resources = 1 AND kind = 1", |world| {
        vec![Flaw::Population(world.tenant, 1, "User".into(), 7)]
    })
    .await;
    check("DELETE FROM population WHERE kind = 2", |world| {
        vec![Flaw::Population(world.tenant, 1, "Group".into(), 0)]
    })
    .await;
}
