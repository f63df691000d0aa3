//! PATCH on bodies.

use serde_json::json;

use crate::support::{World, refused};

#[tokio::test]
async fn a_patch_applies_whole_or_not_at_all() {
    let world = World::new().await;
    let id = world.user("ada").await;
    let ops = json!([{"op": "add", "path": "title", "value": "x"}, {"op": "replace", "path": "active", "value": 7}]);
    refused(
        world.patch(world.user, &id, ops).await,
        "invalidValue: operation 2: User:active must be true or false, not the number 7",
    );
    assert_eq!(world.show(world.user, &id).await.get("title"), None);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_keeps_the_version() {
    let world = World::new().await;
    let id = world.user("ada").await;
    let before = world.show(world.user, &id).await;
    let ops = json!([{"op": "replace", "path": "active", "value": true}]);
    let outcome = world.patch(world.user, &id, ops).await.unwrap();
    assert!(!outcome.changed);
    assert_eq!(world.show(world.user, &id).await["meta"], before["meta"]);
}

#[tokio::test]
async fn a_rename_onto_a_taken_name_is_a_conflict_and_by_case_only_is_none() {
    let world = World::new().await;
    let (ada, _) = (world.user("ada").await, world.user("bea").await);
    let rename = |name: &str| json!([{"op": "replace", "path": "userName", "value": name}]);
    refused(
        world.patch(world.user, &ada, rename("BEA")).await,
        "uniqueness: another User has userName \"BEA\"; it must be unique",
    );
    world.patch(world.user, &ada, rename("Ada")).await.unwrap();
    assert_eq!(world.show(world.user, &ada).await["userName"], "Ada");
}

#[tokio::test]
async fn a_resource_that_is_not_there_is_missing_whatever_the_operations() {
    let world = World::new().await;
    let nobody = "00000000-0000-7000-8000-00000000ffff";
    let ops = json!([{"op": "add", "path": "members", "value": [{"value": "no id"}]}]);
    let missing = format!("404: there is no Group \"{nobody}\"");
    refused(world.patch(world.group, nobody, ops).await, &missing);
    let ops = json!([{"op": "add", "path": "members", "value": []}]);
    refused(world.patch(world.group, nobody, ops).await, &missing);
}
