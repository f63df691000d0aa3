//! Files that lie over a settings file.

use crate::site::{PLATFORM, SSO, SSO_OF_9_0, Site, lines, set_mode};

const BASE: &str = r#"{"PlatformSettingsConfig": {
  "BasicSettings": {"EnableSSO": true},
  "SCIMSettings": {"enableSCIM": "false", "autoStart": "false"},
  "ProvostSettings": {"listen": "127.0.0.1:1", "tls": {"clientNames": ["a", "b"]}}}}"#;

const SITE: &str = "ThingworxPlatform/platform-settings.json.d/50-site.json";

fn over(name: &str) -> String {
    format!("{PLATFORM}.d/{name}")
}

#[test]
fn files_lie_over_the_file_in_the_order_of_their_names() {
    let site = Site::platform(BASE)
        .with_file(
            &over("9.json"),
            r#"{"PlatformSettingsConfig": {"SCIMSettings": {"autoStart": true}}}"#,
        )
        .with_file(
            SITE,
            r#"{"PlatformSettingsConfig": {
              "SCIMSettings": {"enableSCIM": true, "autoStart": false},
              "ProvostSettings": {"dataFolder": "there", "tls": {"clientNames": ["c"]}}}}"#,
        )
        .with_file(&over("60.json.orig"), "no settings")
        .with_file(&over(".61.json"), "no settings");
    #[track_caller]
    fn check(site: &Site, name: &str, expected: &str) {
        let name = format!("PlatformSettingsConfig.{name}");
        assert_eq!(site.line(&name), format!("{name} = {expected}"));
    }
    check(&site, "BasicSettings.EnableSSO", &format!("true  ({PLATFORM}: line 2 column 34)"));
    check(&site, "SCIMSettings.enableSCIM", &format!("true  ({SITE}: line 2 column 46)"));
    let last = format!("true  ({}: line 1 column 59)", over("9.json"));
    check(&site, "SCIMSettings.autoStart", &last);
    check(&site, "ProvostSettings.listen", &format!("127.0.0.1:1  ({PLATFORM}: line 4 column 33)"));
    check(&site, "ProvostSettings.dataFolder", &format!("there  ({SITE}: line 3 column 49)"));
    let names = format!("[\"c\"]  ({SITE}: line 3 column 81)");
    check(&site, "ProvostSettings.tls.clientNames", &names);
}

#[test]
fn they_are_read_also_where_the_file_is_not() {
    let site = Site::new().with_file(SITE, BASE).with_file(&format!("{SSO}.d/1.json"), SSO_OF_9_0);
    assert!(site.settings().sso_enabled);
    assert_eq!(site.settings().trust.unwrap().admin_name, "Administrator");
    assert_eq!(lines(&Site::new().with_file(SITE, "{}").load().errors), Vec::<String>::new());
}

#[test]
fn what_is_wrong_in_them_is_told_by_its_place() {
    let site = Site::platform("{,}")
        .with_file(SITE, "{\n;}")
        .with_file(&over("60.json"), r#"{"PlatformSettingsConfig": 1}"#);
    let errors = lines(&site.load().errors);
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert!(errors[0].starts_with(&format!("{PLATFORM}: line 1 column 2")), "{errors:#?}");
    assert!(errors[1].starts_with(&format!("{SITE}: line 2 column 1")), "{errors:#?}");

    let kept = Site::platform(BASE).with_file(SITE, r#"{"PlatformSettingsConfig": 1}"#);
    let errors = lines(&kept.load().errors);
    assert!(errors[0].starts_with(&format!("{SITE}: line 1 column 28")), "{errors:#?}");

    let no_folder = Site::new().with_file("ThingworxPlatform/platform-settings.json.d", "{}");
    let errors = lines(&no_folder.load().errors);
    assert!(errors[0].starts_with(&format!("{PLATFORM}.d: cannot be read")), "{errors:#?}");

    let mut many = Site::new();
    for number in 0..=100 {
        many = many.with_file(&over(&format!("{number}.json")), "{}");
    }
    let errors = lines(&many.load().errors);
    assert_eq!(errors, [format!("{PLATFORM}.d: holds more than 100 files")]);
}

#[cfg(unix)]
#[test]
fn a_secret_is_as_open_as_the_file_that_it_stands_in() {
    let secret = r#"{"SCIMAccessTokenServicesSettings": {"clientSecret": "ABC123_xyz"}}"#;
    let layer = format!("{SSO}.d/1.json");
    let base = SSO_OF_9_0.replace("    \"clientSecret\": \"ABC123_xyz\",\n", "");
    let site = Site::sso(&base).with_file(&layer, secret);
    let is_told = |site: &Site| {
        let warnings = lines(&site.load().warnings).join("\n");
        warnings.contains(&format!("{layer}: holds clientSecret and every user"))
    };
    set_mode(&site.path(SSO), 0o644);
    assert!(!is_told(&site));
    set_mode(&site.path(&layer), 0o644);
    assert!(is_told(&site));
}
