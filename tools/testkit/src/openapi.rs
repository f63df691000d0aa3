//! Whether answers of the admin API are as its description says: each answer that a test client gets.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::server::Answer;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../crates/server/src/admin/openapi.json");
    serde_json::from_str(text).expect("the description is JSON")
});

/// Schemas of answers, by method, path and status.
type Schemas = HashMap<(Method, &'static str, u16), Validator>;
static SCHEMAS: LazyLock<Mutex<Schemas>> = LazyLock::new(Mutex::default);

/// Holds an answer against the description, if it is one of the admin API.
///
/// # Panics
/// If it is not as the description says.
pub(crate) fn check(method: &Method, target: &str, answer: &Answer) {
    let path = target.split('?').next().unwrap_or_default();
    let Some((_, path)) = path.split_once("/admin/v1") else { return };
    // HEAD is told of nowhere, and 405 and 404 of paths that are none are everywhere.
    let Some((template, operation)) = operation(method, path) else { return };
    // What stops a request before it is known what it asks for is not told at each.
    if let 405 | 408 | 413 | 415 | 429 | 500 = answer.status {
        return;
    }
    // A tenant has not all of them.
    if answer.status == 404 && target.starts_with("/t/") {
        return;
    }
    let told = resolved(&operation["responses"][answer.status.to_string()]);
    assert!(!told.is_null(), "{method} {template} is not told to answer {answer}");
    let media_type = answer.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default();
    let content = &told["content"][media_type];
    assert!(!content.is_null(), "{method} {template} is not told to answer as {media_type}");
    if !["application/json", "application/problem+json"].contains(&media_type) {
        return;
    }
    let key = (method.clone(), template, answer.status);
    let mut schemas = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    let schema = schemas.entry(key).or_insert_with(|| {
        let root = json!({"allOf": [content["schema"]], "components": DESCRIPTION["components"]});
        jsonschema::draft202012::new(&root).expect("the description holds schemas")
    });
    let body = answer.json();
    let faults: Vec<String> =
        schema.iter_errors(&body).map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert!(faults.is_empty(), "{method} {template} is told otherwise: {faults:#?}\n{answer}");
}

/// What is told of a path and a method.
fn operation(method: &Method, path: &str) -> Option<(&'static str, &'static Value)> {
    let paths = DESCRIPTION["paths"].as_object()?;
    let path = path.strip_suffix('/').unwrap_or(path);
    // As on the server, a path without a part in braces goes before one with it.
    let fits = |template: &str| {
        let (told, found) = (template.split('/'), path.split('/'));
        told.clone().count() == found.clone().count()
            && told.zip(found).all(|(told, found)| told == found || told.starts_with('{'))
    };
    let mut found: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    found.sort_by_key(|(template, _)| template.contains('{'));
    let (template, methods) = found.first()?;
    let operation = methods.get(method.as_str().to_lowercase())?;
    Some((template.as_str(), operation))
}

/// What a reference leads to.
fn resolved(told: &'static Value) -> &'static Value {
    match told["$ref"].as_str().and_then(|it| it.strip_prefix('#')) {
        Some(pointer) => DESCRIPTION.pointer(pointer).expect("each reference leads somewhere"),
        None => told,
    }
}
