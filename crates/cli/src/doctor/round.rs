//! The life of a user and of a group, in the forms that identity providers send.

use reqwest::Method;
use serde_json::{Value, json};

use super::examination::holds;
use super::probe::{Halted, Probe, Request};
use super::temporary::{GROUPS, Stage, Temporary, USERS};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Plays the round; what it makes is in `temporary` until it is gone.
pub(super) async fn play(probe: &mut Probe, temporary: &mut Temporary) -> Result<(), Halted> {
    let name = temporary.name.clone();
    let user = json!({
        "schemas": [USER], "externalId": name, "userName": name, "active": true,
        "displayName": "Temporary user of provost doctor",
    });
    temporary.user = Stage::Sent;
    let id = create(probe, "Create a temporary user.", USERS.0, user).await?;
    temporary.user = Stage::There(id.clone());
    life_of_user(probe, &name, &id).await?;
    let group = json!({"schemas": [GROUP], "externalId": name, "displayName": name});
    temporary.group = Stage::Sent;
    let group = create(probe, "Create a temporary group.", GROUPS.0, group).await?;
    temporary.group = Stage::There(group.clone());
    life_of_group(probe, &group, &id).await?;
    delete(probe, "Delete the group.", &[GROUPS.0, &group]).await?;
    temporary.group = Stage::Absent;
    delete(probe, "Delete the user.", &[USERS.0, &id]).await?;
    temporary.user = Stage::Absent;
    let path = [USERS.0, &id];
    let gone = Request { expected: &[404], ..Request::get("Gone, for good.", &path) };
    probe.send(gone, |_| Ok(())).await.map(drop)
}

async fn life_of_user(probe: &mut Probe, name: &str, id: &str) -> Result<(), Halted> {
    let path = [USERS.0, id];
    probe.send(Request::get("Read it.", &path), |body| is(body, "userName", name)).await?;
    // userName is not caseExact (RFC 7643 §8.7.1).
    let filter = format!("userName eq \"{}\"", name.to_uppercase());
    let users = [USERS.0];
    let matching = Request::get("Match it by its name, in capitals.", &users);
    probe.send(matching.query("filter", &filter), |body| holds(body, "id", id)).await?;
    let name = json!([{"op": "Replace", "path": "displayName", "value": "Changed"}]);
    patch(probe, "Change an attribute.", &path, name).await?;
    let off = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    patch(probe, "Disable it, with the boolean as text.", &path, off).await?;
    let shown = Request::get("Disabled users stay visible.", &path);
    probe
        .send(shown, |body| {
            is(body, "active", false).and_then(|()| is(body, "displayName", "Changed"))
        })
        .await?;
    let on = json!([{"op": "Replace", "path": "active", "value": "True"}]);
    patch(probe, "Enable it again.", &path, on).await
}

async fn life_of_group(probe: &mut Probe, group: &str, user: &str) -> Result<(), Halted> {
    let path = [GROUPS.0, group];
    let add = json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": user}]}]);
    patch(probe, "Add the user to it.", &path, add).await?;
    let has_member = |body: &Value| {
        let members = body["members"].as_array();
        match members.is_some_and(|it| it.iter().any(|it| it["value"] == user)) {
            true => Ok(()),
            false => Err("The group was answered without the member that was added.".to_owned()),
        }
    };
    probe.send(Request::get("Read the group.", &path), has_member).await.map(drop)
}

/// Creates a resource; gives its id.
async fn create(
    probe: &mut Probe,
    what: &str,
    collection: &str,
    body: Value,
) -> Result<String, Halted> {
    let path = [collection];
    let (method, body, expected) = (Method::POST, Some(body), [201]);
    let request = Request { method, body, expected: &expected, ..Request::get(what, &path) };
    let has_id = |body: &Value| match body["id"].as_str() {
        Some(id) if !id.is_empty() => Ok(()),
        _ => {
            Err("The answer has no id: identity providers keep the one that they get here.".into())
        }
    };
    let made = probe.send(request, has_id).await?;
    made["id"].as_str().map(str::to_owned).ok_or(Halted)
}

async fn patch(
    probe: &mut Probe,
    what: &str,
    path: &[&str],
    operations: Value,
) -> Result<(), Halted> {
    let body = Some(json!({"schemas": [PATCH], "Operations": operations}));
    let (method, expected) = (Method::PATCH, [200, 204]);
    let request = Request { method, body, expected: &expected, ..Request::get(what, path) };
    probe.send(request, |_| Ok(())).await.map(drop)
}

async fn delete(probe: &mut Probe, what: &str, path: &[&str]) -> Result<(), Halted> {
    let (method, expected) = (Method::DELETE, [204]);
    let request = Request { method, expected: &expected, ..Request::get(what, path) };
    probe.send(request, |_| Ok(())).await.map(drop)
}

fn is(body: &Value, attribute: &str, value: impl Into<Value>) -> Result<(), String> {
    let value = value.into();
    match body[attribute] == value {
        true => Ok(()),
        false => Err(format!("{attribute} is not {value} in the answer, as it was sent.")),
    }
}
