//! Answers: status, media type, body (RFC 7644 §3.1, §8.1).

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::payload::Payload;
use crate::route::{console_root, is_admin, service_name};
use crate::{console, error};

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

/// How errors are told: each kind of API has its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// SCIM's error message (RFC 7644 §3.12).
    Scim(MediaType),
    /// Problem details (RFC 9457).
    Problem,
    /// A page of the console, which is below this path.
    Page { root: Box<str> },
    /// The platform's: a text that names the service.
    Service { name: Box<str>, is_json: bool },
}

impl Form {
    /// The form for a request, by its path alone: also what leads nowhere is answered.
    pub(crate) fn of(path: &str, headers: &HeaderMap) -> Self {
        if let Some(name) = service_name(path) {
            let is_json = MediaType::accepted(headers) == MediaType::Json;
            return Self::Service { name: name.into(), is_json };
        }
        if let Some(root) = console_root(path) {
            return Self::Page { root: root.into() };
        }
        match is_admin(path) {
            true => Self::Problem,
            false => Self::Scim(MediaType::accepted(headers)),
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
pub(crate) fn error(answer: error::Answer, form: &Form) -> Response {
    let error::Answer { status, headers, body } = answer;
    let detail = body["detail"].as_str().unwrap_or_default();
    let mut response = match form {
        Form::Scim(media_type) => json(status, *media_type, &body),
        Form::Problem => {
            let title = status.canonical_reason().unwrap_or_default();
            let problem = serde_json::json!({
                "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail,
            });
            let mut response = json(status, MediaType::Json, &problem);
            let media_type = HeaderValue::from_static("application/problem+json");
            response.headers_mut().insert(CONTENT_TYPE, media_type);
            response
        }
        Form::Page { root } => console::failure(status, root, detail),
        Form::Service { name, is_json } => {
            let text = format!("Unable to Invoke Service {name} on SCIMSubsystem : {detail}");
            match is_json {
                true => json(status, MediaType::Json, &serde_json::json!({"message": text})),
                false => plain(status, text),
            }
        }
    };
    response.headers_mut().extend(headers);
    response
}

/// A page.
pub(crate) fn html(status: StatusCode, page: String) -> Response {
    let mut response = Response::new(Payload::from(page.into_bytes()));
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// An answer of text.
fn plain(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Payload::from(text.into_bytes()));
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
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
