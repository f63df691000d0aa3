//! What a step expects of its answer: the status, values in the body, headers.

use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::condition::Condition;
use super::json_path::JsonPath;
use super::variable::{Scope, Unresolved};

/// What must be true of an answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The status codes that are right; empty allows all.
    #[serde(default)]
    pub status: Vec<u16>,
    /// What must stand in the body.
    #[serde(default)]
    pub json_paths: Vec<Check>,
    /// What must stand in the headers.
    #[serde(default)]
    pub headers: Vec<HeaderCheck>,
    /// How long the answer may take. Read and left alone: timing belongs to the benchmark, a test that fails on
    /// a busy machine says nothing.
    pub max_ms: Option<u64>,
    /// A 204 has no body to look in; any other answer has.
    #[serde(default)]
    pub body_if_any: bool,
}

/// Conditions on the value at one path.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Check {
    /// Where to look; variables are filled in first.
    pub path: String,
    /// What must hold there, in the order of the file.
    pub conditions: Vec<Condition>,
    /// An answer without a body passes.
    pub optional_body: bool,
}

/// Conditions on one header.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderCheck {
    /// The name, in any letter case.
    pub name: String,
    /// Present or absent.
    pub exists: Option<bool>,
    /// The whole value.
    pub equals: Option<String>,
    /// A regular expression found in the value.
    pub matches: Option<String>,
}

impl Expect {
    /// Everything that is wrong with an answer; of a wrong status, only that.
    pub(super) fn problems(
        &self,
        answer: &Answer,
        scope: &Scope<'_>,
    ) -> Result<Vec<String>, Unresolved> {
        if !self.status.is_empty() && !self.status.contains(&answer.status()) {
            return Ok(vec![self.wrong_status(answer.status())]);
        }
        let mut problems = self.body_problems(answer, scope)?;
        for check in &self.headers {
            problems.extend(check.problems(answer, scope)?);
        }
        Ok(problems)
    }

    fn wrong_status(&self, got: u16) -> String {
        let wanted: Vec<String> = self.status.iter().map(u16::to_string).collect();
        format!("status {got}, want {}", wanted.join("/"))
    }

    fn body_problems(&self, answer: &Answer, scope: &Scope<'_>) -> Result<Vec<String>, Unresolved> {
        let no_body_is_fine = answer.status() == 204 && self.body_if_any;
        let mut problems = Vec::new();
        for check in &self.json_paths {
            match &answer.document {
                Some(document) => problems.extend(check.problems(document, scope)?),
                None if check.optional_body || no_body_is_fine => {}
                None => {
                    problems.push(format!("{}: no JSON body to look in", check.path));
                    break;
                }
            }
        }
        Ok(problems)
    }
}

impl Check {
    pub(super) fn problems(
        &self,
        document: &Value,
        scope: &Scope<'_>,
    ) -> Result<Vec<String>, Unresolved> {
        let path = scope.text(&self.path)?;
        let got = match JsonPath::parse(&path) {
            Ok(parsed) => parsed.query(document),
            Err(error) => return Ok(vec![error.to_string()]),
        };
        let mut problems = Vec::new();
        for condition in &self.conditions {
            let problem = condition.resolve(scope)?.problem(got.as_ref());
            problems.extend(problem.map(|problem| format!("{path}: {problem}")));
        }
        Ok(problems)
    }
}

impl TryFrom<Map<String, Value>> for Check {
    type Error = String;

    fn try_from(mut members: Map<String, Value>) -> Result<Self, String> {
        let Some(Value::String(path)) = members.shift_remove("path") else {
            return Err("a check needs a path".to_owned());
        };
        let optional_body = members.shift_remove("optional_body") == Some(Value::Bool(true));
        let conditions = members.into_iter().map(condition).collect::<Result<Vec<_>, _>>()?;
        if conditions.is_empty() {
            return Err(format!("the check of {path} asks for nothing"));
        }
        Ok(Self { path, conditions, optional_body })
    }
}

fn condition((name, value): (String, Value)) -> Result<Condition, String> {
    let tagged = Value::Object(Map::from_iter([(name, value)]));
    Condition::deserialize(tagged).map_err(|error| error.to_string())
}

impl HeaderCheck {
    fn problems(&self, answer: &Answer, scope: &Scope<'_>) -> Result<Vec<String>, Unresolved> {
        let got = answer.header(&self.name);
        let mut wanted = Vec::new();
        if self.exists.is_some_and(|exists| exists != got.is_some()) {
            wanted.push(if got.is_some() { "it absent" } else { "it present" }.to_owned());
        }
        if let Some(equals) = &self.equals {
            let equals = scope.text(equals)?;
            wanted.extend((got.as_ref() != Some(&equals)).then(|| format!("{equals:?}")));
        }
        if let Some(pattern) = &self.matches {
            let pattern = scope.text(pattern)?;
            let found = found(&pattern, got.as_deref());
            wanted.extend((!found).then(|| format!("/{pattern}/")));
        }
        let shown = got.map_or_else(|| "<absent>".to_owned(), |got| format!("{got:?}"));
        let line = |want| format!("header {}: want {want}, got {shown}", self.name);
        Ok(wanted.into_iter().map(line).collect())
    }
}

fn found(pattern: &str, text: Option<&str>) -> bool {
    Regex::new(pattern).is_ok_and(|regex| text.is_some_and(|text| regex.is_match(text)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http::HeaderMap;
    use serde_json::json;

    use super::super::transport::Response;
    use super::super::variable::Variables;
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let headers = HeaderMap::from_iter([(
            http::header::CACHE_CONTROL,
            http::HeaderValue::from_static("no-store"),
        )]);
        Answer::from(Response { status, headers, body: body.as_bytes().to_vec() })
    }

    #[track_caller]
    fn check(expect: Value, answer: &Answer, expected: &[&str]) {
        let expect = Expect::deserialize(expect).expect("the expectation is good");
        let variables = Variables::new("run1", 0, &BTreeMap::new());
        assert_eq!(expect.problems(answer, &variables.scope(None)), Ok(strings(expected)));
    }

    #[track_caller]
    fn check_refused(expect: Value, reason: &str) {
        let error = Expect::deserialize(expect).expect_err("it is not good").to_string();
        assert!(error.contains(reason), "{error}");
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().copied().map(str::to_owned).collect()
    }

    #[test]
    fn wrong_status_hides_what_follows_from_it() {
        let expect = json!({"status": [200, 204], "json_paths": [{"path": "id", "exists": true}]});
        check(expect, &answer(404, "{}"), &["status 404, want 200/204"]);
        check(json!({"status": []}), &answer(404, "{}"), &[]);
    }

    #[test]
    fn every_condition_of_every_check_is_reported() {
        let expect = json!({"json_paths": [
            {"path": "a", "equals": "{{run}}", "type": "integer"},
            {"path": "b[?n={{run}}].v", "equals": 1},
        ]});
        let body = r#"{"a": "x", "b": [{"n": "run1", "v": 1}]}"#;
        check(
            expect,
            &answer(200, body),
            &[r#"a: want "run1", got "x""#, r#"a: want type Integer, got "x""#],
        );
    }

    #[test]
    fn missing_body_is_reported_once() {
        let paths = json!([{"path": "a", "exists": true}, {"path": "b", "exists": true}]);
        let expect = json!({"json_paths": paths});
        check(expect.clone(), &answer(200, ""), &["a: no JSON body to look in"]);
        check(expect.clone(), &answer(204, ""), &["a: no JSON body to look in"]);
        check(expect, &answer(200, "<html>"), &["a: no JSON body to look in"]);
    }

    #[test]
    fn body_if_any_excuses_a_204_only() {
        let expect = json!({"json_paths": [{"path": "a", "equals": 1}], "body_if_any": true});
        check(expect.clone(), &answer(204, ""), &[]);
        check(expect.clone(), &answer(200, ""), &["a: no JSON body to look in"]);
        check(expect, &answer(200, r#"{"a": 2}"#), &["a: want 1, got 2"]);
    }

    #[test]
    fn optional_body_excuses_its_own_check() {
        let expect = json!({"json_paths": [
            {"path": "a", "equals": 1, "optional_body": true}, {"path": "b", "equals": 1},
        ]});
        check(expect, &answer(200, ""), &["b: no JSON body to look in"]);
    }

    #[test]
    fn path_that_is_none_is_a_problem() {
        let expect = json!({"json_paths": [{"path": "a..b", "exists": false}]});
        check(expect, &answer(200, "{}"), &["`a..b` is no JSON path from byte 1 on"]);
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let good = json!({"name": "cache-control", "exists": true, "equals": "no-store", "matches": "^no"});
        check(json!({"headers": [good]}), &answer(200, ""), &[]);
        check(json!({"headers": [{"name": "ETag", "exists": false}]}), &answer(200, ""), &[]);
    }

    #[test]
    fn wrong_headers_are_shown() {
        let expect = json!({"headers": [
            {"name": "ETag", "exists": true, "matches": "W/"},
            {"name": "Cache-Control", "exists": false, "equals": "{{run}}", "matches": "private"},
        ]});
        check(
            expect,
            &answer(200, ""),
            &[
                "header ETag: want it present, got <absent>",
                "header ETag: want /W//, got <absent>",
                r#"header Cache-Control: want it absent, got "no-store""#,
                r#"header Cache-Control: want "run1", got "no-store""#,
                r#"header Cache-Control: want /private/, got "no-store""#,
            ],
        );
    }

    #[test]
    fn limit_of_time_is_read_and_left_alone() {
        check(json!({"max_ms": 0}), &answer(200, ""), &[]);
    }

    #[test]
    fn unknown_variable_is_no_problem_of_the_answer() {
        let expect = json!({"json_paths": [{"path": "a", "equals": "{{gone}}"}]});
        let expect = Expect::deserialize(expect).expect("the expectation is good");
        let variables = Variables::new("run1", 0, &BTreeMap::new());
        let problems = expect.problems(&answer(200, "{}"), &variables.scope(None));
        assert_eq!(
            problems.map_err(|e| e.to_string()),
            Err("{{gone}} was never captured".to_owned())
        );
    }

    #[test]
    fn check_without_path_or_condition_is_refused() {
        check_refused(json!({"json_paths": [{"equals": 1}]}), "a check needs a path");
        check_refused(json!({"json_paths": [{"path": "a"}]}), "the check of a asks for nothing");
        check_refused(json!({"json_paths": [{"path": "a", "equal": 1}]}), "equal");
        check_refused(json!({"json_paths": [{"path": "a", "type": "text"}]}), "text");
        check_refused(json!({"statuses": [200]}), "statuses");
    }
}
