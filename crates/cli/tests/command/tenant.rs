//! `provost tenant`, beside a server.

use crate::process::{Running, enable, get, run, text};

#[test]
fn a_tenant_made_beside_a_server_is_served_paused_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let (_server, port) = Running::serve(folder.path(), "/ready");
    let ask = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let users = "/t/acme/scim/v2/Users";
    assert_eq!(get(port, users, None).unwrap().0, 404);
    let (code, _, said) = ask(&["token", "create", "--name", "a", "--tenant", "acme"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        said,
        "error: there is no tenant named acme; `provost tenant create acme` makes it\n"
    );
    let (code, _, said) = ask(&["tenant", "create", "acme"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("/t/acme/scim/v2"), "{said}");
    let (code, token, said) = ask(&["token", "create", "--name", "a", "--tenant", "acme"]);
    assert_eq!(code, Some(0), "{said}");
    let token = Some(token.trim());
    assert_eq!(get(port, users, token).unwrap().0, 200);
    assert_eq!(get(port, "/scim/v2/Users", token).unwrap().0, 401);
    assert_eq!(ask(&["token", "list"]).1.lines().count(), 1, "none of the platform's own");
    assert_eq!(ask(&["token", "list", "--tenant", "acme"]).1.lines().count(), 2);

    assert_eq!(ask(&["tenant", "pause", "acme"]).0, Some(0));
    assert_eq!(get(port, users, token).unwrap().0, 503);
    let list = ask(&["tenant", "list"]).1;
    assert!(list.contains("\nacme\tpaused\t20"), "{list}");
    assert_eq!(ask(&["tenant", "resume", "acme"]).0, Some(0));
    assert_eq!(get(port, users, token).unwrap().0, 200);
    let (code, _, said) = ask(&["tenant", "create", "acme"]);
    assert_eq!((code, said.as_str()), (Some(1), "error: there is a tenant named acme already\n"));
    assert_eq!(ask(&["tenant", "create", "Acme"]).0, Some(2));
    assert_eq!(ask(&["tenant", "pause", "nobody"]).0, Some(1));
}

#[test]
fn a_tenant_that_the_settings_name_and_nobody_made_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("ThingworxPlatform");
    std::fs::create_dir_all(&settings).unwrap();
    std::fs::write(
        settings.join("platform-settings.json"),
        r#"{"PlatformSettingsConfig": {"ProvostSettings": {"tenants": {"acme": {}, "acne": {}}}}}"#,
    )
    .unwrap();
    assert_eq!(run(folder.path(), &["tenant", "create", "acme"]).status.code(), Some(0));
    let (_port, text) = Running::said(folder.path());
    assert!(text.contains("The settings name the tenant acne, and there is none"), "{text}");
    assert!(!text.contains("the tenant acme"), "{text}");
}
