//! The files of `tests/rfc`: what they are called, and what they hold.

use std::path::PathBuf;

use provost_scim::schema::{Options, Schemas};
use serde_json::Value;

/// A file with one example.
pub(crate) struct Example {
    pub(crate) name: String,
    content: Value,
}

impl Example {
    /// The kind, which says how the example is checked.
    #[track_caller]
    pub(crate) fn kind(&self) -> &str {
        self.text("kind")
    }

    /// A member of the file that must be there.
    #[track_caller]
    pub(crate) fn member(&self, name: &str) -> &Value {
        self.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }

    /// A member of the file.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.content.get(name)
    }

    /// A member of the file that is a string.
    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> &str {
        let text = self.member(name).as_str();
        text.unwrap_or_else(|| panic!("{}: {name} is not a string", self.name))
    }

    /// The HTTP request: the whole of an exchange's, or what stands around another message.
    pub(crate) fn request(&self) -> Option<&Value> {
        let head = if self.kind() == "exchange" { self.get("request") } else { self.get("head") };
        head.filter(|it| it.get("method").is_some())
    }
}

/// The folder with the files.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rfc"))
}

/// A JSON file of the folder.
pub(crate) fn read(name: &str) -> Value {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The names of the example files, in order.
pub(crate) fn names() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the folder is beside the tests");
    let names = entries.map(|it| it.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        names.filter(|it| it.ends_with(".json") && it != "sections.json").collect();
    names.sort();
    names
}

/// Every example.
pub(crate) fn all() -> Vec<Example> {
    names().into_iter().map(|name| Example { content: read(&name), name }).collect()
}

/// The examples of a kind; there is one at least.
#[track_caller]
pub(crate) fn of_kind(kind: &str) -> Vec<Example> {
    let found: Vec<Example> = all().into_iter().filter(|it| it.kind() == kind).collect();
    assert!(!found.is_empty(), "no example is a {kind}");
    found
}

/// The built-in schemas.
pub(crate) fn schemas() -> Schemas {
    Schemas::builtin(&Options::default())
}
