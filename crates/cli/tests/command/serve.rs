//! `provost serve`: start, stop, start again, and what keeps it from starting.

use std::process::Stdio;

use rustix::process::Signal;

use crate::process::{
    Running, done_by, enable, free_port, get, provost, request, run, send, text, trust,
};

#[test]
fn without_settings_it_serves_with_nothing_enabled() {
    let folder = tempfile::tempdir().unwrap();
    let (server, port) = Running::serve(folder.path(), "/health");
    assert_eq!(get(port, "/ready", None).unwrap().0, 503);
    assert_eq!(get(port, "/scim/v2/Users", None).unwrap().0, 404);
    server.signal(Signal::TERM);
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn an_enabled_subsystem_answers_503_until_it_is_started() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "false");
    let (mut server, port) = Running::serve(folder.path(), "/health");
    let token = text(&run(folder.path(), &["token", "create", "--name", "a", "--admin"]).stdout);
    let token = Some(token.trim());
    assert_eq!(get(port, "/scim/v2/Users", token).unwrap().0, 503);
    let services = "/Thingworx/Subsystems/SCIMSubsystem/Services";
    assert_eq!(request(port, "POST", &format!("{services}/Start"), token).unwrap().0, 200);
    server.until(port, "/ready", 200);
    assert_eq!(get(port, "/scim/v2/Users", token).unwrap().0, 200);
    assert_eq!(request(port, "POST", &format!("{services}/Stop"), token).unwrap().0, 200);
    server.until(port, "/ready", 503);
}

#[test]
fn after_sigkill_it_starts_on_the_same_port_and_data() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    for _ in 0..3 {
        let mut server =
            Running::start(&mut provost(folder.path(), &["serve", "--listen", &listen]));
        server.until(port, "/ready", 200);
        server.kill();
    }
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let (_server, _port) = Running::serve(folder.path(), "/ready");
    let other = format!("127.0.0.1:{}", free_port());
    let second = run(folder.path(), &["serve", "--listen", &other]);
    assert_eq!(second.status.code(), Some(3));
    assert!(text(&second.stderr).contains("another provost serves the data folder"), "{second:?}");
}

#[test]
fn a_database_of_a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["token", "create", "--name", "a"]);
    let database = rusqlite::Connection::open(folder.path().join("data/provost.db")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let refused = run(folder.path(), &["serve"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("the database has format 99"), "{refused:?}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let refused = run(folder.path(), &["serve", "--listen", &listen]);
    assert_eq!(refused.status.code(), Some(3));
    let said = text(&refused.stderr);
    assert!(said.contains(&format!("cannot listen on {listen}: Address already in use")), "{said}");
}

#[test]
fn requests_are_answered_when_nobody_reads_the_log_any_more() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let token = text(&run(folder.path(), &["token", "create", "--name", "a"]).stdout);
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut server = Running::start(
        provost(folder.path(), &["serve", "--listen", &listen]).stderr(Stdio::piped()),
    );
    drop(server.log());
    server.until(port, "/ready", 200);
    assert_eq!(get(port, "/scim/v2/Users", Some(token.trim())).unwrap().0, 200);
    server.signal(Signal::TERM);
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn requests_are_answered_while_the_log_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let token = text(&run(folder.path(), &["token", "create", "--name", "a"]).stdout);
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut server = Running::start(
        provost(folder.path(), &["serve", "--listen", &listen]).stderr(Stdio::piped()),
    );
    let log = server.log();
    server.until(port, "/ready", 200);
    // Two lines each: more than a pipe holds.
    for _ in 0..500 {
        assert_eq!(get(port, "/scim/v2/Users", Some("wrong")).unwrap().0, 401);
    }
    assert_eq!(get(port, "/scim/v2/Users", Some(token.trim())).unwrap().0, 200);
    server.signal(Signal::TERM);
    assert_eq!(server.wait(), Some(0));
    drop(log);
}

#[test]
fn the_first_lines_of_the_log_say_where_and_for_whom() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "false");
    trust(folder.path(), "Administrator");
    let (port, said) = Running::said(folder.path());
    let listen = format!("127.0.0.1:{port}");
    for part in [
        &format!("Provost {} listens on {listen}", env!("CARGO_PKG_VERSION")),
        "the SCIM subsystem is STOPPED",
        "SCIMSubsystem/Services/Start",
        &format!("Console: http://{listen}/console"),
        &format!("Tenant URL: http://{listen}/Thingworx/SCIMProvider/SCIM/v2"),
        "accepted: tokens of `provost token create`",
        "with SCIMClient in one of `appid`, `azp`, `client_id`, `aud`; they run as Administrator",
        "not protected from: ",
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
}

#[test]
fn requests_cannot_run_as_somebody_who_is_no_administrator() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    trust(folder.path(), "SuperUser");
    let refused = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("scimAdminName: found \"SuperUser\""), "{said}");
    trust(folder.path(), "ann");
    let refused = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("scimAdminName: \"ann\" is no enabled user"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn requests_may_run_as_a_user_whom_the_tables_make_an_administrator() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let token = done_by("ops", folder.path(), &["token", "create", "--name", "a", "--admin"]);
    let (server, port) = Running::serve(folder.path(), "/ready");
    let done = |method: &str, path: &str, body: &str| {
        send(port, method, path, Some(token.trim()), body).unwrap().0
    };
    let ann = r#"{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ann"}"#;
    assert_eq!(done("POST", "/scim/v2/Users", ann), 201);
    let rows = r#"{"rows": [{"thingworxUserName": "ann"}], "reason": "a test"}"#;
    let table = "/admin/v1/configuration/AdministratorAccounts";
    assert_eq!(done("PUT", table, rows), 200);
    drop(server);
    trust(folder.path(), "ann");
    let (_server, port) = Running::serve(folder.path(), "/ready");
    assert_eq!(get(port, "/scim/v2/Users", Some(token.trim())).unwrap().0, 200);
}

#[test]
fn the_level_of_the_log_is_set_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let token = done_by("ops", folder.path(), &["token", "create", "--name", "a", "--admin"]);
    let (server, port) = Running::serve(folder.path(), "/ready");
    let log =
        |query: &str| get(port, &format!("/admin/v1/log?{query}"), Some(token.trim())).unwrap().1;
    let set = |level: &str| {
        let body = format!(r#"{{"level": "{level}"}}"#);
        send(port, "PUT", "/admin/v1/log/level", Some(token.trim()), &body).unwrap().0
    };
    let look_for_nothing = || get(port, "/scim/v2/Nothing", Some(token.trim())).unwrap().0;
    assert!(log("contains=listens").contains("Provost"), "{}", log("contains=listens"));
    assert_eq!(get(port, "/scim/v2/Users", Some("pvt_wrong")).unwrap().0, 401);
    let refused = log("log=security");
    assert!(refused.contains("Token refused") && !refused.contains("listens"), "{refused}");
    // The detail of a refusal is said at one level, and not at the other.
    let detail = "contains=there+is+no+endpoint";
    assert_eq!(look_for_nothing(), 404);
    assert!(log(detail).contains("\"lines\":[]"), "{}", log(detail));
    assert_eq!(set("debug"), 200);
    assert_eq!(look_for_nothing(), 404);
    assert!(log(detail).contains("DEBUG"), "{}", log(detail));
    assert_eq!(set("error"), 200);
    let known = log("limit=1000").matches("timestamp").count();
    assert_eq!(look_for_nothing(), 404);
    assert_eq!(log("limit=1000").matches("timestamp").count(), known);
    // Settings that are read again bring their own level back.
    assert_eq!(run(folder.path(), &["reload"]).status.code(), Some(0));
    let mut server = server;
    server.until_so(|| log("limit=1").contains("\"level\":\"info\""));
}
