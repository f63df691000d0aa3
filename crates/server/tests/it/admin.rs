//! The admin API: configuration, audit trail, sessions, login, platform fields.

use std::sync::{Arc, Mutex};

use provost_platform::setting::LogLevel;
use provost_server::LogBook;
use provost_testkit::server::{Setup, TestServer, request};
use serde_json::{Value, json};

use crate::policy::{admin, set};
use crate::support::{created, patch, user};

#[tokio::test]
async fn several_tables_change_at_once_or_not_at_all() {
    let server = TestServer::start().await;
    let mapping = json!([{"identityProviderGroupName": "a", "twxGroupName": "Crew"}]);
    let change = |groups: Value| {
        json!({"tables": {
            "UserProvisioningUserGroupMappings": mapping,
            "GroupProvisioningExclusionList": groups,
        }, "reason": "a merger"})
    };
    let excluded = change(json!([{"thingworxGroupName": "CREW"}]));
    let refused = admin(&server, "PATCH", "/configuration", Some(excluded)).await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/problem+json
    x-request-id: 655815f672000-1

    {
      "type": "about:blank",
      "title": "Bad Request",
      "status": 400,
      "detail": "UserProvisioningUserGroupMappings, row 1, twxGroupName: Crew is in GroupProvisioningExclusionList: nothing may be mapped to it"
    }
    "#);
    let shown = admin(&server, "GET", "/configuration", None).await.json();
    assert_eq!(shown["tables"]["UserProvisioningUserGroupMappings"], json!([]));
    let taken = admin(&server, "PATCH", "/configuration", Some(change(json!([])))).await;
    assert_eq!(taken.status, 200, "{taken}");
    let history = admin(&server, "GET", "/configuration/history", None).await.json();
    let row = &history["rows"][0];
    assert_eq!(
        (&row["target"]["name"], &row["detail"]["reason"]),
        (&json!("UserProvisioningUserGroupMappings"), &json!("a merger"))
    );
    assert_eq!((&row["detail"]["before"], &row["detail"]["after"]), (&json!([]), &mapping));
    assert_eq!(history["rows"].as_array().unwrap().len(), 1, "the other table is as it was");
}

#[tokio::test]
async fn the_audit_trail_tells_who_did_what_to_whom() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    let disable = patch(json!({"op": "replace", "path": "active", "value": false}));
    assert_eq!(server.send("PATCH", &path, Some(&disable)).await.status, 200);
    assert_eq!(server.send("DELETE", &path, None).await.status, 204);
    let trail = admin(&server, "GET", "/audit?order=oldest&locale=de", None).await.json();
    let rows = trail["rows"].as_array().unwrap();
    let said: Vec<&str> = rows.iter().map(|it| it["message"].as_str().unwrap()).collect();
    insta::assert_debug_snapshot!(said, @r#"
    [
        "token:provision hat den Benutzer ann angelegt",
        "token:provision hat den Benutzer ann geändert",
        "Die Sitzungen von ann enden, durch token:provision",
        "token:provision hat den Benutzer ann gelöscht",
        "Die Sitzungen von ann enden, durch token:provision",
    ]
    "#);
    let changed = &rows[1];
    assert_eq!(
        (&changed["before"], &changed["after"]),
        (&json!({"active": true}), &json!({"active": false}))
    );
    assert_eq!(
        (&changed["actor"], &changed["source"]),
        (&json!("token:provision"), &json!("127.0.0.1"))
    );
    assert_eq!(changed["messageKey"], "audit.user.changed");
    let id = path.rsplit('/').next().unwrap();
    let of = admin(&server, "GET", &format!("/audit?target={id}&limit=1"), None).await.json();
    assert_eq!(
        (of["rows"].as_array().unwrap().len(), &of["rows"][0]["action"]),
        (1, &json!("revoked"))
    );
    for wrong in ["since=yesterday", "limit=x", "order=random", "after=1.5"] {
        let answer = admin(&server, "GET", &format!("/audit?{wrong}"), None).await;
        assert_eq!(answer.status, 400, "{wrong}: {answer}");
    }
}

#[tokio::test]
async fn the_audit_trail_is_exported_and_purged() {
    let (setup, _) = Setup::in_memory();
    let clock = setup.clock.clone();
    let server = TestServer::start_with(setup).await;
    created(&server, "/Users", &user("=cmd|' /C calc'!A0")).await;
    let csv = admin(&server, "GET", "/audit/export?format=csv", None).await;
    let text = String::from_utf8(csv.body.clone()).unwrap();
    insta::assert_snapshot!(text, @r#"
    place,at,category,action,outcome,actor,runAs,requestId,source,targetId,targetName,message,change
    1,2026-07-01T00:00:00Z,User,created,done,token:provision,,655815f672000-1,127.0.0.1,00000000-0000-7000-8000-000000000001,'=cmd|' /C calc'!A0,token:provision created the user =cmd|' /C calc'!A0,"{""after"":{""userName"":""=cmd|' /C calc'!A0"",""active"":true}}"
    "#);
    assert_eq!(csv.header("x-audit-after"), Some("1"));
    let lines = admin(&server, "GET", "/audit/export", None).await;
    let row: Value = serde_json::from_slice(lines.body.trim_ascii()).unwrap();
    assert_eq!(row["after"]["active"], true);
    let rest = admin(&server, "GET", "/audit/export?after=1", None).await;
    assert_eq!((rest.body.len(), rest.header("x-audit-after")), (0, None));
    // What is yet to come is not purged beforehand, and the row of the purge stays.
    clock.pass(60);
    let before = json!({"before": "2999-01-01T00:00:00Z"});
    let purged = admin(&server, "POST", "/audit/purge", Some(before)).await;
    assert_eq!(purged.json(), json!({"purged": 1}), "{purged}");
    let left = admin(&server, "GET", "/audit", None).await.json();
    assert_eq!(
        (left["rows"].as_array().unwrap().len(), &left["rows"][0]["action"]),
        (1, &json!("purged"))
    );
}

#[tokio::test]
async fn sessions_end_with_users_and_with_the_configuration() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await;
    let active = |value: bool| patch(json!({"op": "replace", "path": "active", "value": value}));
    for value in [false, false, true, false] {
        assert_eq!(server.send("PATCH", &path, Some(&active(value))).await.status, 200);
    }
    assert_eq!(server.send("DELETE", &path, None).await.status, 204);
    set(&server, "SCIMProvisioningOptions", json!([{"terminateUserSessionsOnConfigChange": true}]))
        .await;
    let found = admin(&server, "GET", "/sessions/revocations", None).await.json();
    let said: Vec<(&str, &str)> = found["revocations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["reason"].as_str().unwrap(), it["user"]["name"].as_str().unwrap_or("*")))
        .collect();
    assert_eq!(
        said,
        [("disabled", "ann"), ("disabled", "ann"), ("deleted", "ann"), ("configuration", "*")]
    );
    assert_eq!(found["revocations"][3]["except"], json!(["Administrator", "SuperUser", "System"]));
    let after = found["after"].as_i64().unwrap();
    let rest = admin(&server, "GET", &format!("/sessions/revocations?after={after}"), None).await;
    assert_eq!(rest.json()["revocations"], json!([]));
}

#[tokio::test]
async fn a_login_asks_what_it_may_do() {
    let server = TestServer::start().await;
    created(&server, "/Users", &user("ann")).await;
    set(&server, "UserProvisioningDefaultSettings", json!([{"userDefaultProjectName": "P"}])).await;
    let decide = async |name: &str| {
        let answer =
            admin(&server, "POST", "/login-decision", Some(json!({"userName": name}))).await;
        let found = answer.json();
        let is = |name: &str| found[name].as_bool().unwrap();
        (
            is("mayLogIn"),
            is("mayBeCreated"),
            is("mayBeChanged"),
            found["defaults"]["projectName"].clone(),
        )
    };
    assert_eq!(decide("ANN").await, (true, false, true, json!("P")));
    assert_eq!(decide("new").await, (true, true, false, json!("P")));
    assert_eq!(decide("administrator").await, (false, false, false, json!("P")));
    let id =
        admin(&server, "GET", "/users?userName=ann", None).await.json()["users"][0]["id"].clone();
    let lock = json!({"locked": true, "description": "left her badge", "tags": ["a:b"]});
    let path = format!("/users/{}", id.as_str().unwrap());
    let locked = admin(&server, "PATCH", &path, Some(lock)).await.json();
    assert_eq!((&locked["locked"], &locked["enabled"]), (&json!(true), &json!(true)));
    assert!(locked["lockedAt"].is_string(), "{locked}");
    assert_eq!(decide("ann").await, (false, false, true, json!("P")));
    let cleared = json!({"locked": false, "description": null, "tags": []});
    let cleared = admin(&server, "PATCH", &path, Some(cleared)).await.json();
    assert_eq!((&cleared["locked"], &cleared["description"]), (&json!(false), &Value::Null));
    for wrong in
        [json!({"locked": "yes"}), json!({"userName": "x"}), json!({"tags": "a"}), json!([])]
    {
        assert_eq!(admin(&server, "PATCH", &path, Some(wrong)).await.status, 400);
    }
    set(
        &server,
        "UserProvisioningOptions",
        json!([{"userCreationEnabled": false, "userModificationEnabled": false}]),
    )
    .await;
    assert_eq!(decide("new").await, (false, false, false, json!("P")));
}

#[tokio::test]
async fn a_tenant_has_tables_and_a_trail_of_its_own() {
    let (setup, store) = Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    let (_, token) =
        crate::tenant::make_with(&store, server.tenant, "acme", provost_auth::Rights::Administer)
            .await;
    let ask = async |method: &str, path: &str, body: Option<Value>| {
        let mut request = request(method, &format!("/t/acme{path}"), Some(&token));
        request.body = body.map(|it| it.to_string().into_bytes());
        server.ask(request).await
    };
    let limit = json!({"rows": [{"userLimit": 1}]});
    let set = ask("PUT", "/admin/v1/configuration/ProvisioningPolicy", Some(limit)).await;
    assert_eq!(set.status, 200, "{set}");
    assert_eq!(ask("POST", "/scim/v2/Users", Some(user("ann"))).await.status, 201);
    assert_eq!(ask("POST", "/scim/v2/Users", Some(user("bea"))).await.status, 403);
    created(&server, "/Users", &user("ann")).await;
    created(&server, "/Users", &user("bea")).await;
    let trail = ask("GET", "/admin/v1/audit", None).await.json();
    // The change of the table, the creation, and the one that was refused.
    assert_eq!(trail["rows"].as_array().unwrap().len(), 3);
    let own = admin(&server, "GET", "/audit", None).await.json();
    assert_eq!(own["rows"].as_array().unwrap().len(), 2);
    assert_eq!(ask("GET", "/admin/v1/subsystem", None).await.status, 404);
}

#[tokio::test]
async fn the_subsystem_is_steered_and_that_is_in_the_trail() {
    let server = TestServer::start().await;
    let stopped = admin(&server, "POST", "/subsystem/stop", None).await;
    insta::assert_snapshot!(stopped, @r#"
    200
    content-type: application/json
    x-request-id: 655815f672000-1

    {
      "name": "SCIMSubsystem",
      "description": "SCIM Identity Management Subsystem",
      "state": "STOPPED",
      "reason": null,
      "autoStart": true,
      "version": "0.1.0",
      "serverStartedAt": "2026-07-01T00:00:00Z",
      "scimUrls": [
        "http://scim.example/Thingworx/SCIMProvider/SCIM/v2",
        "http://scim.example/scim/v2"
      ]
    }
    "#);
    assert_eq!(server.send("GET", "/Users", None).await.status, 503);
    let started = admin(&server, "POST", "/subsystem/start", None).await;
    assert_eq!(started.json()["state"], "RUNNING");
    let trail = admin(&server, "GET", "/audit?category=Subsystem", None).await.json();
    let said: Vec<&str> =
        trail["rows"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(said, ["started", "stopped"]);
    let document = admin(&server, "GET", "/openapi.json", None).await.json();
    assert_eq!(document["servers"][0]["url"], "http://scim.example/admin/v1");
}

#[tokio::test]
async fn a_caller_that_takes_an_administrators_rights_is_told_of() {
    let (setup, _) = Setup::in_memory();
    let idp = provost_testkit::idp::Idp::new(setup.clock.clone());
    let chain = idp.chain(provost_testkit::idp::Keys::Served);
    let server = TestServer::start_with(Setup { chain, ..setup }).await;
    for name in ["ann", "bea"] {
        let mut request = request("POST", "/scim/v2/Users", Some(&idp.token()));
        request.body = Some(user(name).to_string().into_bytes());
        assert_eq!(server.ask(request).await.status, 201);
    }
    let trail = admin(&server, "GET", "/audit?order=oldest", None).await.json();
    let rows = trail["rows"].as_array().unwrap();
    let said: Vec<(&str, &str)> = rows
        .iter()
        .map(|it| (it["category"].as_str().unwrap(), it["runAs"].as_str().unwrap()))
        .collect();
    let who = "Administrator";
    assert_eq!(said, [("SecurityContext", who), ("User", who), ("User", who)]);
    assert_eq!(rows[0]["target"]["name"], who);
}

#[tokio::test]
async fn the_credential_of_an_identity_provider_decides_nothing_that_binds_it() {
    let (setup, _) = Setup::in_memory();
    let idp = provost_testkit::idp::Idp::new(setup.clock.clone());
    let chain = idp.chain(provost_testkit::idp::Keys::Served);
    let server = TestServer::start_with(Setup { chain, ..setup }).await;
    let services = "/Thingworx/Subsystems/SCIMSubsystem/Services";
    for (method, path, expected) in [
        ("GET", "/admin/v1/audit".to_owned(), 403),
        ("POST", "/admin/v1/audit/purge".to_owned(), 403),
        ("PUT", "/admin/v1/configuration/ProvisioningPolicy".to_owned(), 403),
        ("POST", format!("{services}/SetUserProvisioningExclusionList"), 403),
        ("POST", format!("{services}/GetUserProvisioningExclusionList"), 200),
        ("POST", format!("{services}/IsRunning"), 200),
    ] {
        let mut request = request(method, &path, Some(&idp.token()));
        request.body = Some(b"{}".to_vec());
        let answer = server.ask(request).await;
        assert_eq!(answer.status, expected, "{path}: {answer}");
        let text = String::from_utf8(answer.body).unwrap();
        assert_eq!(text.contains("does not decide what binds it"), expected == 403, "{text}");
    }
}

#[tokio::test]
async fn a_session_ends_by_the_name_that_applications_know() {
    let server = TestServer::start().await;
    let mut ann = user("ann");
    ann["displayName"] = json!("bea");
    let path = created(&server, "/Users", &ann).await;
    let id = path.rsplit('/').next().unwrap();
    let lock =
        admin(&server, "PATCH", &format!("/users/{id}"), Some(json!({"locked": true}))).await;
    assert_eq!(lock.status, 200, "{lock}");
    assert_eq!(server.send("PUT", &path, Some(&user("cleo"))).await.status, 200);
    assert_eq!(server.send("DELETE", &path, None).await.status, 204);
    let found = admin(&server, "GET", "/sessions/revocations", None).await.json();
    let said: Vec<(&str, &str)> = found["revocations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["reason"].as_str().unwrap(), it["user"]["name"].as_str().unwrap()))
        .collect();
    assert_eq!(said, [("locked", "ann"), ("deleted", "cleo")]);
}

#[tokio::test]
async fn a_caller_may_run_as_an_administrator_of_the_tables() {
    let (setup, _) = Setup::in_memory();
    let idp = provost_testkit::idp::Idp::new(setup.clock.clone());
    let chain = idp.chain_that_runs_as("ann", provost_testkit::idp::Keys::Served);
    let server = TestServer::start_with(Setup { chain, ..setup }).await;
    let ask =
        async || server.ask(request("GET", "/scim/v2/Users", Some(&idp.token()))).await.status;
    assert_eq!(ask().await, 403, "there is no such user");
    let ann = created(&server, "/Users", &user("ann")).await;
    assert_eq!(ask().await, 403, "the tables do not name the user");
    let rows = json!([{"thingworxUserName": "Ann"}, {"thingworxUserName": "bea"}]);
    set(&server, "AdministratorAccounts", rows).await;
    assert_eq!(ask().await, 200);
    created(&server, "/Users", &user("bea")).await;
    let disable = patch(json!({"op": "replace", "path": "active", "value": false}));
    assert_eq!(server.send("PATCH", &ann, Some(&disable)).await.status, 200);
    assert_eq!(ask().await, 403, "the user is disabled");
}

#[tokio::test]
async fn services_of_the_platform_are_told_of_and_run() {
    let server = TestServer::start().await;
    let told = admin(&server, "GET", "/services", None).await.json();
    let services = told["services"].as_array().unwrap();
    let set = services.iter().find(|it| it["name"] == "SetUserProvisioningExclusionList").unwrap();
    assert_eq!((&set["category"], &set["result"]), (&json!("SCIM"), &json!("NOTHING")));
    assert_eq!(set["parameters"][0]["name"], "users");
    for service in services {
        assert_ne!(service["description"], "", "{service}");
    }
    let users = json!({"users": [{"thingworxUserName": "boss"}], "changeReason": "a boss"});
    let run = |name: &str, body| {
        let path = format!("/services/{name}");
        let server = &server;
        async move { admin(server, "POST", &path, Some(body)).await }
    };
    let taken = run("SetUserProvisioningExclusionList", users).await;
    assert_eq!(taken.json()["rows"], json!([]), "{taken}");
    let shown = run("GetUserProvisioningExclusionList", json!({})).await.json();
    let names: Vec<&str> = shown["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["thingworxUserName"].as_str())
        .collect();
    assert!(names.contains(&"boss"), "{names:?}");
    assert_eq!(run("Stop", json!({})).await.status, 200);
    assert_eq!(run("GetSubsystemState", json!({})).await.json()["rows"][0]["result"], "STOPPED");
    assert_eq!(run("Explode", json!({})).await.status, 404);
    let wrong = run("GetConfigurationTable", json!({"tableName": 1})).await;
    assert_eq!(
        (wrong.status, &wrong.json()["detail"]),
        (400, &json!("the parameter tableName is no text"))
    );
}

#[tokio::test]
async fn a_table_that_somebody_else_changed_meanwhile_stays_as_it_is() {
    let server = TestServer::start().await;
    let path = "/configuration/UserProvisioningExclusionList";
    let version = admin(&server, "GET", path, None).await.json()["version"].clone();
    let rows = |name: &str| json!({"rows": [{"thingworxUserName": name}], "version": version});
    // Another table is no matter of this one.
    let other = json!({"rows": [{"thingworxUserName": "carl"}]});
    let other = admin(&server, "PUT", "/configuration/AdministratorAccounts", Some(other)).await;
    assert_eq!(other.status, 200, "{other}");
    let first = admin(&server, "PUT", path, Some(rows("ann"))).await;
    assert_eq!(first.status, 200, "{first}");
    let second = admin(&server, "PUT", path, Some(rows("bea"))).await;
    insta::assert_snapshot!(second, @r#"
    412
    content-type: application/problem+json
    x-request-id: 655815f672000-4

    {
      "type": "about:blank",
      "title": "Precondition Failed",
      "status": 412,
      "detail": "somebody else changed it meanwhile; look at it again"
    }
    "#);
    let shown = admin(&server, "GET", path, None).await.json();
    assert_eq!(shown, first.json(), "as the first one left it");
    let several = |version: &Value| json!({"tables": {}, "version": version});
    let late = admin(&server, "PATCH", "/configuration", Some(several(&version))).await;
    assert_eq!(late.status, 412, "{late}");
    let all = admin(&server, "GET", "/configuration", None).await.json()["version"].clone();
    assert_eq!(admin(&server, "PATCH", "/configuration", Some(several(&all))).await.status, 200);
    // A condition that is misspelt is none.
    for wrong in [
        json!({"rows": [], "version": 1}),
        json!({"rows": [], "versoin": version}),
        json!({"rows": [], "reason": "x".repeat(1_025)}),
    ] {
        let refused = admin(&server, "PUT", path, Some(wrong)).await;
        assert_eq!(refused.status, 400, "{refused}");
    }
    assert_eq!(admin(&server, "GET", path, None).await.json(), shown);
}

#[tokio::test]
async fn one_is_found_by_each_of_its_names_and_shown_with_its_relations() {
    let server = TestServer::start().await;
    let mut ann = user("ann");
    ann["externalId"] = json!("00u1");
    let path = created(&server, "/Users", &ann).await;
    let id = path.rsplit('/').next().unwrap();
    let mut crew = crate::support::group("Crew");
    crew["members"] = json!([{"value": id}]);
    let crew = created(&server, "/Groups", &crew).await;
    let crew = crew.rsplit('/').next().unwrap();
    let mut all = crate::support::group("All");
    all["members"] = json!([{"value": crew}]);
    created(&server, "/Groups", &all).await;
    for query in ["userName=ANN", "externalId=00u1", &format!("id={id}")] {
        let found = admin(&server, "GET", &format!("/users?{query}"), None).await.json();
        assert_eq!(found["users"][0]["id"], id, "{query}");
    }
    for query in ["userName=bea", "externalId=00U2", "id=none", &format!("id={crew}")] {
        let found = admin(&server, "GET", &format!("/users?{query}"), None).await.json();
        assert_eq!(found["users"], json!([]), "{query}");
    }
    let found = admin(&server, "GET", "/groups?entityName=Crew", None).await.json();
    assert_eq!(found["groups"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(admin(&server, "GET", "/users", None).await.status, 400);
    let shown = admin(&server, "GET", &format!("/users/{id}"), None).await.json();
    let groups = shown["relations"]["groups"].as_array().unwrap();
    let groups: Vec<_> = groups.iter().map(|it| (&it["name"], &it["direct"])).collect();
    assert_eq!(groups, [(&json!("Crew"), &json!(true)), (&json!("All"), &json!(false))]);
    let shown = admin(&server, "GET", &format!("/groups/{crew}"), None).await.json();
    assert_eq!(shown["relations"]["members"], json!([{"id": id, "type": "User", "name": "ann"}]));
}

#[tokio::test]
async fn the_log_is_shown_and_its_level_set() {
    let (setup, _) = Setup::in_memory();
    let levels = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&levels);
    let log = Arc::new(LogBook::new(LogLevel::Info, move |it| told.lock().unwrap().push(it)));
    let server = TestServer::start_with(Setup { log: Arc::clone(&log), ..setup }).await;
    for (level, target, message) in [("INFO", "security", "a"), ("WARN", "provost_server", "b")] {
        let line = json!({"level": level, "target": target, "message": message});
        log.write(line.to_string().as_bytes());
    }
    let shown = admin(&server, "GET", "/log", None).await.json();
    assert_eq!(
        shown,
        json!({"level": "info", "lines": [
            {"level": "WARN", "target": "provost_server", "message": "b", "log": "application", "number": 2},
            {"level": "INFO", "target": "security", "message": "a", "log": "security", "number": 1},
        ]})
    );
    let shown =
        admin(&server, "GET", "/log?log=security&level=info&contains=A&limit=5", None).await;
    assert_eq!(shown.json()["lines"].as_array().unwrap().len(), 1, "{shown}");
    for query in ["log=both", "level=loud", "limit=-1", "before=x"] {
        let refused = admin(&server, "GET", &format!("/log?{query}"), None).await;
        assert_eq!(refused.status, 400, "{query}: {refused}");
    }
    let set = |level: &str| admin(&server, "PUT", "/log/level", Some(json!({"level": level})));
    assert_eq!(set("loud").await.status, 400);
    for _ in 0..2 {
        assert_eq!(set("debug").await.json(), json!({"level": "debug"}));
    }
    assert_eq!((&*levels.lock().unwrap(), log.level()), (&vec![LogLevel::Debug], LogLevel::Debug));
    let trail = admin(&server, "GET", "/audit?category=Log", None).await.json();
    let rows = trail["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{trail}");
    assert_eq!(rows[0]["detail"], json!({"before": "info", "after": "debug"}));
    assert_eq!(rows[0]["message"], "token:admin set the level of the log");
}
