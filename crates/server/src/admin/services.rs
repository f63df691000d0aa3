//! `/services`: what the platform's services are, and one of them run.

use http::StatusCode;
use provost_scim::Error as Refusal;
use provost_scim::error::quote;
use serde_json::{Value, json};

use super::{Asked, ok};
use crate::error::Error;
use crate::respond::{MediaType, Response, json as answer};
use crate::service::{DEFINITIONS, Definition, Invocation, Parameter, invoke};

/// All services, with their parameters and results.
pub(super) fn all() -> Response {
    let parameter = |it: &Parameter| {
        json!({
            "name": it.name,
            "baseType": it.base_type,
            "description": it.description,
            "required": it.is_required,
        })
    };
    let service = |it: &Definition| {
        json!({
            "name": it.name,
            "category": it.category,
            "description": it.description,
            "parameters": it.parameters.iter().map(parameter).collect::<Vec<_>>(),
            "result": it.result,
        })
    };
    ok(&json!({"services": DEFINITIONS.iter().map(service).collect::<Vec<_>>()}))
}

/// Runs one: the body has its parameters, the answer is its InfoTable.
pub(super) async fn run(asked: &Asked) -> Result<Response, Error> {
    let name = &asked.value;
    let definition = Definition::named(name)
        .ok_or_else(|| Refusal::not_found(format!("there is no service {}", quote(name))))?;
    let invocation = Invocation {
        app: &asked.app,
        tenant: &asked.tenant,
        line: &asked.line,
        caller: &asked.caller,
        cause: asked.cause.clone(),
        parameters: match &asked.document {
            Value::Null => json!({}),
            parameters => parameters.clone(),
        },
    };
    let table = invoke(invocation, definition).await?;
    Ok(answer(StatusCode::OK, MediaType::Json, &table))
}
