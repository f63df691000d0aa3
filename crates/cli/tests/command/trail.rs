//! What commands leave in the audit trail.

use std::path::Path;

use serde_json::Value;

use crate::process::{Running, done_by, enable, get, provost, run, text};

/// The rows of the trail of a server's tenant, the oldest first.
fn rows(port: u16, path: &str, admin: &str) -> Vec<Value> {
    let (status, body) = get(port, &format!("{path}/admin/v1/audit?order=oldest"), Some(admin))
        .expect("the server answers");
    assert_eq!(status, 200, "{body}");
    let trail: Value = serde_json::from_str(&body).expect("it is JSON");
    trail["rows"].as_array().expect("there are rows").clone()
}

fn messages(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|it| it["message"].as_str().expect("is a text")).collect()
}

fn admin(folder: &Path, arguments: &[&str]) -> String {
    let create = ["token", "create", "--name", "ops", "--admin"];
    done_by("ops", folder, &[&create, arguments].concat()).trim().to_owned()
}

#[test]
fn commands_are_in_the_trail_with_who_ran_them_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    enable(folder, "true");
    let (_server, port) = Running::serve(folder, "/ready");
    let by = |arguments: &[&str]| done_by("ann", folder, arguments);
    by(&["tenant", "create", "acme"]);
    let first = by(&["token", "create", "--name", "a", "--expires-in", "30"]);
    let second = by(&["token", "rotate", "--name", "a"]);
    by(&["token", "revoke", "--name", "a"]);
    by(&["tenant", "pause", "acme"]);
    by(&["tenant", "resume", "acme"]);
    assert_eq!(run(folder, &["tenant", "create", "acme"]).status.code(), Some(1));
    let trail = rows(port, "", &admin(folder, &[]));
    assert_eq!(
        messages(&trail),
        [
            "server started SCIMSubsystem",
            "command:ann made the tenant acme",
            "command:ann made a token for a",
            "command:ann made a further token for a",
            "command:ann revoked tokens of a",
            "command:ann revoked tokens of a",
            "command:ann paused the tenant acme",
            "command:ann resumed the tenant acme",
            "command:ops made a token for ops",
        ]
    );
    let trail = &trail[1..];
    let ids: Vec<&str> = trail.iter().map(|it| it["target"]["id"].as_str().unwrap()).collect();
    assert_eq!((ids[1], ids[2]), (ids[3], ids[4]), "the tokens that were made are revoked");
    assert_eq!(trail[1]["detail"]["rights"], "write");
    assert!(trail[1]["detail"]["expires"].as_str().unwrap().starts_with("20"));
    for token in [&first, &second] {
        assert!(!format!("{trail:?}").contains(&token.trim()[4..20]), "a token is told");
    }
    let of_acme = rows(port, "/t/acme", &admin(folder, &["--tenant", "acme"]));
    assert_eq!(messages(&of_acme), ["command:ops made a token for ops"]);
}

#[test]
fn a_command_of_nobody_is_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    enable(folder, "true");
    let (_server, port) = Running::serve(folder, "/ready");
    let mut nobody = provost(folder, &["token", "create", "--name", "a", "--admin"]);
    nobody.env_remove("SUDO_USER").env_remove("USER").env_remove("LOGNAME");
    let made = text(&nobody.output().unwrap().stdout);
    let trail = rows(port, "", made.trim());
    assert_eq!(messages(&trail), ["server started SCIMSubsystem", "command made a token for a"]);
}
