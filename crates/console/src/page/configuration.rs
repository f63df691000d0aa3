//! Configuration: the tables, and one of them in a form.

use std::collections::{BTreeMap, HashMap};

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
    version: String,
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
    cells: Cells,
}

/// What stands in the columns of a row.
type Cells = Vec<String>;

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
    let version = form.get("version");
    if version.is_empty() {
        return Err("the form does not say what it was made from".to_owned());
    }
    let rows: Vec<Value> = table.kept(form).iter().map(|it| table.row(it)).collect();
    let body = json!({"rows": rows, "reason": form.get("reason"), "version": version});
    Ok(Request::put(format!("/configuration/{}", segment(name)), &body))
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
    let (cells, version, reason) = match &frame.view.entered {
        // What was not taken stays in the form. Whoever saves it after he was late knows what he replaces.
        Some(Entered { form, is_late, .. }) => {
            let version = if *is_late { &table.version } else { form.get("version") };
            (table.kept(form), version.to_owned(), form.get("reason").to_owned())
        }
        None => (table.present(), table.version.clone(), String::new()),
    };
    let lines = table.lines(cells);
    written(&Page { frame, table, lines, version, reason })
}

impl Table {
    /// The rows as they are.
    fn present(&self) -> Vec<Cells> {
        let cells = |row: &Map<String, Value>| {
            let cell = |it: &Column| row.get(&it.name).map(filters::text).unwrap_or_default();
            self.columns.iter().map(cell).collect()
        };
        self.rows.iter().map(cells).collect()
    }

    /// The rows of a form that are to stay, in their order: a row without a value is none. Fields are named
    /// by the number of the row and the column: `3.thingworxUserName`, `3.remove`.
    fn kept(&self, form: &Form) -> Vec<Cells> {
        let mut rows: BTreeMap<usize, HashMap<&str, &str>> = BTreeMap::new();
        if !self.has_many_rows {
            rows.insert(0, HashMap::new());
        }
        for (field, value) in form.fields() {
            let Some((number, name)) = field.split_once('.') else { continue };
            let Ok(number) = number.parse() else { continue };
            if self.has_many_rows || number == 0 {
                rows.entry(number).or_default().insert(name, value.trim());
            }
        }
        let kept = rows.values().filter(|row| !row.contains_key("remove"));
        let cells = kept.map(|row| self.columns.iter().map(|it| it.cell(row)).collect());
        cells.filter(|it: &Cells| !self.is_empty(it)).collect()
    }

    /// Rows with their numbers, and empty ones for those that come.
    fn lines(&self, rows: Vec<Cells>) -> Vec<Line> {
        let empty = if self.has_many_rows { EMPTY_ROWS } else { 0 };
        let empty = std::iter::repeat_n(vec![String::new(); self.columns.len()], empty);
        let rows = rows.into_iter().chain(empty).enumerate();
        rows.map(|(number, cells)| Line { number, cells }).collect()
    }

    /// Whether nobody wrote anything into a row.
    fn is_empty(&self, cells: &Cells) -> bool {
        self.has_many_rows && cells.iter().all(String::is_empty)
    }

    fn row(&self, cells: &Cells) -> Value {
        let cell = |(column, text): (&Column, &String)| {
            let number = text.parse::<u64>().ok().filter(|_| column.base_type == "INTEGER");
            (column.name.clone(), number.map_or_else(|| Value::from(text.as_str()), Value::from))
        };
        Value::Object(self.columns.iter().zip(cells).map(cell).collect())
    }

    /// A row with its columns.
    fn cells<'t>(&'t self, line: &'t Line) -> impl Iterator<Item = (&'t Column, &'t String)> {
        self.columns.iter().zip(&line.cells)
    }
}

impl Column {
    /// What a row of a form says.
    fn cell(&self, row: &HashMap<&str, &str>) -> String {
        match (self.is_flag(), row.get(&*self.name)) {
            (true, sent) => sent.is_some().to_string(),
            (false, sent) => sent.map(ToString::to_string).unwrap_or_default(),
        }
    }

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
