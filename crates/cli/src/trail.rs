//! What commands leave in the audit trail, and in whose name.

use provost_platform::setting::user_name;
use provost_store::{AuditOutcome, Cause, Entry, Target};
use serde_json::Value;

use crate::clock::now_micros;

/// Who runs a command: whoever the environment names.
pub(crate) fn cause() -> Cause {
    let caller = user_name().map_or_else(|| "command".to_owned(), |it| format!("command:{it}"));
    Cause { caller: caller.into(), ..Cause::default() }
}

/// A row that says what a command did; `detail` is an object, or null.
pub(crate) fn entry(category: &str, action: &str, target: Target, detail: &Value) -> Entry {
    let detail = if detail.is_null() { String::new() } else { detail.to_string() };
    Entry {
        at: now_micros(),
        category: category.into(),
        action: action.into(),
        outcome: AuditOutcome::Done,
        cause: cause(),
        target,
        detail: detail.into(),
    }
}
