//! `/audit` and what is read from it: pages, exports, history, ends of sessions; and its purge.

use std::num::NonZeroU16;

use http::HeaderValue;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use provost_engine::SESSIONS;
use provost_platform::message::Language;
use provost_scim::Error as Refusal;
use provost_scim::error::quote;
use provost_store::{AuditQuery, Position, Recorded};
use serde_json::{Value, json};

use super::{Asked, ok};
use crate::audit::{self, csv, csv_head, show_row, time};
use crate::configuration::CATEGORY as CONFIGURATION;
use crate::error::Error;
use crate::payload::Payload;
use crate::respond::Response;

/// How many rows a page has at most, and if nothing is said.
const PAGE_MAX: u16 = 1_000;
const PAGE: u16 = 100;

/// A page of the trail, the newest rows first unless asked for otherwise.
pub(super) async fn page(asked: &Asked) -> Result<Response, Error> {
    let query = query(asked, true)?;
    listed(asked, query).await
}

/// Changes of the configuration, the newest first.
pub(super) async fn history(asked: &Asked) -> Result<Response, Error> {
    let query = query(asked, true)?;
    listed(asked, AuditQuery { category: Some(CONFIGURATION.into()), ..query }).await
}

/// Whose sessions end, the oldest first: for applications that keep sessions.
pub(super) async fn revocations(asked: &Asked) -> Result<Response, Error> {
    let query = query(asked, false)?;
    let after = query.after;
    let query = AuditQuery { category: Some(SESSIONS.into()), ..query };
    let rows = read(asked, query).await?;
    // Where there is nothing new, the next question is the same.
    let next = rows.last().map(|it| it.place).or(after).map(|it| it.0);
    let shown = rows.iter().map(|Recorded { place, entry, .. }| {
        let detail: Value = serde_json::from_slice(&entry.detail).unwrap_or_default();
        let is_all = &*entry.target.name == "*";
        json!({
            "place": place.0,
            "at": time(entry.at),
            "reason": detail["reason"],
            "everybody": is_all,
            "except": if is_all { detail["except"].clone() } else { json!([]) },
            "user": (!is_all).then(|| json!({
                "id": &*entry.target.id,
                "name": &*entry.target.name,
            })),
        })
    });
    Ok(ok(&json!({"revocations": shown.collect::<Vec<_>>(), "after": next})))
}

/// Rows of the trail as lines of JSON, or as CSV; oldest first, to be continued after the last.
pub(super) async fn export(asked: &Asked) -> Result<Response, Error> {
    let query = query(asked, false)?;
    let language = language(asked);
    let rows = read(asked, query).await?;
    let shown = rows.iter().map(|row| show_row(row, language));
    let (media_type, text) = match asked.parameter("format").as_deref() {
        None | Some("ndjson") => {
            let lines: String = shown.map(|row| format!("{row}\n")).collect();
            ("application/x-ndjson", lines.into_bytes())
        }
        Some("csv") => ("text/csv; charset=utf-8", [csv_head(), csv(shown)].concat()),
        Some(other) => {
            let detail = format!("the format {} is none; ndjson and csv are", quote(other));
            return Err(Refusal::invalid_value(detail).into());
        }
    };
    let mut response = Response::new(Payload::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Some(last) = rows.last() {
        response.headers_mut().insert("x-audit-after", last.place.0.into());
    }
    Ok(response)
}

/// Removes rows before a time; that it does is in the trail with the first of them.
pub(super) async fn purge(asked: &Asked) -> Result<Response, Error> {
    let before = asked.text("before")?.ok_or_else(|| {
        Refusal::invalid_syntax("the body has `before`, the time before which rows are purged")
    })?;
    let before = micros("before", before)?;
    let engine = &asked.app.parts.engine;
    let by = (&asked.cause, engine.clock.now_micros());
    let purged = audit::purge(&*engine.store, asked.tenant.id, before, by).await;
    let purged = purged.map_err(Error::NoAudit)?;
    Ok(ok(&json!({"purged": purged})))
}

async fn listed(asked: &Asked, query: AuditQuery) -> Result<Response, Error> {
    let language = language(asked);
    let rows = read(asked, query).await?;
    let next = rows.last().map(|it| it.place.0);
    let shown: Vec<Value> = rows.iter().map(|row| show_row(row, language)).collect();
    Ok(ok(&json!({"rows": shown, "after": next})))
}

async fn read(asked: &Asked, query: AuditQuery) -> Result<Vec<Recorded>, Error> {
    let rows = asked.app.parts.engine.store.audit(asked.tenant.id, query).await;
    rows.map_err(Error::NoAudit)
}

/// What the query string asks for.
fn query(asked: &Asked, newest_first: bool) -> Result<AuditQuery, Refusal> {
    let number = |name: &str| match asked.parameter(name) {
        None => Ok(None),
        Some(text) => text.parse::<i64>().map(Some).map_err(|_| {
            Refusal::invalid_value(format!("{name} {} is no whole number", quote(&text)))
        }),
    };
    let moment = |name: &str| match asked.parameter(name) {
        None => Ok(None),
        Some(text) => micros(name, &text).map(Some),
    };
    let word = |name: &str| asked.parameter(name).map(String::into_boxed_str);
    let newest_first = match asked.parameter("order").as_deref() {
        None => newest_first,
        Some("newest") => true,
        Some("oldest") => false,
        Some(other) => {
            let detail = format!("the order {} is none; newest and oldest are", quote(other));
            return Err(Refusal::invalid_value(detail));
        }
    };
    let limit = number("limit")?.unwrap_or(PAGE.into()).clamp(1, PAGE_MAX.into());
    let max = u16::try_from(limit).ok().and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MIN);
    Ok(AuditQuery {
        newest_first,
        after: number("after")?.map(Position),
        since: moment("since")?,
        until: moment("until")?,
        category: word("category"),
        actor: word("actor"),
        target: word("target"),
        max,
    })
}

fn language(asked: &Asked) -> Language {
    Language::of(&asked.parameter("locale").unwrap_or_default())
}

fn micros(name: &str, text: &str) -> Result<i64, Refusal> {
    let time: Result<Timestamp, _> = text.parse();
    time.map(Timestamp::as_microsecond).map_err(|_| {
        Refusal::invalid_value(format!(
            "{name} {} is no time, as 2026-01-31T00:00:00Z is",
            quote(text)
        ))
    })
}
