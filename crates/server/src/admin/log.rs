//! `/log`: the last lines of the log, and its level.

use provost_platform::setting::LogLevel;
use provost_scim::Error as Refusal;
use provost_scim::error::quote;
use provost_store::{AuditOutcome, Entry, Target};
use serde_json::json;
use tracing::info;

use super::{Asked, ok};
use crate::error::Error;
use crate::log::{LineQuery, SECURITY};
use crate::respond::Response;

/// The category of changes of the log in the audit trail.
const CATEGORY: &str = "Log";

/// How many lines are shown at most, and if nothing is said.
const LINES_MAX: usize = 1_000;
const LINES: usize = 200;

/// The last lines, the newest first, and the level.
pub(super) fn lines(asked: &Asked) -> Result<Response, Error> {
    let level = asked.parameter("level").map(|it| level(&it)).transpose()?;
    let is_security = match asked.parameter("log").as_deref() {
        None => None,
        Some(SECURITY) => Some(true),
        Some("application") => Some(false),
        Some(other) => {
            let detail = format!("the log {} is none; security and application are", quote(other));
            return Err(Refusal::invalid_value(detail).into());
        }
    };
    let number = |name: &str| match asked.parameter(name) {
        None => Ok(None),
        Some(text) => text.parse::<u64>().map(Some).map_err(|_| {
            Refusal::invalid_value(format!("{name} {} is no whole number", quote(&text)))
        }),
    };
    let max = number("limit")?.map_or(LINES, |it| usize::try_from(it).unwrap_or(LINES_MAX));
    let (before, contains) = (number("before")?, asked.parameter("contains"));
    let query = LineQuery { level, is_security, contains, before, max: max.clamp(1, LINES_MAX) };
    let book = &asked.app.parts.log;
    Ok(ok(&json!({"level": book.level().as_str(), "lines": book.query(&query)})))
}

/// Another level, until the server starts again or reads its settings again.
pub(super) async fn set_level(asked: &Asked) -> Result<Response, Error> {
    let name = asked.text("level")?.ok_or_else(|| {
        Refusal::invalid_syntax("the body has `level`, the least severe level that is written")
    })?;
    let (book, level) = (&asked.app.parts.log, level(name)?);
    let before = book.level();
    if level != before {
        let engine = &asked.app.parts.engine;
        let detail = json!({"before": before.as_str(), "after": level.as_str()});
        let entry = Entry {
            at: engine.clock.now_micros(),
            category: CATEGORY.into(),
            action: "levelSet".into(),
            outcome: AuditOutcome::Done,
            cause: asked.cause.clone(),
            target: Target::named("log"),
            detail: detail.to_string().into(),
        };
        let recorded = engine.store.record(asked.tenant.id, vec![entry]).await;
        recorded.map_err(Error::NoAudit)?;
        book.set_level(level);
        let (id, caller) = (asked.line.id(), &asked.caller.principal);
        info!(request.id = %id, caller = %caller, "The level of the log is {}", level.as_str());
    }
    Ok(ok(&json!({"level": level.as_str()})))
}

fn level(name: &str) -> Result<LogLevel, Refusal> {
    LogLevel::named(name).ok_or_else(|| {
        let names = LogLevel::ALL.map(LogLevel::as_str).join(", ");
        Refusal::invalid_value(format!("the level {} is none; there are {names}", quote(name)))
    })
}
