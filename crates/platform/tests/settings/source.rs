//! Where values come from: which file is read, and what overrides what.

use std::path::PathBuf;

use crate::site::{PLATFORM, SSO, SSO_OF_9_0, Site, lines};

const ENABLED: &str =
    "{\"PlatformSettingsConfig\": {\n\"SCIMSettings\": {\"enableSCIM\": \"true\"}}}";

#[track_caller]
fn check(site: &Site, name: &str, expected: &str) {
    assert_eq!(site.line(name), expected);
}

#[test]
fn a_value_says_where_it_comes_from() {
    let name = "PlatformSettingsConfig.SCIMSettings.enableSCIM";
    check(&Site::new(), name, &format!("{name} = false  (default)"));
    check(
        &Site::platform(ENABLED),
        name,
        &format!("{name} = true  ({PLATFORM}: line 2 column 32)"),
    );
    check(
        &Site::platform(ENABLED).with_variable("ENABLE_SCIM", "false"),
        name,
        &format!("{name} = false  (environment variable ENABLE_SCIM)"),
    );
}

#[test]
fn every_variable_and_flag_overrides_its_setting() {
    let mut site = Site::platform(
        r#"{"PlatformSettingsConfig": {
          "BasicSettings": {"EnableSSO": false},
          "SCIMSettings": {"enableSCIM": false, "autoStart": false},
          "ProvostSettings": {"listen": "127.0.0.1:1", "dataFolder": "there"}}}"#,
    )
    .with_variable("ENABLE_SCIM", "true")
    .with_variable("SCIM_AUTOSTART", "true")
    .with_variable("ENABLE_SSO", "true");
    site.inputs.flags.listen = Some("127.0.0.1:2".to_owned());
    site.inputs.flags.data = Some(PathBuf::from("here"));

    let found = ["enableSCIM", "autoStart", "EnableSSO", "listen", "dataFolder"].map(|name| {
        site.line(&format!(".{name}")).split_once(" = ").expect("a value").1.to_owned()
    });
    assert_eq!(
        found,
        [
            "true  (environment variable ENABLE_SCIM)",
            "true  (environment variable SCIM_AUTOSTART)",
            "true  (environment variable ENABLE_SSO)",
            "127.0.0.1:2  (flag --listen)",
            "here  (flag --data)",
        ]
    );
    let settings = site.settings();
    assert!(settings.scim.enabled && settings.scim.auto_start && settings.sso_enabled);
    assert_eq!(settings.provost.listen.port(), 2);
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let site = Site::platform(ENABLED)
        .with_variable("ENABLE_SCIM", "")
        .with_variable("THINGWORX_PLATFORM_SETTINGS", "");
    assert!(site.settings().scim.enabled);
}

#[test]
fn an_override_does_not_hide_an_error_in_the_file() {
    let site =
        Site::platform(&ENABLED.replace("\"true\"", "1")).with_variable("ENABLE_SCIM", "true");
    assert_eq!(site.load().errors.len(), 1);
}

#[test]
fn a_wrong_flag_is_told_by_its_name() {
    let mut site = Site::new();
    site.inputs.flags.listen = Some("8080".to_owned());
    assert_eq!(
        lines(&site.load().errors),
        [
            "flag --listen: PlatformSettingsConfig.ProvostSettings.listen: found \"8080\"; legal: an \
          IP address and a port, such as \"127.0.0.1:8080\" or \"[::]:8080\""
        ]
    );
}

#[test]
fn a_variable_names_a_file_or_its_folder() {
    for named in ["conf/platform-settings.json", "conf", "conf/"] {
        let site = Site::new()
            .with_file("conf/platform-settings.json", ENABLED)
            .with_variable("THINGWORX_PLATFORM_SETTINGS", named);
        assert!(site.settings().scim.enabled, "{named}");
    }
    for named in ["conf/sso-settings.json", "conf"] {
        let site = Site::new()
            .with_file("conf/sso-settings.json", SSO_OF_9_0)
            .with_variable("THINGWORX_SSO_SETTINGS", named);
        assert!(site.settings().trust.is_some(), "{named}");
    }
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_usual_place() {
    let listen = |port: u16| {
        format!(
            "{{\"PlatformSettingsConfig\": {{\"ProvostSettings\": {{\"listen\": \"127.0.0.1:{port}\"}}}}}}"
        )
    };
    let mut site = Site::platform(&listen(1));
    assert_eq!(site.settings().provost.listen.port(), 1);
    site = site
        .with_file("two.json", listen(2))
        .with_variable("THINGWORX_PLATFORM_SETTINGS", "two.json");
    assert_eq!(site.settings().provost.listen.port(), 2);
    site = site.with_file("three.json", listen(3));
    site.inputs.flags.platform_settings = Some(PathBuf::from("three.json"));
    assert_eq!(site.settings().provost.listen.port(), 3);
}

#[test]
fn an_absolute_path_is_taken_as_it_is() {
    let mut site = Site::new().with_file("sso.json", SSO_OF_9_0);
    site.inputs.flags.sso_settings = Some(site.path("sso.json"));
    site.inputs.folder = PathBuf::from("elsewhere");
    assert!(site.settings().trust.is_some());
}

#[test]
fn a_file_that_is_named_but_not_there_is_an_error_with_who_named_it() {
    let site = Site::new().with_variable("THINGWORX_SSO_SETTINGS", "nowhere/sso.json");
    assert_eq!(
        lines(&site.load().errors),
        ["nowhere/sso.json: cannot be read (No such file or directory (os error 2)); named by \
          environment variable THINGWORX_SSO_SETTINGS"]
    );
    let mut site = Site::new();
    site.inputs.flags.platform_settings = Some(PathBuf::from("absent.json"));
    assert_eq!(
        lines(&site.load().errors),
        ["absent.json: cannot be read (No such file or directory (os error 2)); named by flag \
          --platform-settings"]
    );
}

#[test]
fn a_folder_without_the_file_is_an_error() {
    let site = Site::new()
        .with_file("conf/other.json", "{}")
        .with_variable("THINGWORX_PLATFORM_SETTINGS", "conf");
    let errors = lines(&site.load().errors);
    assert!(errors[0].starts_with("conf/platform-settings.json: cannot be read"), "{errors:?}");
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_opened() {
    let mut site = Site::new();
    site.inputs.flags.platform_settings = Some(PathBuf::from("/dev/zero"));
    assert_eq!(
        lines(&site.load().errors),
        ["/dev/zero: is no regular file; named by flag --platform-settings"]
    );
}

#[test]
fn the_report_has_every_setting_then_warnings_then_errors() {
    let site =
        Site::platform(ENABLED).with_file(SSO, SSO_OF_9_0.replace("Administrator", "System"));
    let text = site.load().to_string();
    let lines: Vec<_> = text.lines().collect();
    let first_warning = lines.iter().position(|line| line.starts_with("warning: "));
    let first_error = lines.iter().position(|line| line.starts_with("error: "));
    assert!(first_warning < first_error, "{text}");
    assert!(lines.contains(&&*format!(
        "SCIMAccessTokenServicesSettings.clientSecret = (hidden)  ({SSO}: line 6 column 21)"
    )));
    assert!(
        lines.contains(&"PlatformSettingsConfig.ProvostSettings.publicBaseUrl = (none)  (default)")
    );
}
