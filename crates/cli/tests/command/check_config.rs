//! `provost check-config`.

use crate::process::{enable, run, text};

#[test]
fn good_settings_are_shown_with_their_sources() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "false");
    let output = run(folder.path(), &["check-config", "--listen", "127.0.0.1:9"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    let has =
        |start: &str, end: &str| shown.lines().any(|it| it.starts_with(start) && it.ends_with(end));
    assert!(
        has("PlatformSettingsConfig.SCIMSettings.enableSCIM = true", "line 1 column 98)"),
        "{shown}"
    );
    assert!(
        has("PlatformSettingsConfig.ProvostSettings.listen = 127.0.0.1:9", "(flag --listen)"),
        "{shown}"
    );
    assert_eq!(shown.lines().last(), Some("At its start the subsystem is STOPPED"));
}

#[test]
fn mistakes_are_named_by_their_place_and_end_in_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("platform-settings.json");
    let wrong = "{\"PlatformSettingsConfig\": {\n  \"SCIMSettings\": {\"enableSCIM\": \"yes\", \"autoStrat\": \"true\"}\n}}";
    std::fs::write(&file, wrong).unwrap();
    let path = file.to_str().unwrap();
    for command in ["check-config", "serve"] {
        let output = run(folder.path(), &[command, "--platform-settings", path]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let error = format!(
            "error: {path}: line 2 column 34: PlatformSettingsConfig.SCIMSettings.enableSCIM: found \"yes\"; legal: true or false, with or without quotation marks"
        );
        assert!(said.lines().any(|it| it == error), "{said}");
    }
    let shown = text(&run(folder.path(), &["check-config", "--platform-settings", path]).stdout);
    assert!(shown.contains("autoStrat") && shown.contains("autoStart"), "{shown}");
}
