//! POST and DELETE.

use std::sync::Arc;

use provost_engine::{Hashing, Reserved, SecretHasher};
use provost_store::{IfMatch, Store as _};
use serde_json::json;

use crate::support::{World, id, refused};

#[tokio::test]
async fn a_created_user_is_active_unless_said_otherwise() {
    let world = World::new().await;
    let ada = world.user("ada").await;
    let off = world.create(world.user, json!({"userName": "off", "active": false})).await.unwrap();
    assert_eq!(world.show(world.user, &ada).await["active"], true);
    assert_eq!(world.show(world.user, &off.id.to_string()).await["active"], false);
    let group = world.group("G", &[]).await;
    assert_eq!(world.show(world.group, &group).await.get("active"), None);
}

#[tokio::test]
async fn a_taken_name_is_a_conflict_that_names_it() {
    let world = World::new().await;
    world.user("ada").await;
    let again = world.create(world.user, json!({"userName": "ADA"})).await;
    refused(again, "uniqueness: another User has userName \"ADA\"; it must be unique");
    world.group("Crew", &[]).await;
    let again = world.create(world.group, json!({"displayName": "crew"})).await;
    refused(again, "uniqueness: another Group has displayName \"crew\"; it must be unique");
}

#[tokio::test]
async fn a_password_is_taken_and_never_kept() {
    let world = World::new().await;
    let user = json!({"userName": "ada", "password": "s3cret-s3cret"});
    let made = world.create(world.user, user).await.unwrap();
    let stored = made.stored.unwrap();
    assert!(!String::from_utf8_lossy(&stored.body).contains("s3cret"));
    let ops = json!([{"op": "replace", "value": {"password": "n3w-s3cret"}}]);
    let patched = world.patch(world.user, &made.id.to_string(), ops).await.unwrap();
    assert!(!patched.changed, "what is discarded changes nothing");
}

struct Backwards;

impl SecretHasher for Backwards {
    fn hash(&self, secret: Box<str>) -> Hashing<'_> {
        let hash = secret.chars().rev().collect::<String>();
        Box::pin(std::future::ready(Ok(hash.into())))
    }
}

#[tokio::test]
async fn a_password_is_kept_as_its_hash_where_there_is_a_hasher() {
    let mut world = World::new().await;
    world.engine.secrets = Some(Arc::new(Backwards));
    let path = "urn:ietf:params:scim:schemas:core:2.0:User:password";
    let attribute = world.engine.schemas.by_path(path).unwrap();
    let at = world.cx().at(world.user);
    let user = json!({"userName": "ada", "password": "s3cret"});
    let id = world.create(world.user, user).await.unwrap().id;
    let kept = async || world.memory.secret(at, id, attribute).await.unwrap();
    assert_eq!(kept().await.unwrap(), "terc3s");
    let shown = world.show(world.user, &id.to_string()).await.to_string();
    assert!(!shown.contains("terc3s") && !shown.contains("s3cret"));

    let patch = async |ops| world.patch(world.user, &id.to_string(), ops).await.unwrap().changed;
    assert!(patch(json!([{"op": "replace", "path": "password", "value": "two"}])).await);
    assert_eq!(kept().await.unwrap(), "owt");
    assert!(!patch(json!([{"op": "add", "value": {"password": "two"}}])).await);
    let twice = json!([{"op": "remove", "path": "password"}, {"op": "add", "path": "password", "value": "three"}]);
    assert!(patch(twice).await);
    assert_eq!(kept().await.unwrap(), "eerht", "the last one counts");
    let put = async |user| world.put(world.user, &id.to_string(), user).await.unwrap();
    put(json!({"userName": "ada", "title": "Lead"})).await;
    assert_eq!(kept().await.unwrap(), "eerht", "a PUT that is silent about it leaves it");
    put(json!({"userName": "ada", "password": "four"})).await;
    assert_eq!(kept().await.unwrap(), "ruof");
    assert!(put(json!({"userName": "ada", "password": null})).await.changed);
    assert_eq!(kept().await, None);
    patch(json!([{"op": "add", "path": "password", "value": "five"}])).await;
    assert!(patch(json!([{"op": "remove", "path": "password"}])).await);
    assert_eq!(kept().await, None);
}

#[tokio::test]
async fn a_reserved_name_is_forbidden_for_every_write() {
    let mut world = World::new().await;
    let attribute = world
        .engine
        .schemas
        .by_path("urn:ietf:params:scim:schemas:core:2.0:User:userName")
        .unwrap();
    world.policy.reserved.push(Reserved {
        kind: world.user,
        attribute,
        names: ["administrator".into()].into(),
        reason: "this user belongs to the platform".into(),
    });
    let text = "403: Administrator: this user belongs to the platform";
    let named = json!({"userName": "Administrator"});
    refused(world.create(world.user, named.clone()).await, text);
    let ada = world.user("ada").await;
    refused(world.put(world.user, &ada, named).await, text);
    let ops = json!([{"op": "replace", "path": "userName", "value": "Administrator"}]);
    refused(world.patch(world.user, &ada, ops).await, text);
}

#[tokio::test]
async fn a_unique_value_beyond_the_key_length_is_refused() {
    let world = World::new().await;
    let long = json!({"userName": "x".repeat(1_021)});
    refused(
        world.create(world.user, long).await,
        "invalidValue: User:userName is too long; 1020 bytes are allowed",
    );
}

#[tokio::test]
async fn a_deleted_resource_is_gone_and_stays_gone() {
    let world = World::new().await;
    let ada = world.user("ada").await;
    let group = world.group("G", &[&ada]).await;
    let none = Some(IfMatch::OneOf(vec![]));
    let answer = provost_engine::delete(&world.cx(), world.user, &ada, none).await;
    refused(answer, &format!("412: User {ada} has another version than If-Match names"));
    provost_engine::delete(&world.cx(), world.user, &ada, None).await.unwrap();
    let missing = format!("404: there is no User \"{ada}\"");
    refused(provost_engine::delete(&world.cx(), world.user, &ada, None).await, &missing);
    refused(provost_engine::read(&world.cx(), world.user, &ada).await, &missing);
    refused(world.put(world.user, &ada, json!({"userName": "ada"})).await, &missing);
    assert_eq!(world.members(&group).await, [""; 0]);
    assert_eq!(world.user("ada").await, id(3), "the name is free, the id is a fresh one");
}

#[tokio::test]
async fn an_id_of_another_form_names_nothing() {
    let world = World::new().await;
    let answer = provost_engine::read(&world.cx(), world.user, "00919288221112222").await;
    refused(answer, "404: there is no User \"00919288221112222\"");
}
