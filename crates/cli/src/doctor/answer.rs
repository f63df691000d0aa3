//! What came back, as far as a verdict needs it.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::Value;

use crate::http;

/// An answer, read whole.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) challenge: String,
    pub(super) retry_after: String,
    pub(super) location: String,
    pub(super) body: Vec<u8>,
    /// From sending to the last byte.
    pub(super) took: Duration,
}

/// The longest answer that is read; /Schemas, the longest of ours, has a tenth of it.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How much of a text from outside is shown.
const SHOWN_CHARACTERS: usize = 300;

impl Answer {
    /// Reads an answer; what is beyond the limit is left, and then the body is no JSON.
    pub(super) async fn read(response: Response) -> reqwest::Result<Self> {
        let header = |name: HeaderName| {
            let value = response.headers().get(name).and_then(|it| it.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let head = Self {
            status: response.status().as_u16(),
            content_type: header(CONTENT_TYPE),
            challenge: header(WWW_AUTHENTICATE),
            retry_after: header(RETRY_AFTER),
            location: header(LOCATION),
            ..Self::default()
        };
        Ok(Self { body: http::body(response, BODY_BYTES_MAX).await?, ..head })
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The media type without its parameters, in small letters.
    pub(super) fn media_type(&self) -> String {
        self.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether it is a page for people.
    pub(super) fn is_web_page(&self) -> bool {
        let start = self.body.iter().find(|it| !it.is_ascii_whitespace());
        self.media_type() == "text/html" || (start == Some(&b'<') && self.json().is_none())
    }

    /// What the server says of an error (RFC 7644 §3.12).
    pub(super) fn detail(&self) -> Option<String> {
        Some(shown(self.json()?["detail"].as_str()?))
    }
}

/// The beginning of a text from outside, with a stand-in for each control character.
pub(super) fn shown(text: &str) -> String {
    let visible = text.chars().map(|it| if it.is_control() { '\u{fffd}' } else { it });
    visible.take(SHOWN_CHARACTERS).collect()
}
