//! Everything that a settings file can have wrong, and the exact line that says so: what an operator
//! reads, in one place, so that the sentences stay alike.

use provost_platform::setting::{ClientCertificates, ClientRights, TenantCertificates};

use crate::site::{SSO_OF_9_0, Site, lines};

/// The errors of a platform-settings.json.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let site = Site::platform(text);
    let expected: Vec<_> = expected
        .iter()
        .map(|line| format!("ThingworxPlatform/platform-settings.json: {line}"))
        .collect();
    let report = site.load();
    assert_eq!(lines(&report.errors), expected);
    assert!(report.settings.is_none());
}

/// The errors of one setting of `SCIMSettings`.
#[track_caller]
fn check_scim(member: &str, expected: &str) {
    let text = format!("{{\"PlatformSettingsConfig\": {{\"SCIMSettings\": {{\n{member}}}}}}}");
    check(&text, &[expected]);
}

/// The errors of one setting of `ProvostSettings`.
#[track_caller]
fn check_provost(member: &str, expected: &str) {
    let text = format!("{{\"PlatformSettingsConfig\": {{\"ProvostSettings\": {{\n{member}}}}}}}");
    check(&text, &[expected]);
}

/// The errors of the sso-settings.json before 9.5 in which one value is another.
#[track_caller]
fn check_sso(name: &str, value: &str, expected: &[&str]) {
    let text: Vec<_> = SSO_OF_9_0
        .lines()
        .map(|line| match line.split_once(": ") {
            Some((key, old)) if key.trim() == format!("\"{name}\"") => {
                let comma = if old.ends_with(',') { "," } else { "" };
                format!("{key}: {value}{comma}")
            }
            _ => line.to_owned(),
        })
        .collect();
    check_sso_text(&text.join("\n"), expected);
}

#[track_caller]
fn check_sso_text(text: &str, expected: &[&str]) {
    let report = Site::sso(text).load();
    let expected: Vec<_> = expected
        .iter()
        .map(|line| format!("ThingworxPlatform/ssoSecurityConfig/sso-settings.json: {line}"))
        .collect();
    assert_eq!(lines(&report.errors), expected);
}

#[test]
fn a_missing_comma_is_named_with_its_line() {
    check_sso_text(
        "{\n\
         \x20 \"SCIMAccessTokenServicesSettings\": {\n\
         \x20   \"authScimOAuthClientId\": \"SCIMClient\"\n\
         \x20   \"clientId\": \"SCIMClient\"\n\
         \x20 }\n\
         }",
        &["line 3 column 42: a comma is missing after line 3"],
    );
    check(
        "{\"PlatformSettingsConfig\": {\n  \"DomainConfiguration\": {}\n  \"BasicSettings\": {}\n}}",
        &["line 2 column 28: a comma is missing after line 2"],
    );
}

#[test]
fn a_missing_comma_within_a_line_is_at_its_place() {
    check("{\"a\": 1 \"b\": 2}", &["line 1 column 8: a comma is missing here"]);
    check("[1 2]", &["line 1 column 3: a comma is missing here"]);
}

#[test]
fn a_fragment_as_the_documentation_prints_it_is_told_of_its_outer_braces() {
    let expected = "line 2 column 1: the outer braces are missing: a settings file begins with { \
                    and ends with }";
    check(
        "\n\"PlatformSettingsConfig\": {\n\"SCIMSettings\": {\n\"enableSCIM\": \"true\"\n}\n}",
        &[expected],
    );
    check("\n\"PlatformSettingsConfig\": {}, \"Other\": {}", &[expected]);
}

#[test]
fn a_file_that_is_no_json_is_told_where_it_stops_being_json() {
    check("", &["line 1 column 1: the file is empty; write at least {}"]);
    check("\n \n", &["line 1 column 1: the file is empty; write at least {}"]);
    check("{\n  \"a\": 1,\n}", &["line 2 column 9: this comma has nothing after it; take it away"]);
    check("{\"a\": {\n\"b\": 1\n", &["line 1 column 7: this { is never closed with }"]);
    check("{\"a\": [\n1\n", &["line 1 column 7: this [ is never closed with ]"]);
    check(
        "{}\n}",
        &[
            "line 2 column 1: the object is complete before this place: is a brace too many before it?",
        ],
    );
    check("{\"a\" 1}", &["line 1 column 6: a colon is missing before this place"]);
    check(
        "{\n\u{201c}a\u{201d}: 1}",
        &["line 2 column 1: a typographic quotation mark; JSON wants \""],
    );
    check("{\"a\": yes}", &["line 1 column 7: this is no JSON value; a text stands in \""]);
    check("{\"a\": 1 /* one */}", &["line 1 column 9: this is no JSON: comments are not allowed"]);
    check("{'a': 1}", &["line 1 column 2: this is no JSON: single-quoted strings are not allowed"]);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    check(&deep, &["line 1 column 513: nested too deeply"]);
}

#[test]
fn a_name_that_stands_twice_is_an_error_wherever_it_stands() {
    check_scim(
        "\"enableSCIM\": true,\n\"enableSCIM\": false",
        "line 3 column 1: PlatformSettingsConfig.SCIMSettings.enableSCIM: the name stands twice, \
         first in line 2; keep one",
    );
    check(
        "{\"Foreign\": [{\"a\": 1, \"a\": 2}]}",
        &["line 1 column 23: Foreign[0].a: the name stands twice, first in line 1; keep one"],
    );
}

#[test]
fn a_switch_is_true_or_false() {
    #[track_caller]
    fn check(value: &str, found: &str) {
        let expected = format!(
            "line 2 column 15: PlatformSettingsConfig.SCIMSettings.enableSCIM: found {found}; \
             legal: true or false, with or without quotation marks"
        );
        check_scim(&format!("\"enableSCIM\": {value}"), &expected);
    }
    check("\"yes\"", "\"yes\"");
    check("\"True\"", "\"True\"");
    check("\" true\"", "\" true\"");
    check("\"\"", "\"\"");
    check("1", "1");
    check("null", "null");
    check("[true]", "an array");
    check("{\"a\": true}", "an object");
}

#[test]
fn a_block_is_an_object() {
    check(
        "{\"PlatformSettingsConfig\": {\"SCIMSettings\": true}}",
        &[
            "line 1 column 45: PlatformSettingsConfig.SCIMSettings: found true; legal: an object, {…}",
        ],
    );
    check("[]", &["line 1 column 1: found an array; legal: an object, {…}"]);
}

#[test]
fn all_errors_of_all_files_are_told_at_once() {
    let site = Site::platform(
        "{\"PlatformSettingsConfig\": {\n\
         \"SCIMSettings\": {\"enableSCIM\": \"yes\", \"autoStart\": 1},\n\
         \"ProvostSettings\": {\"listen\": \"everywhere\"}}}",
    )
    .with_file(crate::site::SSO, "{\"SCIMAccessTokenServicesSettings\": {}}")
    .with_variable("ENABLE_SSO", "on");
    let report = site.load();
    assert_eq!(
        lines(&report.errors),
        [
            "environment variable ENABLE_SSO: PlatformSettingsConfig.BasicSettings.EnableSSO: \
             found \"on\"; legal: true or false, with or without quotation marks",
            "ThingworxPlatform/platform-settings.json: line 2 column 32: \
             PlatformSettingsConfig.SCIMSettings.enableSCIM: found \"yes\"; legal: true or false, \
             with or without quotation marks",
            "ThingworxPlatform/platform-settings.json: line 2 column 52: \
             PlatformSettingsConfig.SCIMSettings.autoStart: found 1; legal: true or false, with or \
             without quotation marks",
            "ThingworxPlatform/platform-settings.json: line 3 column 31: \
             PlatformSettingsConfig.ProvostSettings.listen: found \"everywhere\"; legal: an IP \
             address and a port, such as \"127.0.0.1:8080\" or \"[::]:8080\"",
            "ThingworxPlatform/ssoSecurityConfig/sso-settings.json: line 1 column 37: \
             SCIMAccessTokenServicesSettings.authScimOAuthClientId: missing; legal: a string: the \
             Application (client) ID of the enterprise application",
            "ThingworxPlatform/ssoSecurityConfig/sso-settings.json: line 1 column 37: \
             SCIMAccessTokenServicesSettings.issuer: missing; legal: a string: the issuer with \
             your tenant's id, exactly as tokens carry it in iss",
            "ThingworxPlatform/ssoSecurityConfig/sso-settings.json: line 1 column 37: \
             SCIMAccessTokenServicesSettings.jwtPublicKeyUrl: missing; legal: an https: URL, or \
             http: on a loopback address: the jwks_uri of the issuer's OpenID metadata",
        ]
    );
}

#[test]
fn a_syntax_error_stops_its_own_file_only() {
    let site =
        Site::platform("{\"PlatformSettingsConfig\": {\"SCIMSettings\": {\"enableSCIM\": 1}}}")
            .with_file(crate::site::SSO, "{");
    let errors = lines(&site.load().errors);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("this { is never closed")), "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("found 1")), "{errors:?}");
}

#[test]
fn an_issuer_is_filled_in() {
    #[track_caller]
    fn check(value: &str, reason: &str) {
        let found = if value.starts_with('"') || value == "42" { value } else { "an object" };
        let expected = format!(
            "line 7 column 15: SCIMAccessTokenServicesSettings.issuer: found {found}{reason}; \
             legal: a string: the issuer with your tenant's id, exactly as tokens carry it in iss"
        );
        check_sso("issuer", value, &[&expected]);
    }
    let left = |word: &str| {
        format!(": the placeholder {word} is still there; put your value in its place")
    };
    check("\"{tenantId}/\"", &left("{tenantId}"));
    check("\"https://sts.windows.net/{tenantid}/\"", &left("{tenantid}"));
    check("\"https://sts.windows.net/<tenantId>/\"", &left("<tenantId>"));
    check("\"https://sts.windows.net/<TENANTID>/\"", &left("<TENANTID>"));
    check("\"https://sts.windows.net/<tenant_id>/\"", &left("<tenant_id>"));
    check("\"\"", ": the string is empty");
    check("\" https://idp.example.com/\"", ": blanks stand before or after the value");
    check("42", "");
    check("{}", "");
}

#[test]
fn a_key_url_is_encrypted_or_stays_on_the_machine() {
    #[track_caller]
    fn check(value: &str, reason: &str) {
        let expected = format!(
            "line 8 column 24: SCIMAccessTokenServicesSettings.jwtPublicKeyUrl: found {value}\
             {reason}; legal: an https: URL, or http: on a loopback address: the jwks_uri of the \
             issuer's OpenID metadata"
        );
        check_sso("jwtPublicKeyUrl", value, &[&expected]);
    }
    let open = ": http: to another machine can be read and changed on its way";
    check("\"http://login.example.com/keys\"", open);
    check("\"http://10.0.0.1/keys\"", open);
    check("\"http://localhost.example.com/keys\"", open);
    check("\"http://127.0.0.1.example.com/keys\"", open);
    check("\"\"", ": the string is empty");
    check("\"keys\"", ": this is no URL (relative URL without a base)");
    check("\"https://\"", ": this is no URL (empty host)");
    check("\"ftp://login.example.com/keys\"", "");
    check("\"file:///etc/keys\"", "");
    check("\"https://login.example.com/keys#1\"", ": the part after # is never sent");
    check(
        "\"https://login.microsoftonline.com/<tenantId>/discovery/keys\"",
        ": the placeholder <tenantId> is still there; put your value in its place",
    );
    check("true", "");
}

#[test]
fn credentials_in_a_url_are_refused_and_not_shown() {
    check_sso(
        "jwtPublicKeyUrl",
        "\"https://user:secret@login.example.com/keys\"",
        &[
            "line 8 column 24: SCIMAccessTokenServicesSettings.jwtPublicKeyUrl: found a URL with an \
           @ in it: a URL with credentials in it ends up in logs; legal: an https: URL, or http: \
           on a loopback address: the jwks_uri of the issuer's OpenID metadata",
        ],
    );
}

#[test]
fn requests_run_as_an_administrator_that_the_platform_has() {
    #[track_caller]
    fn check(value: &str, reason: &str) {
        let expected = format!(
            "line 3 column 22: SCIMAccessTokenServicesSettings.scimAdminName: found {value}\
             {reason}; legal: \"Administrator\", or an enabled user of the table \
             AdministratorAccounts"
        );
        check_sso("scimAdminName", value, &[&expected]);
    }
    check("\"administrator\"", ": the platform has no user of this name");
    check("\" Administrator\"", ": blanks stand before or after the value");
    check("\"SuperUser\"", ": requests cannot run as this user, who is no enabled administrator");
    check("\"\"", ": the string is empty");
    check("7", "");
}

#[test]
fn the_other_names_are_strings_that_say_something() {
    check_sso(
        "authScimOAuthClientId",
        "42",
        &["line 4 column 30: SCIMAccessTokenServicesSettings.authScimOAuthClientId: found 42; \
           legal: a string: the Application (client) ID of the enterprise application"],
    );
    check_sso(
        "clientId",
        "null",
        &["line 5 column 17: SCIMAccessTokenServicesSettings.clientId: found null; legal: a \
           string: the same value as authScimOAuthClientId"],
    );
}

#[test]
fn a_secret_of_the_wrong_type_is_not_shown() {
    check_sso(
        "clientSecret",
        "8675309",
        &[
            "line 6 column 21: SCIMAccessTokenServicesSettings.clientSecret: found a number; legal: \
           a string",
        ],
    );
}

#[test]
fn token_introspection_is_whole_and_its_converter_is_the_one_that_there_is() {
    let text = |members: &str| format!("{{\"SCIMAccessTokenServicesSettings\": {{\n{members}}}}}");
    let endpoint = "\"checkTokenEndpointUrl\": \"https://cas.example.com/as/introspect.oauth2\"";
    let block = "line 1 column 37: SCIMAccessTokenServicesSettings";
    let clients = [
        format!(
            "{block}.authScimOAuthClientId: missing; legal: a string: the client ID that tokens must belong to"
        ),
        format!(
            "{block}.clientId: missing; legal: a string: the client ID that this server has at the authorization server"
        ),
        format!("{block}.clientSecret: missing; legal: a string"),
    ];
    let clients: Vec<&str> = clients.iter().map(String::as_str).collect();
    check_sso_text(&text(endpoint), &clients);
    let members = "\"authScimOAuthClientId\": \"a\", \"clientId\": \"b\", \"clientSecret\": \"c\"";
    let class = "com.ptc.eauth.identity.oauth2.rs.IntrospectionUserAuthenticationConverter";
    check_sso_text(
        &text(&format!("{members}, {endpoint},\n\"userAuthenticationConverterClassName\": \"x\"")),
        &[&format!(
            "line 3 column 41: SCIMAccessTokenServicesSettings.userAuthenticationConverterClassName: found \"x\"; legal: \"{class}\""
        )],
    );
    let whole = text(&format!(
        "{members}, {endpoint}, \"userAuthenticationConverterClassName\": \"{class}\""
    ));
    let report = Site::sso(&whole).load();
    let settings = report.into_settings().expect("no errors");
    let introspection = settings.introspection.expect("it is configured");
    assert_eq!(introspection.endpoint.as_str(), "https://cas.example.com/as/introspect.oauth2");
    assert_eq!((&*introspection.accepted_client, &*introspection.client_id), ("a", "b"));
    assert!(settings.trust.is_none());
}

#[test]
fn two_trusted_issuers_are_one_too_many() {
    let site = Site::platform(SSO_OF_9_0).with_file(crate::site::SSO, SSO_OF_9_0);
    assert_eq!(
        lines(&site.load().errors),
        ["ThingworxPlatform/platform-settings.json: line 2 column 38: \
          SCIMAccessTokenServicesSettings: stands also at \
          ThingworxPlatform/ssoSecurityConfig/sso-settings.json: line 2 column 38; keep one of them"]
    );
}

#[test]
fn a_number_is_whole_and_in_its_range() {
    #[track_caller]
    fn check(value: &str, found: &str) {
        let expected = format!(
            "line 2 column 24: PlatformSettingsConfig.ProvostSettings.limits.pageSize: found \
             {found}; legal: a whole number of resources from 10 to 10000"
        );
        check_provost(&format!("\"limits\": {{\"pageSize\": {value}}}"), &expected);
    }
    check("9", "9");
    check("10001", "10001");
    check("-1", "-1");
    check("100.5", "100.5");
    check("1e3", "1e3");
    check("99999999999999999999999", "99999999999999999999999");
    check("\"100\"", "\"100\"");
    check("true", "true");
}

#[test]
fn a_choice_is_one_of_its_words() {
    check_provost(
        "\"dialect\": {\"mode\": \"Lenient\"}",
        "line 2 column 21: PlatformSettingsConfig.ProvostSettings.dialect.mode: found \"Lenient\"; \
         legal: one of \"lenient\", \"strict\"",
    );
    check_provost(
        "\"log\": {\"level\": 3}",
        "line 2 column 18: PlatformSettingsConfig.ProvostSettings.log.level: found 3; legal: \
         one of \"error\", \"warn\", \"info\", \"debug\", \"trace\"",
    );
}

#[test]
fn a_listen_address_is_an_address_and_a_port() {
    for value in ["8080", "\"8080\"", "\"localhost:8080\"", "\"127.0.0.1\"", "\"127.0.0.1:99999\""]
    {
        check_provost(
            &format!("\"listen\": {value}"),
            &format!(
                "line 2 column 11: PlatformSettingsConfig.ProvostSettings.listen: found {value}; \
                 legal: an IP address and a port, such as \"127.0.0.1:8080\" or \"[::]:8080\""
            ),
        );
    }
}

#[test]
fn a_public_base_url_is_https() {
    check_provost(
        "\"publicBaseUrl\": \"http://scim.example.com\"",
        "line 2 column 18: PlatformSettingsConfig.ProvostSettings.publicBaseUrl: found \
         \"http://scim.example.com\": http: to another machine can be read and changed on its way; \
         legal: an https: URL, or http: on a loopback address: the URL that clients reach this \
         server by, without the path of SCIM",
    );
}

#[test]
fn what_is_found_is_shown_in_one_short_line() {
    let long = "x".repeat(300);
    let expected = format!(
        "line 2 column 15: PlatformSettingsConfig.SCIMSettings.enableSCIM: found \"{}…\"; legal: \
         true or false, with or without quotation marks",
        "x".repeat(100)
    );
    check_scim(&format!("\"enableSCIM\": \"{long}\""), &expected);
    check_scim(
        "\"enableSCIM\": \"a\\nb\"",
        "line 2 column 15: PlatformSettingsConfig.SCIMSettings.enableSCIM: found \"a\\nb\"; legal: \
         true or false, with or without quotation marks",
    );
}

#[test]
fn columns_count_characters_and_lines_end_as_windows_ends_them() {
    check(
        "\u{feff}{\"Größe\": 1,\r\n\"é\": {\"PlatformSettingsConfig\": 1}, \"PlatformSettingsConfig\": 2}",
        &["line 2 column 63: PlatformSettingsConfig: found 2; legal: an object, {…}"],
    );
}

#[test]
fn a_file_that_is_too_large_or_not_text_is_refused() {
    let space = " ".repeat(1024 * 1024);
    check(&format!("{{}}{space}"), &["is larger than 1048576 bytes"]);
    let utf_16 = Site::new().with_file(crate::site::PLATFORM, [b'{', 0xff, 0xfe]);
    assert_eq!(
        lines(&utf_16.load().errors),
        ["ThingworxPlatform/platform-settings.json: is not in UTF-8, from byte 1 on; save it in \
          UTF-8"]
    );
}

#[test]
fn a_public_base_url_is_without_the_path_of_scim() {
    let refused = |url: &str, from: &str| {
        check_provost(
            &format!("\"publicBaseUrl\": \"{url}\""),
            &format!(
                "line 2 column 18: PlatformSettingsConfig.ProvostSettings.publicBaseUrl: found \
                 \"{url}\": the path of SCIM is appended to it: take away all from {from} on; \
                 legal: an https: URL, or http: on a loopback address: the URL that clients reach \
                 this server by, without the path of SCIM"
            ),
        );
    };
    refused("https://a.example/Thingworx/SCIMProvider/SCIM/v2", "/scimprovider");
    refused("https://a.example/x/scim/v2/", "/scim/v2");
}

#[test]
fn beyond_this_machine_there_is_tls_here_or_before() {
    let message = "PlatformSettingsConfig.ProvostSettings.listen: plain HTTP on 0.0.0.0:80 would send tokens and people's data in the clear: set tls.certificateFile and tls.keyFile, or name the proxies that end TLS in proxies";
    check_provost("\"listen\": \"0.0.0.0:80\"", &format!("line 2 column 1: {message}"));
    let text = |members: &str| {
        format!(
            "{{\"PlatformSettingsConfig\": {{\"ProvostSettings\": {{\"listen\": \"0.0.0.0:80\", {members}}}}}}}"
        )
    };
    for members in [
        "\"proxies\": [\"10.0.0.0/8\", \"fd00::1\"]",
        "\"tls\": {\"certificateFile\": \"a.pem\", \"keyFile\": \"a.key\"}",
    ] {
        assert_eq!(lines(&Site::platform(&text(members)).load().errors), Vec::<String>::new());
    }
    check_provost(
        "\"proxies\": [\"proxy.example\"]",
        "line 2 column 12: PlatformSettingsConfig.ProvostSettings.proxies: found an array: element 0 is \"proxy.example\": it is not legal; legal: an array of at most 100, each an IP address or a network, such as \"10.1.2.3\" or \"10.0.0.0/8\"",
    );
}

#[test]
fn tls_is_whole() {
    let tls = |members: &str, expected: &str| {
        let path = "PlatformSettingsConfig.ProvostSettings.tls";
        check_provost(
            &format!("\"tls\": {{\n{members}}}"),
            &format!("line 3 column 1: {path}.{expected}"),
        );
    };
    let both = "\"certificateFile\": \"a\", \"keyFile\": \"b\"";
    tls("\"certificateFile\": \"a\"", "certificateFile: needs keyFile");
    tls("\"keyFile\": \"a\"", "keyFile: needs certificateFile");
    let asks = "\"clientCertificates\": \"sole\"";
    tls(&format!("{asks}, {both}"), "clientCertificates: needs clientCaFile");
    tls(
        &format!("{asks}, \"clientCaFile\": \"c\", {both}"),
        "clientCertificates: needs clientNames",
    );
    tls(
        &format!("{asks}, \"clientCaFile\": \"c\", \"clientNames\": [\"d\"]"),
        "clientCertificates: needs certificateFile: without TLS there are none",
    );
    let lists = "\"clientRevocationListFile\": \"e\"";
    tls(&format!("{lists}, {both}"), "clientRevocationListFile: needs clientCaFile");
    tls(
        &format!("{lists}, \"clientCaFile\": \"c\", {both}"),
        "clientRevocationListFile: needs clientCertificates",
    );
}

#[test]
fn a_tenant_of_the_settings_has_a_name_that_it_can_have() {
    check_provost(
        "\"tenants\": {\n\"Acme\": {}}",
        "line 3 column 1: PlatformSettingsConfig.ProvostSettings.tenants.Acme: a tenant's name is 1 to 63 of the characters a-z 0-9 -, with no - at either end, and not default",
    );
    let text = "{\"PlatformSettingsConfig\": {\"ProvostSettings\": {\"tenants\": {\"acme\": {\"limits\": {\"requestsInFlight\": 3}, \"isuers\": []}}}}}";
    let report = Site::platform(text).load();
    let warning = lines(&report.warnings).join("\n");
    assert!(
        warning.contains(
            "tenants.acme.isuers: unknown and ignored; the nearest known name is `issuers`"
        ),
        "{warning}"
    );
    let settings = report.into_settings().expect("no errors");
    let acme = &settings.provost.tenants[&"acme".parse().unwrap()];
    assert_eq!(acme.limits.requests_in_flight, Some(3));
}

#[test]
fn the_certificates_of_a_tenant_are_whole() {
    let tenant = |members: &str, tls: &str, expected: &str| {
        check_provost(
            &format!("\"tls\": {{{tls}}}, \"tenants\": {{\"acme\": {{\n{members}}}}}"),
            &format!(
                "line 3 column 1: PlatformSettingsConfig.ProvostSettings.tenants.acme.{expected}"
            ),
        );
    };
    let own = "\"certificateFile\": \"a\", \"keyFile\": \"b\"";
    let with_ca = format!("{own}, \"clientCaFile\": \"c\"");
    let sole = "\"clientCertificates\": \"sole\"";
    let named = format!("{sole}, \"clientNames\": [\"d\"]");
    tenant(&named, "", "clientCertificates: needs tls.clientCaFile");
    tenant(&named, own, "clientCertificates: needs tls.clientCaFile");
    tenant(sole, &with_ca, "clientCertificates: needs clientNames");
    tenant("\"clientNames\": [\"d\"]", &with_ca, "clientNames: needs clientCertificates");
}

#[test]
fn a_tenant_may_have_certificates_where_the_platforms_own_has_none() {
    let text = "{\"PlatformSettingsConfig\": {\"ProvostSettings\": {\"tls\": {\"certificateFile\": \"a\", \"keyFile\": \"b\", \"clientCaFile\": \"c\", \"clientRevocationListFile\": \"e\"}, \"tenants\": {\"acme\": {\"clientCertificates\": \"sole\", \"clientNames\": [\"d\"], \"clientRights\": \"read\"}, \"globex\": {\"clientCertificates\": \"off\"}, \"initech\": {}}}}}";
    let provost = Site::platform(text).settings().provost;
    assert!(provost.uses_client_certificates());
    let of = |name: &str| &provost.tenants[&name.parse().unwrap()].certificates;
    let own = ClientCertificates { names: vec!["d".to_owned()], sole: Some(ClientRights::Read) };
    assert_eq!(*of("acme"), TenantCertificates::Own(own));
    assert_eq!(*of("globex"), TenantCertificates::Off);
    assert_eq!(*of("initech"), TenantCertificates::AsInThePlatforms);
}

#[test]
fn the_authorization_server_of_a_tenant_is_whole() {
    check_provost(
        "\"tenants\": {\"acme\": {\"introspection\": {\n\"checkTokenEndpointUrl\": \"https://as.example/i\", \"authScimOAuthClientId\": \"a\", \"clientId\": 1, \"clientSecret\": \"c\"}}}",
        "line 3 column 92: PlatformSettingsConfig.ProvostSettings.tenants.acme.introspection.clientId: found 1; legal: a string: the client ID that this server has at the authorization server",
    );
}

#[test]
fn all_bodies_together_have_room_for_the_largest() {
    check_provost(
        "\"limits\": {\n\"bodiesBytes\": 8388608, \"bodyBytes\": 33554432}",
        "line 3 column 1: PlatformSettingsConfig.ProvostSettings.limits.bodiesBytes: bodiesBytes is less than bodyBytes: the largest body would never be read",
    );
}

#[test]
fn a_federated_client_is_whole() {
    check_provost(
        "\"federatedClients\": [{\n\"clientId\": \"a b\", \"issuer\": \"i\", \"subject\": \"s\", \"audiences\": [\"u\"], \"jwtPublicKeyUrl\": \"https://a.example/\"}]",
        "line 3 column 13: PlatformSettingsConfig.ProvostSettings.federatedClients[0].clientId: found \"a b\"; legal: 1 to 64 of the characters A-Z a-z 0-9 . _ -",
    );
}

#[test]
fn each_element_of_a_list_is_named_by_its_number() {
    let jwt = |member: &str| format!("\"jwt\": {{\n{member}}}");
    let legal =
        "legal: an array of at most 100, each a string: whom the token is for, as it stands in aud";
    let path = "PlatformSettingsConfig.ProvostSettings.jwt.audiences";
    check_provost(
        &jwt("\"audiences\": \"one\""),
        &format!("line 3 column 14: {path}: found \"one\"; {legal}"),
    );
    check_provost(
        &jwt("\"audiences\": [\"a\", 7]"),
        &format!(
            "line 3 column 14: {path}: found an array: element 1 is 7: it is not legal; {legal}"
        ),
    );
    check_provost(
        &jwt("\"audiences\": [\"<your app>\"]"),
        &format!(
            "line 3 column 14: {path}: found an array: element 0 is \"<your app>\": the placeholder \
             <your app> is still there; put your value in its place; {legal}"
        ),
    );
    check_provost(
        &jwt("\"keyHosts\": [\"https://a.example\"]"),
        "line 3 column 13: PlatformSettingsConfig.ProvostSettings.jwt.keyHosts: found an array: \
         element 0 is \"https://a.example\": it is not legal; legal: an array of at most 100, each \
         the name of a host, such as \"keys.example.com\"",
    );
}

#[test]
fn a_further_issuer_says_where_its_keys_are_and_whom_its_tokens_are_for() {
    let issuers = |members: &str| {
        let text = format!(
            "{{\"PlatformSettingsConfig\": {{\"ProvostSettings\": {{\"jwt\": {{\"issuers\": {members}}}}}}}}}"
        );
        lines(&Site::platform(&text).load().errors)
    };
    let file = "ThingworxPlatform/platform-settings.json: line 1 column";
    let path = "PlatformSettingsConfig.ProvostSettings.jwt.issuers";
    let keys = "https: URL, or http: on a loopback address";
    assert_eq!(
        issuers("[{\"issuer\": \"https://id.example/\"}]"),
        [
            format!(
                "{file} 69: {path}[0].jwtPublicKeyUrl: missing; legal: an {keys}: the jwks_uri of the issuer's OpenID metadata"
            ),
            format!(
                "{file} 69: {path}[0].audiences: missing: without it every token that this issuer signs for anyone would be accepted here"
            ),
        ]
    );
    let both = "[{\"issuer\": \"https://id.example/\", \"audiences\": [\"us\"], \"jwtPublicKeyUrl\": \"https://id.example/k\", \"openIdMetadataUrl\": \"https://id.example/m\"}]";
    assert_eq!(
        issuers(both),
        [format!(
            "{file} 167: {path}[0].openIdMetadataUrl: stands beside jwtPublicKeyUrl; keep one of them"
        )]
    );
    let one = "{\"issuer\": \"https://id.example/\", \"audiences\": [\"us\"], \"openIdMetadataUrl\": \"https://id.example/m\"}";
    assert_eq!(issuers(&format!("[{one}]")), Vec::<String>::new());
    assert_eq!(
        issuers(&format!("[{one}, {one}]")),
        [format!("{path}: the issuer https://id.example/ is configured twice; keep one")]
    );
    let legal = "legal: an array of objects, [{…}, …]";
    assert_eq!(issuers("{}"), [format!("{file} 68: {path}: found an object; {legal}")]);
}
