//! The two servers as child processes; they are killed when dropped.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use http::Method;

use super::connection::Connection;
use super::load::{Filled, Measured, Target};
use super::operation::Operation;

/// The server under test, on a database in a temporary folder.
pub(crate) struct Provost {
    child: Child,
    address: SocketAddr,
    token: String,
    _folder: tempfile::TempDir,
}

/// The bare server.
pub(crate) struct Bare {
    child: Child,
    address: SocketAddr,
}

impl Provost {
    pub(crate) async fn start(binary: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let settings = folder.path().join("platform-settings.json");
        let content = serde_json::json!({"PlatformSettingsConfig": {
            "BasicSettings": {"EnableSSO": true},
            "SCIMSettings": {"enableSCIM": true, "autoStart": true},
            "ProvostSettings": {"log": {"level": "error"}},
        }});
        std::fs::write(&settings, content.to_string()).context("settings")?;
        let data = folder.path().join("data");
        let made = Command::new(binary)
            .args(["token", "create", "--name", "bench", "--data"])
            .arg(&data)
            .output()
            .context("provost token create")?;
        if !made.status.success() {
            bail!("provost token create: {}", String::from_utf8_lossy(&made.stderr));
        }
        let token = String::from_utf8(made.stdout)?.trim().to_owned();
        let address = free_address()?;
        let child = Command::new(binary)
            .arg("serve")
            .arg("--platform-settings")
            .arg(&settings)
            .arg("--data")
            .arg(&data)
            .arg("--listen")
            .arg(address.to_string())
            .current_dir(folder.path())
            .spawn()
            .context("provost serve")?;
        let provost = Self { child, address, token, _folder: folder };
        provost.wait().await?;
        Ok(provost)
    }

    async fn wait(&self) -> anyhow::Result<()> {
        for _ in 0..1_000 {
            if let Ok(mut connection) = Connection::open(self.address).await {
                let answer = connection.send(&Method::GET, "/ready", None, Vec::new()).await?;
                if answer.status == 200 {
                    return Ok(());
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("provost is not ready after ten seconds")
    }

    /// An operation on the resources that are there.
    pub(crate) fn target(&self, operation: Operation, filled: &Filled) -> Target {
        Target {
            address: self.address,
            token: Some(self.token.clone()),
            request: operation.request(filled),
            expected: operation.status(),
        }
    }
}

impl Bare {
    pub(crate) async fn start(program: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(program)
            .arg("bench-bare")
            .stdout(Stdio::piped())
            .spawn()
            .context("the bare server")?;
        let output = child.stdout.take().context("its output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).context("its address")?;
        Ok(Self { child, address: line.trim().parse().context("its address")? })
    }

    /// Requests of the same size, answered by as many bytes.
    pub(crate) fn target(&self, measured: &Measured) -> Target {
        let (path, body) =
            (format!("/{}", measured.answer_bytes), vec![b'x'; measured.request_bytes]);
        let request = std::sync::Arc::new(move |_| (Method::POST, path.clone(), body.clone()));
        Target { address: self.address, token: None, request, expected: 200 }
    }
}

impl Drop for Provost {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("a free port")?;
    Ok(listener.local_addr()?)
}
