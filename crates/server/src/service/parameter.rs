//! Parameters of services: a JSON object, in which InfoTables may be written in several ways.

use provost_platform::table::Table;
use provost_scim::Error as Refusal;
use provost_scim::error::quote;
use serde_json::{Map, Value};

/// The parameters that a client sent.
pub(super) struct Parameters(Map<String, Value>);

impl Parameters {
    /// Takes a body; none is no parameters.
    pub(super) fn new(document: Value) -> Result<Self, Refusal> {
        match document {
            Value::Null => Ok(Self(Map::new())),
            Value::Object(parameters) => Ok(Self(parameters)),
            _ => Err(Refusal::invalid_syntax("the parameters of a service are a JSON object")),
        }
    }

    /// The rows of an InfoTable, which may also be an array of rows, or one row.
    pub(super) fn rows(&self, name: &str) -> Result<Vec<Value>, Refusal> {
        match self.0.get(name) {
            Some(Value::Array(rows)) => Ok(rows.clone()),
            Some(Value::Object(table)) => match table.get("rows") {
                Some(Value::Array(rows)) => Ok(rows.clone()),
                Some(_) => Err(wrong(name, "has rows that are no array")),
                None => Ok(vec![Value::Object(table.clone())]),
            },
            Some(_) => Err(wrong(name, "is no InfoTable")),
            None => Err(wrong(name, "is missing")),
        }
    }

    /// A text, if it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, "is no text")),
        }
    }

    /// A whole number, if it is there.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let whole = |it: f64| (it.fract() == 0.0 && it >= 0.0).then_some(it as u64);
                let number = value.as_u64().or_else(|| value.as_f64().and_then(whole));
                number.map(Some).ok_or_else(|| wrong(name, "is no whole number"))
            }
        }
    }

    /// The table that `tableName` names.
    pub(super) fn table(&self) -> Result<Table, Refusal> {
        let name = self.text("tableName")?.ok_or_else(|| wrong("tableName", "is missing"))?;
        Table::named(name).ok_or_else(|| {
            let tables: Vec<&str> = Table::ALL.iter().map(|it| it.name()).collect();
            let detail =
                format!("there is no table {}; there are {}", quote(name), tables.join(", "));
            Refusal::not_found(detail)
        })
    }

    /// Why a change is made, as its history says.
    pub(super) fn reason(&self) -> Result<&str, Refusal> {
        Ok(self.text("changeReason")?.or(self.text("reason")?).unwrap_or_default())
    }
}

fn wrong(name: &str, what: &str) -> Refusal {
    Refusal::invalid_value(format!("the parameter {name} {what}"))
}
