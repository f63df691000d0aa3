//! Requests of the admin API.

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// A request of the admin API.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its path below the root of the API, in segments that are encoded.
    pub path: String,
    /// Its query string, encoded.
    pub query: String,
    /// Its body, as JSON; empty if there is none.
    pub body: String,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), query: String::new(), body: String::new() }
    }

    pub(crate) fn post(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self::with_body(Method::POST, path, body)
    }

    pub(crate) fn put(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self::with_body(Method::PUT, path, body)
    }

    pub(crate) fn patch(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self::with_body(Method::PATCH, path, body)
    }

    fn with_body(method: Method, path: impl Into<String>, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("what forms hold prints as JSON");
        Self { method, body, ..Self::get(path) }
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
