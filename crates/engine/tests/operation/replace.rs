//! PUT.

use provost_engine::Put;
use provost_store::IfMatch;
use provost_store::memory::Fault;
use serde_json::json;

use crate::support::{World, refused};

#[tokio::test]
async fn what_a_put_leaves_out_is_unassigned() {
    let world = World::new().await;
    let user = json!({"userName": "ada", "title": "Lead", "emails": [{"value": "a@x.example"}]});
    let id = world.create(world.user, user).await.unwrap().id.to_string();
    let put =
        json!({"userName": "ada", "nickName": "A", "id": "another", "meta": {"version": "x"}});
    assert!(world.put(world.user, &id, put).await.unwrap().changed);
    let shown = world.show(world.user, &id).await;
    assert_eq!((shown.get("title"), shown.get("emails")), (None, None));
    assert_eq!((shown["nickName"].as_str(), shown["id"].as_str()), (Some("A"), Some(id.as_str())));
}

#[tokio::test]
async fn a_put_that_is_silent_about_active_keeps_it() {
    let world = World::new().await;
    let id = world.user("ada").await;
    world.put(world.user, &id, json!({"userName": "ada", "active": false})).await.unwrap();
    world.put(world.user, &id, json!({"userName": "ada", "title": "x"})).await.unwrap();
    assert_eq!(world.show(world.user, &id).await["active"], false);
}

#[tokio::test]
async fn a_put_that_is_silent_about_members_keeps_them() {
    let world = World::new().await;
    let (ada, bea) = (world.user("ada").await, world.user("bea").await);
    let group = world.group("G", &[&ada]).await;
    world.put(world.group, &group, json!({"displayName": "H"})).await.unwrap();
    assert_eq!(world.members(&group).await, [ada.as_str()]);
    let members = json!([{"value": bea, "display": "ignored", "$ref": "Users/x"}]);
    world.put(world.group, &group, json!({"displayName": "H", "members": members})).await.unwrap();
    assert_eq!(world.members(&group).await, [bea.as_str()]);
    world.put(world.group, &group, json!({"displayName": "H", "members": []})).await.unwrap();
    assert_eq!(world.members(&group).await, [""; 0]);
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let world = World::new().await;
    let ada = world.user("ada").await;
    let group = world.group("G", &[&ada]).await;
    let before = world.show(world.group, &group).await;
    let same = json!({"displayName": "G", "members": [{"value": ada}]});
    assert!(!world.put(world.group, &group, same).await.unwrap().changed);
    assert_eq!(world.show(world.group, &group).await, before);
}

#[tokio::test]
async fn a_merging_put_keeps_what_it_leaves_out_and_clears_what_it_nulls() {
    let mut world = World::new().await;
    world.policy.put = Put::Merge;
    let user = json!({"userName": "ada", "title": "Lead", "nickName": "A"});
    let id = world.create(world.user, user).await.unwrap().id.to_string();
    let put = json!({"userName": "ada", "nickName": null, "locale": "nb"});
    world.put(world.user, &id, put).await.unwrap();
    let shown = world.show(world.user, &id).await;
    assert_eq!((shown["title"].as_str(), shown.get("nickName")), (Some("Lead"), None));
    assert_eq!(shown["locale"], "nb");
}

#[tokio::test]
async fn a_version_that_is_not_there_is_a_failed_precondition() {
    let world = World::new().await;
    let id = world.user("ada").await;
    let put = json!({"userName": "ada", "title": "x"});
    let answer = world.put_if(world.user, &id, put, Some(IfMatch::OneOf(vec![]))).await;
    refused(answer, &format!("412: User {id} has another version than If-Match names"));
}

#[tokio::test]
async fn a_resource_that_changed_meanwhile_is_read_again() {
    let world = World::new().await;
    let id = world.user("ada").await;
    world.memory.fail_next(Fault::Stale);
    let put = json!({"userName": "ada", "title": "x"});
    assert!(world.put(world.user, &id, put).await.unwrap().changed);
    assert_eq!(world.show(world.user, &id).await["title"], "x");
}

#[tokio::test]
async fn a_resource_that_keeps_changing_is_given_up() {
    let mut world = World::new().await;
    let id = world.user("ada").await;
    world.policy.attempts_max = 1;
    world.memory.fail_next(Fault::Stale);
    refused(world.put(world.user, &id, json!({"userName": "x"})).await, "the store is busy");
}
