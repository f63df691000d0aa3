//! The kinds of settings: what is legal, how it is read, how it is shown.

mod list;
mod name;
mod number;
mod place;
mod web;
mod word;

use super::document::Value;

pub(crate) use list::List;
pub(crate) use name::{AdministratorName, Name, Secret, TokenNameText};
pub(crate) use number::{Count, Seconds};
pub(crate) use place::{Address, File, Folder, Network};
pub(crate) use web::{BaseUrl, Host, WebUrl};
pub(crate) use word::{OneOf, Switch};

/// What a setting may be.
pub(crate) trait Kind {
    type Value;
    /// The legal values in words, for errors and the settings page.
    fn legal(&self) -> String;
    /// Reads what stands there.
    fn parse(&self, value: &Value) -> Result<Self::Value, Fault>;
    /// The value as `check-config` shows it.
    fn show(&self, value: &Self::Value) -> String;
    /// What stands there, as an error shows it.
    fn found(&self, value: &Value) -> String {
        found(value)
    }
}

/// Why a value is refused; the legal values are said beside it.
pub(crate) enum Fault {
    /// The legal values say it all.
    NotLegal,
    /// A reason more exact than the legal values.
    Because(String),
}

/// Values that are one of a few words.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    /// Each word with its variant.
    const ALL: &'static [(&'static str, Self)];
}

/// What stands there, short enough for one line.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Number(digits) => shortened(digits),
        Value::Text(text) => quoted(&shortened(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

const SHOWN_CHARACTERS: usize = 100;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// As JSON writes it, so that blanks and control characters show.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn because<T>(reason: &str) -> Result<T, Fault> {
    Err(Fault::Because(reason.to_owned()))
}

/// A string that somebody has filled in.
fn text(value: &Value) -> Result<&str, Fault> {
    let Value::Text(text) = value else { return Err(Fault::NotLegal) };
    if text.is_empty() {
        return because("the string is empty");
    }
    if text.trim() != text {
        return because("blanks stand before or after the value");
    }
    if let Some(placeholder) = placeholder(text) {
        let reason =
            format!("the placeholder {placeholder} is still there; put your value in its place");
        return Err(Fault::Because(reason));
    }
    Ok(text)
}

/// The first `{word}` or `<word>` of documentation that was copied and not filled in.
fn placeholder(text: &str) -> Option<&str> {
    [('{', '}'), ('<', '>')].into_iter().find_map(|(open, close)| {
        let start = text.find(open)?;
        let end = start + text[start..].find(close)?;
        Some(&text[start..=end])
    })
}
