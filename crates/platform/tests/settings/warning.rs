//! What works but is probably not meant.

use crate::site::{PLATFORM, SSO, SSO_OF_9_0, Site, lines, set_mode};

/// Settings with which everything is served.
const SERVING: &str = r#"{"PlatformSettingsConfig": {
  "BasicSettings": {"EnableSSO": true},
  "SCIMSettings": {"enableSCIM": true, "autoStart": true}
}}"#;

#[track_caller]
fn check(site: &Site, expected: &[&str]) {
    let report = site.load();
    assert_eq!(lines(&report.warnings), expected);
    assert_eq!(lines(&report.errors), [""; 0]);
}

fn sso(member: &str) -> Site {
    let text = format!(
        "{{\"SCIMAccessTokenServicesSettings\": {{\n\
         \"authScimOAuthClientId\": \"client\",\n\
         \"issuer\": \"https://idp.example.com/\",\n\
         \"jwtPublicKeyUrl\": \"https://idp.example.com/keys\"{member}}}}}"
    );
    Site::platform(SERVING).with_file(SSO, text)
}

#[test]
fn settings_that_serve_warn_of_nothing() {
    check(&sso(""), &[]);
}

#[test]
fn an_unknown_name_is_told_the_nearest_known_one() {
    #[track_caller]
    fn check_platform(text: &str, expected: &str) {
        let site = Site::platform(text);
        let warnings = lines(&site.load().warnings);
        assert_eq!(warnings, [format!("{PLATFORM}: {expected}")]);
    }
    check_platform(
        "{\"PlatformSettingsConfig\": {\"SCIMSettings\": {\n\"enableScim\": true}}}",
        "line 2 column 1: PlatformSettingsConfig.SCIMSettings.enableScim: unknown and ignored; \
         the nearest known name is `enableSCIM`",
    );
    check_platform(
        "{\"PlatformSettingsConfig\": {\"BasicSettings\": {\"EnableSS0\": true}}}",
        "line 1 column 47: PlatformSettingsConfig.BasicSettings.EnableSS0: unknown and ignored; \
         the nearest known name is `EnableSSO`",
    );
    check_platform(
        "{\"PlatformSettingConfig\": {}}",
        "line 1 column 2: PlatformSettingConfig: unknown and ignored; the nearest known name is \
         `PlatformSettingsConfig`",
    );
    check_platform(
        "{\"PlatformSettingsConfig\": {\"ProvostSettings\": {\"limits\": {\"pagesize\": 5}}}}",
        "line 1 column 60: PlatformSettingsConfig.ProvostSettings.limits.pagesize: unknown and \
         ignored; the nearest known name is `pageSize`",
    );
    check_platform("{\"comment\": \"ours\"}", "line 1 column 2: comment: unknown and ignored");
}

#[test]
fn a_name_of_ours_in_the_wrong_object_is_told_its_home() {
    let site = Site::platform("{\"SCIMSettings\": {\"enableSCIM\": true}}");
    check(
        &site,
        &["ThingworxPlatform/platform-settings.json: line 1 column 2: SCIMSettings: unknown here \
           and ignored; it belongs in PlatformSettingsConfig of platform-settings.json"],
    );
}

#[test]
fn a_foreign_object_is_not_told_a_thousand_names() {
    let names: Vec<_> = (0..1_000).map(|number| format!("\"{number}\": 1")).collect();
    let warnings = Site::platform(&format!("{{{}}}", names.join(","))).load().warnings;
    assert_eq!(warnings.len(), 21);
    assert!(warnings[20].to_string().ends_with("from here on more names are unknown and ignored"));
}

#[test]
fn what_the_platform_documents_is_left_alone() {
    let platform = r#"{
      "PlatformSettingsConfig": {
        "BasicSettings": {"Storage": "/ThingworxStorage", "HTTPRequestHeaderMaxLength": 2000},
        "AdministratorUserSettings": {"InitialPassword": "changeme"},
        "ExtensionPackageImportPolicy": {"importEnabled": false},
        "AuthorizationServersSettings": {"azure": {"clientId": "x"}}
      },
      "PersistenceProviderPackageConfigs": {"H2PersistenceProviderPackage": {"minPoolSize": 10}},
      "AuthorizationServersSettings": {"azure": {"clientId": "x"}}
    }"#;
    let sso = r#"{
      "BasicSettings": {"clientBaseUrl": "https://twx.example.com:443/Thingworx",
                        "administratorAlias": "twadmin@example.com"},
      "AccessTokenPersistenceSettings": {"dbType": "default"},
      "KeyManagerSettings": {"keyStoreKey": "x"},
      "AuthorizationServersSettings": {"azure": {"mandatoryScopes": "offline_access"}},
      "ApplicationKeySettings": {"enabled": true}
    }"#;
    check(&Site::platform(platform).with_file(SSO, sso), &[]);
}

#[test]
fn a_client_id_beside_another_is_told_which_counts() {
    check(
        &sso(",\n\"clientId\": \"another\""),
        &["ThingworxPlatform/ssoSecurityConfig/sso-settings.json: line 5 column 1: \
           SCIMAccessTokenServicesSettings.clientId: differs from authScimOAuthClientId, which is \
           what counts"],
    );
    check(&sso(",\n\"clientId\": \"client\""), &[]);
}

#[test]
fn a_client_secret_is_told_once_that_it_is_not_used() {
    check(
        &sso(",\n\"clientSecret\": \"ABC123_xyz\""),
        &["ThingworxPlatform/ssoSecurityConfig/sso-settings.json: line 5 column 1: \
           SCIMAccessTokenServicesSettings.clientSecret: checking JWTs uses no secret; this one is \
           never sent and may be taken out"],
    );
}

#[cfg(unix)]
#[test]
fn a_client_secret_that_everybody_can_read_is_told() {
    let site = sso(",\n\"clientSecret\": \"ABC123_xyz\"");
    set_mode(&site.path(SSO), 0o644);
    let warnings = lines(&site.load().warnings);
    assert_eq!(
        warnings[1..],
        [
            "ThingworxPlatform/ssoSecurityConfig/sso-settings.json: holds clientSecret and every user \
          of this machine may read it; chmod 600 closes that"
        ]
    );

    let without = sso("");
    set_mode(&without.path(SSO), 0o644);
    check(&without, &[]);
}

#[test]
fn an_issuer_that_differs_from_its_usual_form_by_the_last_slash_is_told() {
    let without = SSO_OF_9_0.replace("f1aa/\"", "f1aa\"");
    let warnings = lines(&Site::platform(SERVING).with_file(SSO, without).load().warnings);
    assert_eq!(
        warnings[1],
        "ThingworxPlatform/ssoSecurityConfig/sso-settings.json: line 7 column 5: \
         SCIMAccessTokenServicesSettings.issuer: issuers of this form are written \
         \"https://sts.windows.net/3f2a2ad0-9f3b-4ed3-9b0c-0a4d3ce2f1aa/\"; iss is compared byte \
         for byte, so every token would be refused"
    );
}

#[test]
fn scim_without_single_sign_on_serves_nobody() {
    let site = sso("").with_variable("ENABLE_SSO", "false");
    check(&site, &["enableSCIM is true but EnableSSO is not: SCIM paths answer 404 until it is"]);
}

#[test]
fn scim_without_a_trusted_issuer_takes_opaque_tokens_only() {
    let expected = "no SCIMAccessTokenServicesSettings \
                    (ThingworxPlatform/ssoSecurityConfig/sso-settings.json or --sso-settings): \
                    JWTs are refused, only tokens of `provost token create` are accepted";
    check(&Site::platform(SERVING), &[expected]);
    check(&Site::platform(SERVING).with_file(SSO, "{}"), &[expected]);
}

#[test]
fn no_files_at_all_are_told_what_to_write_where() {
    check(
        &Site::new(),
        &["no platform-settings.json (ThingworxPlatform/platform-settings.json or \
           --platform-settings): nothing is enabled. Write {\"PlatformSettingsConfig\": \
           {\"BasicSettings\": {\"EnableSSO\": true}, \"SCIMSettings\": {\"enableSCIM\": true, \
           \"autoStart\": true}}} into it"],
    );
}
