//! Members by PATCH.

use provost_engine::UnknownMember;
use provost_scim::patch::GroupReplace;
use serde_json::{Value, json};

use crate::support::{World, id, refused};

fn add(ids: &[&str]) -> Value {
    let members: Vec<Value> = ids.iter().map(|id| json!({"value": id})).collect();
    json!([{"op": "add", "path": "members", "value": members}])
}

#[tokio::test]
async fn members_are_added_and_removed_without_touching_the_others() {
    let world = World::new().await;
    let (ada, bea) = (world.user("ada").await, world.user("bea").await);
    let group = world.group("G", &[]).await;
    assert!(world.patch(world.group, &group, add(&[&ada])).await.unwrap().changed);
    assert!(world.patch(world.group, &group, add(&[&bea])).await.unwrap().changed);
    assert!(!world.patch(world.group, &group, add(&[&bea])).await.unwrap().changed);
    let remove = json!([{"op": "remove", "path": "members", "value": [{"value": ada}]}]);
    world.patch(world.group, &group, remove).await.unwrap();
    assert_eq!(world.members(&group).await, [bea.as_str()]);
}

#[tokio::test]
async fn an_unknown_member_is_refused_by_its_id_or_skipped_and_reported() {
    let mut world = World::new().await;
    let ada = world.user("ada").await;
    let group = world.group("G", &[]).await;
    let nobody = id(77);
    let refusal =
        |id: &str| format!("invalidValue: \"{id}\" cannot be a member: there is no such resource");
    refused(world.patch(world.group, &group, add(&[&ada, &nobody])).await, &refusal(&nobody));
    refused(world.patch(world.group, &group, add(&["x y"])).await, &refusal("x y"));
    assert_eq!(world.members(&group).await, [""; 0]);
    world.policy.unknown_member = UnknownMember::Skip;
    let outcome = world.patch(world.group, &group, add(&[&ada, &nobody, "x"])).await.unwrap();
    let skipped: Vec<String> = outcome.deviations.iter().map(ToString::to_string).collect();
    assert_eq!(skipped, [format!("unknown-member({nobody})"), "unknown-member(x)".into()]);
    assert_eq!(world.members(&group).await, [ada.as_str()]);
}

#[tokio::test]
async fn a_group_within_itself_is_refused() {
    let world = World::new().await;
    let inner = world.group("Inner", &[]).await;
    let outer = world.group("Outer", &[&inner]).await;
    let text = format!(
        "invalidValue: {outer} cannot be a member of {inner}: the group would be a member of itself"
    );
    refused(world.patch(world.group, &inner, add(&[&outer])).await, &text);
}

#[tokio::test]
async fn a_filter_selects_members_after_the_operations_before_it() {
    let world = World::new().await;
    let (ada, bea) = (world.user("ada").await, world.user("bea").await);
    let inner = world.group("Inner", &[]).await;
    let group = world.group("G", &[&ada, &inner]).await;
    let ops = json!([
        {"op": "add", "path": "members", "value": [{"value": bea}]},
        {"op": "remove", "path": "members[type eq \"User\"]"},
        {"op": "add", "path": "members", "value": [{"value": ada}]},
    ]);
    world.patch(world.group, &group, ops).await.unwrap();
    assert_eq!(world.members(&group).await, [ada.as_str(), inner.as_str()]);
    let ops = json!([{"op": "remove", "path": "members[display eq \"INNER\"]"}]);
    world.patch(world.group, &group, ops).await.unwrap();
    assert_eq!(world.members(&group).await, [ada.as_str()]);
}

#[tokio::test]
async fn replace_sets_the_members_or_adds_to_them_by_option() {
    let mut world = World::new().await;
    let (ada, bea) = (world.user("ada").await, world.user("bea").await);
    let group = world.group("G", &[&ada]).await;
    let ops = json!([{"op": "replace", "path": "members", "value": [{"value": bea}]}]);
    world.patch(world.group, &group, ops).await.unwrap();
    assert_eq!(world.members(&group).await, [bea.as_str()]);
    world.policy.group_replace = GroupReplace::Additive;
    let ops = json!([{"op": "replace", "path": "members", "value": [{"value": ada}]}]);
    world.patch(world.group, &group, ops).await.unwrap();
    assert_eq!(world.members(&group).await, [ada.as_str(), bea.as_str()]);
}

#[tokio::test]
async fn a_rename_and_members_go_together() {
    let world = World::new().await;
    let ada = world.user("ada").await;
    let group = world.group("G", &[]).await;
    let ops =
        json!([{"op": "replace", "value": {"displayName": "H", "members": [{"value": ada}]}}]);
    world.patch(world.group, &group, ops).await.unwrap();
    let shown = world.show(world.group, &group).await;
    assert_eq!(
        (shown["displayName"].as_str(), shown["members"][0]["value"].as_str()),
        (Some("H"), Some(ada.as_str()))
    );
}
