//! Logs: the last lines, by level, log and text; and the level.

use askama::Template;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Answers, Frame, UnexpectedAnswer, filters, written};
use crate::{Form, Request};

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
const FILTERS: [&str; 3] = ["level", "log", "contains"];

#[derive(Deserialize)]
struct Log {
    level: String,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    level: String,
    log: String,
    #[serde(default)]
    message: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

#[derive(Template)]
#[template(path = "logs.html")]
struct Logs<'v> {
    frame: Frame<'v>,
    log: Log,
    levels: [&'static str; 5],
}

pub(super) fn needs(query: &Form) -> Vec<Request> {
    let filters = FILTERS.map(|name| (name, query.get(name)));
    vec![Request::get("/log").with(filters.into_iter().chain([("limit", "500")]))]
}

pub(super) fn show(frame: Frame<'_>, mut answers: Answers) -> Result<String, UnexpectedAnswer> {
    written(&Logs { frame, log: answers.next()?, levels: LEVELS })
}

impl Line {
    /// Its fields, as the text form of the log has them; where it came from says its log.
    fn rest(&self) -> String {
        let fields = self.fields.iter().filter(|(name, _)| *name != "target");
        let fields = fields.map(|(name, value)| format!("{name}={}", filters::text(value)));
        fields.collect::<Vec<_>>().join(" ")
    }

    fn is_bad(&self) -> bool {
        matches!(self.level.as_str(), "ERROR" | "WARN")
    }
}
