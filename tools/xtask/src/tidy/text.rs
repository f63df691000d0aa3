//! Rules that look at one file: its head, its name, and what it must not say.

use std::path::Path;

use super::Source;

/// Identity providers and their products.
const PROVIDERS: [&str; 12] = [
    "Azure",
    "Entra",
    "JumpCloud",
    "Keycloak",
    "Microsoft",
    "Okta",
    "OneLogin",
    "PingFederate",
    "PingOne",
    "SailPoint",
    "authentik",
    "rauthy",
];

/// Code that may name them, each with its reason.
const NAMED: [(&str, &str); 4] = [
    ("crates/dialect/", "names them by design"),
    ("crates/cli/src/setup/", "the steps in the portal of one of them"),
    ("crates/platform/src/", "settings carry their names, and so does the default client binding"),
    ("tools/xtask/src/tidy/", "the list of their names"),
];

/// Beginnings of SQL statements.
const STATEMENTS: [&str; 7] = [
    "SELECT ",
    "INSERT INTO ",
    "UPDATE OR ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "PRAGMA ",
];

/// Code that may speak SQL, each with its reason.
const SPEAKS_SQL: [(&str, &str); 2] =
    [("crates/sqlite/", "the store"), ("tools/xtask/src/tidy/", "the list of statements")];

/// What is wrong with a file.
pub(super) fn check(source: &Source) -> Vec<String> {
    [head(source), file_name(source), provider(source), sql(source)].into_iter().flatten().collect()
}

fn head(Source { path, text }: &Source) -> Option<String> {
    let is_head = text.starts_with("//! ");
    (!is_head).then(|| format!("{path}: begins without a `//!` sentence that says what it is for"))
}

fn file_name(Source { path, .. }: &Source) -> Option<String> {
    let name = Path::new(path).file_stem()?.to_str()?;
    let is_vague = ["utils", "util", "helpers", "helper", "misc", "common"].contains(&name);
    is_vague.then(|| format!("{path}: a file is named after what it holds"))
}

fn provider(Source { path, text }: &Source) -> Option<String> {
    if NAMED.iter().any(|(place, _)| path.starts_with(place)) {
        return None;
    }
    let line = line_of_code(text, &PROVIDERS)?;
    Some(format!("{path}: names an identity provider outside of dialect: {line}"))
}

fn sql(Source { path, text }: &Source) -> Option<String> {
    if SPEAKS_SQL.iter().any(|(place, _)| path.starts_with(place)) {
        return None;
    }
    let line = line_of_code(text, &STATEMENTS)?;
    Some(format!("{path}: SQL outside of sqlite: {line}"))
}

/// The first line with one of the words that is no comment.
fn line_of_code<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let mut code = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    code.find(|line| words.iter().any(|word| line.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_file(path: &str, text: &str, fault: Option<&str>) {
        let found = check(&Source { path: path.to_owned(), text: text.to_owned() });
        let fault = fault.map(|fault| format!("{path}: {fault}"));
        assert_eq!(found, Vec::from_iter(fault));
    }

    #[test]
    fn each_rule_finds_its_fault_and_nothing_else() {
        let engine = "crates/engine/src/a.rs";
        check_file(engine, "//! What.\nuse x;", None);
        let without_head = "begins without a `//!` sentence that says what it is for";
        check_file(engine, "use x;", Some(without_head));
        check_file("crates/x/src/parse.rs", "//! What.", None);
        let vague = "a file is named after what it holds";
        check_file("crates/x/src/utils.rs", "//! What.", Some(vague));
        let named = "names an identity provider outside of dialect: let x = \"Okta\";";
        check_file(engine, "//! What.\nlet x = \"Okta\";", Some(named));
        check_file(engine, "//! What.\n// Okta does this.", None);
        check_file("crates/dialect/src/a.rs", "//! What.\nlet x = \"Okta\";", None);
        let sql = "SQL outside of sqlite: \"DELETE FROM x\"";
        check_file(engine, "//! What.\n\"DELETE FROM x\"", Some(sql));
        check_file("crates/sqlite/src/a.rs", "//! What.\n\"DELETE FROM x\"", None);
    }
}
