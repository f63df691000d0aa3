//! Change history: who changed which table, when and why, and what was in it before.

use std::collections::HashSet;

use askama::Template;
use serde_json::Value;

use super::trail::{Row, Rows};
use super::{Answers, Frame, UnexpectedAnswer, filters, query, written};
use crate::{Form, Request};

#[derive(Template)]
#[template(path = "history.html")]
struct History<'v> {
    frame: Frame<'v>,
    rows: Rows,
}

pub(super) fn needs(asked: &Form) -> Vec<Request> {
    let asked = [("target", asked.get("target")), ("after", asked.get("after"))];
    vec![Request::get("/configuration/history").with(asked)]
}

pub(super) fn show(frame: Frame<'_>, mut answers: Answers) -> Result<String, UnexpectedAnswer> {
    written(&History { frame, rows: answers.next()? })
}

impl History<'_> {
    /// The query string of the page after this one.
    fn older(&self) -> Option<String> {
        let after = self.rows.after?.to_string();
        Some(query([("target", self.frame.view.query.get("target")), ("after", &after)]))
    }
}

impl Row {
    fn reason(&self) -> &str {
        self.detail.as_ref().and_then(|it| it["reason"].as_str()).unwrap_or_default()
    }

    /// The rows that a table had and has no more, and those that it has since.
    fn difference(&self) -> (Vec<String>, Vec<String>) {
        let rows = |name: &str| -> Vec<String> {
            let rows = self.detail.as_ref().and_then(|it| it[name].as_array());
            rows.into_iter().flatten().map(row).collect()
        };
        let (before, after) = (rows("before"), rows("after"));
        let without = |these: &[String], those: &[String]| {
            let those: HashSet<&String> = those.iter().collect();
            these.iter().filter(|it| !those.contains(it)).cloned().collect()
        };
        (without(&before, &after), without(&after, &before))
    }
}

/// A row in one line.
fn row(row: &Value) -> String {
    let cells = row.as_object().into_iter().flatten();
    let cells = cells.map(|(name, value)| format!("{name}: {}", filters::text(value)));
    cells.collect::<Vec<_>>().join(", ")
}
