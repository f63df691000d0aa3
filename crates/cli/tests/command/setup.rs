//! `provost setup`.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::process::{run, text};

const DIRECTORY: &str = "3f2a2ad0-9f3b-4ed3-9b0c-0a4d3ce2f1aa";
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

/// Writes the two files; gives what the command says in one line, and its exit code.
fn setup(own: &Value, trust: &Value, options: &[&str]) -> (String, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &Path, content: &Value| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content.to_string()).unwrap();
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    };
    let platform = json!({"PlatformSettingsConfig": {
        "BasicSettings": {"EnableSSO": true},
        "SCIMSettings": {"enableSCIM": "true", "autoStart": "true"},
        "ProvostSettings": own,
    }});
    write(&folder.path().join("ThingworxPlatform/platform-settings.json"), &platform);
    if !trust.is_null() {
        let sso = folder.path().join("ThingworxPlatform/ssoSecurityConfig/sso-settings.json");
        write(&sso, &json!({"SCIMAccessTokenServicesSettings": trust}));
    }
    let arguments = [&["setup", "entra"], options].concat();
    let output = run(folder.path(), &arguments);
    let words: Vec<String> = text(&output.stdout).split_whitespace().map(str::to_owned).collect();
    (words.join(" "), output.status.code())
}

fn trust() -> Value {
    json!({
        "authScimOAuthClientId": CLIENT,
        "issuer": format!("https://sts.windows.net/{DIRECTORY}/"),
        "jwtPublicKeyUrl": "https://login.microsoftonline.com/common/discovery/keys",
    })
}

fn public() -> Value {
    json!({"publicBaseUrl": "https://scim.example.com"})
}

/// Whether the whole is ready, and what it says.
#[track_caller]
fn check((said, code): (String, Option<i32>), is_ready: bool, parts: &[&str]) {
    assert_eq!(code, Some(if is_ready { 0 } else { 1 }), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}

#[test]
fn values_of_the_settings_are_filled_in() {
    let url = "Tenant URL: https://scim.example.com/Thingworx/SCIMProvider/SCIM/v2";
    let directory = format!("Directory (tenant) ID: {DIRECTORY}");
    let client = format!("Application (client) ID: {CLIENT}");
    let keys = "keys: https://login.microsoftonline.com/common/discovery/keys";
    let said = setup(&public(), &trust(), &[]);
    assert!(!said.0.contains(" ! ") && !said.0.contains("To be mended"), "{}", said.0);
    check(said, true, &[url, &directory, &client, keys, "Secret Token: (empty)", "objectIds"]);
}

#[test]
fn without_an_issuer_a_token_is_entered() {
    let parts = ["Secret Token: (the token)", "provost token create --name entra"];
    check(setup(&public(), &Value::Null, &[]), true, &parts);
    let parts = ["Take SCIMAccessTokenServicesSettings out", "Secret Token: (the token)"];
    check(setup(&public(), &trust(), &["--secret-token"]), true, &parts);
    let parts = ["! nothing in the settings accepts such a token", "\"issuer\": \"https://sts"];
    check(setup(&public(), &Value::Null, &["--blank"]), false, &parts);
    assert_eq!(setup(&public(), &trust(), &["--blank", "--secret-token"]).1, Some(2));
}

#[test]
fn an_address_that_is_not_known_is_a_placeholder_with_its_reason() {
    let missing = ["https://<public name>/Thingworx", "! the settings say neither publicBaseUrl"];
    check(setup(&json!({}), &trust(), &[]), false, &missing);
    let local = json!({"publicBaseUrl": "http://127.0.0.1:8080"});
    check(setup(&local, &trust(), &[]), false, &["! publicBaseUrl is http://127.0.0.1:8080"]);
    let wrong = json!({"publicBaseUrl": "scim.example.com"});
    check(setup(&wrong, &trust(), &[]), false, &["! publicBaseUrl is wrong", "line 1 column"]);
    let tls = |listen: &str| json!({"listen": listen, "tls": {"certificateFile": "/c.pem", "keyFile": "/k.pem"}});
    let url = "Tenant URL: https://192.0.2.7:8443/Thingworx/SCIMProvider/SCIM/v2";
    check(setup(&tls("192.0.2.7:8443"), &trust(), &[]), true, &[url]);
    let all = ["https://<name in the certificate>/Thingworx", "a name there that stands in"];
    check(setup(&tls("0.0.0.0:443"), &trust(), &[]), false, &all);
    let loopback = ["https://<name in the certificate>:8443/", "which no other machine reaches"];
    check(setup(&tls("127.0.0.1:8443"), &trust(), &[]), false, &loopback);
}

#[test]
fn what_would_refuse_the_token_of_an_empty_field_is_named() {
    let with = |name: &str, value: &str| {
        let mut trust = trust();
        trust[name] = value.into();
        trust
    };
    let version_2 = format!("https://login.microsoftonline.com/{DIRECTORY}/v2.0");
    let said = setup(&public(), &with("issuer", &version_2), &[]);
    check(said, false, &["! with an empty field tokens come from https://sts.windows.net/"]);
    let said = setup(&public(), &with("authScimOAuthClientIdAttrName", "appid"), &[]);
    check(said, false, &["! authScimOAuthClientIdAttrName asks for 11111111"]);
    let said = setup(&public(), &with("issuer", "https://sts.windows.net/<tenantId>/"), &[]);
    check(said, false, &["the placeholder <tenantId> is still there", "first, at \"!\": step 4"]);
    for (name, sentence) in [
        ("audiences", "! audiences does not hold 8adf8e6e"),
        ("callers", "! callers does not hold 00000014"),
        ("requiredRoles", "! requiredRoles asks for roles"),
    ] {
        let own = json!({"publicBaseUrl": "https://scim.example.com", "jwt": {name: ["x"]}});
        check(setup(&own, &trust(), &[]), false, &[sentence]);
        check(setup(&own, &trust(), &["--secret-token"]), true, &[]);
    }
    let other = with("issuer", "https://acme.example/oauth2/default");
    check(setup(&public(), &other, &["--blank"]), false, &["instead: all would be refused"]);
    check(setup(&public(), &other, &[]), true, &["Secret Token: (the token)"]);
    let asking = json!({
        "authScimOAuthClientId": "a", "clientId": "a", "clientSecret": "x",
        "checkTokenEndpointUrl": "https://id.example/introspect",
    });
    let blank = ["! nothing in the settings accepts such a token", "ask an authorization server"];
    check(setup(&public(), &asking, &["--blank"]), false, &blank);
    check(setup(&public(), &asking, &[]), true, &["Secret Token: (the token)"]);
}

#[test]
fn a_further_issuer_counts_too() {
    let issuers = |audience: &str| {
        json!({"publicBaseUrl": "https://scim.example.com", "jwt": {"issuers": [{
            "issuer": format!("https://sts.windows.net/{DIRECTORY}/"),
            "jwtPublicKeyUrl": "https://login.microsoftonline.com/common/discovery/keys",
            "audiences": [audience], "objectIds": ["c0ffee"],
        }]}})
    };
    let directory = format!("Directory (tenant) ID: {DIRECTORY}");
    let parts = [&directory, "accepted objects: c0ffee", "Secret Token: (empty)"];
    let expected = issuers("8adf8e6e-67b2-4cf2-a259-e3dc5476c621");
    check(setup(&expected, &Value::Null, &[]), true, &parts);
    check(setup(&issuers("x"), &Value::Null, &[]), false, &["! audiences does not hold 8adf8e6e"]);
}

#[test]
fn a_subsystem_that_is_off_is_named_in_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["setup", "entra"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.contains("! SCIM is DISABLED and answers 404: enableSCIM is false"), "{said}");
    assert!(said.ends_with("To be mended first, at \"!\": step 1, 2\n"), "{said}");
}
