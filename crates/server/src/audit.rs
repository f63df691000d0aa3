//! The audit trail as it is shown and kept elsewhere: rows as JSON and as CSV, and their end.

use jiff::Timestamp;
use provost_platform::message::{Language, key, text};
use provost_store::{
    AuditOutcome, Cause, Entry, Error as StoreError, Purge, Recorded, Store, Target, TenantId,
};
use serde_json::{Map, Value, json};

/// The category of what is done to the trail itself.
pub const CATEGORY: &str = "Audit";

/// How many rows are purged in one write.
pub const PURGED_AT_ONCE: u32 = 1_000;

/// Columns of the CSV form.
const COLUMNS: [&str; 13] = [
    "place",
    "at",
    "category",
    "action",
    "outcome",
    "actor",
    "runAs",
    "requestId",
    "source",
    "targetId",
    "targetName",
    "message",
    "change",
];

/// A row as it is shown.
#[must_use]
pub fn show_row(row: &Recorded, language: Language) -> Value {
    let Recorded { place, entry, event } = row;
    let Entry { at, category, action, outcome, cause, target, detail } = entry;
    let is_refused = *outcome == AuditOutcome::Refused;
    let named = if target.name.is_empty() { &target.id } else { &target.name };
    let said = text(language, (category, action), &cause.caller, named, is_refused);
    let mut shown = json!({
        "place": place.0,
        "at": time(*at),
        "category": &**category,
        "action": &**action,
        "outcome": if is_refused { "refused" } else { "done" },
        "actor": &*cause.caller,
        "runAs": cause.run_as.as_deref(),
        "requestId": &*cause.request,
        "source": cause.source.as_deref(),
        "target": {"id": &*target.id, "name": &*target.name},
        "messageKey": key(category, action),
        "message": said,
    });
    let Some(object) = shown.as_object_mut() else { return shown };
    if let Ok(Value::Object(detail)) = serde_json::from_slice(detail) {
        object.insert("detail".to_owned(), Value::Object(detail));
    }
    if let Some(event) = event {
        object.insert("resourceVersion".to_owned(), event.version.0.into());
        if let Ok(Value::Object(change)) = serde_json::from_slice::<Value>(&event.change) {
            object.extend(change);
        }
        for (name, ids) in [("added", &event.added), ("removed", &event.removed)] {
            if !ids.is_empty() {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                object.insert(name.to_owned(), ids.into());
            }
        }
    }
    shown
}

/// The first record of the CSV form: the names of its columns.
#[must_use]
pub fn csv_head() -> Vec<u8> {
    records([COLUMNS.map(ToOwned::to_owned).to_vec()].into_iter())
}

/// Rows, as [`show_row`] makes them, as records of CSV (RFC 4180). A text that a spreadsheet would
/// take for a formula is marked as text.
pub fn csv(rows: impl Iterator<Item = Value>) -> Vec<u8> {
    records(rows.map(|row| {
        let change: Map<String, Value> = ["before", "after", "added", "removed", "detail"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), row.get(name)?.clone())))
            .collect();
        let cell = |name: &&str| match *name {
            "targetId" => row["target"]["id"].clone(),
            "targetName" => row["target"]["name"].clone(),
            "change" if change.is_empty() => Value::Null,
            "change" => Value::Object(change.clone()),
            name => row[name].clone(),
        };
        COLUMNS.iter().map(|name| plain(cell(name))).collect()
    }))
}

/// Removes the rows before a time, in microseconds since 1970; gives their number. That it does is in
/// the trail with the first of them; what is yet to come is not removed beforehand.
///
/// # Errors
/// If the store fails; some of the rows may then be gone.
pub async fn purge(
    store: &dyn Store,
    tenant: TenantId,
    before: i64,
    (cause, now): (&Cause, i64),
) -> Result<u64, StoreError> {
    let before = before.min(now);
    let entry = Entry {
        at: now,
        category: CATEGORY.into(),
        action: "purged".into(),
        outcome: AuditOutcome::Done,
        cause: cause.clone(),
        target: Target::named("audit"),
        detail: json!({"before": time(before)}).to_string().into(),
    };
    remove(store, tenant, Purge { entries: vec![entry], ..Purge::before(before, PURGED_AT_ONCE) })
        .await
}

/// Removes all rows that are to go, at most `max` of them in one write; gives their number. What is to be
/// appended is with the first of them.
///
/// # Errors
/// If the store fails; some of the rows may then be gone.
pub async fn remove(
    store: &dyn Store,
    tenant: TenantId,
    mut purge: Purge,
) -> Result<u64, StoreError> {
    let mut removed = 0;
    loop {
        let entries = std::mem::take(&mut purge.entries);
        let more = store.purge_audit(tenant, Purge { entries, ..purge.clone() }).await?;
        removed += more;
        if more < u64::from(purge.max) {
            return Ok(removed);
        }
    }
}

/// A time of the trail, in microseconds since 1970, as text.
#[must_use]
pub fn time(micros: i64) -> String {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

fn records(records: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.write_record(record).expect("a vector takes all that is written");
    }
    writer.into_inner().expect("a vector takes all that is written")
}

fn plain(value: Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text,
    }
}
