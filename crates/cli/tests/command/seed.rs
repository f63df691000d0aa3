//! The platform's page on its SCIM settings for Entra ID, followed as it says: both files, a stop and
//! a start, a start by hand, and then what the identity provider sends.

use std::fs;
use std::path::Path;

use provost_auth::stand_in::StandIn;
use provost_engine::{Clock as _, SystemClock};
use provost_platform::client_binding::ClientBinding;
use provost_testkit::server::{TestClient, request};
use provost_testkit::transcript::{FOLDER, Player, Response, Setup, Transport as _, Verdict, load};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::process::{Running, run, text};
use crate::stand_in::{Requests, answer, serve};

const SCIM: &str = "/Thingworx/SCIMProvider/SCIM/v2";
const SERVICES: &str = "/Thingworx/Subsystems/SCIMSubsystem/Services";

/// The id of the directory.
const DIRECTORY: &str = "3f2a2ad0-9f3b-4ed3-9b0c-0a4d3ce2f1aa";
/// The Application (client) ID.
const CLIENT: &str = "6f2f9c40-5f4a-4b1e-8a37-9d2a1f0c7e11";
const SECRET: &str = "ABC123_xyz";

#[tokio::test]
async fn both_files_in_the_printed_shape_let_the_directory_provision_once_the_subsystem_is_started()
{
    let folder = tempfile::tempdir().unwrap();
    let directory = Directory::new();
    write_settings(folder.path(), &directory, ["true", "false"]);
    let shown = run(folder.path(), &["check-config"]);
    assert_eq!(shown.status.code(), Some(0), "{shown:?}");
    let shown = text(&shown.stdout) + &text(&shown.stderr);
    assert!(shown.contains("At its start the subsystem is STOPPED"), "{shown}");
    assert!(!shown.contains(SECRET), "{shown}");
    let key = text(&run(folder.path(), &["token", "create", "--name", "ops", "--admin"]).stdout);
    let key = key.trim();

    // autoStart is false: started by hand, with a key in the platform's header.
    let (mut server, port) = Running::serve(folder.path(), "/health");
    let site = Site::new(port, key, &directory);
    site.check_closed(503, "STOPPED").await;
    assert_eq!(site.service("Start").await.status, 200);
    server.until(port, "/ready", 200);
    assert_eq!(site.state().await, "RUNNING");
    check_callers(&site, &directory).await;
    check_transcript(&site).await;
    let made = site.scim("POST", "/Users", &site.token, Some(user())).await;
    assert_eq!(made.status, 201, "{}", text(&made.body));
    check_runs_as_administrator(&site).await;
    assert!(directory.was_asked_for_keys());
    server.signal(Signal::TERM);
    assert_eq!(server.wait(), Some(0));

    // After a restart it waits again for somebody to start it.
    let (server, port) = Running::serve(folder.path(), "/health");
    Site::new(port, key, &directory).check_closed(503, "STOPPED").await;
    server.signal(Signal::TERM);
    assert_eq!(server.wait(), Some(0));

    // autoStart is true: it starts by itself, and what was provisioned is there.
    write_settings(folder.path(), &directory, ["true", "true"]);
    let (server, port) = Running::serve(folder.path(), "/ready");
    let site = Site::new(port, key, &directory);
    let found = site.scim("GET", "/Users?filter=externalId+eq+%22x-1%22", &site.token, None).await;
    assert_eq!(json_of(&found)["totalResults"], 1, "{}", text(&found.body));
    server.signal(Signal::TERM);
    assert_eq!(server.wait(), Some(0));

    // enableSCIM is false: there is no SCIM, and nothing to start.
    write_settings(folder.path(), &directory, ["false", "true"]);
    let (_server, port) = Running::serve(folder.path(), "/health");
    let site = Site::new(port, key, &directory);
    site.check_closed(404, "DISABLED").await;
    assert_eq!(site.service("Start").await.status, 409);
}

/// Who has a token of the directory for this application gets in, and nobody else.
async fn check_callers(site: &Site, directory: &Directory) {
    let of_the_application = json!({"aud": CLIENT, "appid": CLIENT});
    let of_another = json!({"appid": "0c5c2a1e-1111-4222-8333-444455556666"});
    let of_another_directory =
        json!({"iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000001/"});
    let without_the_slash = json!({"iss": directory.issuer().trim_end_matches('/')});
    for (changes, status) in [
        (json!({}), 200),
        (of_the_application, 200),
        (of_another, 401),
        (of_another_directory, 401),
        (without_the_slash, 401),
        (json!({"exp": 1_000_000_000}), 401),
    ] {
        let token = directory.token(&changes);
        let answer = site.scim("GET", "/Users", &token, None).await;
        assert_eq!(answer.status, status, "{changes}: {}", text(&answer.body));
    }
    let forged = Directory::new().token(&json!({}));
    assert_eq!(site.scim("GET", "/Users", &forged, None).await.status, 401);
}

/// The mapping that the platform prescribes, as it goes over the wire.
async fn check_transcript(site: &Site) {
    let transcripts = load(Path::new(FOLDER)).unwrap();
    let transcript = transcripts.iter().find(|it| it.file == "entra-49-thingworx-profile").unwrap();
    let setup = Setup::new(SCIM, &*site.token, "r1", now());
    let outcome = Player::new(site.client.clone(), setup).play(transcript).await;
    assert_eq!(outcome.count(Verdict::Passed), transcript.steps.len(), "{outcome}");
}

/// The trail names who asked, and whose rights the settings gave him.
async fn check_runs_as_administrator(site: &Site) {
    let (target, key) = ("/admin/v1/audit?category=User&limit=1", format!("Bearer {}", site.key));
    let trail = json_of(&site.ask("GET", target, ("Authorization", &key), None).await);
    let row = &trail["rows"][0];
    assert_eq!((&row["action"], &row["runAs"]), (&json!("created"), &json!("Administrator")));
    assert_eq!(row["target"]["name"], "rowan@plant.example", "{row}");
    assert!(row["actor"].as_str().unwrap().starts_with("jwt:"), "{row}");
}

fn user() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "rowan@plant.example", "externalId": "x-1",
    })
}

/// Both files, with the names and the values as strings that the page has; single sign-on, which the
/// page presupposes, is on.
fn write_settings(folder: &Path, directory: &Directory, [enable, auto_start]: [&str; 2]) {
    let platform = json!({"PlatformSettingsConfig": {
        "BasicSettings": {"EnableSSO": true},
        "SCIMSettings": {"enableSCIM": enable, "autoStart": auto_start},
    }});
    let sso = json!({"SCIMAccessTokenServicesSettings": {
        "scimAdminName": "Administrator",
        "authScimOAuthClientId": CLIENT,
        "clientId": CLIENT,
        "clientSecret": SECRET,
        "issuer": directory.issuer(),
        "jwtPublicKeyUrl": directory.key_url(),
    }});
    let platform_folder = folder.join("ThingworxPlatform");
    let sso_folder = platform_folder.join("ssoSecurityConfig");
    fs::create_dir_all(&sso_folder).unwrap();
    fs::write(platform_folder.join("platform-settings.json"), format!("{platform:#}")).unwrap();
    fs::write(sso_folder.join("sso-settings.json"), format!("{sso:#}")).unwrap();
}

/// The identity provider: a signing key, and a server for its public half.
struct Directory {
    key: StandIn,
    port: u16,
    requests: Requests,
}

impl Directory {
    fn new() -> Self {
        let key = StandIn::generate().unwrap();
        let document = key.jwks().to_string();
        // Keys are public: whoever asks for them shows no secret.
        let (port, requests) = serve(move |it| match it.has_token || !it.body.is_empty() {
            false => answer(200, "application/json", &document),
            true => answer(400, "text/plain", "no credential is needed"),
        });
        Self { key, port, requests }
    }

    fn issuer(&self) -> String {
        format!("https://sts.windows.net/{DIRECTORY}/")
    }

    fn key_url(&self) -> String {
        format!("http://127.0.0.1:{}/common/discovery/keys", self.port)
    }

    fn was_asked_for_keys(&self) -> bool {
        let requests = self.requests.lock().unwrap();
        requests.iter().any(|it| it == "GET /common/discovery/keys")
    }

    /// The token that is sent while the Secret Token field is empty, with some claims changed.
    fn token(&self, changes: &Value) -> String {
        let binding = ClientBinding::new(CLIENT, None);
        let pair = binding.pairs.first().unwrap();
        let (issuer, now) = (self.issuer(), now());
        let mut claims = json!({
            "iss": issuer, "idp": issuer, "tid": DIRECTORY, "aud": pair.audience,
            pair.caller_claim: pair.caller, "appidacr": "2", "oid": "an object", "sub": "an object",
            "iat": now, "nbf": now, "exp": now + 3_900, "ver": "1.0",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.key.sign(&claims).unwrap()
    }
}

/// A running server, as the directory and an operator meet it.
struct Site {
    client: TestClient,
    /// Of the operator.
    key: String,
    /// Of the directory.
    token: String,
}

impl Site {
    fn new(port: u16, key: &str, directory: &Directory) -> Self {
        let client = TestClient::new(([127, 0, 0, 1], port).into());
        Self { client, key: key.to_owned(), token: directory.token(&json!({})) }
    }

    async fn ask(
        &self,
        method: &str,
        target: &str,
        (header, credential): (&str, &str),
        body: Option<Value>,
    ) -> Response {
        let mut request = request(method, target, None);
        request.headers.push((header.to_owned(), credential.to_owned()));
        request.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        request.body = body.map(|it| it.to_string().into_bytes());
        self.client.send(request).await.unwrap()
    }

    async fn scim(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Response {
        let bearer = format!("Bearer {token}");
        self.ask(method, &format!("{SCIM}{path}"), ("Authorization", &bearer), body).await
    }

    async fn service(&self, name: &str) -> Response {
        let target = format!("{SERVICES}/{name}");
        self.ask("POST", &target, ("appKey", &self.key), Some(json!({}))).await
    }

    async fn state(&self) -> String {
        let answer = json_of(&self.service("GetSubsystemState").await);
        answer["rows"][0]["result"].as_str().unwrap().to_owned()
    }

    /// The subsystem is in a state in which no SCIM is served, whoever asks.
    async fn check_closed(&self, status: u16, state: &str) {
        let refused = self.scim("GET", "/Users", &self.token, None).await;
        assert_eq!(refused.status, status, "{}", text(&refused.body));
        assert_eq!(refused.headers.contains_key("retry-after"), status == 503);
        assert_eq!(self.state().await, state);
    }
}

fn json_of(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

fn now() -> i64 {
    SystemClock.now_micros() / 1_000_000
}
