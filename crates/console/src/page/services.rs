//! Services: what each is for, a form to run it, and what it answered.

use askama::Template;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Answers, Frame, UnexpectedAnswer, filters, written};
use crate::Request;

#[derive(Deserialize)]
struct Services {
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    name: String,
    category: String,
    description: String,
    parameters: Vec<Parameter>,
    result: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    name: String,
    base_type: String,
    description: String,
    required: bool,
}

/// Rows and their fields, as services answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InfoTable {
    data_shape: DataShape,
    pub(super) rows: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataShape {
    field_definitions: Map<String, Value>,
}

struct Category<'s> {
    name: &'s str,
    services: Vec<&'s Service>,
}

#[derive(Template)]
#[template(path = "services.html")]
struct Page<'v> {
    frame: Frame<'v>,
    categories: Vec<Category<'v>>,
    outcome: Option<InfoTable>,
}

pub(super) fn needs() -> Vec<Request> {
    vec![Request::get("/services")]
}

pub(super) fn show(frame: Frame<'_>, mut answers: Answers) -> Result<String, UnexpectedAnswer> {
    let Services { services } = answers.next()?;
    let mut categories: Vec<Category<'_>> = Vec::new();
    for service in &services {
        match categories.iter_mut().find(|it| it.name == service.category) {
            Some(category) => category.services.push(service),
            None => categories.push(Category { name: &service.category, services: vec![service] }),
        }
    }
    let outcome = frame.view.entered.as_ref().and_then(|it| it.outcome.clone());
    let outcome = outcome.map(serde_json::from_value).transpose()?;
    written(&Page { frame, categories, outcome })
}

impl Service {
    /// It changes something: a form alone must not look harmless.
    fn is_change(&self) -> bool {
        self.result == "NOTHING"
    }
}

impl Parameter {
    /// The name of its field: rows and numbers are written as JSON.
    fn field(&self) -> String {
        let form = if self.is_json() { "json" } else { "text" };
        format!("{form}.{}", self.name)
    }

    fn is_json(&self) -> bool {
        matches!(self.base_type.as_str(), "INFOTABLE" | "INTEGER" | "NUMBER" | "BOOLEAN")
    }

    fn is_long(&self) -> bool {
        self.base_type == "INFOTABLE"
    }
}

impl Page<'_> {
    /// Whether somebody ran this one.
    fn was_run(&self, service: &Service) -> bool {
        self.frame.view.entered.as_ref().is_some_and(|it| it.name == service.name)
    }

    /// What was sent as a parameter.
    fn sent(&self, service: &Service, parameter: &Parameter) -> String {
        let entered = self.frame.view.entered.as_ref().filter(|it| it.name == service.name);
        entered.map(|it| it.form.get(&parameter.field()).to_owned()).unwrap_or_default()
    }
}

impl InfoTable {
    fn fields(&self) -> impl Iterator<Item = &String> {
        self.data_shape.field_definitions.keys()
    }

    /// The values of a row, in the order of the fields.
    fn values<'t>(&'t self, row: &'t Map<String, Value>) -> impl Iterator<Item = &'t Value> {
        self.fields().map(|it| row.get(it).unwrap_or(&Value::Null))
    }
}
