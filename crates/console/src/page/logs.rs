//! Logs: the last lines, by level, log and text; and the level.

use askama::Template;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Answers, Frame, UnexpectedAnswer, filters, query, written};
use crate::{Form, Request};

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
const FILTERS: [&str; 3] = ["level", "log", "contains"];
const LINES: &str = "500";

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
    number: u64,
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

pub(super) fn needs(asked: &Form) -> Vec<Request> {
    let filters = FILTERS.map(|name| (name, asked.get(name)));
    let rest = [("before", asked.get("before")), ("limit", LINES)];
    vec![Request::get("/log").with(filters.into_iter().chain(rest))]
}

pub(super) fn show(frame: Frame<'_>, mut answers: Answers) -> Result<String, UnexpectedAnswer> {
    written(&Logs { frame, log: answers.next()?, levels: LEVELS })
}

impl Logs<'_> {
    /// The query string of the page after this one.
    fn older(&self) -> Option<String> {
        let before = self.log.lines.last()?.number.to_string();
        let filters = FILTERS.map(|name| (name, self.frame.view.query.get(name)));
        Some(query(filters.into_iter().chain([("before", before.as_str())])))
    }
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
