//! What every client relies on, in any answer, whatever its step asks for.

use std::fmt;

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::answer::Answer;
use super::condition::show;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// One of these rules, named so that a step can be excused from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Invariant {
    /// A 204 has no body (RFC 9110 §15.3.5).
    Empty204,
    /// A body is `application/scim+json` (RFC 7644 §8.1), or plain JSON where the request named it.
    ContentType,
    /// An error has a SCIM body (RFC 7644 §3.12).
    ErrorBody,
    /// Its `status` is the status as a string (RFC 7644 §3.12).
    ErrorStatus,
    /// Its `detail` tells the reader of a provisioning log something.
    ErrorDetail,
    /// A 401 names its schemes (RFC 7644 §2).
    WwwAuthenticate,
    /// A 429 says in whole seconds when to come back.
    RetryAfter,
    /// A 201 has a `Location`, that of `meta` (RFC 7644 §3.3).
    Location,
    /// The answer to a query is a ListResponse whose counts are true (RFC 7644 §3.4.2).
    List,
    /// A resource has `id`, `schemas` and `meta.resourceType` (RFC 7643 §3.1).
    Resource,
    /// A password never comes back (RFC 7643 §4.1.1).
    Password,
}

/// What was asked, as far as a rule depends on it.
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    /// Path and query below the base.
    pub(super) path: &'a str,
    pub(super) accepts_plain_json: bool,
}

/// A rule that an answer breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Breach {
    pub(super) invariant: Invariant,
    text: String,
}

/// Every rule that the answer breaks.
pub(super) fn breaches(asked: &Asked<'_>, answer: &Answer) -> Vec<Breach> {
    let mut found = Vec::from_iter(media_type(asked, answer));
    if answer.status() >= 400 {
        found.extend(error_body(answer));
        found.extend(challenge(answer));
        found.extend(retry_after(answer));
        return found;
    }
    found.extend(location(answer));
    if asked.is_query() && answer.status() == 200 {
        found.extend(list(answer));
    }
    if asked.is_about_one_resource() && matches!(answer.status(), 200 | 201) {
        found.extend(resource(asked, answer));
    }
    found
}

impl Invariant {
    const ALL: [Self; 11] = [
        Self::Empty204,
        Self::ContentType,
        Self::ErrorBody,
        Self::ErrorStatus,
        Self::ErrorDetail,
        Self::WwwAuthenticate,
        Self::RetryAfter,
        Self::Location,
        Self::List,
        Self::Resource,
        Self::Password,
    ];

    /// The name in a transcript and in a failure line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty204 => "empty-204",
            Self::ContentType => "content-type",
            Self::ErrorBody => "error-body",
            Self::ErrorStatus => "error-status",
            Self::ErrorDetail => "error-detail",
            Self::WwwAuthenticate => "www-authenticate",
            Self::RetryAfter => "retry-after",
            Self::Location => "location",
            Self::List => "list",
            Self::Resource => "resource",
            Self::Password => "password",
        }
    }

    fn broken(self, text: impl Into<String>) -> Breach {
        Breach { invariant: self, text: text.into() }
    }
}

impl TryFrom<String> for Invariant {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|invariant| invariant.name() == name);
        found.ok_or_else(|| format!("unknown invariant `{name}`"))
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.invariant.name(), self.text)
    }
}

impl Asked<'_> {
    fn segments(&self) -> Vec<&str> {
        let path = self.path.split_once('?').map_or(self.path, |(path, _)| path);
        path.trim_matches('/').split('/').collect()
    }

    fn is_query(&self) -> bool {
        self.method == Method::GET && matches!(self.segments()[..], ["Users" | "Groups"])
    }

    fn is_about_one_resource(&self) -> bool {
        match self.segments()[..] {
            ["Users" | "Groups", _] => true,
            ["Users" | "Groups", ..] => self.method == Method::POST,
            _ => false,
        }
    }

    /// Also true of `excludedAttributes`: either may leave `meta` out.
    fn chooses_attributes(&self) -> bool {
        self.path.to_lowercase().contains("attributes=")
    }
}

fn media_type(asked: &Asked<'_>, answer: &Answer) -> Option<Breach> {
    if !answer.has_body() {
        return None;
    }
    if answer.status() == 204 {
        return Some(Invariant::Empty204.broken("a 204 carried a body"));
    }
    let header = answer.header("Content-Type").unwrap_or_default().to_lowercase();
    let media_type = header.split(';').next().unwrap_or_default().trim();
    let plain_is_fine = asked.accepts_plain_json && media_type == "application/json";
    let text = || format!("Content-Type is {media_type:?}, not application/scim+json");
    (media_type != "application/scim+json" && !plain_is_fine)
        .then(|| Invariant::ContentType.broken(text()))
}

fn error_body(answer: &Answer) -> Option<Breach> {
    let status = answer.status();
    let Some(body) = answer.document.as_ref().filter(|body| has_schema(body, ERROR)) else {
        return Some(
            Invariant::ErrorBody.broken(format!("error {status} without a SCIM Error body")),
        );
    };
    if body.get("status").and_then(Value::as_str) != Some(&status.to_string()) {
        let shown = show(body.get("status"));
        let text = format!("error status member is {shown}, want \"{status}\"");
        return Some(Invariant::ErrorStatus.broken(text));
    }
    let silent = body.get("detail").and_then(Value::as_str).is_none_or(str::is_empty);
    silent.then(|| Invariant::ErrorDetail.broken(format!("error {status} without detail")))
}

fn challenge(answer: &Answer) -> Option<Breach> {
    let silent = answer.header("WWW-Authenticate").is_none_or(|value| value.is_empty());
    (answer.status() == 401 && silent)
        .then(|| Invariant::WwwAuthenticate.broken("401 without WWW-Authenticate"))
}

fn retry_after(answer: &Answer) -> Option<Breach> {
    let seconds = answer.header("Retry-After").unwrap_or_default();
    let whole = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    (answer.status() == 429 && !whole)
        .then(|| Invariant::RetryAfter.broken("429 without an integer Retry-After"))
}

fn location(answer: &Answer) -> Option<Breach> {
    if answer.status() != 201 {
        return None;
    }
    let Some(header) = answer.header("Location").filter(|header| !header.is_empty()) else {
        return Some(Invariant::Location.broken("201 without Location"));
    };
    let member = answer.document.as_ref().and_then(|body| body.pointer("/meta/location"));
    let same = member.is_none_or(|member| member.is_null() || member.as_str() == Some(&header));
    (!same).then(|| Invariant::Location.broken("Location differs from meta.location"))
}

fn list(answer: &Answer) -> Vec<Breach> {
    let Some(body) = answer.document.as_ref().filter(|body| has_schema(body, LIST_RESPONSE)) else {
        return vec![Invariant::List.broken("a query answer that is not a ListResponse")];
    };
    let resources = body.get("Resources").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let anonymous = resources.iter().any(|resource| text(resource, "id").is_none());
    let mut found =
        Vec::from_iter(counts(body, resources.len()).map(|text| Invariant::List.broken(text)));
    found.extend(anonymous.then(|| Invariant::Resource.broken("a listed resource without id")));
    found
}

fn counts(body: &Value, listed: usize) -> impl Iterator<Item = String> {
    let total = body.get("totalResults");
    let per_page = body.get("itemsPerPage");
    let wrong_total = match total.and_then(Value::as_i64) {
        None => Some(format!("totalResults is {}", show(total))),
        Some(count) if usize::try_from(count).is_ok_and(|count| count >= listed) => None,
        Some(count) => Some(format!("totalResults {count} < {listed} resources")),
    };
    let wrong_types = ["itemsPerPage", "startIndex"].map(|name| {
        let value = body.get(name).filter(|value| value.as_i64().is_none());
        value.map(|value| format!("{name} is {}", show(Some(value))))
    });
    let count = per_page.and_then(Value::as_i64);
    let wrong_count = count.filter(|count| usize::try_from(*count) != Ok(listed));
    let wrong_count =
        wrong_count.map(|count| format!("itemsPerPage {count}, but {listed} resources"));
    wrong_total.into_iter().chain(wrong_types.into_iter().flatten()).chain(wrong_count)
}

fn resource(asked: &Asked<'_>, answer: &Answer) -> Vec<Breach> {
    let Some(body) = answer.document.as_ref().filter(|body| body.is_object()) else {
        return Vec::new();
    };
    let schemas =
        body.get("schemas").and_then(Value::as_array).is_some_and(|uris| !uris.is_empty());
    let resource_type = body.get("meta").is_some_and(|meta| text(meta, "resourceType").is_some());
    let rules = [
        (text(body, "id").is_some(), Invariant::Resource, "no id in the resource"),
        (schemas, Invariant::Resource, "no schemas in the resource"),
        (resource_type || asked.chooses_attributes(), Invariant::Resource, "no meta.resourceType"),
        (body.get("password").is_none(), Invariant::Password, "password was returned"),
    ];
    let broken = rules.into_iter().filter(|(holds, ..)| !holds);
    broken.map(|(_, invariant, text)| invariant.broken(text)).collect()
}

fn has_schema(body: &Value, uri: &str) -> bool {
    body.get("schemas").and_then(Value::as_array).is_some_and(|uris| uris.contains(&uri.into()))
}

/// A string that says something.
fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use http::header::{HeaderMap, HeaderName, HeaderValue};
    use serde_json::json;

    use super::super::transport::Response;
    use super::*;

    const SCIM: (&str, &str) = ("content-type", "application/scim+json;charset=utf-8");

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers = HeaderMap::from_iter(headers.iter().map(header));
        Answer::from(Response { status, headers, body: body.as_bytes().to_vec() })
    }

    fn asked<'a>(method: &'a Method, path: &'a str) -> Asked<'a> {
        Asked { method, path, accepts_plain_json: false }
    }

    fn lines(asked: &Asked<'_>, answer: &Answer) -> Vec<String> {
        breaches(asked, answer).iter().map(Breach::to_string).collect()
    }

    #[track_caller]
    fn check_error(
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &Value,
        expected: &[&str],
    ) {
        let answer = answer(status, &[headers, &[SCIM]].concat(), &body.to_string());
        assert_eq!(lines(&asked(&Method::GET, "/Users/1"), &answer), expected);
    }

    #[track_caller]
    fn check_list(body: Value, expected: &[&str]) {
        let answer = answer(200, &[SCIM], &body.to_string());
        assert_eq!(lines(&asked(&Method::GET, "/Groups/?count=5"), &answer), expected);
    }

    #[track_caller]
    fn check_resource(method: &Method, path: &str, body: Value, expected: &[&str]) {
        let answer = answer(200, &[SCIM], &body.to_string());
        assert_eq!(lines(&asked(method, path), &answer), expected);
    }

    fn error(status: impl Into<Value>, detail: impl Into<Value>) -> Value {
        json!({"schemas": [ERROR], "status": status.into(), "detail": detail.into()})
    }

    fn page(members: Value) -> Value {
        let mut page = json!({"schemas": [LIST_RESPONSE], "totalResults": 2, "Resources": [{"id": "1"}, {"id": "2"}]});
        let page_members = page.as_object_mut().expect("an object");
        page_members.extend(members.as_object().expect("an object").clone());
        page
    }

    #[test]
    fn body_of_204_is_a_breach() {
        let get = asked(&Method::DELETE, "/Users/1");
        assert_eq!(lines(&get, &answer(204, &[], "")), [""; 0]);
        assert_eq!(lines(&get, &answer(204, &[SCIM], "{}")), ["[empty-204] a 204 carried a body"]);
    }

    #[test]
    fn content_type_is_scim_unless_plain_json_was_named() {
        let plain = answer(200, &[("content-type", "application/json; charset=utf-8")], "{}");
        let mut get = asked(&Method::GET, "/Schemas");
        let breach =
            r#"[content-type] Content-Type is "application/json", not application/scim+json"#;
        assert_eq!(lines(&get, &plain), [breach]);
        get.accepts_plain_json = true;
        assert_eq!(lines(&get, &plain), [""; 0]);
        let none = r#"[content-type] Content-Type is "", not application/scim+json"#;
        assert_eq!(lines(&get, &answer(200, &[], "{}")), [none]);
    }

    #[test]
    fn error_has_body_status_and_detail() {
        check_error(404, &[], &error("404", "no such user"), &[]);
        check_error(
            404,
            &[],
            &json!({"status": "404"}),
            &["[error-body] error 404 without a SCIM Error body"],
        );
        check_error(
            404,
            &[],
            &error(404, "x"),
            &[r#"[error-status] error status member is 404, want "404""#],
        );
        check_error(
            404,
            &[],
            &error("400", "x"),
            &[r#"[error-status] error status member is "400", want "404""#],
        );
        check_error(404, &[], &error("404", ""), &["[error-detail] error 404 without detail"]);
        check_error(
            500,
            &[],
            &error("500", Value::Null),
            &["[error-detail] error 500 without detail"],
        );
    }

    #[test]
    fn unauthorized_names_its_schemes() {
        check_error(401, &[("www-authenticate", "Bearer")], &error("401", "x"), &[]);
        check_error(
            401,
            &[],
            &error("401", "x"),
            &["[www-authenticate] 401 without WWW-Authenticate"],
        );
    }

    #[test]
    fn too_many_requests_says_when_to_come_back() {
        let breach = "[retry-after] 429 without an integer Retry-After";
        check_error(429, &[("retry-after", "3")], &error("429", "x"), &[]);
        check_error(429, &[("retry-after", "1.5")], &error("429", "x"), &[breach]);
        check_error(429, &[], &error("429", "x"), &[breach]);
    }

    #[test]
    fn created_has_the_location_of_its_meta() {
        let body = r#"{"id": "1", "schemas": ["u"], "meta": {"resourceType": "User", "location": "/Users/1"}}"#;
        let post = asked(&Method::POST, "/Users");
        let at = |location| answer(201, &[SCIM, ("location", location)], body);
        assert_eq!(lines(&post, &at("/Users/1")), [""; 0]);
        assert_eq!(
            lines(&post, &at("/Users/2")),
            ["[location] Location differs from meta.location"]
        );
        assert_eq!(lines(&post, &answer(201, &[SCIM], body)), ["[location] 201 without Location"]);
    }

    #[test]
    fn list_counts_are_true_integers() {
        check_list(page(json!({})), &[]);
        check_list(page(json!({"itemsPerPage": 2, "startIndex": 1})), &[]);
        check_list(json!([]), &["[list] a query answer that is not a ListResponse"]);
        check_list(page(json!({"totalResults": "2"})), &[r#"[list] totalResults is "2""#]);
        check_list(page(json!({"totalResults": 1})), &["[list] totalResults 1 < 2 resources"]);
        check_list(page(json!({"startIndex": true})), &["[list] startIndex is true"]);
        check_list(page(json!({"itemsPerPage": "2"})), &[r#"[list] itemsPerPage is "2""#]);
        check_list(page(json!({"itemsPerPage": 5})), &["[list] itemsPerPage 5, but 2 resources"]);
        check_list(page(json!({"totalResults": 7, "Resources": null})), &[]);
    }

    #[test]
    fn listed_resources_have_ids() {
        let resources = json!([{"id": 1}, {}]);
        check_list(
            page(json!({"Resources": resources})),
            &["[resource] a listed resource without id"],
        );
    }

    #[test]
    fn resource_has_id_schemas_and_type() {
        let good = json!({"id": "1", "schemas": ["u"], "meta": {"resourceType": "User"}});
        check_resource(&Method::GET, "/Users/1", good.clone(), &[]);
        check_resource(&Method::POST, "/Users", good, &[]);
        let all = [
            "[resource] no id in the resource",
            "[resource] no schemas in the resource",
            "[resource] no meta.resourceType",
            "[password] password was returned",
        ];
        check_resource(&Method::PATCH, "/Groups/1", json!({"password": null}), &all);
        let chosen = json!({"id": "1", "schemas": ["u"]});
        check_resource(&Method::GET, "/Users/1?attributes=userName", chosen.clone(), &[]);
        check_resource(&Method::GET, "/Users/1?excludedAttributes=meta", chosen, &[]);
        check_resource(&Method::GET, "/Schemas/1", json!({}), &[]);
    }

    #[test]
    fn every_name_is_read_back() {
        for invariant in Invariant::ALL {
            assert_eq!(Invariant::try_from(invariant.name().to_owned()), Ok(invariant));
        }
    }
}
