//! The audit trail: who did what to whom, and what came of it.

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::{Answers, Frame, UnexpectedAnswer, filters, query, written};
use crate::{Form, Request};

/// What is asked for beside the page.
const FILTERS: [&str; 5] = ["category", "actor", "target", "since", "until"];

/// The categories that there are, to choose from.
const CATEGORIES: [&str; 12] = [
    "User",
    "Group",
    "Deleted",
    "Session",
    "Configuration",
    "Subsystem",
    "Tenant",
    "Token",
    "SecurityContext",
    "Log",
    "Import",
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
    categories: [&'static str; 12],
}

pub(super) fn needs(asked: &Form) -> Vec<Request> {
    let filters = asked_for(asked);
    let filters = filters.iter().map(|(name, value)| (*name, value.as_str()));
    vec![Request::get("/audit").with(filters.chain([("after", asked.get("after"))]))]
}

/// The request for rows to keep as a file.
pub(super) fn export(asked: &Form) -> Request {
    let filters = asked_for(asked);
    let filters = filters.iter().map(|(name, value)| (*name, value.as_str()));
    let rest = [("format", asked.get("format")), ("limit", "1000"), ("after", asked.get("after"))];
    Request::get("/audit/export").with(filters.chain(rest))
}

pub(super) fn show(frame: Frame<'_>, mut answers: Answers) -> Result<String, UnexpectedAnswer> {
    written(&Trail { frame, rows: answers.next()?, categories: CATEGORIES })
}

/// What is asked for, as the admin API has it.
fn asked_for(asked: &Form) -> [(&'static str, String); 5] {
    FILTERS.map(|name| match name {
        "since" | "until" => (name, time_of(asked.get(name))),
        _ => (name, asked.get(name).to_owned()),
    })
}

/// A time as people write it, and as pages show it, in UTC: `2026-07-01`, `2026-07-01 08:09`,
/// `2026-07-01 08:09:10 UTC`. What is none is left for the API to refuse.
fn time_of(text: &str) -> String {
    let text = text.trim().trim_end_matches("UTC").trim_end();
    let (date, clock) = match text.split_once(' ') {
        Some((date, clock)) => (date, clock.trim()),
        None => (text, ""),
    };
    let is_date = date.len() == "2026-07-01".len()
        && date.bytes().all(|it| it.is_ascii_digit() || it == b'-');
    match (is_date, clock.bytes().filter(|it| *it == b':').count()) {
        (true, 0) if clock.is_empty() => format!("{date}T00:00:00Z"),
        (true, 1) => format!("{date}T{clock}:00Z"),
        (true, 2) => format!("{date}T{clock}Z"),
        _ => text.to_owned(),
    }
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

    /// Why it was refused, or done, where that was said.
    pub(super) fn reason(&self) -> &str {
        self.detail.as_ref().and_then(|it| it["reason"].as_str()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them_and_as_pages_show_them() {
        for (written, expected) in [
            ("2026-07-01", "2026-07-01T00:00:00Z"),
            (" 2026-07-01 08:09 ", "2026-07-01T08:09:00Z"),
            ("2026-07-01 08:09:10", "2026-07-01T08:09:10Z"),
            ("2026-07-01 08:09:10 UTC", "2026-07-01T08:09:10Z"),
            ("2026-07-01T08:09:10Z", "2026-07-01T08:09:10Z"),
            ("2026-07-01T08:09:10+02:00", "2026-07-01T08:09:10+02:00"),
            ("yesterday", "yesterday"),
            ("", ""),
        ] {
            assert_eq!(time_of(written), expected, "{written}");
        }
    }
}
