//! Configuration tables by the platform's services.

use provost_testkit::server::{Answer, TestServer, request};
use serde_json::{Value, json};

use crate::support::{user, user_named};

async fn call(server: &TestServer, name: &str, parameters: Value) -> Answer {
    let path = format!("/Thingworx/Subsystems/SCIMSubsystem/Services/{name}");
    let mut request = request("POST", &path, None);
    request.headers.push(("appKey".to_owned(), server.admin_token.clone()));
    request.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    request.body = Some(parameters.to_string().into_bytes());
    server.ask(request).await
}

async fn rows(server: &TestServer, name: &str, parameters: Value) -> Value {
    let answer = call(server, name, parameters).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.json()["rows"].clone()
}

#[tokio::test]
async fn an_excluded_user_is_left_alone_and_the_answer_says_by_which_list() {
    let server = TestServer::start().await;
    let path = crate::support::created(&server, "/Users", &user("kiosk")).await;
    let list =
        json!({"users": {"rows": [{"thingworxUserName": "Kiosk"}]}, "changeReason": "shared"});
    rows(&server, "SetUserProvisioningExclusionList", list).await;
    for (method, body) in [
        ("PUT", Some(user("kiosk"))),
        ("PUT", Some(user("other"))),
        (
            "PATCH",
            Some(crate::support::patch(json!({"op": "replace", "path": "active", "value": false}))),
        ),
        ("DELETE", None),
    ] {
        let answer = server.send(method, &path, body.as_ref()).await;
        assert_eq!(answer.status, 403, "{method}: {answer}");
        assert_eq!(
            answer.json()["detail"],
            "kiosk: this user is on the list UserProvisioningExclusionList; an administrator can take \
             it off (SetUserProvisioningExclusionList)"
        );
    }
    let other = crate::support::created(&server, "/Users", &user("other")).await;
    let renamed = server.send("PUT", &other, Some(&user("KIOSK"))).await;
    assert_eq!(renamed.status, 403, "{renamed}");
    assert_eq!(server.send("GET", &path, None).await.json()["active"], true);
    // Taken off the list, the user is provisioned again; the platform's own stay on it.
    rows(&server, "SetUserProvisioningExclusionList", json!({"users": {"rows": []}})).await;
    assert_eq!(server.send("DELETE", &path, None).await.status, 204);
    let own = rows(&server, "GetUserProvisioningExclusionList", json!({})).await;
    let names: Vec<&str> = own
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["thingworxUserName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Administrator", "SuperUser", "System"]);
    let history = rows(&server, "GetConfigurationChangeHistory", json!({})).await;
    assert_eq!(history.as_array().unwrap().len(), 2);
    assert_eq!(
        (&history[1]["changeAction"], &history[1]["changeReason"], &history[1]["user"]),
        (&json!("UserProvisioningExclusionList changed"), &json!("shared"), &json!("token:admin"))
    );
}

#[tokio::test]
async fn an_excluded_group_keeps_its_members() {
    let server = TestServer::start().await;
    let ann = user_named(&server, "ann").await;
    let group = crate::support::group("Crew");
    let path = crate::support::created(&server, "/Groups", &group).await;
    rows(
        &server,
        "SetGroupProvisioningExclusionList",
        json!({"groups": [{"thingworxGroupName": "crew"}]}),
    )
    .await;
    let add = json!({"op": "add", "path": "members", "value": [{"value": ann}]});
    let answer = server.send("PATCH", &path, Some(&crate::support::patch(add.clone()))).await;
    assert_eq!(answer.status, 403, "{answer}");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("GroupProvisioningExclusionList"), "{detail}");
    // An excluded user may be a member of another group.
    rows(
        &server,
        "SetUserProvisioningExclusionList",
        json!({"users": [{"thingworxUserName": "ann"}]}),
    )
    .await;
    let other = crate::support::created(&server, "/Groups", &crate::support::group("Guides")).await;
    let answer = server.send("PATCH", &other, Some(&crate::support::patch(add))).await;
    assert_eq!(answer.status, 204, "{answer}");
}

#[tokio::test]
async fn each_table_of_the_platform_has_a_service_to_get_and_one_to_set() {
    let server = TestServer::start().await;
    for (name, parameter, row) in [
        (
            "ProvisioningOptions",
            "provisioningOptions",
            json!({"terminateUserSessionsOnConfigChange": true}),
        ),
        ("UserProvisioningExclusionList", "users", json!({"thingworxUserName": "kiosk"})),
        ("GroupProvisioningExclusionList", "groups", json!({"thingworxGroupName": "Crew"})),
        (
            "UserProvisioningDefaults",
            "userDefaults",
            json!({
                "userDefaultDescription": "D", "userDefaultProjectName": "P",
                "userDefaultHomeMashupName": "H", "userDefaultMobileMashupName": "M",
            }),
        ),
        (
            "GroupProvisioningDefaults",
            "groupDefaults",
            json!({"groupDefaultDescription": "D", "groupDefaultProjectName": "P"}),
        ),
        (
            "ProvisioningUserGroupMappings",
            "groupMappings",
            json!({"identityProviderGroupName": "a", "twxGroupName": "A"}),
        ),
    ] {
        rows(&server, &format!("Set{name}"), json!({parameter: {"rows": [row]}})).await;
        let shown = rows(&server, &format!("Get{name}"), json!({})).await;
        let is_there = |it: &Value| row.as_object().unwrap().iter().all(|(n, v)| &it[n] == v);
        assert!(shown.as_array().unwrap().iter().any(is_there), "{name}: {shown}");
    }
}

#[tokio::test]
async fn the_generic_services_work_on_any_table() {
    let server = TestServer::start().await;
    let mappings = "UserProvisioningUserGroupMappings";
    let row = |from: &str, to: &str| json!({"identityProviderGroupName": from, "twxGroupName": to});
    let tables = rows(&server, "GetConfigurationTables", Value::Null).await;
    assert_eq!(tables.as_array().unwrap().len(), 10);
    let set = json!({"tableName": mappings, "persistent": true, "configurationTable": {"rows": [row("a", "A"), row("b", "B")]}});
    rows(&server, "SetMultiRowConfigurationTable", set).await;
    let more = json!({"tableName": mappings, "values": {"rows": [row("b", "BB"), row("c", "C")]}});
    rows(&server, "SetConfigurationTableRows", more).await;
    let get = |table: &str| json!({"tableName": table});
    let shown = rows(&server, "GetConfigurationTable", get(mappings)).await;
    assert_eq!(shown, json!([row("a", "A"), row("b", "BB"), row("c", "C")]));
    let one = json!({"tableName": mappings, "key": "b"});
    assert_eq!(rows(&server, "GetConfigurationTableRow", one).await, json!([row("b", "BB")]));
    let less = json!({"tableName": mappings, "values": [row("A", "")]});
    rows(&server, "DeleteConfigurationTableRows", less).await;
    let same = rows(&server, "GetProvisioningUserGroupMappings", json!({})).await;
    assert_eq!(same, json!([row("b", "BB"), row("c", "C")]));
    rows(&server, "DeleteAllConfigurationTableRows", get(mappings)).await;
    rows(&server, "SaveConfigurationTables", json!({})).await;
    assert_eq!(rows(&server, "GetConfigurationTable", get(mappings)).await, json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_parameters_is_said_in_the_platforms_form() {
    let server = TestServer::start().await;
    let mut table = String::new();
    for (service, parameters) in [
        ("SetUserProvisioningExclusionList", json!([])),
        ("SetUserProvisioningExclusionList", json!({})),
        ("SetUserProvisioningExclusionList", json!({"users": 5})),
        ("SetUserProvisioningExclusionList", json!({"users": [{"name": "x"}]})),
        (
            "SetProvisioningOptions",
            json!({"provisioningOptions": [{"terminateUserSessionsOnConfigChange": "maybe"}]}),
        ),
        ("GetConfigurationTable", json!({"tableName": "Nothing"})),
        ("GetConfigurationTable", json!({"tableName": 5})),
        (
            "DeleteConfigurationTableRows",
            json!({"tableName": "ProvisioningPolicy", "values": [{"userLimit": 0}]}),
        ),
        (
            "DeleteConfigurationTableRows",
            json!({"tableName": "AdministratorAccounts", "values": [{"name": "ann"}]}),
        ),
        ("AddConfigurationTableDefinition", json!({})),
        ("Explode", json!({})),
    ] {
        let answer = call(&server, service, parameters).await;
        let text = String::from_utf8(answer.body).unwrap();
        table.push_str(&format!("{} {text}\n", answer.status));
    }
    insta::assert_snapshot!(table, @r#"
    400 Unable to Invoke Service SetUserProvisioningExclusionList on SCIMSubsystem : the parameters of a service are a JSON object
    400 Unable to Invoke Service SetUserProvisioningExclusionList on SCIMSubsystem : the parameter users is missing
    400 Unable to Invoke Service SetUserProvisioningExclusionList on SCIMSubsystem : the parameter users is no InfoTable
    400 Unable to Invoke Service SetUserProvisioningExclusionList on SCIMSubsystem : UserProvisioningExclusionList, row 1, name: there is no such column
    400 Unable to Invoke Service SetProvisioningOptions on SCIMSubsystem : SCIMProvisioningOptions, row 1, terminateUserSessionsOnConfigChange: true or false is needed
    404 Unable to Invoke Service GetConfigurationTable on SCIMSubsystem : there is no table "Nothing"; there are SCIMProvisioningOptions, UserProvisioningExclusionList, UserProvisioningDefaultSettings, GroupProvisioningExclusionList, GroupProvisioningDefaultSettings, UserProvisioningUserGroupMappings, UserProvisioningOptions, AdministratorAccounts, ProvisioningPolicy, UserPropertyMappings
    400 Unable to Invoke Service GetConfigurationTable on SCIMSubsystem : the parameter tableName is no text
    400 Unable to Invoke Service DeleteConfigurationTableRows on SCIMSubsystem : ProvisioningPolicy has one row, which stays; DeleteAllConfigurationTableRows gives it its defaults
    400 Unable to Invoke Service DeleteConfigurationTableRows on SCIMSubsystem : values: each row has thingworxUserName, a text
    403 Unable to Invoke Service AddConfigurationTableDefinition on SCIMSubsystem : the tables of this subsystem are fixed; no definition can be added
    404 Unable to Invoke Service Explode on SCIMSubsystem : there is no endpoint "/Thingworx/Subsystems/SCIMSubsystem/Services/Explode"; SCIM is below /Thingworx/SCIMProvider/SCIM/v2 and /scim/v2
    "#);
}

#[tokio::test]
async fn requests_are_counted_until_somebody_resets() {
    let server = TestServer::start().await;
    crate::support::created(&server, "/Users", &user("ann")).await;
    server.send("GET", "/Users/none", None).await;
    let metrics = async |name: &str| {
        let rows = rows(&server, "GetPerformanceMetrics", json!({})).await;
        let found = rows.as_array().unwrap().iter().find(|it| it["name"] == name).cloned();
        found.unwrap()["value"].as_u64().unwrap()
    };
    assert_eq!(metrics("scimRequests").await, 2);
    assert_eq!((metrics("resourcesCreated").await, metrics("otherClientErrors").await), (1, 1));
    assert_eq!(metrics("provisionedUsers").await, 1);
    rows(&server, "ResetPerformanceMetrics", json!({})).await;
    assert_eq!(metrics("scimRequests").await, 0);
}
