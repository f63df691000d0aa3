//! The variables of a transcript: `{{run}}`, `{{uuid:tag}}`, `{{ts:+3600}}`, `{{ids[i]}}` and what its steps captured.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::encode::encode_component;

/// What one run of a transcript knows.
#[derive(Clone, Debug)]
pub struct Variables {
    values: BTreeMap<String, Value>,
    namespace: Uuid,
    now: i64,
}

/// The variables as one request sees them.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    variables: &'a Variables,
    index: Option<usize>,
}

/// A variable that no earlier step captured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{{{{{0}}}}} was never captured")]
pub struct Unresolved(String);

impl Variables {
    /// Starts a run at `now` (Unix seconds); `run` makes its names and UUIDs its own.
    pub fn new(run: &str, now: i64, given: &BTreeMap<String, String>) -> Self {
        let mut values = BTreeMap::from([("run".to_owned(), Value::from(run))]);
        values
            .extend(given.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
        let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("scim-replay:{run}").as_bytes());
        Self { values, namespace, now }
    }

    /// Keeps a value; a name that ends in `[]` collects a list.
    pub fn capture(&mut self, name: &str, value: Value) {
        let Some(list) = name.strip_suffix("[]") else {
            self.values.insert(name.to_owned(), value);
            return;
        };
        match self.values.get_mut(list) {
            Some(Value::Array(values)) => values.push(value),
            Some(_) | None => {
                self.values.insert(list.to_owned(), Value::Array(vec![value]));
            }
        }
    }

    /// What a request sees; `index` counts those of a repeated step.
    pub fn scope(&self, index: Option<usize>) -> Scope<'_> {
        Scope { variables: self, index }
    }
}

impl Scope<'_> {
    /// Fills in a JSON value; a string that is nothing but one variable becomes its value, of its type.
    ///
    /// # Errors
    /// Names the variable that has no value.
    pub fn value(&self, template: &Value) -> Result<Value, Unresolved> {
        match template {
            Value::String(text) => match next_variable(text) {
                Some(("", name, "")) => self.get(name),
                Some(_) | None => self.text(text).map(Value::String),
            },
            Value::Array(values) => values.iter().map(|value| self.value(value)).collect(),
            Value::Object(members) => self.members(members).map(Value::Object),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(template.clone()),
        }
    }

    /// Fills in a text.
    ///
    /// # Errors
    /// Names the variable that has no value.
    pub fn text(&self, template: &str) -> Result<String, Unresolved> {
        self.fill(template, str::to_owned)
    }

    /// Fills in a path, in which no character of a value delimits anything.
    ///
    /// # Errors
    /// Names the variable that has no value.
    pub fn path(&self, template: &str) -> Result<String, Unresolved> {
        self.fill(template, encode_component)
    }

    fn members(&self, members: &Map<String, Value>) -> Result<Map<String, Value>, Unresolved> {
        members.iter().map(|(name, value)| Ok((self.text(name)?, self.value(value)?))).collect()
    }

    fn fill(&self, template: &str, encode: fn(&str) -> String) -> Result<String, Unresolved> {
        let (mut filled, mut rest) = (String::new(), template);
        while let Some((before, name, after)) = next_variable(rest) {
            filled.push_str(before);
            filled.push_str(&encode(&plain(&self.get(name)?)));
            rest = after;
        }
        Ok(filled + rest)
    }

    fn get(&self, name: &str) -> Result<Value, Unresolved> {
        match name.split_once(':') {
            Some(("uuid", _)) => {
                Some(Uuid::new_v5(&self.variables.namespace, name.as_bytes()).to_string().into())
            }
            Some(("ts", offset)) => self.timestamp(offset),
            Some(("basic", pair)) => return self.basic(pair),
            Some(_) | None => self.captured(name),
        }
        .ok_or_else(|| Unresolved(name.to_owned()))
    }

    /// UTC with seven digits of the second, as .NET clients write it.
    fn timestamp(&self, offset: &str) -> Option<Value> {
        let offset: i64 = if offset.is_empty() { 0 } else { offset.parse().ok()? };
        let at = jiff::Timestamp::from_second(self.variables.now.checked_add(offset)?).ok()?;
        Some(at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z").to_string().into())
    }

    /// The credentials of HTTP Basic (RFC 7617 §2), from two variables.
    fn basic(&self, pair: &str) -> Result<Value, Unresolved> {
        let (id, secret) =
            pair.split_once(':').ok_or_else(|| Unresolved(format!("basic:{pair}")))?;
        let credentials = format!("{}:{}", plain(&self.get(id)?), plain(&self.get(secret)?));
        Ok(STANDARD.encode(credentials).into())
    }

    fn captured(&self, name: &str) -> Option<Value> {
        if name == "i"
            && let Some(index) = self.index
        {
            return Some(index.into());
        }
        self.element(name).or_else(|| self.variables.values.get(name)).cloned()
    }

    fn element(&self, name: &str) -> Option<&Value> {
        let (list, index) = name.strip_suffix(']')?.split_once('[')?;
        let index = if index == "i" { self.index? } else { index.parse().ok()? };
        self.variables.values.get(list)?.as_array()?.get(index)
    }
}

/// What stands before the first variable, its name, and what stands after it.
fn next_variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name.trim(), after))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables() -> Variables {
        let given = BTreeMap::from([
            ("token_path".to_owned(), "/oauth2/token".to_owned()),
            ("client_id".to_owned(), "c".to_owned()),
            ("client_secret".to_owned(), "s:1".to_owned()),
        ]);
        let mut variables = Variables::new("run1", 1_790_000_000, &given);
        variables.capture("id", json!("a b/c"));
        variables.capture("count", json!(3));
        variables.capture("page", json!(["x", "y"]));
        variables.capture("ids[]", json!("first"));
        variables.capture("ids[]", json!("second"));
        variables
    }

    #[track_caller]
    fn check(template: Value, expected: Value) {
        assert_eq!(variables().scope(Some(1)).value(&template), Ok(expected));
    }

    #[track_caller]
    fn check_unresolved(template: &str, index: Option<usize>, name: &str) {
        let answer = variables().scope(index).text(template);
        assert_eq!(answer, Err(Unresolved(name.to_owned())));
    }

    #[test]
    fn built_in_variables() {
        check(json!("u-{{run}}@x"), json!("u-run1@x"));
        check(json!("{{uuid:ann}}"), json!("23b3e009-e91b-5fba-b97d-97c14e7b69e7"));
        check(json!("{{ uuid:Match group }}"), json!("eaca5251-21bb-568b-b549-714c376de952"));
        check(json!("{{ts:+3600}}"), json!("2026-09-21T15:13:20.0000000Z"));
        check(json!("{{ts:-3600}}"), json!("2026-09-21T13:13:20.0000000Z"));
        check(json!("{{ts:}}"), json!("2026-09-21T14:13:20.0000000Z"));
        check(json!("{{basic:client_id:client_secret}}"), json!("YzpzOjE="));
        check(json!("{{token_path}}"), json!("/oauth2/token"));
    }

    #[test]
    fn whole_string_keeps_the_captured_type() {
        check(json!("{{count}}"), json!(3));
        check(json!("{{page}}"), json!(["x", "y"]));
        check(json!("{{i}}"), json!(1));
        check(json!("{{count}} of {{i}}"), json!("3 of 1"));
    }

    #[test]
    fn lists_are_indexed_by_number_or_repetition() {
        check(json!("{{ids[0]}}"), json!("first"));
        check(json!("{{ids[i]}}"), json!("second"));
        check(json!("{{ids}}"), json!(["first", "second"]));
    }

    #[test]
    fn arrays_objects_and_names_are_filled() {
        check(json!([{"n-{{run}}": "{{count}}"}, true, null]), json!([{"n-run1": 3}, true, null]));
    }

    #[test]
    fn path_encodes_values_and_not_itself() {
        let filled = variables().scope(None).path("/Users/{{id}}?a=b c");
        assert_eq!(filled.as_deref(), Ok("/Users/a%20b%2Fc?a=b c"));
    }

    #[test]
    fn braces_that_hold_no_variable_stay() {
        check(json!("{\"a\":{\"b\":{}}}"), json!("{\"a\":{\"b\":{}}}"));
        check(json!("{{open"), json!("{{open"));
    }

    #[test]
    fn capturing_again_replaces() {
        let mut variables = variables();
        variables.capture("id", json!("z"));
        assert_eq!(variables.scope(None).text("{{id}}").as_deref(), Ok("z"));
    }

    #[test]
    fn missing_variables_are_named() {
        check_unresolved("/Users/{{gid}}", None, "gid");
        check_unresolved("{{i}}", None, "i");
        check_unresolved("{{ids[i]}}", None, "ids[i]");
        check_unresolved("{{ids[i]}}", Some(2), "ids[i]");
        check_unresolved("{{id[0]}}", None, "id[0]");
        check_unresolved("{{basic:client_id:none}}", None, "none");
        check_unresolved("{{basic:client_id}}", None, "basic:client_id");
        check_unresolved("{{ts:soon}}", None, "ts:soon");
        assert_eq!(Unresolved("gid".to_owned()).to_string(), "{{gid}} was never captured");
    }
}
