//! `If-Match` and `If-None-Match` (RFC 7644 §3.14, RFC 9110 §13.1).

use http::HeaderMap;
use http::header::{AsHeaderName, IF_MATCH, IF_NONE_MATCH};
use provost_engine::{self as engine, Context, Rendered};
use provost_scim::error::{Error as Refusal, ErrorKind};
use provost_scim::schema::Kind;
use provost_store::{IfMatch, Stored, Version};

use crate::error::Error;

/// The versions that a client expects. A tag that is none of ours matches nothing.
pub(super) fn if_match(headers: &HeaderMap) -> Option<IfMatch> {
    tags(headers, IF_MATCH)
}

/// Refuses a read of another version than the client expects. A write's is compared in its
/// transaction.
pub(super) fn check_if_match(headers: &HeaderMap, stored: &Stored) -> Result<(), Refusal> {
    if if_match(headers).is_none_or(|it| it.accepts(stored.version)) {
        return Ok(());
    }
    let detail = format!("{} has another version than If-Match names", stored.id);
    Err(Refusal::new(ErrorKind::PreconditionFailed, detail))
}

/// Whether the client has what it asks for.
pub(super) async fn is_not_modified(
    cx: &Context<'_>,
    headers: &HeaderMap,
    rendered: &Rendered,
) -> Result<bool, Error> {
    let known = tags(headers, IF_NONE_MATCH).is_some_and(|it| it.accepts(rendered.version));
    Ok(known && engine::is_as_it_was(cx, rendered).await?)
}

/// Refuses a write if the resource has a version that the client excludes.
pub(super) async fn check_if_none_match(
    cx: &Context<'_>,
    headers: &HeaderMap,
    kind: Kind,
    id: &str,
) -> Result<(), Error> {
    let Some(excluded) = tags(headers, IF_NONE_MATCH) else { return Ok(()) };
    let stored = engine::read(cx, kind, id).await?;
    match excluded.accepts(stored.version) {
        true => {
            let detail = "the resource has a version that If-None-Match excludes";
            Err(Refusal::new(ErrorKind::PreconditionFailed, detail).into())
        }
        false => Ok(()),
    }
}

// RFC 9110 §13.1.1: "*" / #entity-tag. Tags are compared weakly: ours say when, not which bytes.
fn tags(headers: &HeaderMap, name: impl AsHeaderName) -> Option<IfMatch> {
    let mut versions = None;
    for value in headers.get_all(name) {
        let versions = versions.get_or_insert_with(Vec::new);
        for tag in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if tag == b"*" {
                return Some(IfMatch::Any);
            }
            versions.extend(version(tag));
        }
    }
    versions.map(IfMatch::OneOf)
}

// entity-tag = [ "W/" ] DQUOTE digits DQUOTE, as this server makes them
fn version(tag: &[u8]) -> Option<Version> {
    let text = std::str::from_utf8(tag.strip_prefix(b"W/").unwrap_or(tag)).ok()?;
    let digits = text.strip_prefix('"')?.strip_suffix('"')?;
    let number: i64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(Version(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[track_caller]
    fn check(values: &[&'static str], expected: Option<IfMatch>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_static(value));
        }
        assert_eq!(if_match(&headers), expected, "{values:?}");
    }

    fn of(versions: &[i64]) -> Option<IfMatch> {
        Some(IfMatch::OneOf(versions.iter().copied().map(Version).collect()))
    }

    #[test]
    fn tags_are_read_weak_or_strong_in_lists_and_over_several_fields() {
        check(&[], None);
        check(&["*"], Some(IfMatch::Any));
        check(&["W/\"5\""], of(&[5]));
        check(&["\"5\""], of(&[5]));
        check(&["W/\"5\", \"6\"", "W/\"7\""], of(&[5, 6, 7]));
    }

    #[test]
    fn what_is_no_tag_of_ours_matches_nothing() {
        for value in ["", "5", "W/5", "\"abc\"", "\"+5\"", "\"05\"", "w/\"5\"", "\"5", "\"\""] {
            check(&[value], of(&[]));
        }
    }
}
