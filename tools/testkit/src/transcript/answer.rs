//! A response as the checks read it: header values as text, the body as JSON where it is JSON.

use serde_json::Value;

use super::transport::Response;

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) response: Response,
    /// `None` if there is no body, or one that is not JSON.
    pub(super) document: Option<Value>,
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.response.status
    }

    pub(super) fn has_body(&self) -> bool {
        !self.response.body.is_empty()
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        let value = self.response.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        let document = serde_json::from_slice(&response.body).ok();
        Self { response, document }
    }
}
