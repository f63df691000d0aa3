//! The shapes that the two files come in, and the typed settings that they become.

use std::time::Duration;

use provost_platform::setting::{
    EmptyString, GroupReplace, LogFormat, LogLevel, Mode, Passwords, Put, Settings, Trust,
    UnknownMember,
};
use secrecy::ExposeSecret;

use crate::site::{SSO, SSO_OF_9_0, Site};

fn platform(scim: &str) -> String {
    format!("{{\"PlatformSettingsConfig\": {{\"SCIMSettings\": {{{scim}}}}}}}")
}

#[track_caller]
fn trust(settings: Settings) -> Trust {
    settings.trust.expect("trusts an issuer")
}

#[test]
fn switches_are_strings_or_booleans() {
    #[track_caller]
    fn check(scim: &str, expected: (bool, bool, bool)) {
        let scim = Site::platform(&platform(scim)).settings().scim;
        let found = (scim.enabled, scim.auto_start, scim.ignore_pf_test_connections);
        assert_eq!(found, expected);
    }
    check("", (false, false, true));
    check(r#""enableSCIM": "true", "autoStart": "false""#, (true, false, true));
    check(r#""enableSCIM": true, "autoStart": true"#, (true, true, true));
    check(r#""enableSCIM": false, "autoStart": "true""#, (false, true, true));
    check(r#""ignorePFTestConnections": "false""#, (false, false, false));
}

#[test]
fn the_shape_before_9_5_has_an_administrator_and_a_client_twice() {
    let trust = trust(Site::sso(SSO_OF_9_0).settings());
    assert_eq!(trust.admin_name, "Administrator");
    assert_eq!(trust.client_id, "6f2f9c40-5f4a-4b1e-8a37-9d2a1f0c7e11");
    assert_eq!(trust.client_id_claim, None);
    assert_eq!(trust.issuer, "https://sts.windows.net/3f2a2ad0-9f3b-4ed3-9b0c-0a4d3ce2f1aa/");
    assert_eq!(
        trust.keys.url().as_str(),
        "https://login.microsoftonline.com/common/discovery/keys"
    );
    assert_eq!(trust.client_secret.expect("kept").expose_secret(), "ABC123_xyz");
}

#[test]
fn the_shape_of_9_5_may_name_the_claim() {
    let text = r#"{"SCIMAccessTokenServicesSettings": {
      "authScimOAuthClientId": "client",
      "issuer": "https://idp.example.com/",
      "jwtPublicKeyUrl": "http://127.0.0.1:9000/keys",
      "authScimOAuthClientIdAttrName": "appid"
    }}"#;
    let named = trust(Site::sso(text).settings());
    assert_eq!(named.admin_name, "Administrator");
    assert_eq!(named.client_id_claim.as_deref(), Some("appid"));
    assert!(named.client_secret.is_none());
    let claim = named.client_binding().claim.expect("one claim counts");
    assert_eq!((&*claim.name, &*claim.value), ("appid", "client"));

    let without = text.replace(",\n      \"authScimOAuthClientIdAttrName\": \"appid\"", "");
    let unnamed = trust(Site::sso(&without).settings());
    assert_eq!(unnamed.client_id_claim, None);
    assert_eq!(unnamed.client_binding().pairs.len(), 1);
}

#[test]
fn a_key_url_may_be_plain_on_the_machine_itself() {
    for url in
        ["http://127.0.0.1:1/k", "http://127.9.9.9/k", "http://[::1]:1/k", "http://localhost/k"]
    {
        let keys = "https://login.microsoftonline.com/common/discovery/keys";
        let site = Site::sso(&SSO_OF_9_0.replace(keys, url));
        assert_eq!(trust(site.settings()).keys.url().as_str(), url);
    }
}

#[test]
fn from_release_10_on_the_trusted_issuer_may_stand_in_the_platform_file() {
    let block = SSO_OF_9_0.trim().trim_start_matches('{').trim_end_matches('}').trim_end();
    let beside = format!("{{\"PlatformSettingsConfig\": {{}}, {block}}}");
    let inside = format!("{{\"PlatformSettingsConfig\": {{{block}}}}}");
    for text in [beside, inside] {
        let trust = trust(Site::platform(&text).settings());
        assert_eq!(trust.client_id, "6f2f9c40-5f4a-4b1e-8a37-9d2a1f0c7e11");
    }
}

#[test]
fn without_files_everything_has_its_default() {
    let settings = Site::new().settings();
    assert!(!settings.scim.enabled && !settings.sso_enabled && settings.trust.is_none());
    let provost = settings.provost;
    assert_eq!(provost.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(provost.public_base_url, None);
    assert_eq!(provost.data_folder.to_str(), Some("./data"));
    assert_eq!(provost.passwords, Passwords::Discard);
    assert_eq!(provost.jwt.skew, Duration::from_secs(300));
    assert_eq!(provost.jwt.lifetime_max, Duration::from_secs(86_400));
    assert_eq!(provost.jwt.unknown_key_refresh, Duration::from_secs(300));
    assert_eq!(provost.dialect.mode, Mode::Lenient);
    assert_eq!(provost.dialect.unknown_member, UnknownMember::Refuse);
    assert_eq!(provost.dialect.put, Put::Replace);
    assert_eq!(provost.dialect.group_replace, GroupReplace::Rfc);
    assert_eq!(provost.dialect.empty_string, EmptyString::Unassign);
    assert!(provost.dialect.group_display_name_unique);
    assert_eq!(provost.log.level.as_str(), "info");
    assert_eq!(provost.log.format, LogFormat::Text);
    assert_eq!(provost.limits.header_bytes, 32 * 1024);
    assert_eq!(provost.limits.body_bytes, 8 * 1024 * 1024);
    assert_eq!(provost.limits.request_time, Duration::from_secs(10));
}

#[test]
fn every_block_of_our_own_settings_is_read() {
    let settings = Site::platform(
        r#"{"PlatformSettingsConfig": {"ProvostSettings": {
          "listen": "[::1]:0",
          "publicBaseUrl": "https://scim.example.com/",
          "dataFolder": "/var/lib/provost",
          "passwords": "hash",
          "dialect": {"mode": "strict", "unknownMember": "skip", "put": "merge",
                      "groupReplace": "additive", "emptyString": "keep",
                      "groupDisplayNameUnique": "false"},
          "jwt": {"skewSeconds": 0},
          "log": {"level": "debug", "format": "json"},
          "limits": {"pageSize": 200, "requestSeconds": 20}
        }}}"#,
    )
    .settings();
    let provost = settings.provost;
    assert_eq!(provost.listen.to_string(), "[::1]:0");
    assert_eq!(provost.public_base_url.as_deref(), Some("https://scim.example.com"));
    assert_eq!(provost.data_folder.to_str(), Some("/var/lib/provost"));
    assert_eq!(provost.passwords, Passwords::Hash);
    assert_eq!(provost.dialect.mode, Mode::Strict);
    assert_eq!(provost.dialect.unknown_member, UnknownMember::Skip);
    assert_eq!(provost.dialect.put, Put::Merge);
    assert_eq!(provost.dialect.group_replace, GroupReplace::Additive);
    assert_eq!(provost.dialect.empty_string, EmptyString::Keep);
    assert!(!provost.dialect.group_display_name_unique);
    assert_eq!(provost.jwt.skew, Duration::ZERO);
    assert_eq!((provost.log.level, provost.log.format), (LogLevel::Debug, LogFormat::Json));
    assert_eq!(provost.limits.page_size, 200);
    assert_eq!(provost.limits.request_time, Duration::from_secs(20));
}

#[test]
fn a_secret_shows_nowhere() {
    let site = Site::platform(&platform("\"enableSCIM\": true")).with_file(SSO, SSO_OF_9_0);
    let report = site.load();
    let texts = [report.to_string(), format!("{report:?}"), format!("{:?}", site.settings())];
    for text in texts {
        assert!(!text.contains("ABC123_xyz"), "{text}");
    }
}

#[test]
fn a_file_with_a_byte_order_mark_and_windows_line_ends_is_read() {
    let text = format!("\u{feff}{}", SSO_OF_9_0.replace('\n', "\r\n"));
    assert_eq!(trust(Site::sso(&text).settings()).admin_name, "Administrator");
}
