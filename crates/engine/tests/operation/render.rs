//! What a client sees.

use serde_json::json;

use crate::support::{World, refused};

#[tokio::test]
async fn a_user_shows_its_groups_and_a_group_its_members_with_references() {
    let world = World::new().await;
    let ada = world.user("ada").await;
    let inner = world.group("Inner", &[&ada]).await;
    let outer = world.group("Outer", &[&inner]).await;
    let base = "https://scim.provost.example/v2";
    let groups = world.show(world.user, &ada).await["groups"].clone();
    assert_eq!(
        groups,
        json!([
            {"value": inner, "$ref": format!("{base}/Groups/{inner}"), "display": "Inner", "type": "direct"},
            {"value": outer, "$ref": format!("{base}/Groups/{outer}"), "display": "Outer", "type": "indirect"},
        ])
    );
    let members = world.show(world.group, &inner).await["members"].clone();
    let member = json!({"value": ada, "$ref": format!("{base}/Users/{ada}"), "type": "User", "display": "ada"});
    assert_eq!(members, json!([member]));
    assert_eq!(world.show(world.group, &outer).await["members"][0]["type"], "Group");
}

#[tokio::test]
async fn a_manager_is_completed_while_there_is_one() {
    let world = World::new().await;
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let boss = world
        .create(world.user, json!({"userName": "boss", "displayName": "The Boss"}))
        .await
        .unwrap();
    let boss = boss.id.to_string();
    let manager = json!({"value": boss, "displayName": "ignored", "$ref": "elsewhere"});
    let ada = world
        .create(world.user, json!({"userName": "ada", urn: {"manager": manager}}))
        .await
        .unwrap();
    let ada = ada.id.to_string();
    let shown = world.show(world.user, &ada).await;
    let reference = format!("https://scim.provost.example/v2/Users/{boss}");
    assert_eq!(
        shown[urn]["manager"],
        json!({"value": boss, "$ref": reference, "displayName": "The Boss"})
    );
    assert_eq!(shown["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:User", urn]));
    provost_engine::delete(&world.cx(), world.user, &boss, None).await.unwrap();
    assert_eq!(world.show(world.user, &ada).await[urn]["manager"], json!({"value": boss}));
}

#[tokio::test]
async fn meta_says_where_when_and_which_version() {
    let world = World::new().await;
    let ada = world.user("ada").await;
    let meta = world.show(world.user, &ada).await["meta"].clone();
    assert_eq!(
        meta,
        json!({
            "resourceType": "User",
            "created": "2023-11-14T22:13:20.000000Z",
            "lastModified": "2023-11-14T22:13:20.000000Z",
            "location": format!("https://scim.provost.example/v2/Users/{ada}"),
            "version": "W/\"1700000000000000\"",
        })
    );
}

#[tokio::test]
async fn more_members_than_an_answer_may_hold_are_refused_with_a_hint() {
    let mut world = World::new().await;
    let (ada, bea) = (world.user("ada").await, world.user("bea").await);
    let group = world.group("G", &[&ada, &bea]).await;
    world.policy.response_members_max = 1;
    let stored = provost_engine::read(&world.cx(), world.group, &group).await.unwrap();
    refused(
        world.print(vec![stored.clone()], &[], &[]).await,
        "tooMany: the answer would hold more than 1 members and groups; ask for fewer \
         resources, or with excludedAttributes=members",
    );
    let shown = world.print(vec![stored], &[], &["members"]).await.unwrap();
    assert_eq!(shown[0].get("members"), None);
}
