//! `provost import thingworx`: before there is a server, beside one, repeated, and with wrong rows.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::process::{Running, enable, get, provost, run, text};

const FILE: &str = include_str!("thingworx.json");

const ANN: &str = "4f1c2b0e-6a5d-4c3b-9e8f-0a1b2c3d4e5f";
const OPERATORS: &str = "7a6b5c4d-3e2f-4a1b-8c9d-0e1f2a3b4c5d";

fn import(folder: &Path, document: &str, arguments: &[&str]) -> (Option<i32>, String) {
    std::fs::write(folder.join("users.json"), document).expect("the folder can be written");
    let output = run(folder, &[&["import", "thingworx", "users.json"], arguments].concat());
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

fn changed(change: impl Fn(&mut Value)) -> String {
    let mut document = serde_json::from_str(FILE).expect("it is JSON");
    change(&mut document);
    document.to_string()
}

/// A token for the server of a folder.
fn token(folder: &Path, name: &str, rights: &str) -> String {
    let made = run(folder, &["token", "create", "--name", name, "--rights", rights]);
    text(&made.stdout).trim().to_owned()
}

fn asked(port: u16, path: &str, token: &str) -> Value {
    let (status, body) = get(port, path, Some(token)).expect("the server answers");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).expect("it is JSON")
}

const CREATED: &str = "\
users: 3 created, 0 there already, 1 skipped
groups: 2 created, 0 there already, 1 skipped
memberships: 4 created, 0 there already, 1 skipped
skipped:
  users, row 1: Administrator is the platform's own
  groups, row 1: Administrators is the platform's own
columns that nothing is read from: avatar of users
";

#[test]
fn an_identity_provider_finds_what_was_imported_under_the_ids_that_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    enable(folder, "true");
    assert_eq!(import(folder, FILE, &[]), (Some(0), CREATED.to_owned()));
    let verified = run(folder, &["verify"]);
    assert_eq!(text(&verified.stdout), "no contradiction in ./data\n");
    let (_server, port) = Running::serve(folder, "/ready");
    let client = token(folder, "entra", "write");
    let ask = |path: &str| asked(port, path, &client);
    for filter in ["externalId%20eq%20%22ann.lee%22", "userName%20eq%20%22ann.lee@EXAMPLE.com%22"] {
        let found = ask(&format!("/scim/v2/Users?filter={filter}"));
        assert_eq!(
            (&found["totalResults"], &found["Resources"][0]["id"]),
            (&json!(1), &json!(ANN))
        );
    }
    let ann = ask(&format!("/scim/v2/Users/{ANN}"));
    assert_eq!(ann["userName"], "Ann.Lee@example.com");
    assert_eq!(
        json!([ann["name"], ann["displayName"], ann["title"], ann["active"]]),
        json!([{"familyName": "Lee", "givenName": "Ann"}, "Ann Lee", "Lead", true])
    );
    assert_eq!(
        ann["emails"],
        json!([
            {"value": "ann.lee@example.com", "type": "work"},
            {"value": "ann@home.example", "type": "other"},
            {"value": "lee@home.example", "type": "other"},
        ])
    );
    assert_eq!(
        ann["addresses"],
        json!([{
            "streetAddress": "Main Street 1", "locality": "Stuttgart", "region": "BW",
            "postalCode": "70173", "type": "work"
        }])
    );
    assert_eq!(ann["groups"].as_array().map(Vec::len), Some(2), "directly, and through the other");
    let found = ask("/scim/v2/Groups?filter=displayName%20eq%20%22operators%20of%20the%20plant%22");
    assert_eq!(
        (&found["totalResults"], &found["Resources"][0]["id"]),
        (&json!(1), &json!(OPERATORS))
    );
    assert_eq!(found["Resources"][0]["members"].as_array().map(Vec::len), Some(2));
    let admin = token(folder, "ops", "admin");
    let of = |path: &str| asked(port, &format!("/admin/v1/{path}"), &admin);
    let group = of(&format!("groups/{OPERATORS}"));
    assert_eq!(
        json!([
            group["entityName"],
            group["displayName"],
            group["externalId"],
            group["origin"],
            group["tags"]
        ]),
        json!([
            "Plant.Operators",
            "Operators of the plant",
            "ops-object-id",
            "provisioned",
            ["Plant:North", "Plant:South"]
        ])
    );
    let bob = &of("users?userName=bob.ray@example.com")["users"][0];
    assert_eq!(
        json!([bob["enabled"], bob["locked"], bob["lockedAt"]]),
        json!([false, true, "2024-01-01T00:00:00.000000Z"])
    );
    let local = &of("users?userName=operator")["users"][0];
    assert_eq!(json!([local["origin"], local["description"]]), json!(["local", "At the gate"]));
    let trail = of("audit?category=Import");
    let row = &trail["rows"][0];
    assert!(row["message"].as_str().unwrap().ends_with(" imported users.json"), "{row}");
    assert_eq!(row["detail"]["memberships"], json!({"created": 4, "present": 0, "skipped": 1}));
    let rows = of("audit?category=User");
    assert_eq!(rows["rows"].as_array().map(Vec::len), Some(3), "each has its row");
    assert!(rows["rows"][0]["actor"].as_str().unwrap().starts_with("import:"), "{rows}");
}

#[test]
fn an_import_beside_a_server_may_be_repeated_and_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    enable(folder, "true");
    let (_server, port) = Running::serve(folder, "/ready");
    // As if it had ended early: users alone, and of the groups one.
    let begun = changed(|it| {
        it["groups"]["rows"].as_array_mut().unwrap().pop();
        it["members"]["rows"] = json!([]);
    });
    let (code, said) = import(folder, &begun, &[]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = import(folder, FILE, &["--dry-run"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("users: 0 would be created, 3 there already, 1 skipped\n"), "{said}");
    let (code, said) = import(folder, FILE, &[]);
    assert_eq!(code, Some(0), "{said}");
    let expected = "\
users: 0 created, 3 there already, 1 skipped
groups: 1 created, 1 there already, 1 skipped
memberships: 4 created, 0 there already, 1 skipped
";
    assert!(said.starts_with(expected), "{said}");
    let (_, said) = import(folder, FILE, &[]);
    assert!(said.contains("memberships: 0 created, 4 there already, 1 skipped"), "{said}");
    // Members that come later, by the names of what is there.
    let later =
        json!({"members": {"rows": [{"group": "plant.ALL", "name": "Bob.Ray@example.com"}]}});
    let (code, said) = import(folder, &later.to_string(), &[]);
    assert!(said.contains("memberships: 1 created, 0 there already, 0 skipped"), "{code:?} {said}");
    let client = token(folder, "entra", "read");
    let found = asked(port, "/scim/v2/Users", &client);
    assert_eq!(found["totalResults"], 3);
}

#[test]
fn an_import_that_was_killed_is_finished_by_the_same_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    const USERS: u32 = 1_000;
    let user = |number: u32| {
        // Every other one is local, and has an id that the import makes up.
        let id = number.is_multiple_of(2).then(|| format!("00000000-0000-4000-8000-{number:012}"));
        json!({"name": format!("user{number}"), "scimId": id})
    };
    let member =
        |number: u32| json!({"group": "All", "name": format!("user{number}"), "type": "User"});
    let document = json!({
        "users": {"rows": (0..USERS).map(user).collect::<Vec<_>>()},
        "groups": {"rows": [{"name": "All"}]},
        "members": {"rows": (0..USERS).map(member).collect::<Vec<_>>()},
    });
    std::fs::write(folder.join("users.json"), document.to_string()).unwrap();
    enable(folder, "true");
    let (_server, port) = Running::serve(folder, "/ready");
    let client = token(folder, "entra", "read");
    let total = |path: &str| asked(port, path, &client)["totalResults"].as_u64();
    let mut command = provost(folder, &["import", "thingworx", "users.json"]);
    let mut importing = Running::start(command.stdout(Stdio::null()));
    importing.until_so(|| total("/scim/v2/Users?count=0") > Some(0));
    importing.kill();
    let (code, said) = import(folder, &document.to_string(), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.starts_with("users: 1000 created"), "{said}");
    let totals = (total("/scim/v2/Users?count=0"), total("/scim/v2/Groups?count=0"));
    assert_eq!(totals, (Some(USERS.into()), Some(1)));
    assert_eq!(text(&run(folder, &["verify"]).stdout), "no contradiction in ./data\n");
}

#[test]
fn a_rehearsal_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = import(folder.path(), FILE, &["--dry-run"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("users: 3 would be created, 0 there already, 1 skipped\n"), "{said}");
    assert!(!folder.path().join("data").exists());
    assert_eq!(import(folder.path(), FILE, &["--tenant", "acme", "--dry-run"]).0, Some(1));
}

#[test]
fn tenants_and_their_exclusion_lists_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    enable(folder, "true");
    let (_server, port) = Running::serve(folder, "/ready");
    assert!(run(folder, &["tenant", "create", "acme"]).status.success());
    let (code, said) = import(folder, FILE, &["--tenant", "acme"]);
    assert_eq!(code, Some(0), "{said}");
    let client = token(folder, "entra", "read");
    assert_eq!(asked(port, "/scim/v2/Users", &client)["totalResults"], 0);
}

#[test]
fn other_settings_than_those_of_the_server_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    enable(folder, "true");
    let (_server, _port) = Running::serve(folder, "/ready");
    for (value, reason) in [
        ("false", "the server that has the database open runs with other settings"),
        ("5", "the settings cannot be read, which say what is unique"),
    ] {
        let settings = format!(
            r#"{{"PlatformSettingsConfig": {{"ProvostSettings": {{"dialect": {{"groupDisplayNameUnique": {value}}}}}}}}}"#
        );
        std::fs::write(folder.join("other.json"), settings).unwrap();
        let other = ["--platform-settings", "other.json", "--data", "data"];
        let (code, said) = import(folder, FILE, &other);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn wrong_rows_are_all_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let document = changed(|it| {
        let users = it["users"]["rows"].as_array_mut().unwrap();
        users[1]["scimId"] = json!("4F1C2B0E-6A5D-4C3B-9E8F-0A1B2C3D4E5F");
        users[2]["enabled"] = json!("yes");
        users[3]["lockedTime"] = json!("yesterday");
        users.push(json!({"scimId": null}));
        users.push(json!({"name": "x", "title": 5}));
        it["groups"]["rows"][1]["tags"] = json!("Plant");
        it["members"]["rows"][1]["type"] = json!("Thing");
    });
    let expected = "\
error: 7 rows of users.json are wrong; nothing is imported
  users, row 2, scimId: a UUID in lower case with hyphens is needed, not \"4F1C2B0E-6A5D-4C3B-9E8F-0A1B2C3D4E5F\"
  users, row 3, enabled: true or false is needed, not \"yes\"
  users, row 4, lockedTime: a time, as 2026-01-31T00:00:00.000Z or in milliseconds since 1970, is needed, not \"yesterday\"
  users, row 5, name: a name is needed
  users, row 6, title: a text is needed, not 5
  groups, row 2, tags: tags are needed, each with a vocabulary and a term
  members, row 2, type: User or Group is needed, not \"Thing\"
";
    assert_eq!(import(folder, &document, &[]), (Some(1), expected.to_owned()));
    let document = changed(|it| {
        let users = it["users"]["rows"].as_array_mut().unwrap();
        let mut same = users[1].clone();
        same["name"] = json!("other");
        users.push(same);
        users.push(json!({"name": "OPERATOR"}));
        let members = it["members"]["rows"].as_array_mut().unwrap();
        members.push(json!({"group": "Nobody", "name": "operator"}));
        members.push(json!({"group": "Plant.All", "name": "nobody"}));
        members.push(json!({"group": "Plant.Operators", "name": "Plant.All", "type": "Group"}));
    });
    let expected = "\
error: 5 rows of users.json are wrong; nothing is imported
  users, row 5, scimId: users, row 2 has the same
  users, row 6, name: users, row 4 has the same, upper and lower case alike
  members, row 6, group: there is no group \"Nobody\"
  members, row 7, name: there is no user or group \"nobody\"
  members, row 8, name: the group would be a member of itself
";
    assert_eq!(import(folder, &document, &[]), (Some(1), expected.to_owned()));
    let (code, said) = import(folder, "{\"users\": []}", &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("users.json is not what is imported: invalid type: sequence"), "{said}");
    assert!(import(folder, FILE, &[]).1.starts_with("users: 3 created, 0 there already"));
}

#[test]
fn what_the_database_has_is_neither_doubled_nor_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(import(folder, FILE, &[]).0, Some(0));
    let document = changed(|it| {
        it["users"]["rows"][1]["title"] = json!("Boss");
        it["users"]["rows"][2]["scimId"] = json!("11111111-1111-4111-8111-111111111111");
        it["users"]["rows"][3]["scimId"] = json!(OPERATORS);
        it["users"]["rows"][3]["name"] = json!("somebody");
        it["members"]["rows"] = json!([]);
    });
    let (code, said) = import(folder, &document, &["--dry-run"]);
    assert_eq!(code, Some(1));
    for line in [
        "users, row 2: the User Ann.Lee@example.com is here already (4f1c2b0e-6a5d-4c3b-9e8f-0a1b2c3d4e5f), with another urn:ietf:params:scim:schemas:core:2.0:User:title;",
        "users, row 3: the User 0d9e8f7a-1b2c-4d3e-8f4a-5b6c7d8e9f00 is here already, with userName \"Bob.Ray@example.com\"",
        "users, row 4: the id is that of the Group Operators of the plant",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}
