//! How values look on a page.
#![expect(unreachable_pub, reason = "what the attribute of a filter makes is `pub`")]

use serde_json::{Map, Value};

/// A time of the API, for people: without the letters, and to the second.
#[askama::filter_fn]
pub(super) fn when(time: impl std::fmt::Display, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(moment(&time.to_string()))
}

/// A value, as it stands in a cell.
#[askama::filter_fn]
pub(super) fn plain(value: &Value, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(text(value))
}

/// A value, as JSON for people.
#[askama::filter_fn]
pub(super) fn pretty(value: &Value, _: &dyn askama::Values) -> askama::Result<String> {
    serde_json::to_string_pretty(value).map_err(|_| askama::Error::Fmt)
}

fn moment(time: &str) -> String {
    let Some((date, rest)) = time.split_once('T') else { return time.to_owned() };
    let clock = rest.split(['.', 'Z']).next().unwrap_or_default();
    match rest.ends_with('Z') {
        true => format!("{date} {clock} UTC"),
        false => time.to_owned(),
    }
}

/// A value as text: lists with commas, tags as `vocabulary:term`.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(members) => tag(members).unwrap_or_else(|| value.to_string()),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn tag(members: &Map<String, Value>) -> Option<String> {
    let part = |name| members.get(name).and_then(Value::as_str);
    Some(format!("{}:{}", part("vocabulary")?, part("vocabularyTerm")?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_for_people() {
        for (time, expected) in [
            ("2026-07-01T08:09:10.123456Z", "2026-07-01 08:09:10 UTC"),
            ("2026-07-01T08:09:10Z", "2026-07-01 08:09:10 UTC"),
            ("2026-07-01T08:09:10+02:00", "2026-07-01T08:09:10+02:00"),
            ("never", "never"),
        ] {
            assert_eq!(moment(time), expected);
        }
    }

    #[test]
    fn values_are_texts() {
        for (value, expected) in [
            (json!(null), ""),
            (json!(true), "true"),
            (json!(12), "12"),
            (json!(["a", "b"]), "a, b"),
            (json!([{"vocabulary": "Plants", "vocabularyTerm": "Boston"}]), "Plants:Boston"),
            (json!({"a": 1}), "{\"a\":1}"),
        ] {
            assert_eq!(text(&value), expected);
        }
    }
}
