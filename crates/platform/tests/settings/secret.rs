//! Secrets that do not stand in the settings.

use provost_platform::secret_store::SecretStore;
use secrecy::ExposeSecret as _;

use crate::site::{Site, lines, set_mode};

const ENDPOINT: &str = r#""checkTokenEndpointUrl": "https://cas.example.com/as/introspect.oauth2""#;

fn settings(secret: &str) -> String {
    format!(
        "{{\"SCIMAccessTokenServicesSettings\": {{{ENDPOINT}, \"authScimOAuthClientId\": \"a\", \
         \"clientId\": \"b\"{secret}}}}}"
    )
}

#[track_caller]
fn check(site: &Site, want: &str) {
    let settings = site.load().into_settings().expect("no errors");
    let introspection = settings.introspection.expect("it is configured");
    assert_eq!(introspection.client_secret.expose_secret(), want);
}

#[test]
fn a_secret_is_taken_from_the_store_of_secrets_by_its_name() {
    let site = Site::sso(&settings(", \"clientSecret\": \"encrypt.sso.client\""));
    let errors = lines(&site.load().errors).join("\n");
    assert!(errors.contains("there is no secret sso.client in "), "{errors}");
    assert!(errors.contains("`provost secret set sso.client` keeps it"), "{errors}");
    let data = site.load().data_folder;
    let store = SecretStore::in_folder(&site.inputs.folder.join(data));
    store.set(&"sso.client".parse().unwrap(), &"ABC123_xyz".into()).unwrap();
    check(&site, "ABC123_xyz");
    assert!(!site.load().to_string().contains("ABC123"));
    let site = Site::sso(&settings(", \"clientSecret\": \"encrypt.a b\""));
    let errors = lines(&site.load().errors).join("\n");
    assert!(errors.contains("a secret's name is 1 to 64 of the characters"), "{errors}");
}

#[test]
fn a_secret_of_the_environment_wins() {
    let site = Site::sso(&settings(", \"clientSecret\": \"plain\""));
    check(&site, "plain");
    check(&site.with_variable("SCIM_CLIENT_SECRET", "given"), "given");
    check(&Site::sso(&settings("")).with_variable("SCIM_CLIENT_SECRET", "given"), "given");
}

#[test]
fn a_secret_is_read_from_a_private_file() {
    let site = Site::sso(&settings(""))
        .with_file("secret.txt", "given\n")
        .with_variable("SCIM_CLIENT_SECRET_FILE", "secret.txt");
    check(&site, "given");
    set_mode(&site.path("secret.txt"), 0o644);
    let errors = lines(&site.load().errors).join("\n");
    assert!(errors.contains("SCIM_CLIENT_SECRET_FILE: others may read "), "{errors}");
    set_mode(&site.path("secret.txt"), 0o600);
    let both = site.with_variable("SCIM_CLIENT_SECRET", "too");
    let errors = lines(&both.load().errors).join("\n");
    assert!(errors.contains("stands beside SCIM_CLIENT_SECRET; keep one of them"), "{errors}");
    let absent = Site::sso(&settings("")).with_variable("SCIM_CLIENT_SECRET_FILE", "nowhere");
    let errors = lines(&absent.load().errors).join("\n");
    assert!(errors.contains("cannot use "), "{errors}");
}

#[test]
fn a_secret_in_a_file_that_all_may_read_is_refused_and_its_name_is_not() {
    let site = Site::sso(&settings(", \"clientSecret\": \"plain\""));
    set_mode(&site.path(crate::site::SSO), 0o644);
    let errors = lines(&site.load().errors).join("\n");
    assert!(
        errors.contains("holds clientSecret and every user of this machine may read it"),
        "{errors}"
    );
    let site = Site::sso(&settings(", \"clientSecret\": \"encrypt.x\""));
    set_mode(&site.path(crate::site::SSO), 0o644);
    let errors = lines(&site.load().errors).join("\n");
    assert!(!errors.contains("every user of this machine"), "{errors}");
}

fn settings_of_tenant(secret: &str) -> String {
    format!(
        "{{\"PlatformSettingsConfig\": {{\"ProvostSettings\": {{\"tenants\": {{\"acme\": \
         {{\"introspection\": {{{ENDPOINT}, \"authScimOAuthClientId\": \"a\", \"clientId\": \"b\", \
         \"scimAdminName\": \"Administrator\", \"clientSecret\": \"{secret}\"}}}}}}}}}}}}"
    )
}

#[test]
fn a_tenants_secret_is_kept_like_the_platforms_and_the_environment_has_none_of_it() {
    let site = Site::platform(&settings_of_tenant("encrypt.acme"));
    let errors = lines(&site.load().errors).join("\n");
    let path =
        "ProvostSettings.tenants.acme.introspection.clientSecret: there is no secret acme in ";
    assert!(errors.contains(path), "{errors}");
    let store = SecretStore::in_folder(&site.inputs.folder.join(site.load().data_folder));
    store.set(&"acme".parse().unwrap(), &"ABC123_xyz".into()).unwrap();
    let site = site.with_variable("SCIM_CLIENT_SECRET", "given");
    let settings = site.settings();
    let asked = settings.provost.tenants[&"acme".parse().unwrap()].introspection.as_ref();
    let asked = asked.expect("it is configured");
    assert_eq!(asked.client_secret.expose_secret(), "ABC123_xyz");
    assert_eq!(asked.admin_name.as_deref(), Some("Administrator"));
    assert!(settings.introspection.is_none());
    set_mode(&site.path(crate::site::PLATFORM), 0o644);
    assert_eq!(lines(&site.load().errors), Vec::<String>::new(), "it is not in the file");

    let site = Site::platform(&settings_of_tenant("plain"));
    set_mode(&site.path(crate::site::PLATFORM), 0o644);
    let errors = lines(&site.load().errors).join("\n");
    assert!(errors.contains("holds clientSecret and every user of this machine"), "{errors}");
}
