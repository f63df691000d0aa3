//! The last lines of the log, and its level: for administrators who look at it from elsewhere.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use provost_platform::setting::LogLevel;
use serde_json::{Map, Value};

/// The target of lines that are about who is let in.
pub(crate) const SECURITY: &str = "security";

/// Whatever is in here is about who is let in.
const SECURITY_CRATE: &str = "provost_auth";

/// How many lines are kept at most, and how many bytes, of each of the two logs: nobody who is not let in
/// washes the other lines away.
const LINES_MAX: usize = 5_000;
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// What says that another level holds from here on.
type SetLevel = Box<dyn Fn(LogLevel) + Send + Sync>;

/// The last lines of the log, and its level.
///
/// Whoever writes the log gives it each line, as a JSON object with `timestamp`, `level`, `target`,
/// `message` and the fields of the event.
pub struct LogBook {
    kept: Mutex<Kept>,
    level: Mutex<LogLevel>,
    set_level: SetLevel,
}

#[derive(Default)]
struct Kept {
    security: Ring,
    application: Ring,
    /// The number of the last line.
    last: u64,
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<(u64, Box<[u8]>)>,
    bytes: usize,
}

/// Which lines are asked for.
#[derive(Debug, Default)]
pub(crate) struct LineQuery {
    /// The least severe level.
    pub(crate) level: Option<LogLevel>,
    /// Those about who is let in, or the others.
    pub(crate) is_security: Option<bool>,
    /// A text that stands in the line as people read it, in any letter case.
    pub(crate) contains: Option<String>,
    /// Those before the line with this number.
    pub(crate) before: Option<u64>,
    pub(crate) max: usize,
}

impl LogBook {
    /// An empty book; `set_level` is called when somebody sets the level.
    #[must_use]
    pub fn new(level: LogLevel, set_level: impl Fn(LogLevel) + Send + Sync + 'static) -> Self {
        let set_level = Box::new(set_level);
        Self { kept: Mutex::default(), level: Mutex::new(level), set_level }
    }

    /// Takes a line; the oldest ones go when there are too many.
    pub fn write(&self, line: &[u8]) {
        let mut kept = self.kept();
        kept.last += 1;
        let number = kept.last;
        // Quotes within a text are escaped, so this is no part of one.
        let is_of = |target: &str| contains(line, format!("\"target\":\"{target}").as_bytes());
        match is_of(SECURITY) || is_of(SECURITY_CRATE) {
            true => kept.security.push(number, line),
            false => kept.application.push(number, line),
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

    /// The lines that are asked for, the newest first, each with its number and the log that it belongs to.
    pub(crate) fn query(&self, query: &LineQuery) -> Vec<Value> {
        let searched = query.contains.as_deref().map(str::to_lowercase);
        let found = self.copied(query).into_iter().filter_map(|(number, is_security, bytes)| {
            let mut line: Map<String, Value> = serde_json::from_slice(&bytes).ok()?;
            let level = line.get("level").and_then(Value::as_str).and_then(LogLevel::named);
            let is_asked = query.level.is_none_or(|least| level.is_some_and(|it| it <= least))
                && searched.as_deref().is_none_or(|it| text(&line).to_lowercase().contains(it));
            line.insert("log".into(), if is_security { SECURITY } else { "application" }.into());
            line.insert("number".into(), number.into());
            is_asked.then_some(Value::Object(line))
        });
        found.take(query.max).collect()
    }

    /// The lines of the logs that are asked for, the newest first. Reading them takes longer than copying
    /// them, and whoever writes waits.
    fn copied(&self, query: &LineQuery) -> Vec<(u64, bool, Box<[u8]>)> {
        let mut lines = Vec::new();
        let kept = self.kept();
        for (is_security, ring) in [(true, &kept.security), (false, &kept.application)] {
            if query.is_security.is_some_and(|it| it != is_security) {
                continue;
            }
            let asked = ring.lines.iter().filter(|(it, _)| query.before.is_none_or(|no| *it < no));
            lines.extend(asked.map(|(number, line)| (*number, is_security, line.clone())));
        }
        drop(kept);
        lines.sort_unstable_by_key(|(number, ..)| std::cmp::Reverse(*number));
        lines
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn push(&mut self, number: u64, line: &[u8]) {
        self.bytes += line.len();
        self.lines.push_back((number, line.into()));
        while self.lines.len() > LINES_MAX || self.bytes > BYTES_MAX {
            let Some((_, gone)) = self.lines.pop_front() else { break };
            self.bytes -= gone.len();
        }
    }
}

/// A line as people read it: its message, then its fields, as the text form of the log has them.
fn text(line: &Map<String, Value>) -> String {
    let mut text = line.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (name, value) in line {
        if ["timestamp", "level", "target", "message"].contains(&name.as_str()) {
            continue;
        }
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        text.push_str(&format!(" {name}={value}"));
    }
    text
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|it| it == part)
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
        // As people read it, and not as it is kept.
        for searched in ["target", "provost_server", "\"message\""] {
            let contains = Some(searched.to_owned());
            check(&book, LineQuery { contains, max, ..LineQuery::default() }, &[]);
        }
        let line =
            json!({"level": "INFO", "message": "a \"b\"", "http.status": 200, "caller": "x"});
        book.write(line.to_string().as_bytes());
        for searched in ["http.status=200", "caller=x", "a \"b\" http"] {
            let contains = Some(searched.to_owned());
            check(&book, LineQuery { contains, max, ..LineQuery::default() }, &["a \"b\""]);
        }
        let before = Some(3);
        check(&book, LineQuery { before, max, ..LineQuery::default() }, &all[2..]);
    }

    #[test]
    fn lines_about_who_is_let_in_are_not_washed_away() {
        let book =
            book(&[("INFO", "security", "Token refused"), ("INFO", "provost_auth::jwt", "b")]);
        // Whoever asks for something of this name is not in the other log by it.
        let line = json!({"level": "INFO", "target": "x", "message": "\"target\":\"security\""});
        for _ in 0..2 * LINES_MAX {
            book.write(line.to_string().as_bytes());
        }
        let is_security = Some(true);
        let query = LineQuery { is_security, max: 10, ..LineQuery::default() };
        check(&book, query, &["b", "Token refused"]);
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
        assert_eq!(book.kept().application.bytes, 0);
    }
}
