//! The audit trail: who did what to whom, and what came of it.

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::{Answers, Frame, UnexpectedAnswer, filters, query, written};
use crate::{Form, Request};

/// What is asked for beside the page.
const FILTERS: [&str; 5] = ["category", "actor", "target", "since", "until"];

/// The categories that there are, to choose from.
const CATEGORIES: [&str; 10] = [
    "User",
    "Group",
    "Session",
    "Configuration",
    "Subsystem",
    "Tenant",
    "Token",
    "SecurityContext",
    "Log",
    "Audit",
];

#[derive(Deserialize)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) after: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) at: String,
    outcome: String,
    pub(super) actor: String,
    run_as: Option<String>,
    request_id: String,
    source: Option<String>,
    message: String,
    pub(super) target: Target,
    pub(super) detail: Option<Value>,
    before: Option<Value>,
    after: Option<Value>,
    added: Option<Value>,
    removed: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Target {
    id: String,
    pub(super) name: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Trail<'v> {
    frame: Frame<'v>,
    rows: Rows,
    categories: [&'static str; 10],
}

pub(super) fn needs(asked: &Form) -> Vec<Request> {
    let filters = FILTERS.map(|name| (name, asked.get(name)));
    vec![Request::get("/audit").with(filters.into_iter().chain([("after", asked.get("after"))]))]
}

/// The request for rows to keep as a file.
pub(super) fn export(asked: &Form) -> Request {
    let filters = FILTERS.map(|name| (name, asked.get(name)));
    let rest = [("format", asked.get("format")), ("limit", "1000"), ("after", asked.get("after"))];
    Request::get("/audit/export").with(filters.into_iter().chain(rest))
}

pub(super) fn show(frame: Frame<'_>, mut answers: Answers) -> Result<String, UnexpectedAnswer> {
    written(&Trail { frame, rows: answers.next()?, categories: CATEGORIES })
}

impl Trail<'_> {
    /// The query string of what is asked for.
    fn filters(&self) -> String {
        query(FILTERS.map(|name| (name, self.frame.view.query.get(name))))
    }

    /// The query string of the page after this one.
    fn older(&self) -> Option<String> {
        let after = self.rows.after?.to_string();
        let filters = FILTERS.map(|name| (name, self.frame.view.query.get(name)));
        Some(query(filters.into_iter().chain([("after", after.as_str())])))
    }
}

impl Row {
    fn is_refused(&self) -> bool {
        self.outcome == "refused"
    }

    /// What was different before and after, by the names that the trail has for it.
    pub(super) fn changes(&self) -> Vec<(&'static str, &Value)> {
        let parts = [
            ("Before", &self.before),
            ("After", &self.after),
            ("Added", &self.added),
            ("Removed", &self.removed),
            ("Detail", &self.detail),
        ];
        parts.into_iter().filter_map(|(name, it)| Some((name, it.as_ref()?))).collect()
    }
}
