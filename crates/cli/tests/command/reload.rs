//! Settings that are read again while the server runs.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{ChildStderr, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::process::{Running, enable, free_port, get, provost, run, text};

const SETTINGS: &str = "ThingworxPlatform/platform-settings.json";

#[test]
fn what_can_change_does_and_the_rest_is_named() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let nobody = run(folder.path(), &["reload"]);
    assert_eq!(nobody.status.code(), Some(1), "there is no database yet");
    let token = text(&run(folder.path(), &["token", "create", "--name", "a"]).stdout);
    let nobody = run(folder.path(), &["reload"]);
    assert!(
        text(&nobody.stderr).contains("no server of this machine is running on the data folder"),
        "{nobody:?}"
    );

    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut server = Running::start(
        provost(folder.path(), &["serve", "--listen", &listen]).stderr(Stdio::piped()),
    );
    server.until(port, "/ready", 200);
    let log = lines_of(server.log());
    let config = || get(port, "/scim/v2/ServiceProviderConfig", Some(token.trim())).unwrap().1;
    assert!(config().contains("\"maxResults\":1000"), "{}", config());
    let write = |own: &str| {
        let content = format!(
            r#"{{"PlatformSettingsConfig": {{"BasicSettings": {{"EnableSSO": true}}, "SCIMSettings": {{"enableSCIM": true, "autoStart": true}}, "ProvostSettings": {own}}}}}"#
        );
        fs::write(folder.path().join(SETTINGS), content).unwrap();
        run(folder.path(), &["reload"]).status.code()
    };
    let own = r#"{"limits": {"pageSize": 10, "connections": 9}, "log": {"level": "debug"}, "nothing": 1}"#;
    assert_eq!(write(own), Some(0));
    until_all(
        &log,
        &[
            "Takes effect: PlatformSettingsConfig.ProvostSettings.log.level = debug",
            "Takes effect: PlatformSettingsConfig.ProvostSettings.limits.pageSize = 10",
            "Needs a restart to take effect: PlatformSettingsConfig.ProvostSettings.limits.connections = 9",
            "ProvostSettings.nothing",
        ],
    );
    assert!(config().contains("\"maxResults\":10}"), "{}", config());
    // The detail of a refusal is said at this level, and not at the one before.
    assert_eq!(get(port, "/scim/v2/Nothing", Some(token.trim())).unwrap().0, 404);
    until_all(&log, &["Refused: there is no endpoint"]);
    // The command says what is wrong; a signal has the server say it.
    assert_eq!(write(r#"{"limits": {"pageSize": "many"}}"#), Some(1));
    server.signal(Signal::HUP);
    until_all(&log, &["limits.pageSize", "as they were before stay in use"]);
    assert!(config().contains("\"maxResults\":10}"), "{}", config());
    server.kill();
}

/// The lines of a log, read by a thread of its own: a test that waits in vain ends.
fn lines_of(log: BufReader<ChildStderr>) -> Receiver<String> {
    let (lines, received) = channel();
    thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    received
}

/// Takes lines until each of some texts was in one.
fn until_all(log: &Receiver<String>, texts: &[&str]) {
    let (mut lines, mut missing) = (Vec::new(), texts.to_vec());
    while !missing.is_empty() {
        let Ok(line) = log.recv_timeout(Duration::from_secs(30)) else {
            panic!("{missing:?} is missing in {lines:#?}")
        };
        missing.retain(|text| !line.contains(text));
        lines.push(line);
    }
}
