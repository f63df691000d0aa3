//! `provost try`.

use std::path::Path;
use std::process::Stdio;

use rustix::process::Signal;

use crate::process::{Running, get, lines_until, provost};

/// The command, with its temporary folder inside of a folder that the test can look into.
fn try_in(folder: &Path) -> Running {
    Running::start(provost(folder, &["try"]).env("TMPDIR", folder).stdout(Stdio::piped()))
}

#[track_caller]
fn ends_and_leaves_nothing_behind(trial: Running, folder: &Path) {
    assert_ne!(std::fs::read_dir(folder).unwrap().count(), 0, "its folder is where we look");
    trial.signal(Signal::INT);
    assert_eq!(trial.wait(), Some(0));
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

#[test]
fn the_whole_cycle_is_played_and_then_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let mut trial = try_in(folder.path());
    let mut output = trial.output();
    let lines = lines_until(&mut output, "Token: ");
    let statuses: Vec<&str> = lines.iter().filter_map(|it| it.trim().strip_prefix("→ ")).collect();
    let expected = "200 200 201 201 200 200 200 200 200 201 204 204 204 204 200 204 404";
    assert_eq!(statuses.join(" "), expected);
    assert!(lines.iter().all(|it| !it.contains('\u{1b}')), "no colors where nobody sees them");
    let url = lines.iter().find_map(|it| it.strip_prefix("Tenant URL: http://127.0.0.1:")).unwrap();
    let (port, path) = url.split_once('/').unwrap();
    assert_eq!(path, "Thingworx/SCIMProvider/SCIM/v2");
    let token = lines.last().unwrap().strip_prefix("Token: ").unwrap();
    let (status, body) =
        get(port.parse().unwrap(), &format!("/{path}/Users"), Some(token)).unwrap();
    assert_eq!(status, 200);
    assert!(body.contains("rowan@plant.example"), "{body}");
    ends_and_leaves_nothing_behind(trial, folder.path());
}

#[test]
fn an_interruption_amid_the_cycle_ends_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut trial = try_in(folder.path());
    let mut output = trial.output();
    lines_until(&mut output, "An identity provider");
    ends_and_leaves_nothing_behind(trial, folder.path());
}
