//! `provost healthcheck`.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;

use crate::process::{Running, enable, free_port, provost, run, text};
use crate::stand_in::{Authority, answer, serve};

/// The exit code of the command beside a server on a port, and what it says.
fn check(folder: &Path, port: u16, more: &[&str]) -> (Option<i32>, String) {
    let listen = format!("127.0.0.1:{port}");
    let output = run(folder, &[&["healthcheck", "--listen", &listen], more].concat());
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_server_that_is_there_is_well_and_ready_only_while_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "false");
    let (server, port) = Running::serve(folder.path(), "/health");
    let (code, said) = check(folder.path(), port, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("{\"state\":\"STOPPED\"") && said.ends_with("}\n"), "{said}");
    assert_eq!(check(folder.path(), port, &["--ready"]).0, Some(1));
    drop(server);
    let (code, said) = check(folder.path(), port, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("cannot reach the server at http://127.0.0.1:{port}/health")));
}

#[test]
fn a_server_that_serves_is_ready_on_all_addresses_and_by_tls() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let (certificate, key) = Authority::new("ours").pair("scim.example");
    let settings = folder.path().join("ThingworxPlatform");
    std::fs::create_dir_all(&settings).unwrap();
    std::fs::write(folder.path().join("certificate.pem"), certificate).unwrap();
    std::fs::write(folder.path().join("key.pem"), key).unwrap();
    std::fs::set_permissions(folder.path().join("key.pem"), Permissions::from_mode(0o600)).unwrap();
    let content = json!({"PlatformSettingsConfig": {
        "BasicSettings": {"EnableSSO": true},
        "SCIMSettings": {"enableSCIM": true, "autoStart": true},
        "ProvostSettings": {
            "listen": format!("0.0.0.0:{port}"),
            "tls": {"certificateFile": "certificate.pem", "keyFile": "key.pem"},
        },
    }});
    std::fs::write(settings.join("platform-settings.json"), content.to_string()).unwrap();
    let mut server = Running::start(&mut provost(folder.path(), &["serve"]));
    server.until_so(|| run(folder.path(), &["healthcheck", "--ready"]).status.code() == Some(0));
    assert_eq!(run(folder.path(), &["healthcheck"]).status.code(), Some(0));
}

#[test]
fn what_is_no_health_is_not_well() {
    let folder = tempfile::tempdir().unwrap();
    for text in [
        answer(200, "application/json", "{\"state\":\"RUNNING\",\"store\":\"unavailable\"}"),
        answer(200, "text/html", "hello"),
        answer(503, "application/json", "{\"store\":\"ok\"}"),
        String::new(),
    ] {
        let (port, _) = serve(move |_| text.clone());
        assert_eq!(check(folder.path(), port, &[]).0, Some(1));
    }
    std::fs::write(folder.path().join("wrong.json"), "{").unwrap();
    let (code, said) = check(folder.path(), 1, &["--platform-settings", "wrong.json"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("error: "), "{said}");
}
