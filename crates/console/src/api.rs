//! Requests of the admin API.

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// A request of the admin API.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its path below the root of the API, in segments that are not encoded.
    pub path: String,
    /// Its query string, encoded.
    pub query: String,
    /// Its body.
    pub body: Value,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), query: String::new(), body: Value::Null }
    }

    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, body, ..Self::get(path) }
    }

    pub(crate) fn put(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::PUT, body, ..Self::get(path) }
    }

    pub(crate) fn patch(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::PATCH, body, ..Self::get(path) }
    }

    /// With the parameters that are not empty.
    pub(crate) fn with<'v>(
        mut self,
        parameters: impl IntoIterator<Item = (&'v str, &'v str)>,
    ) -> Self {
        self.query = query(parameters);
        self
    }
}

/// A query string of the parameters that are not empty.
pub(crate) fn query<'v>(parameters: impl IntoIterator<Item = (&'v str, &'v str)>) -> String {
    let given = parameters.into_iter().filter(|(_, value)| !value.is_empty());
    form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
}

/// What needs no encoding in a segment of a path (RFC 3986 §2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as a segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}
