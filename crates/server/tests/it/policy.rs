//! What the tables have the engine decide: defaults, names, limits, local accounts, deletion.

use provost_testkit::server::{Answer, TestServer, request};
use serde_json::{Value, json};

use crate::support::{GROUP, created, group, patch, user, user_named};

const PRINCIPAL: &str = "urn:ietf:params:scim:schemas:extension:provost:2.0:Principal";

/// Asks as an administrator.
pub(crate) async fn admin(
    server: &TestServer,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let mut request = request(method, &format!("/admin/v1{path}"), Some(&server.admin_token));
    request.body = body.map(|it| it.to_string().into_bytes());
    server.ask(request).await
}

/// Gives a table rows.
pub(crate) async fn set(server: &TestServer, table: &str, rows: Value) {
    let body = json!({"rows": rows, "reason": "a test"});
    let answer = admin(server, "PUT", &format!("/configuration/{table}"), Some(body)).await;
    assert_eq!(answer.status, 200, "{answer}");
}

async fn with_platform(server: &TestServer, path: &str) -> Value {
    let asked = format!("{path}?attributes={PRINCIPAL}");
    let found = server.send("GET", &asked, None).await.json();
    found[PRINCIPAL].clone()
}

#[tokio::test]
async fn what_is_created_begins_with_the_defaults_and_no_client_changes_them() {
    let server = TestServer::start().await;
    let early = created(&server, "/Users", &user("early")).await;
    let defaults = json!([{
        "userDefaultDescription": "from the provider", "userDefaultProjectName": "P",
        "userDefaultHomeMashupName": "Home", "userDefaultMobileMashupName": "Mobile",
        "userDefaultTags": "Apps:scim",
    }]);
    set(&server, "UserProvisioningDefaultSettings", defaults).await;
    let path = created(&server, "/Users", &user("ann")).await;
    let expected = json!({
        "description": "from the provider", "projectName": "P", "tags": ["Apps:scim"],
        "homeMashup": "Home", "mobileMashup": "Mobile",
    });
    assert_eq!(with_platform(&server, &path).await, expected);
    let unasked = server.send("GET", &path, None).await.json();
    assert!(unasked.get(PRINCIPAL).is_none(), "{unasked}");
    assert!(!unasked["schemas"].to_string().contains(PRINCIPAL), "{unasked}");
    let mut forged = user("ann");
    forged["schemas"].as_array_mut().unwrap().push(json!(PRINCIPAL));
    forged[PRINCIPAL] = json!({"description": "mine", "locked": true});
    assert_eq!(server.send("PUT", &path, Some(&forged)).await.status, 200);
    assert_eq!(with_platform(&server, &path).await, expected);
    for direct in [
        json!({"op": "replace", "path": format!("{PRINCIPAL}:description"), "value": "x"}),
        json!({"op": "replace", "path": PRINCIPAL, "value": {"description": "x"}}),
        json!({"op": "remove", "path": PRINCIPAL}),
    ] {
        let answer = server.send("PATCH", &path, Some(&patch(direct))).await;
        assert_eq!((answer.status, &answer.json()["scimType"]), (400, &json!("mutability")));
    }
    // What was there before has none, unless updates give them too.
    assert_eq!(server.send("PUT", &early, Some(&user("early"))).await.status, 200);
    assert_eq!(with_platform(&server, &early).await, Value::Null);
    set(&server, "ProvisioningPolicy", json!([{"applyDefaultsOnUpdate": true}])).await;
    assert_eq!(server.send("PUT", &early, Some(&user("early"))).await.status, 200);
    assert_eq!(with_platform(&server, &early).await, expected);
}

#[tokio::test]
async fn a_group_begins_with_the_defaults_of_groups() {
    let server = TestServer::start().await;
    let defaults = json!([{
        "groupDefaultDescription": "from the provider", "groupDefaultProjectName": "P",
        "groupDefaultTags": "Apps:scim",
    }]);
    set(&server, "GroupProvisioningDefaultSettings", defaults).await;
    let path = created(&server, "/Groups", &group("Crew")).await;
    let expected = json!({
        "entityName": "Crew", "description": "from the provider", "projectName": "P",
        "tags": ["Apps:scim"],
    });
    assert_eq!(with_platform(&server, &path).await, expected);
    let ann = created(&server, "/Users", &user("ann")).await;
    assert_eq!(with_platform(&server, &ann).await, Value::Null);
}

#[tokio::test]
async fn a_mapped_group_keeps_the_platforms_name_when_it_is_renamed() {
    let server = TestServer::start().await;
    let mapping = json!([{"identityProviderGroupName": "Far Crew", "twxGroupName": "Crew"}]);
    set(&server, "UserProvisioningUserGroupMappings", mapping).await;
    let path = created(&server, "/Groups", &group("far crew")).await;
    let name = async |path: &str| with_platform(&server, path).await["entityName"].clone();
    assert_eq!(name(&path).await, "Crew");
    let rename = |to: &str| patch(json!({"op": "replace", "path": "displayName", "value": to}));
    assert_eq!(server.send("PATCH", &path, Some(&rename("Far Crew 2"))).await.status, 204);
    assert_eq!(name(&path).await, "Crew", "the binding holds");
    // Another group cannot have the name, and one that is not mapped follows its own.
    let taken = server.send("POST", "/Groups", Some(&group("Crew"))).await;
    assert_eq!((taken.status, &taken.json()["scimType"]), (409, &json!("uniqueness")));
    let plain = created(&server, "/Groups", &group("Guides")).await;
    assert_eq!(server.send("PATCH", &plain, Some(&rename("Leaders"))).await.status, 204);
    assert_eq!(name(&plain).await, "Leaders");
    let wrong =
        json!({"rows": [{"identityProviderGroupName": "x", "twxGroupName": "Administrators"}]});
    let refused =
        admin(&server, "PUT", "/configuration/UserProvisioningUserGroupMappings", Some(wrong))
            .await;
    assert_eq!(refused.status, 400, "{refused}");
    assert_eq!(name(&path).await, "Crew");
}

#[tokio::test]
async fn a_local_account_is_adopted_with_its_first_write() {
    let server = TestServer::start().await;
    let local = json!({"userName": "ann", "description": "made here"});
    let made = admin(&server, "POST", "/users", Some(local)).await;
    assert_eq!((made.status, &made.json()["origin"]), (201, &json!("local")), "{made}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{id}");
    // It is found, and not deleted by who did not provision it.
    let found = server.send("GET", "/Users?filter=userName+eq+%22ANN%22", None).await.json();
    assert_eq!(found["Resources"][0]["id"], id);
    let deleted = server.send("DELETE", &path, None).await;
    assert_eq!(deleted.status, 403, "{deleted}");
    set(&server, "ProvisioningPolicy", json!([{"localAccounts": "review"}])).await;
    let mut sent = user("ann");
    sent["externalId"] = json!("e1");
    for (method, path) in [("PUT", &*path), ("POST", "/Users")] {
        let answer = server.send(method, path, Some(&sent)).await;
        assert_eq!(answer.status, 403, "{answer}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("an administrator must release it"), "{detail}");
    }
    set(&server, "ProvisioningPolicy", json!([{"localAccounts": "refuse"}])).await;
    assert_eq!(server.send("POST", "/Users", Some(&sent)).await.status, 403);
    set(&server, "ProvisioningPolicy", json!([{}])).await;
    let adopted = server.send("POST", "/Users", Some(&sent)).await;
    assert_eq!((adopted.status, &adopted.json()["id"]), (201, &json!(id)), "{adopted}");
    let after = admin(&server, "GET", &format!("/users/{id}"), None).await.json();
    assert_eq!(
        (&after["origin"], &after["description"]),
        (&json!("provisioned"), &json!("made here"))
    );
    assert_eq!(after["externalId"], "e1");
    // Now it is a second one of the name.
    assert_eq!(server.send("POST", "/Users", Some(&sent)).await.status, 409);
    assert_eq!(server.send("DELETE", &path, None).await.status, 204);
}

#[tokio::test]
async fn a_local_group_is_adopted_by_a_change_of_its_members() {
    let server = TestServer::start().await;
    let ann = user_named(&server, "ann").await;
    let made = admin(&server, "POST", "/groups", Some(json!({"displayName": "Crew"}))).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let add = patch(json!({"op": "add", "path": "members", "value": [{"value": ann}]}));
    let path = format!("/Groups/{id}");
    set(&server, "ProvisioningPolicy", json!([{"localAccounts": "refuse"}])).await;
    assert_eq!(server.send("PATCH", &path, Some(&add)).await.status, 403);
    set(&server, "ProvisioningPolicy", json!([{"localAccounts": "review"}])).await;
    assert_eq!(server.send("PATCH", &path, Some(&add)).await.status, 403);
    let released = admin(&server, "POST", &format!("/groups/{id}/adopt"), None).await;
    assert_eq!(released.json()["origin"], "provisioned", "{released}");
    assert_eq!(server.send("PATCH", &path, Some(&add)).await.status, 204);
    let shown = server.send("GET", &path, None).await.json();
    assert_eq!(shown["members"][0]["value"], ann);
}

#[tokio::test]
async fn no_more_are_created_than_the_quota_allows() {
    let server = TestServer::start().await;
    set(&server, "ProvisioningPolicy", json!([{"userLimit": 1}])).await;
    let path = created(&server, "/Users", &user("ann")).await;
    let answer = server.send("POST", "/Users", Some(&user("bea"))).await;
    insta::assert_snapshot!(format!("{} {}", answer.status, answer.json()["detail"]), @r#"403 "no more than 1 resources of the type User may be provisioned, and there are as many; an administrator can raise the quota or remove what is not needed""#);
    assert!(answer.json().get("scimType").is_none(), "{answer}");
    created(&server, "/Groups", &group("Crew")).await;
    assert_eq!(server.send("DELETE", &path, None).await.status, 204);
    created(&server, "/Users", &user("bea")).await;
}

#[tokio::test]
async fn names_obey_the_platforms_rules_and_stay_where_that_is_asked_for() {
    let server = TestServer::start().await;
    let odd = created(&server, "/Users", &user("a+b@x.example")).await;
    set(
        &server,
        "ProvisioningPolicy",
        json!([{"enforceNameRules": true, "immutableUserName": true}]),
    )
    .await;
    for name in ["c&d", "c/d", "c+d", &"x".repeat(256)] {
        let answer = server.send("POST", "/Users", Some(&user(name))).await;
        assert_eq!(
            (answer.status, &answer.json()["scimType"]),
            (400, &json!("invalidValue")),
            "{name}"
        );
    }
    created(&server, "/Users", &user(&"x".repeat(255))).await;
    created(&server, "/Users", &user("c:d")).await;
    let mut changed = user("a+b@x.example");
    changed["title"] = json!("Lead");
    assert_eq!(server.send("PUT", &odd, Some(&changed)).await.status, 200, "it was there before");
    let renamed = server.send("PUT", &odd, Some(&user("ann"))).await;
    assert_eq!((renamed.status, &renamed.json()["scimType"]), (400, &json!("mutability")));
}

#[tokio::test]
async fn what_is_deleted_comes_back_under_its_id_into_its_groups() {
    let server = TestServer::start().await;
    set(&server, "ProvisioningPolicy", json!([{"keepDeletedDays": 30}])).await;
    let ann = user_named(&server, "ann").await;
    let crew = json!({"schemas": [GROUP], "displayName": "Crew", "members": [{"value": ann}]});
    let crew = created(&server, "/Groups", &crew).await;
    let path = format!("/Users/{ann}");
    assert_eq!(server.send("DELETE", &path, None).await.status, 204);
    assert_eq!(server.send("GET", &path, None).await.status, 404);
    let kept = admin(&server, "GET", "/deleted", None).await.json();
    assert_eq!(
        (&kept["deleted"][0]["name"], &kept["deleted"][0]["groups"]),
        (&json!("ann"), &json!(1))
    );
    // Its name is free meanwhile: while somebody else has it, it cannot come back.
    let other = created(&server, "/Users", &user("ann")).await;
    let restore = format!("/deleted/{ann}/restore");
    let refused = admin(&server, "POST", &restore, None).await;
    assert_eq!(refused.status, 409, "{refused}");
    assert_eq!(server.send("DELETE", &other, None).await.status, 204);
    let back = admin(&server, "POST", &restore, None).await;
    assert_eq!(back.status, 200, "{back}");
    assert_eq!(server.send("GET", &path, None).await.json()["userName"], "ann");
    assert_eq!(server.send("GET", &crew, None).await.json()["members"][0]["value"], ann);
    assert_eq!(admin(&server, "POST", &restore, None).await.status, 404);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let server = TestServer::start().await;
    let ann = created(&server, "/Users", &user("ann")).await;
    let bea = created(&server, "/Users", &user("bea")).await;
    set(
        &server,
        "AdministratorAccounts",
        json!([{"thingworxUserName": "Ann"}, {"thingworxUserName": "bea"}, {"thingworxUserName": "gone"}]),
    )
    .await;
    let active = |value: bool| patch(json!({"op": "replace", "path": "active", "value": value}));
    assert_eq!(server.send("PATCH", &ann, Some(&active(false))).await.status, 200);
    for (method, body) in
        [("PATCH", Some(active(false))), ("PUT", Some(user("other"))), ("DELETE", None)]
    {
        let answer = server.send(method, &bea, body.as_ref()).await;
        assert_eq!(answer.status, 403, "{method}: {answer}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("\"bea\" is the last administrator who is enabled"), "{detail}");
    }
    let mut titled = user("bea");
    titled["title"] = json!("Lead");
    assert_eq!(server.send("PUT", &bea, Some(&titled)).await.status, 200);
    assert_eq!(server.send("PATCH", &ann, Some(&active(true))).await.status, 200);
    assert_eq!(server.send("DELETE", &bea, None).await.status, 204);
    let refused = admin(&server, "GET", "/audit?category=User", None).await.json();
    let refused =
        refused["rows"].as_array().unwrap().iter().filter(|it| it["outcome"] == "refused");
    let said: Vec<String> = refused.map(|it| it["message"].as_str().unwrap().to_owned()).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(said[0], "Refused: token:provision deleted the user bea");
    assert_eq!(server.send("POST", "/Users", Some(&user("System"))).await.status, 403);
    let rows = admin(&server, "GET", "/audit?target=System", None).await.json();
    assert_eq!(rows["rows"][0]["message"], "Refused: token:provision created the user System");
}

#[tokio::test]
async fn the_platforms_properties_come_from_their_places() {
    let server = TestServer::start().await;
    let mut ann = user("ann");
    ann["name"] = json!({"givenName": "Ann", "familyName": "Lee"});
    ann["emails"] = json!([{"value": "ann@x.example", "type": "work"}]);
    ann["nickName"] = json!("Annie");
    let path = created(&server, "/Users", &ann).await;
    let id = path.rsplit('/').next().unwrap();
    let properties = async || {
        let found = admin(&server, "GET", &format!("/users/{id}"), None).await.json();
        found["properties"].clone()
    };
    let expected = json!({"firstName": "Ann", "lastName": "Lee", "emailAddress": "ann@x.example"});
    assert_eq!(properties().await, expected);
    set(
        &server,
        "UserPropertyMappings",
        json!([{"propertyName": "firstName", "scimPath": "nickName"}]),
    )
    .await;
    assert_eq!(properties().await["firstName"], "Annie");
    let wrong = json!({"rows": [{"propertyName": "x", "scimPath": "nothing"}]});
    let refused = admin(&server, "PUT", "/configuration/UserPropertyMappings", Some(wrong)).await;
    assert_eq!(
        refused.json()["detail"],
        "UserPropertyMappings, row 1, scimPath: nothing is no place of a user: there is no such attribute"
    );
    assert_eq!(properties().await["firstName"], "Annie");
}
