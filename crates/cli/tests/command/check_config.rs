//! `provost check-config`.

use crate::process::{enable, provost, run, text, trust};

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

#[test]
fn variables_of_the_environment_name_the_files_and_win_over_them() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    enable(&site, "false");
    trust(&site, "Administrator");
    let check = |variable: &str, value: &str, state: &str| {
        let mut command = provost(folder.path(), &["check-config"]);
        command.env("THINGWORX_PLATFORM_SETTINGS", site.join("ThingworxPlatform"));
        command.env("THINGWORX_SSO_SETTINGS", site.join("ThingworxPlatform/ssoSecurityConfig"));
        let shown = text(&command.env(variable, value).output().unwrap().stdout);
        let issuer = "SCIMAccessTokenServicesSettings.issuer = \"https://issuer.example/\"";
        assert!(shown.contains(issuer), "{shown}");
        assert_eq!(shown.lines().last(), Some(&*format!("At its start the subsystem is {state}")));
    };
    check("SCIM_AUTOSTART", "", "STOPPED");
    check("SCIM_AUTOSTART", "true", "STARTING");
    check("ENABLE_SCIM", "false", "DISABLED: enableSCIM is false");
    check("ENABLE_SSO", "false", "DISABLED: EnableSSO is false");
}

#[test]
fn whom_only_the_database_knows_is_said_to_be_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let said = || text(&run(folder.path(), &["check-config"]).stdout);
    trust(folder.path(), "Administrator");
    assert!(!said().contains("AdministratorAccounts"), "{}", said());
    trust(folder.path(), "ann");
    let line = "the server looks for scimAdminName \"ann\" among the enabled users whom the table \
                AdministratorAccounts names";
    assert!(said().contains(line), "{}", said());
}
