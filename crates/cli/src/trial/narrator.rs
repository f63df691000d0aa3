//! What `try` says: plain text, one request at a time.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use crate::address::SCIM_PATH;
use crate::failure::Failure;
use crate::output;

/// Speaks on standard output, with colors only on a terminal.
pub(crate) struct Narrator {
    colors: bool,
}

/// The longest line of a body that is shown whole.
const LINE_CHARACTERS: usize = 160;

impl Narrator {
    pub(crate) fn new() -> Self {
        Self { colors: std::io::stdout().is_terminal() }
    }

    pub(crate) fn beginning(
        &self,
        platform_settings: &Path,
        sso_settings: &Path,
    ) -> Result<(), Failure> {
        output::print(format_args!(
            "An identity provider of its own, a database in a temporary folder, and these settings:\n  \
             {}\n  {}\n\nBodies are shown without their `schemas`, and long ones cut.\n\n",
            platform_settings.display(),
            sso_settings.display()
        ))
    }

    /// A request, what it is for, and what came back.
    pub(crate) fn request(
        &self,
        why: &str,
        (method, path, body): (&str, &str, &Value),
        status: u16,
    ) -> Result<(), Failure> {
        let status = match self.colors {
            true => format!("\u{1b}[32m{status}\u{1b}[0m"),
            false => status.to_string(),
        };
        let body: String = lines(body).iter().map(|it| format!("  {}\n", short(it))).collect();
        output::print(format_args!("{why}\n  {method} {path}\n{body}  → {status}\n\n"))
    }

    pub(crate) fn end(&self, address: SocketAddr, token: &str) -> Result<(), Failure> {
        let url = format!("http://{address}{SCIM_PATH}");
        let services = format!("http://{address}/Thingworx/Subsystems/SCIMSubsystem/Services");
        let curl = format!("curl -H 'Authorization: Bearer {token}'");
        output::print(format_args!(
            "All as it should be. Still serving; Ctrl-C ends it.\n\n\
             Tenant URL: {url}\n\
             Token: {token}\n\n\
             {curl} '{url}/Users'\n\
             {curl} '{url}/Groups?filter=displayName+sw+%22Line%22'\n\
             {curl} '{url}/Schemas'\n\
             {curl} -X POST '{services}/GetSubsystemState'\n"
        ))
    }
}

/// What of a body is worth reading: a resource without its `schemas`; of a PATCH its operations.
fn lines(body: &Value) -> Vec<String> {
    if let Some(operations) = body["Operations"].as_array() {
        return operations.iter().map(Value::to_string).collect();
    }
    let Value::Object(resource) = body else { return Vec::new() };
    let mut shown = resource.clone();
    shown.shift_remove("schemas");
    vec![Value::Object(shown).to_string()]
}

/// The beginning of a long text.
fn short(text: &str) -> String {
    match text.char_indices().nth(LINE_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
