//! What may be asked of one JSON value.

use regex::Regex;
use serde::Deserialize;
use serde_json::{Number, Value};

use super::json_path::length;
use super::variable::{Scope, Unresolved};

/// One thing that must hold of the value at a path.
///
/// Unassigned means absent, null or empty (RFC 7643 §2.5).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Equal, of the same type: true is not "true". Null means unassigned.
    Equals(Value),
    /// A string, equal in any letter case.
    EqualsCi(Value),
    /// Anything else, or absent.
    NotEquals(Value),
    /// Equal to one of these; null among them allows unassigned.
    OneOf(Vec<Value>),
    /// Assigned (true) or unassigned (false).
    Exists(bool),
    /// A regular expression that is found in the text, or in the JSON text of what is no string.
    Matches(String),
    /// An element of the array, or a part of the string.
    Contains(Value),
    /// Neither of these.
    NotContains(Value),
    /// So many elements, members or characters; unassigned has none.
    Length(usize),
    /// A number, at least this.
    Gte(Number),
    /// A number, at most this.
    Lte(Number),
    /// A value of this type.
    Type(JsonType),
    /// No element of the array is among these.
    Disjoint(Value),
}

/// The types that a check knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JsonType {
    /// A string.
    String,
    /// Any number.
    Number,
    /// A number without fraction or exponent.
    Integer,
    /// True or false.
    Boolean,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Condition {
    /// The condition with its variables filled in.
    pub(super) fn resolve(&self, scope: &Scope<'_>) -> Result<Self, Unresolved> {
        Ok(match self {
            Self::Equals(want) => Self::Equals(scope.value(want)?),
            Self::EqualsCi(want) => Self::EqualsCi(scope.value(want)?),
            Self::NotEquals(avoid) => Self::NotEquals(scope.value(avoid)?),
            Self::OneOf(choices) => Self::OneOf(
                choices.iter().map(|choice| scope.value(choice)).collect::<Result<_, _>>()?,
            ),
            Self::Matches(pattern) => Self::Matches(scope.text(pattern)?),
            Self::Contains(part) => Self::Contains(scope.value(part)?),
            Self::NotContains(part) => Self::NotContains(scope.value(part)?),
            Self::Disjoint(others) => Self::Disjoint(scope.value(others)?),
            Self::Exists(_) | Self::Length(_) | Self::Gte(_) | Self::Lte(_) | Self::Type(_) => {
                self.clone()
            }
        })
    }

    /// What is wrong with the value, if anything is.
    pub(super) fn problem(&self, got: Option<&Value>) -> Option<String> {
        let (holds, wanted) = match self {
            Self::Equals(Value::Null) => (unassigned(got), "null".to_owned()),
            Self::Equals(want) => (got.is_some_and(|got| same(got, want)), want.to_string()),
            Self::EqualsCi(want) => (same_in_any_case(got, want), format!("{want} in any case")),
            Self::NotEquals(avoid) => {
                (!got.is_some_and(|got| same(got, avoid)), format!("anything but {avoid}"))
            }
            Self::OneOf(choices) => (
                is_one_of(got, choices),
                format!(
                    "one of {}",
                    choices.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
                ),
            ),
            Self::Exists(true) => (!unassigned(got), "a value".to_owned()),
            Self::Exists(false) => (unassigned(got), "no value".to_owned()),
            Self::Matches(pattern) => match Regex::new(pattern) {
                Ok(regex) => (matches(got, &regex), format!("/{pattern}/")),
                Err(error) => return Some(format!("/{pattern}/ is no pattern: {error}")),
            },
            Self::Contains(part) => (contains(got, part), format!("it to contain {part}")),
            Self::NotContains(part) => (!contains(got, part), format!("it not to contain {part}")),
            Self::Length(count) => (has_length(got, *count), format!("length {count}")),
            Self::Gte(least) => (number(got) >= least.as_f64(), format!("at least {least}")),
            Self::Lte(most) => (
                number(got).is_some_and(|got| Some(got) <= most.as_f64()),
                format!("at most {most}"),
            ),
            Self::Type(kind) => {
                (got.is_some_and(|got| kind.includes(got)), format!("type {kind:?}"))
            }
            Self::Disjoint(others) => (
                shared(got, others).is_empty(),
                format!("none of {}", shared(got, others).join(", ")),
            ),
        };
        (!holds).then(|| format!("want {}, got {}", shorten(&wanted), show(got)))
    }
}

impl JsonType {
    fn includes(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

/// A value as a failure line shows it.
pub(super) fn show(value: Option<&Value>) -> String {
    value.map_or_else(|| "<absent>".to_owned(), |value| shorten(&value.to_string()))
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(157) {
        Some((end, _)) if text.chars().nth(159).is_some() => format!("{}...", &text[..end]),
        Some(_) | None => text.to_owned(),
    }
}

fn unassigned(got: Option<&Value>) -> bool {
    got.is_none_or(|got| got.is_null() || got.as_array().is_some_and(Vec::is_empty))
}

/// Equal and of one type, but 5.0 may stand where 5 is wanted: JSON has one type of number.
fn same(got: &Value, want: &Value) -> bool {
    got == want || (got.is_f64() && got.as_f64() == want.as_f64())
}

fn same_in_any_case(got: Option<&Value>, want: &Value) -> bool {
    let wanted = want.as_str().map_or_else(|| want.to_string(), str::to_owned);
    got.and_then(Value::as_str).is_some_and(|got| got.to_lowercase() == wanted.to_lowercase())
}

fn is_one_of(got: Option<&Value>, choices: &[Value]) -> bool {
    (unassigned(got) && choices.contains(&Value::Null))
        || got.is_some_and(|got| choices.iter().any(|choice| same(got, choice)))
}

fn matches(got: Option<&Value>, pattern: &Regex) -> bool {
    match got {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => pattern.is_match(text),
        Some(value) => pattern.is_match(&value.to_string()),
    }
}

fn contains(got: Option<&Value>, part: &Value) -> bool {
    match got {
        Some(Value::Array(elements)) => elements.iter().any(|element| same(element, part)),
        Some(Value::String(text)) => part.as_str().is_some_and(|part| text.contains(part)),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => false,
    }
}

fn has_length(got: Option<&Value>, count: usize) -> bool {
    if unassigned(got) { count == 0 } else { got.and_then(length) == Some(count) }
}

fn number(got: Option<&Value>) -> Option<f64> {
    got.and_then(Value::as_f64)
}

fn shared(got: Option<&Value>, others: &Value) -> Vec<String> {
    let (Some(Value::Array(got)), Value::Array(others)) = (got, others) else { return Vec::new() };
    got.iter().filter(|element| others.contains(element)).take(3).map(Value::to_string).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(condition: &Value, got: &Value, expected: Option<&str>) {
        let condition = Condition::deserialize(condition).expect("the condition is good");
        assert_eq!(condition.problem(Some(got)).as_deref(), expected);
    }

    #[track_caller]
    fn check_absent(condition: &Value, expected: Option<&str>) {
        let condition = Condition::deserialize(condition).expect("the condition is good");
        assert_eq!(condition.problem(None).as_deref(), expected);
    }

    #[test]
    fn equals_is_strict_about_types() {
        check(&json!({"equals": "a"}), &json!("a"), None);
        check(&json!({"equals": true}), &json!("true"), Some(r#"want true, got "true""#));
        check(&json!({"equals": 1}), &json!(true), Some("want 1, got true"));
        check(&json!({"equals": 5}), &json!(5.0), None);
        check(&json!({"equals": "a"}), &json!(null), Some(r#"want "a", got null"#));
        check(&json!({"equals": {"a": 1, "b": 2}}), &json!({"b": 2, "a": 1}), None);
        check_absent(&json!({"equals": false}), Some("want false, got <absent>"));
    }

    #[test]
    fn equals_null_means_unassigned() {
        check_absent(&json!({"equals": null}), None);
        check(&json!({"equals": null}), &json!(null), None);
        check(&json!({"equals": null}), &json!([]), None);
        check(&json!({"equals": null}), &json!(""), Some(r#"want null, got """#));
    }

    #[test]
    fn equals_ci_takes_strings_only() {
        check(&json!({"equals_ci": "Bearer"}), &json!("bEARER"), None);
        check(
            &json!({"equals_ci": "true"}),
            &json!(true),
            Some(r#"want "true" in any case, got true"#),
        );
        check_absent(&json!({"equals_ci": "a"}), Some(r#"want "a" in any case, got <absent>"#));
    }

    #[test]
    fn not_equals_allows_absent() {
        check(&json!({"not_equals": "a"}), &json!("b"), None);
        check(&json!({"not_equals": "a"}), &json!("a"), Some(r#"want anything but "a", got "a""#));
        check_absent(&json!({"not_equals": "a"}), None);
    }

    #[test]
    fn one_of_with_null_allows_unassigned() {
        check(&json!({"one_of": ["a", "b"]}), &json!("b"), None);
        check(&json!({"one_of": ["a", 2]}), &json!("c"), Some(r#"want one of "a", 2, got "c""#));
        check(&json!({"one_of": ["a", null]}), &json!([]), None);
        check_absent(&json!({"one_of": ["a", null]}), None);
        check_absent(&json!({"one_of": ["a"]}), Some(r#"want one of "a", got <absent>"#));
    }

    #[test]
    fn exists_is_about_assignment() {
        check(&json!({"exists": true}), &json!(false), None);
        check(&json!({"exists": true}), &json!([]), Some("want a value, got []"));
        check(&json!({"exists": true}), &json!(null), Some("want a value, got null"));
        check(&json!({"exists": false}), &json!("x"), Some(r#"want no value, got "x""#));
        check_absent(&json!({"exists": true}), Some("want a value, got <absent>"));
        check_absent(&json!({"exists": false}), None);
    }

    #[test]
    fn matches_searches_text_or_json_text() {
        check(&json!({"matches": "^4\\d9$"}), &json!("409"), None);
        check(&json!({"matches": "Admin"}), &json!(["OrgAdmin"]), None);
        check(&json!({"matches": "^a$"}), &json!("ab"), Some(r#"want /^a$/, got "ab""#));
        check(&json!({"matches": "null"}), &json!(null), Some("want /null/, got null"));
        check_absent(&json!({"matches": ".*"}), Some("want /.*/, got <absent>"));
    }

    #[test]
    fn pattern_that_is_none_is_a_problem() {
        let problem = Condition::Matches("(".to_owned()).problem(Some(&json!("(")));
        assert!(problem.is_some_and(|text| text.starts_with("/(/ is no pattern: ")));
    }

    #[test]
    fn contains_looks_into_arrays_and_strings() {
        check(&json!({"contains": "a"}), &json!(["b", "a"]), None);
        check(&json!({"contains": "b"}), &json!("abc"), None);
        check(
            &json!({"contains": "x"}),
            &json!(["a"]),
            Some(r#"want it to contain "x", got ["a"]"#),
        );
        check(&json!({"contains": 1}), &json!("1"), Some(r#"want it to contain 1, got "1""#));
        check_absent(&json!({"contains": "x"}), Some(r#"want it to contain "x", got <absent>"#));
    }

    #[test]
    fn not_contains_allows_absent() {
        check(&json!({"not_contains": "x"}), &json!(["a"]), None);
        check(
            &json!({"not_contains": "a"}),
            &json!(["a"]),
            Some(r#"want it not to contain "a", got ["a"]"#),
        );
        check_absent(&json!({"not_contains": "a"}), None);
    }

    #[test]
    fn length_of_unassigned_is_zero() {
        check(&json!({"length": 2}), &json!([1, 2]), None);
        check(&json!({"length": 2}), &json!("é2"), None);
        check(&json!({"length": 0}), &json!(null), None);
        check(&json!({"length": 1}), &json!([1, 2]), Some("want length 1, got [1,2]"));
        check(&json!({"length": 1}), &json!(1), Some("want length 1, got 1"));
        check_absent(&json!({"length": 0}), None);
    }

    #[test]
    fn bounds_take_numbers_only() {
        check(&json!({"gte": 11}), &json!(11), None);
        check(&json!({"gte": 11}), &json!(10.5), Some("want at least 11, got 10.5"));
        check(&json!({"gte": 1}), &json!(true), Some("want at least 1, got true"));
        check(&json!({"lte": 5}), &json!(5), None);
        check(&json!({"lte": 5}), &json!(6), Some("want at most 5, got 6"));
        check(&json!({"lte": 5}), &json!("1"), Some(r#"want at most 5, got "1""#));
        check_absent(&json!({"gte": -1}), Some("want at least -1, got <absent>"));
        check_absent(&json!({"lte": 1}), Some("want at most 1, got <absent>"));
    }

    #[test]
    fn type_tells_integers_from_numbers() {
        check(&json!({"type": "string"}), &json!("a"), None);
        check(&json!({"type": "number"}), &json!(1.5), None);
        check(&json!({"type": "integer"}), &json!(1), None);
        check(&json!({"type": "integer"}), &json!(1.5), Some("want type Integer, got 1.5"));
        check(&json!({"type": "boolean"}), &json!(1), Some("want type Boolean, got 1"));
        check(&json!({"type": "number"}), &json!(true), Some("want type Number, got true"));
        check(&json!({"type": "array"}), &json!([]), None);
        check(&json!({"type": "object"}), &json!([]), Some("want type Object, got []"));
        check_absent(&json!({"type": "string"}), Some("want type String, got <absent>"));
    }

    #[test]
    fn disjoint_names_what_is_shared() {
        check(&json!({"disjoint": ["a", "b"]}), &json!(["c"]), None);
        check(
            &json!({"disjoint": ["a", "b"]}),
            &json!(["b", "c"]),
            Some(r#"want none of "b", got ["b","c"]"#),
        );
        check_absent(&json!({"disjoint": ["a"]}), None);
    }

    #[test]
    fn long_values_are_cut() {
        let shown = show(Some(&json!("é".repeat(200))));
        assert_eq!((shown.chars().count(), shown.ends_with("é...")), (160, true));
        assert_eq!(show(Some(&json!("é".repeat(157)))).chars().count(), 159);
    }

    #[test]
    fn unknown_condition_is_refused() {
        let error = Condition::deserialize(&json!({"euqals": 1})).expect_err("no such condition");
        assert!(error.to_string().contains("euqals"), "{error}");
    }
}
