//! Change history: who changed which table, when and why, and what was in it before.

use std::collections::HashSet;

use askama::Template;
use serde_json::{Map, Value};

use super::trail::{Row, Rows};
use super::{Answers, Frame, UnexpectedAnswer, filters, query, written};
use crate::{Form, Request};

/// So many rows are shown without being asked for.
const UNFOLDED: usize = 20;

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

/// What differs between the rows that a table had and those that it has since.
struct Difference {
    gone: Vec<String>,
    come: Vec<String>,
}

impl Row {
    fn difference(&self) -> Difference {
        let rows = |name: &str| -> Vec<&Value> {
            let rows = self.detail.as_ref().and_then(|it| it[name].as_array());
            rows.into_iter().flatten().collect()
        };
        match (&*rows("before"), &*rows("after")) {
            // Of a table of one row, the columns.
            ([before], [after]) if before.as_object().map(Map::len) > Some(1) => {
                Difference { gone: cells(before, after), come: cells(after, before) }
            }
            (before, after) => {
                let line = |row: &&Value| cells(row, &Value::Null).join(", ");
                let (before, after): (Vec<String>, Vec<String>) =
                    (before.iter().map(line).collect(), after.iter().map(line).collect());
                let without = |these: &[String], those: &[String]| {
                    let those: HashSet<&String> = those.iter().collect();
                    these.iter().filter(|it| !those.contains(it)).cloned().collect()
                };
                Difference { gone: without(&before, &after), come: without(&after, &before) }
            }
        }
    }
}

impl Difference {
    /// Whether it is so long that it is folded.
    fn is_long(&self) -> bool {
        self.gone.len() + self.come.len() > UNFOLDED
    }

    fn is_of_order(&self) -> bool {
        self.gone.is_empty() && self.come.is_empty()
    }
}

/// The cells of a row that another one has not.
fn cells(row: &Value, other: &Value) -> Vec<String> {
    let cells = row.as_object().into_iter().flatten();
    let cells = cells.filter(|(name, value)| other.get(name) != Some(value));
    cells.map(|(name, value)| format!("{name}: {}", filters::text(value))).collect()
}
