//! What `try` says: plain text, one request at a time.
#![allow(clippy::print_stdout, reason = "the narration is what the command is for")]

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

/// Speaks on standard output, with colors only on a terminal.
pub(crate) struct Narrator {
    colors: bool,
}

/// The longest body that is shown whole.
const BODY_CHARACTERS: usize = 160;

impl Narrator {
    pub(crate) fn new() -> Self {
        Self { colors: std::io::stdout().is_terminal() }
    }

    pub(crate) fn beginning(&self, platform_settings: &Path, sso_settings: &Path) {
        println!(
            "An identity provider of its own, a database in a temporary folder, and these settings:"
        );
        println!("  {}", platform_settings.display());
        println!("  {}", sso_settings.display());
        println!();
    }

    /// A request, what it is for, and what came back.
    pub(crate) fn request(
        &self,
        why: &str,
        (method, path, body): (&str, &str, &Value),
        status: u16,
    ) {
        let status = match self.colors {
            true => format!("\u{1b}[32m{status}\u{1b}[0m"),
            false => status.to_string(),
        };
        println!("{why}");
        println!("  {method} {path}");
        if !body.is_null() {
            let text = body.to_string();
            let short: String = text.chars().take(BODY_CHARACTERS).collect();
            let cut = if short.len() < text.len() { "…" } else { "" };
            println!("  {short}{cut}");
        }
        println!("  → {status}");
    }

    pub(crate) fn end(&self, address: SocketAddr, token: &str) {
        let url = format!("http://{address}/Thingworx/SCIMProvider/SCIM/v2");
        println!();
        println!("All as it should be. Still serving; Ctrl-C ends it.");
        println!();
        println!("Tenant URL: {url}");
        println!("Token: {token}");
        println!();
        println!("curl -H 'Authorization: Bearer {token}' '{url}/Users'");
        println!(
            "curl -H 'Authorization: Bearer {token}' '{url}/Groups?filter=displayName+sw+%22Line%22'"
        );
        println!("curl -H 'Authorization: Bearer {token}' '{url}/Schemas'");
        println!(
            "curl -X POST -H 'Authorization: Bearer {token}' 'http://{address}/Thingworx/Subsystems/SCIMSubsystem/Services/GetSubsystemState'"
        );
    }
}
