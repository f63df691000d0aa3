//! The form of a transcript's file, and reading it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use http::Method;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::check::Expect;
use super::invariant::Invariant;

/// One conversation of a client with a service provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// The name of the file without its ending; failure lines start with it.
    #[serde(skip)]
    pub file: String,
    /// What it shows.
    pub name: String,
    /// The client.
    pub idp: String,
    /// Where its facts come from.
    pub source_url: String,
    /// How sure they are.
    pub confidence: Option<Confidence>,
    /// What a reader should know besides.
    pub notes: Option<String>,
    /// Words to choose by.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// Variables that must be given, or the transcript is skipped.
    #[serde(default)]
    pub requires: BTreeSet<String>,
    /// What is sent and must be answered, in order.
    pub steps: Vec<Step>,
    /// What is sent afterwards in any case; its answers decide nothing.
    #[serde(default)]
    pub cleanup: Vec<Step>,
}

/// How sure the facts of a transcript are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The vendor says so.
    Documented,
    /// Seen in a capture or a server's log.
    Captured,
    /// Reported by others, or read in another product's code.
    ThirdParty,
    /// Follows from other facts.
    Inferred,
}

/// One request, or several of the same shape, and what must be true of each answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it shows.
    pub title: String,
    /// What is sent.
    pub request: RequestTemplate,
    /// What must come back.
    #[serde(default)]
    pub expect: Expect,
    /// Variables, each from a JSON path or from `header:Name`; `name[]` collects.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
    /// How much a failure matters.
    #[serde(default)]
    pub level: Level,
    /// How often it is sent; `{{i}}` counts from 0.
    pub repeat: Option<usize>,
    /// How many of the repeated requests are in flight at once.
    #[serde(default = "one")]
    pub parallel: usize,
    /// Whether what holds of every answer is checked.
    #[serde(default = "yes")]
    pub invariants: bool,
    /// Those that are not.
    #[serde(default)]
    pub skip_invariants: BTreeSet<Invariant>,
}

/// How much a failure matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The RFC says so, or the client breaks.
    #[default]
    Must,
    /// The client works, but worse.
    Should,
    /// A deviation of the client that a strict service provider may refuse.
    Compat,
}

/// A request before its variables are filled in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestTemplate {
    /// The method.
    #[serde(deserialize_with = "method")]
    pub method: Method,
    /// Path and query below the base, written raw; `+` and `%XX` stay as they are.
    pub path: String,
    /// Headers besides, or instead of, the default ones; null takes one away.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
    /// A JSON body.
    #[serde(default, deserialize_with = "present")]
    pub body: Option<Value>,
    /// A body of any text; it wins over `body`.
    pub body_raw: Option<String>,
    /// The path starts at the root of the server instead of the base.
    #[serde(default)]
    pub absolute: bool,
}

/// Why transcripts could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder or a file of it is not readable.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no transcript.
    #[error("{file} is no transcript: {source}")]
    Malformed {
        /// Its name without the ending.
        file: String,
        /// Where and why.
        source: serde_json::Error,
    },
}

impl Transcript {
    /// Reads a transcript; `file` is the name that failure lines start with.
    ///
    /// # Errors
    /// Says where the text is no transcript.
    pub fn parse(file: &str, text: &str) -> Result<Self, LoadError> {
        match serde_json::from_str::<Self>(text) {
            Ok(transcript) => Ok(Self { file: file.to_owned(), ..transcript }),
            Err(source) => Err(LoadError::Malformed { file: file.to_owned(), source }),
        }
    }
}

/// Reads every `*.json` of a folder, in the order of their names.
///
/// # Errors
/// Names the first file that cannot be read or is no transcript.
pub fn load(folder: &Path) -> Result<Vec<Transcript>, LoadError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| LoadError::Unreadable { path, source }
    };
    let entries = fs::read_dir(folder).map_err(unreadable(folder))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(unreadable(folder))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).map_err(unreadable(path))?;
        let file = path.file_stem().unwrap_or_default().to_string_lossy();
        Transcript::parse(&file, &text)
    };
    paths.iter().map(read).collect()
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Method, D::Error> {
    let name = String::deserialize(deserializer)?;
    let known =
        ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].contains(&name.as_str());
    let method = known.then(|| name.parse().ok()).flatten();
    method.ok_or_else(|| serde::de::Error::custom(format!("unknown method `{name}`")))
}

/// Tells `null` from absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::super::condition::Condition;
    use super::super::json_path::JsonPath;
    use super::super::{FOLDER, Scope};
    use super::*;

    fn own() -> Vec<Transcript> {
        load(Path::new(FOLDER)).expect("the project's transcripts are good")
    }

    fn sample(step: &str) -> String {
        format!(r#"{{"name": "n", "idp": "x", "source_url": "u", "steps": [{step}]}}"#)
    }

    #[track_caller]
    fn check_refused(text: &str, reason: &str) {
        let error = Transcript::parse("sample", text).expect_err("it is not good").to_string();
        assert!(
            error.starts_with("sample is no transcript: ") && error.contains(reason),
            "{error}"
        );
    }

    fn steps(transcript: &Transcript) -> impl Iterator<Item = &Step> {
        transcript.steps.iter().chain(&transcript.cleanup)
    }

    #[test]
    fn own_transcripts_are_read_in_order() {
        let transcripts = own();
        let files: Vec<&str> = transcripts.iter().map(|t| t.file.as_str()).collect();
        assert_eq!(files.len(), 71);
        assert!(files.is_sorted());
        assert_eq!(transcripts.iter().map(|t| t.steps.len()).sum::<usize>(), 495);
    }

    #[test]
    fn own_transcripts_have_good_paths_and_patterns() {
        let variables = super::super::Variables::new("x", 0, &BTreeMap::new());
        let scope = variables.scope(None);
        for transcript in &own() {
            for step in steps(transcript) {
                check_step(step, &scope).unwrap_or_else(|e| panic!("{}: {e}", transcript.file));
            }
        }
    }

    fn check_step(step: &Step, scope: &Scope<'_>) -> Result<(), String> {
        for path in step.capture.values().filter(|path| !path.starts_with("header:")) {
            JsonPath::parse(path).map_err(|e| e.to_string())?;
        }
        for check in &step.expect.json_paths {
            let path = scope.text(&check.path).map_err(|e| e.to_string())?;
            JsonPath::parse(&path).map_err(|e| e.to_string())?;
        }
        let conditions = step.expect.json_paths.iter().flat_map(|check| &check.conditions);
        let patterns = conditions.filter_map(|condition| {
            if let Condition::Matches(pattern) = condition { Some(pattern) } else { None }
        });
        let in_headers = step.expect.headers.iter().filter_map(|check| check.matches.as_ref());
        patterns
            .chain(in_headers)
            .try_for_each(|p| Regex::new(p).map(drop).map_err(|e| e.to_string()))
    }

    #[test]
    fn defaults_are_those_of_a_plain_step() {
        let text = sample(r#"{"title": "t", "request": {"method": "GET", "path": "/Users"}}"#);
        let transcript = Transcript::parse("sample", &text).expect("it is good");
        let step = &transcript.steps[0];
        assert_eq!((step.level, step.repeat, step.parallel), (Level::Must, None, 1));
        assert!(step.invariants && !step.request.absolute && !step.expect.body_if_any);
        assert_eq!((&step.request.body, step.request.headers.len()), (&None, 0));
    }

    #[test]
    fn null_is_a_body_and_takes_a_header_away() {
        let text = sample(
            r#"{"title": "t", "request": {"method": "POST", "path": "/", "body": null, "headers": {"Accept": null}}}"#,
        );
        let request =
            Transcript::parse("sample", &text).expect("it is good").steps[0].request.clone();
        assert_eq!(request.body, Some(Value::Null));
        assert_eq!(request.headers, BTreeMap::from([("Accept".to_owned(), None)]));
    }

    #[test]
    fn unknown_words_are_refused() {
        let request = r#""request": {"method": "GET", "path": "/"}"#;
        check_refused("{}", "missing field `name`");
        check_refused(&sample(r#"{"title": "t"}"#), "missing field `request`");
        check_refused(&sample(&format!(r#"{{"title": "t", {request}, "retry": 1}}"#)), "retry");
        check_refused(&sample(&format!(r#"{{"title": "t", {request}, "level": "may"}}"#)), "may");
        check_refused(
            &sample(&format!(r#"{{"title": "t", {request}, "skip_invariants": ["etag"]}}"#)),
            "unknown invariant `etag`",
        );
        check_refused(
            &sample(r#"{"title": "t", "request": {"method": "get", "path": "/"}}"#),
            "unknown method `get`",
        );
        check_refused(
            &sample(r#"{"title": "t", "request": {"method": "GET", "url": "/"}}"#),
            "unknown field `url`",
        );
    }

    #[test]
    fn missing_folder_is_named() {
        let error = load(Path::new("no-such-folder")).expect_err("it is not there");
        assert_eq!(error.to_string(), "cannot read no-such-folder");
    }
}
