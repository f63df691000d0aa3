//! The last lines of the log, and its level: for administrators who look at it from elsewhere.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use provost_platform::setting::LogLevel;
use serde_json::{Map, Value};

/// The target of lines that are about who is let in.
pub(crate) const SECURITY: &str = "security";

/// Whatever is in here is about who is let in.
const SECURITY_CRATE: &str = "provost_auth";

/// How many lines are kept at most, and how many bytes.
const LINES_MAX: usize = 5_000;
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// What says that another level holds from here on.
type SetLevel = Box<dyn Fn(LogLevel) + Send + Sync>;

/// The last lines of the log, and its level.
///
/// Whoever writes the log gives it each line, as a JSON object with `timestamp`, `level`, `target`,
/// `message` and the fields of the event.
pub struct LogBook {
    lines: Mutex<Lines>,
    level: Mutex<LogLevel>,
    set_level: SetLevel,
}

#[derive(Default)]
struct Lines {
    lines: VecDeque<Box<[u8]>>,
    bytes: usize,
}

/// Which lines are asked for.
#[derive(Debug, Default)]
pub(crate) struct LineQuery {
    /// The least severe level.
    pub(crate) level: Option<LogLevel>,
    /// Those about who is let in, or the others.
    pub(crate) is_security: Option<bool>,
    /// A text that stands in the line, in any letter case.
    pub(crate) contains: Option<String>,
    pub(crate) max: usize,
}

impl LogBook {
    /// An empty book; `set_level` is called when somebody sets the level.
    #[must_use]
    pub fn new(level: LogLevel, set_level: impl Fn(LogLevel) + Send + Sync + 'static) -> Self {
        let set_level = Box::new(set_level);
        Self { lines: Mutex::default(), level: Mutex::new(level), set_level }
    }

    /// Takes a line; the oldest ones go when there are too many.
    pub fn write(&self, line: &[u8]) {
        let mut kept = self.lines();
        kept.bytes += line.len();
        kept.lines.push_back(line.into());
        while kept.lines.len() > LINES_MAX || kept.bytes > BYTES_MAX {
            let Some(gone) = kept.lines.pop_front() else { break };
            kept.bytes -= gone.len();
        }
    }

    /// The level at this moment.
    pub fn level(&self) -> LogLevel {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another level from here on.
    pub fn set_level(&self, level: LogLevel) {
        let mut present = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        *present = level;
        (self.set_level)(level);
    }

    /// The lines that are asked for, the newest first, each with the log that it belongs to.
    pub(crate) fn query(&self, query: &LineQuery) -> Vec<Value> {
        let contains = query.contains.as_deref().map(str::to_lowercase);
        // Reading them takes longer than copying them, and whoever writes waits.
        let lines: Vec<Box<[u8]>> = self.lines().lines.iter().rev().cloned().collect();
        let found = lines.iter().filter_map(|bytes| {
            let text = str::from_utf8(bytes).ok()?;
            if contains.as_deref().is_some_and(|it| !text.to_lowercase().contains(it)) {
                return None;
            }
            let mut line: Map<String, Value> = serde_json::from_str(text).ok()?;
            let target = line.get("target").and_then(Value::as_str).unwrap_or_default();
            let is_security = target == SECURITY || target.starts_with(SECURITY_CRATE);
            let level = line.get("level").and_then(Value::as_str).and_then(LogLevel::named);
            let is_asked = query.is_security.is_none_or(|it| it == is_security)
                && query.level.is_none_or(|least| level.is_some_and(|it| it <= least));
            line.insert("log".into(), if is_security { SECURITY } else { "application" }.into());
            is_asked.then_some(Value::Object(line))
        });
        found.take(query.max).collect()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn book(lines: &[(&str, &str, &str)]) -> LogBook {
        let book = LogBook::new(LogLevel::Info, |_| {});
        for (level, target, message) in lines {
            let line = json!({"level": level, "target": target, "message": message});
            book.write(line.to_string().as_bytes());
        }
        book
    }

    #[track_caller]
    fn check(book: &LogBook, query: LineQuery, expected: &[&str]) {
        let found = book.query(&query);
        let messages: Vec<&str> = found.iter().filter_map(|it| it["message"].as_str()).collect();
        assert_eq!(messages, expected, "{query:?}");
    }

    #[test]
    fn lines_are_found_by_level_log_and_text_the_newest_first() {
        let book = book(&[
            ("INFO", "provost_server::listen", "Listening"),
            ("WARN", "provost_auth::jwt", "Keys are out of reach"),
            ("INFO", "security", "Token refused"),
            ("ERROR", "provost_server", "The disk is full"),
        ]);
        let max = 10;
        let all = ["The disk is full", "Token refused", "Keys are out of reach", "Listening"];
        check(&book, LineQuery { max, ..LineQuery::default() }, &all);
        check(&book, LineQuery { max: 2, ..LineQuery::default() }, &all[..2]);
        let level = Some(LogLevel::Warn);
        check(&book, LineQuery { level, max, ..LineQuery::default() }, &[all[0], all[2]]);
        let is_security = Some(true);
        check(&book, LineQuery { is_security, max, ..LineQuery::default() }, &all[1..3]);
        let is_security = Some(false);
        check(&book, LineQuery { is_security, max, ..LineQuery::default() }, &[all[0], all[3]]);
        let contains = Some("toKEN".to_owned());
        check(&book, LineQuery { contains, max, ..LineQuery::default() }, &[all[1]]);
    }

    #[test]
    fn the_oldest_lines_go() {
        let book = LogBook::new(LogLevel::Info, |_| {});
        for number in 0..=LINES_MAX {
            book.write(json!({ "message": number.to_string() }).to_string().as_bytes());
        }
        let lines = book.query(&LineQuery { max: usize::MAX, ..LineQuery::default() });
        assert_eq!(lines.len(), LINES_MAX);
        assert_eq!(lines.last().map(|it| it["message"].clone()), Some("1".into()));
        // One that is larger than all that may be kept leaves nothing.
        book.write(&vec![b' '; BYTES_MAX + 1]);
        assert!(book.query(&LineQuery { max: 1, ..LineQuery::default() }).is_empty());
        assert_eq!(book.lines().bytes, 0);
    }
}
