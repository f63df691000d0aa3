//! The interpreter: what a client sent, as the RFC says it.

use provost_dialect::Context;
use provost_scim::schema::Kind;
use provost_scim::value::Message;
use serde_json::Value;

use super::inside::Inside;
use crate::error::Error;

/// Rewrites a body; the rules that fired go to the request line.
pub(super) fn interpret(
    inside: &Inside<'_>,
    kind: Kind,
    message: Message,
    body: Value,
) -> Result<Value, Error> {
    let options = &inside.app.parts.dialect;
    let cx = Context { schemas: inside.schemas(), kind, message, options };
    let (body, fired) = provost_dialect::interpret(&cx, body, inside.policy.mode)?;
    fired.into_iter().for_each(|rule| inside.line.fired(rule));
    Ok(body)
}
