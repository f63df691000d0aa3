//! `provost serve`: start, stop, start again, and what keeps it from starting.

use rustix::process::Signal;

use crate::process::{Running, enable, free_port, get, provost, request, run, text};

#[test]
fn without_settings_it_serves_with_nothing_enabled() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut server = Running::start(&mut provost(folder.path(), &["serve", "--listen", &listen]));
    server.until(port, "/health", 200);
    assert_eq!(get(port, "/ready", None).unwrap().0, 503);
    assert_eq!(get(port, "/scim/v2/Users", None).unwrap().0, 404);
    server.signal(Signal::TERM);
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn an_enabled_subsystem_answers_503_until_it_is_started() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "false");
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut server = Running::start(&mut provost(folder.path(), &["serve", "--listen", &listen]));
    server.until(port, "/health", 200);
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
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut server = Running::start(&mut provost(folder.path(), &["serve", "--listen", &listen]));
    server.until(port, "/ready", 200);
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
