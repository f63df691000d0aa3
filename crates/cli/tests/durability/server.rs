//! The binary as a child process, and a client for it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// The binary that was built with the tests, or the one that `PROVOST_BINARY` names: the release binary,
/// which the tests need not be built anew for.
#[expect(clippy::disallowed_methods, reason = "that is no setting of the product")]
fn binary() -> PathBuf {
    let named = std::env::var_os("PROVOST_BINARY").map(PathBuf::from);
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_provost").into())
}

/// A running server; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) api: Api,
}

/// A client with a token. Clones share connections.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    base: String,
    token: String,
}

/// An answer, as far as the tests look at it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The number in the entity-tag.
    pub(crate) version: Option<i64>,
    pub(crate) body: Value,
}

impl Server {
    /// Starts the server on a folder and a port, and waits until it is ready.
    pub(crate) async fn start(folder: &Path, port: u16) -> Self {
        Self::start_with(folder, port, json!({})).await
    }

    /// The same with settings besides.
    pub(crate) async fn start_with(folder: &Path, port: u16, mut own: Value) -> Self {
        own["log"] = json!({"level": "error"});
        let data = folder.join("data");
        let settings = folder.join("platform-settings.json");
        let content = json!({"PlatformSettingsConfig": {
            "BasicSettings": {"EnableSSO": true},
            "SCIMSettings": {"enableSCIM": "true", "autoStart": "true"},
            "ProvostSettings": own,
        }});
        std::fs::write(&settings, content.to_string()).expect("the folder can be written");
        let token = match std::fs::read_to_string(folder.join("token")) {
            Ok(token) => token,
            Err(_) => make_token(folder, &data),
        };
        let child = Command::new(binary())
            .arg("serve")
            .arg("--platform-settings")
            .arg(&settings)
            .arg("--data")
            .arg(&data)
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"))
            .current_dir(folder)
            .stdin(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let client = Client::builder().timeout(Duration::from_secs(30)).build().expect("a client");
        let base = format!("http://127.0.0.1:{port}");
        let mut server = Self { child, api: Api { client, base, token } };
        server.wait_until_ready().await;
        server
    }

    async fn wait_until_ready(&mut self) {
        let url = format!("{}/ready", self.api.base);
        loop {
            if let Some(status) = self.child.try_wait().expect("the child can be asked") {
                panic!("the server ended at its start: {status}");
            }
            match self.api.client.get(&url).send().await {
                Ok(answer) if answer.status() == StatusCode::OK => return,
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// The memory that the server has in use, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).expect("it has memory");
        kib.parse().expect("a number")
    }

    /// SIGKILL: no destructor runs, no file is flushed.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the child is there");
        self.child.wait().expect("the child ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_token(folder: &Path, data: &Path) -> String {
    let made = Command::new(binary())
        .args(["token", "create", "--name", "load", "--data"])
        .arg(data)
        .output()
        .expect("the binary runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let token = String::from_utf8(made.stdout).expect("a token is text").trim().to_owned();
    std::fs::write(folder.join("token"), &token).expect("the folder can be written");
    token
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

impl Api {
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Sends a request; `None` if the connection broke before the answer was there.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<Answer> {
        let url = format!("{}/scim/v2{path}", self.base);
        let mut request = self.client.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request =
                request.header("content-type", "application/scim+json").body(body.to_string());
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let tag = answer.headers().get("etag").and_then(|it| it.to_str().ok());
        let number = tag.and_then(|it| it.trim_start_matches("W/").trim_matches('"').parse().ok());
        let bytes = answer.bytes().await.ok()?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Some(Answer { status, version: number, body })
    }

    pub(crate) async fn create(&self, endpoint: &str, mut resource: Value) -> Option<Answer> {
        let core = if endpoint == "/Users" { "User" } else { "Group" };
        resource["schemas"] = json!([format!("urn:ietf:params:scim:schemas:core:2.0:{core}")]);
        self.send(Method::POST, endpoint, Some(resource)).await
    }

    pub(crate) async fn patch(&self, path: &str, operation: Value) -> Option<Answer> {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
        let body = json!({"schemas": schemas, "Operations": [operation]});
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await.expect("the server answers")
    }
}

/// The `value`s of a group's members, sorted.
pub(crate) fn members(group: &Value) -> Vec<String> {
    let list = group["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> =
        list.iter().filter_map(|it| it["value"].as_str().map(str::to_owned)).collect();
    ids.sort();
    ids
}
