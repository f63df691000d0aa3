//! Cells of a row: what they must be, and what is wrong with them.

use std::fmt;

use provost_platform::table::tags;
use provost_scim::error::quote;
use provost_scim::value::{Time, format_micros};
use serde_json::Value;

use super::document::{Place, Row};

/// The longest text of a cell.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What is wrong with a row.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) place: Place,
    /// Empty where it is the row as a whole.
    pub(super) column: &'static str,
    pub(super) reason: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, column, reason } = self;
        match *column {
            "" => write!(f, "{place}: {reason}"),
            column => write!(f, "{place}, {column}: {reason}"),
        }
    }
}

impl Row {
    /// A text; none if the cell is absent, null or blank, as the platform leaves them.
    pub(super) fn text(&self, column: &'static str) -> Result<Option<&str>, Wrong> {
        match self.cell(column) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) if text.len() > TEXT_BYTES_MAX => {
                let length = text.len();
                Err(self.wrong(column, format!("{length} bytes; {TEXT_BYTES_MAX} are allowed")))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.needed(column, "a text", other)),
        }
    }

    /// A text that must be there.
    pub(super) fn name(&self, column: &'static str) -> Result<&str, Wrong> {
        self.text(column)?.ok_or_else(|| self.wrong(column, "a name is needed".to_owned()))
    }

    /// True or false.
    pub(super) fn flag(&self, column: &'static str) -> Result<Option<bool>, Wrong> {
        match self.cell(column) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) if text == "true" || text == "false" => {
                Ok(Some(text == "true"))
            }
            Some(other) => Err(self.needed(column, "true or false", other)),
        }
    }

    /// A time, as text or as the platform's milliseconds since 1970; none if it is 0.
    pub(super) fn moment(&self, column: &'static str) -> Result<Option<String>, Wrong> {
        let needed = |found| {
            let what = "a time, as 2026-01-31T00:00:00.000Z or in milliseconds since 1970,";
            self.needed(column, what, found)
        };
        match self.cell(column) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(found @ Value::String(text)) => {
                let time = Time::parse(text).ok_or_else(|| needed(found))?;
                Ok(Some(format_micros(time.micros)))
            }
            Some(found @ Value::Number(number)) => match number.as_f64().map(|it| it as i64) {
                Some(0) => Ok(None),
                Some(millis @ 1..=253_402_300_799_999) => Ok(Some(format_micros(millis * 1_000))),
                Some(_) | None => Err(needed(found)),
            },
            Some(other) => Err(needed(other)),
        }
    }

    /// Tags, each as `vocabulary:term`.
    pub(super) fn tags(&self, column: &'static str) -> Result<Vec<String>, Wrong> {
        let Some(given) = self.cell(column) else { return Ok(Vec::new()) };
        let tags = tags(given).map_err(|reason| self.wrong(column, reason))?;
        let text = |tag: &Value| {
            let part = |name: &str| tag[name].as_str().unwrap_or_default();
            format!("{}:{}", part("vocabulary"), part("vocabularyTerm"))
        };
        Ok(tags.as_array().into_iter().flatten().map(text).collect())
    }

    pub(super) fn wrong(&self, column: &'static str, reason: String) -> Wrong {
        Wrong { place: self.place, column, reason }
    }

    fn cell(&self, column: &str) -> Option<&Value> {
        self.cells.get(column).filter(|it| !it.is_null())
    }

    fn needed(&self, column: &'static str, what: &str, found: &Value) -> Wrong {
        let found = match found {
            Value::String(text) => quote(text),
            Value::Array(_) => "an array".to_owned(),
            Value::Object(_) => "an object".to_owned(),
            Value::Null | Value::Bool(_) | Value::Number(_) => found.to_string(),
        };
        self.wrong(column, format!("{what} is needed, not {found}"))
    }
}
