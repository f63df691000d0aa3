//! Whether credentials come back: what a test sends as a secret must be in no answer and in no line of
//! the log, at any level.
//!
//! The witness of a process sees all that its test clients send and get, and all that is logged.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::transcript::{Request, Response};

/// Shorter secrets occur by chance; tests also send them to be refused.
const SECRET_BYTES_MIN: usize = 12;

/// What is kept of a place where a secret was found: enough to find it, and none of the secret.
const PLACE_BYTES_MAX: usize = 300;

struct Seen {
    secrets: BTreeSet<String>,
    found: Vec<String>,
}

/// A secret, from now on.
pub fn know(secret: &str) {
    if secret.len() >= SECRET_BYTES_MIN {
        seen().secrets.insert(secret.to_owned());
    }
}

/// Looks for secrets in what somebody sees.
pub fn look(place: &str, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let mut seen = seen();
    let found: Vec<String> = seen.secrets.iter().filter(|it| text.contains(*it)).cloned().collect();
    for secret in found {
        let hidden = text.replace(&*secret, "(the secret)");
        let hidden: String = hidden.chars().take(PLACE_BYTES_MAX).collect();
        seen.found.push(format!("{place}: {hidden}"));
    }
}

/// Panics if something was found, unless the test does already.
fn check() {
    let found = std::mem::take(&mut seen().found);
    if !std::thread::panicking() {
        assert!(found.is_empty(), "secrets were seen: {found:#?}");
    }
}

/// Takes in what a request sends as secrets.
pub(crate) fn sent(request: &Request) {
    for (name, value) in &request.headers {
        if name.eq_ignore_ascii_case("authorization") {
            authorization(value);
        }
    }
    let Some(body) = &request.body else { return };
    match serde_json::from_slice::<Value>(body) {
        Ok(body) => passwords(&body),
        Err(_) => form(body),
    }
}

/// Looks through an answer, and takes in the token that it gives.
pub(crate) fn answered(target: &str, response: &Response) {
    for (name, value) in &response.headers {
        look(&format!("the header {name} of the answer of {target}"), value.as_bytes());
    }
    look(&format!("the answer of {target}"), &response.body);
    if let Ok(body) = serde_json::from_slice::<Value>(&response.body)
        && let Some(token) = body.get("access_token").and_then(Value::as_str)
    {
        know(token);
    }
}

/// A time in which the log of this process is watched; at its end nothing may have been found.
pub(crate) struct Watch(());

impl Watch {
    /// Takes the whole log of this process, at every level, unless a test takes it.
    pub(crate) fn begin() -> Self {
        static BEGUN: OnceLock<()> = OnceLock::new();
        BEGUN.get_or_init(|| {
            let lines = fmt::layer().with_ansi(false).without_time().with_writer(|| Log);
            // What a test writes into a browser, the browser's client tells; that is no log of ours.
            let all = Targets::new().with_default(LevelFilter::TRACE);
            let ours = all.with_target("thirtyfour", LevelFilter::OFF);
            // Another log of the process is one that a test looks at itself.
            let _ = tracing_subscriber::registry().with(lines.with_filter(ours)).try_init();
        });
        Self(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        check();
    }
}

fn authorization(value: &str) {
    let credential = value.split_once(' ').map_or(value, |(_, credential)| credential.trim());
    know(credential);
    let Ok(decoded) = STANDARD.decode(credential) else { return };
    if let Ok(decoded) = String::from_utf8(decoded)
        && let Some((_, secret)) = decoded.split_once(':')
    {
        know(secret);
    }
}

/// Values of attributes named password, wherever they are (RFC 7643 §4.1.1), and of PATCH operations
/// with such a path.
fn passwords(value: &Value) {
    match value {
        Value::Object(members) => {
            let is_password = |it: &str| it.to_ascii_lowercase().ends_with("password");
            let by_path = members.get("path").and_then(Value::as_str).is_some_and(is_password);
            for (name, value) in members {
                match value.as_str() {
                    Some(text) if is_password(name) || by_path && name == "value" => know(text),
                    Some(_) | None => passwords(value),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(passwords),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn form(body: &[u8]) {
    for (name, value) in form_urlencoded::parse(body) {
        if matches!(&*name, "client_secret" | "client_assertion" | "assertion" | "token") {
            know(&value);
        }
    }
}

fn seen() -> MutexGuard<'static, Seen> {
    static SEEN: Mutex<Seen> = Mutex::new(Seen { secrets: BTreeSet::new(), found: Vec::new() });
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The log, line by line.
struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        look("the log", bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_as_a_secret_is_found_and_not_shown() {
        let request = Request {
            method: http::Method::POST,
            target: "/".to_owned(),
            headers: vec![("Authorization".to_owned(), "Bearer not-to-be-seen-1".to_owned())],
            body: Some(
                br#"{"Operations": [{"path": "password", "value": "not-to-be-seen-2"}]}"#.to_vec(),
            ),
        };
        sent(&request);
        form(b"client_secret=not-to-be-seen-3");
        for n in 1..=3 {
            look("here", format!("a line with not-to-be-seen-{n} in it").as_bytes());
            let found = std::mem::take(&mut seen().found);
            assert_eq!(found, ["here: a line with (the secret) in it"]);
        }
        look("here", b"not-to-be-seen-4");
        check();
    }
}
