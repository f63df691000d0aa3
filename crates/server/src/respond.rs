//! Answers: status, media type, body (RFC 7644 §3.1, §8.1).

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::error;
use crate::payload::Payload;

/// An answer with its whole body.
pub(crate) type Response = http::Response<Payload>;

/// The media type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/scim+json`
    Scim,
    /// `application/json`
    Json,
}

impl MediaType {
    /// The media type for SCIM's answers: its own one, unless the client accepts plain JSON alone.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let ranges = headers.get_all(ACCEPT).iter().filter_map(|it| it.to_str().ok());
        let ranges = ranges.flat_map(|it| it.split(','));
        let mut accepts_json = false;
        for range in ranges {
            let name = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            match name.as_str() {
                "application/scim+json" | "application/*" | "*/*" => return Self::Scim,
                "application/json" => accepts_json = true,
                _ => {}
            }
        }
        if accepts_json { Self::Json } else { Self::Scim }
    }

    const fn value(self) -> HeaderValue {
        match self {
            Self::Scim => HeaderValue::from_static("application/scim+json"),
            Self::Json => HeaderValue::from_static("application/json"),
        }
    }
}

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, media_type: MediaType, body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body).expect("our answers print as JSON");
    let mut response = Response::new(Payload::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, media_type.value());
    response
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// An error's answer.
pub(crate) fn error(answer: error::Answer, media_type: MediaType) -> Response {
    let mut response = json(answer.status, media_type, &answer.body);
    response.headers_mut().extend(answer.headers);
    response
}

/// The answer to HEAD: that to GET, with the length of the body in place of the body (RFC 9110
/// §9.3.2).
pub(crate) fn without_body(mut response: Response) -> Response {
    let length = body_bytes(&response);
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    *response.body_mut() = Payload::default();
    response
}

/// The size of an answer's body.
pub(crate) fn body_bytes(response: &Response) -> u64 {
    response.body().len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &[&'static str], expected: MediaType) {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        assert_eq!(MediaType::accepted(&headers), expected, "{accept:?}");
    }

    #[test]
    fn plain_json_is_for_clients_that_accept_nothing_else() {
        check(&[], MediaType::Scim);
        check(&["application/scim+json"], MediaType::Scim);
        check(&["application/json, application/scim+json;q=0.1"], MediaType::Scim);
        check(&["application/json, */*;q=0.8"], MediaType::Scim);
        check(&["application/json", "application/*"], MediaType::Scim);
        check(&["text/html"], MediaType::Scim);
        check(&["application/json; charset=utf-8"], MediaType::Json);
        check(&["Application/JSON, text/plain"], MediaType::Json);
    }
}
