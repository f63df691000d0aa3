//! Configuration: the tables, and one of them in a form.

use std::collections::HashMap;

use askama::Template;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answers, Frame, UnexpectedAnswer, filters, written};
use crate::api::{Request, segment};
use crate::{Entered, Form};

/// How many empty rows a form has, for those that come.
const EMPTY_ROWS: usize = 3;

#[derive(Deserialize)]
struct Configuration {
    tables: Map<String, Value>,
    descriptions: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    version: i64,
    name: String,
    description: String,
    has_many_rows: bool,
    columns: Vec<Column>,
    rows: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Column {
    name: String,
    #[serde(rename = "type")]
    base_type: String,
    description: String,
    one_of: Vec<String>,
}

/// A row of a form.
struct Line {
    number: usize,
    cells: Vec<String>,
    is_removed: bool,
}

/// A table in the list of all.
struct Listed {
    name: String,
    description: String,
    rows: usize,
}

#[derive(Template)]
#[template(path = "configuration.html")]
struct List<'v> {
    frame: Frame<'v>,
    tables: Vec<Listed>,
}

#[derive(Template)]
#[template(path = "table.html")]
struct Page<'v> {
    frame: Frame<'v>,
    table: Table,
    lines: Vec<Line>,
    version: String,
    reason: String,
}

pub(super) fn needs() -> Vec<Request> {
    vec![Request::get("/configuration")]
}

/// The request for one table.
pub(crate) fn table(name: &str) -> Request {
    Request::get(format!("/configuration/{}", segment(name)))
}

/// The request that gives a table the rows of a form.
pub(crate) fn change(name: &str, form: &Form, answers: &[Value]) -> Result<Request, String> {
    let table = answers.first().cloned().unwrap_or_default();
    let table: Table = serde_json::from_value(table).map_err(|error| error.to_string())?;
    let version: i64 = form.get("version").parse().map_err(|_| "the form has no version")?;
    let lines = lines(&table, form);
    let rows = lines.iter().filter(|it| !it.is_removed && !table.is_empty(it));
    let rows: Vec<Value> = rows.map(|it| table.row(it)).collect();
    let body = json!({"rows": rows, "reason": form.get("reason"), "version": version});
    Ok(Request::put(format!("/configuration/{}", segment(name)), body))
}

pub(super) fn show(frame: Frame<'_>, mut answers: Answers) -> Result<String, UnexpectedAnswer> {
    let Configuration { tables, mut descriptions } = answers.next()?;
    let listed = |(name, rows): (String, Value)| Listed {
        description: descriptions.remove(&name).unwrap_or_default(),
        rows: rows.as_array().map_or(0, Vec::len),
        name,
    };
    let tables = tables.into_iter().map(listed).collect();
    written(&List { frame, tables })
}

pub(super) fn show_table(
    frame: Frame<'_>,
    mut answers: Answers,
) -> Result<String, UnexpectedAnswer> {
    let table: Table = answers.next()?;
    let frame = frame.titled(&table.name);
    let (lines, version, reason) = match &frame.view.entered {
        // What was not taken stays in the form, under the version that it was made from.
        Some(Entered { form, .. }) => {
            (lines(&table, form), form.get("version").to_owned(), form.get("reason").to_owned())
        }
        None => (table.lines(), table.version.to_string(), String::new()),
    };
    written(&Page { frame, table, lines, version, reason })
}

/// The rows that stand in a form.
fn lines(table: &Table, form: &Form) -> Vec<Line> {
    let fields: HashMap<&str, &str> = form.fields().collect();
    // Each row has a field at least, whatever the form says.
    let rows = form.get("rows").parse().unwrap_or_default();
    let rows = fields.len().min(rows);
    let line = |number: usize| {
        let cell = |column: &Column| {
            let sent = fields.get(format!("{number}.{}", column.name).as_str());
            match (column.is_flag(), sent) {
                (true, sent) => sent.is_some().to_string(),
                (false, sent) => sent.map(|it| it.trim().to_owned()).unwrap_or_default(),
            }
        };
        Line {
            number,
            cells: table.columns.iter().map(cell).collect(),
            is_removed: fields.contains_key(format!("{number}.remove").as_str()),
        }
    };
    (0..rows).map(line).collect()
}

impl Table {
    /// The rows as they are, and empty ones for those that come.
    fn lines(&self) -> Vec<Line> {
        let cells = |row: &Map<String, Value>| {
            let cell = |it: &Column| row.get(&it.name).map(filters::text).unwrap_or_default();
            self.columns.iter().map(cell).collect()
        };
        let empty = if self.has_many_rows { EMPTY_ROWS } else { 0 };
        let empty = std::iter::repeat_n(Map::new(), empty);
        let rows = self.rows.iter().cloned().chain(empty).enumerate();
        rows.map(|(number, row)| Line { number, cells: cells(&row), is_removed: false }).collect()
    }

    /// Whether nobody wrote anything into a row.
    fn is_empty(&self, line: &Line) -> bool {
        self.has_many_rows && line.cells.iter().all(String::is_empty)
    }

    fn row(&self, line: &Line) -> Value {
        let cell = |(column, text): (&Column, &String)| {
            let number = text.parse::<u64>().ok().filter(|_| column.base_type == "INTEGER");
            (column.name.clone(), number.map_or_else(|| Value::from(text.as_str()), Value::from))
        };
        Value::Object(self.columns.iter().zip(&line.cells).map(cell).collect())
    }

    /// A row with its columns.
    fn cells<'t>(&'t self, line: &'t Line) -> impl Iterator<Item = (&'t Column, &'t String)> {
        self.columns.iter().zip(&line.cells)
    }
}

impl Column {
    fn is_flag(&self) -> bool {
        self.base_type == "BOOLEAN"
    }

    fn is_number(&self) -> bool {
        self.base_type == "INTEGER"
    }

    fn is_tags(&self) -> bool {
        self.base_type == "TAGS"
    }
}
