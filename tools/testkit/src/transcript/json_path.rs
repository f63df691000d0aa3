//! Where in a JSON document a check looks: `a.b[0].c`, `a[*].value`, `emails[?type=work].value`, `x.length()`.

use serde_json::{Map, Value};

/// A parsed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath(Vec<Part>);

/// Text that is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is no JSON path from byte {at} on")]
pub struct PathError {
    path: String,
    at: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Member(String),
    /// From the end if negative.
    Index(i64),
    Every,
    First {
        member: String,
        value: String,
    },
    Length,
}

impl JsonPath {
    /// Parses a path.
    ///
    /// # Errors
    /// Names the byte from which on the text is no path.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let mut rest = path.strip_prefix('$').unwrap_or(path);
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let at = path.len() - rest.len();
            let (part, after) =
                part(rest).ok_or_else(|| PathError { path: path.to_owned(), at })?;
            parts.push(part);
            rest = after;
        }
        Ok(Self(parts))
    }

    /// What stands there; `None` if nothing does.
    pub fn query(&self, document: &Value) -> Option<Value> {
        walk(document, &self.0)
    }
}

// path   = ["$"] *part
// part   = ["."] name / "[" ( integer / "*" / "?" member "=" value / quoted ) "]"
// name   = (letter / "_" / "$") *(letter / digit / "_" / "$" / "-") ["()"]
// quoted = "'" *char "'" / DQUOTE *char DQUOTE
fn part(text: &str) -> Option<(Part, &str)> {
    let Some(inside) = text.strip_prefix('[') else { return name(text) };
    if let Some((name, rest)) = quoted(inside) {
        return Some((Part::Member(name.to_owned()), rest.strip_prefix(']')?));
    }
    let (inside, rest) = inside.split_once(']')?;
    Some((selector(inside)?, rest))
}

fn name(text: &str) -> Option<(Part, &str)> {
    let text = text.strip_prefix('.').unwrap_or(text);
    if !text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$') {
        return None;
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && !"_$-".contains(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match rest.strip_prefix("()") {
        Some(rest) => (name == "length").then_some((Part::Length, rest)),
        None => Some((Part::Member(name.to_owned()), rest)),
    }
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

fn selector(inside: &str) -> Option<Part> {
    if inside == "*" {
        return Some(Part::Every);
    }
    let Some(term) = inside.strip_prefix('?') else { return inside.parse().ok().map(Part::Index) };
    let (member, value) = term.split_once('=')?;
    let value = value.trim().trim_matches(['\'', '"']);
    Some(Part::First { member: member.trim().to_owned(), value: value.to_owned() })
}

fn walk(value: &Value, parts: &[Part]) -> Option<Value> {
    let Some((part, rest)) = parts.split_first() else { return Some(value.clone()) };
    match part {
        Part::Member(name) => walk(value.as_object()?.get(name)?, rest),
        Part::Index(index) => walk(element(value.as_array()?, *index)?, rest),
        Part::Every => Some(value.as_array()?.iter().filter_map(|v| walk(v, rest)).collect()),
        Part::First { member, value: wanted } => {
            let mut objects = value.as_array()?.iter().filter_map(|v| v.as_object().zip(Some(v)));
            walk(objects.find(|(object, _)| says(object, member, wanted))?.1, rest)
        }
        Part::Length => length(value).map(Value::from),
    }
}

fn element(values: &[Value], index: i64) -> Option<&Value> {
    let back = usize::try_from(index.unsigned_abs()).ok()?;
    let at = if index < 0 { values.len().checked_sub(back)? } else { back };
    values.get(at)
}

fn says(object: &Map<String, Value>, member: &str, wanted: &str) -> bool {
    match object.get(member) {
        Some(Value::String(text)) => text == wanted,
        Some(Value::Bool(flag)) => wanted.parse() == Ok(*flag),
        Some(Value::Number(number)) => number.to_string() == wanted,
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
    }
}

pub(super) fn length(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(values) => Some(values.len()),
        Value::Object(members) => Some(members.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(path: &str, expected: impl Into<Option<Value>>) {
        let document = json!({
            "a": {"b": [{"c": 1}, {"c": 2}, {"d": 3}]},
            "emails": [{"type": "home", "value": "h"}, {"type": "work", "value": "w"}, {"type": "work"}],
            "flags": [{"primary": false, "n": 5}, {"primary": true, "n": 6}],
            "urn:x:User": {"manager.name": null},
            "$ref": "../Users/1",
            "name": "Zoë",
        });
        let found = JsonPath::parse(path).expect("the path is good").query(&document);
        assert_eq!(found, expected.into(), "{path}");
    }

    #[track_caller]
    fn check_refused(path: &str, at: usize) {
        assert_eq!(JsonPath::parse(path), Err(PathError { path: path.to_owned(), at }));
    }

    #[test]
    fn members_and_indexes() {
        check("a.b[0].c", json!(1));
        check("$.a.b[1].c", json!(2));
        check("a.b[-1].d", json!(3));
        check("a.b[3]", None);
        check("a.b[-4]", None);
        check("a[0]", None);
        check("name.first", None);
        check("nothing", None);
    }

    #[test]
    fn quoted_members_take_any_character() {
        check("['urn:x:User']", json!({"manager.name": null}));
        check("[\"urn:x:User\"]['manager.name']", json!(null));
        check("['$ref']", json!("../Users/1"));
    }

    #[test]
    fn every_element_keeps_those_that_have_it() {
        check("a.b[*].c", json!([1, 2]));
        check("a.b[*].x", json!([]));
        check("a[*]", None);
    }

    #[test]
    fn first_element_whose_member_says_so() {
        check("emails[?type=work].value", json!("w"));
        check("emails[?type = 'home'].value", json!("h"));
        check("emails[?type=other].value", None);
        check("flags[?primary=true].n", json!(6));
        check("flags[?n=5].primary", json!(false));
    }

    #[test]
    fn length_counts_elements_members_and_characters() {
        check("a.b.length()", json!(3));
        check("emails[0].length()", json!(2));
        check("name.length()", json!(3));
        check("a.b[0].c.length()", None);
    }

    #[test]
    fn whole_document_is_the_empty_path() {
        let document = json!({"a": 1});
        assert_eq!(JsonPath::parse("$").expect("a path").query(&document), Some(document));
    }

    #[test]
    fn text_that_is_no_path_is_refused_at_its_place() {
        check_refused("a..b", 1);
        check_refused("a[b", 1);
        check_refused("a[x]", 1);
        check_refused("a['b'", 1);
        check_refused("a.b c", 3);
        check_refused("a.size()", 1);
        check_refused("é[", 2);
    }
}
