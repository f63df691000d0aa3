//! `cargo xtask tidy`: the rules of the house that no compiler knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::root;

/// Which crate of ours may depend on which; everything else is refused.
const ARROWS: [(&str, &[&str]); 11] = [
    ("scim", &[]),
    ("dialect", &["scim"]),
    ("store", &["scim"]),
    ("sqlite", &["store", "scim"]),
    ("engine", &["store", "scim"]),
    ("auth", &[]),
    ("platform", &["engine", "store", "scim"]),
    ("server", &["engine", "dialect", "platform", "auth", "store", "scim"]),
    ("cli", &["server", "platform", "engine", "auth", "store", "sqlite", "dialect", "scim"]),
    ("testkit", &["server", "engine", "dialect", "platform", "auth", "store", "scim"]),
    ("xtask", &[]),
];

/// Names of identity providers, and where they may stand in code beside `dialect`.
const PROVIDERS: [&str; 8] =
    ["Entra", "Okta", "OneLogin", "JumpCloud", "Keycloak", "authentik", "SailPoint", "rauthy"];

/// Code that may name identity providers, each with its reason.
const NAMED: [(&str, &str); 6] = [
    ("crates/dialect/", "names them by design"),
    ("crates/platform/", "the platform's settings carry their names"),
    ("crates/auth/tests/", "the token vectors are in their shape"),
    ("tools/testkit/", "the transcripts are theirs"),
    ("tools/xtask/src/tidy.rs", "this list"),
    ("crates/store/src/index.rs", "says whose look-ups the indexes are for"),
];

pub(crate) fn run() -> anyhow::Result<()> {
    let mut faults = arrows(&metadata()?);
    let files = sources()?;
    for (path, text) in &files {
        faults.extend(head(path, text));
        faults.extend(file_name(path));
        faults.extend(providers(path, text));
        faults.extend(sql(path, text));
    }
    longest(&files);
    if faults.is_empty() {
        println!("{} files are tidy", files.len());
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

fn metadata() -> anyhow::Result<Value> {
    let mut command = Command::new("cargo");
    command.args(["metadata", "--format-version", "1", "--no-deps"]).current_dir(root::folder());
    let output = command.output().context("cargo metadata")?;
    serde_json::from_slice(&output.stdout).context("cargo metadata")
}

/// Dependencies that no arrow allows. `testkit` is for tests alone; tests may use anything below.
fn arrows(metadata: &Value) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = short(&package["name"]);
        let Some(arrows) = allowed.get(name.as_str()) else {
            faults.push(format!("{name}: no arrow is drawn for this crate"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let is_ours = dependency["path"].is_string();
            let is_for_tests = dependency["kind"] == "dev";
            let target = short(&dependency["name"]);
            if is_ours && !is_for_tests && !arrows.contains(&target.as_str()) {
                faults.push(format!("{name} must not depend on {target}"));
            }
        }
    }
    faults
}

fn short(name: &Value) -> String {
    name.as_str().unwrap_or_default().trim_start_matches("provost-").to_owned()
}

/// Every Rust file of the workspace, with its path below it.
fn sources() -> anyhow::Result<Vec<(String, String)>> {
    let root = root::folder();
    let mut open: Vec<PathBuf> = vec![root.join("crates"), root.join("tools")];
    let mut files = BTreeSet::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                files.insert(path);
            }
        }
    }
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let below = path.strip_prefix(&root).unwrap_or(&path);
        Ok((below.display().to_string(), text))
    };
    files.into_iter().map(read).collect()
}

fn head(path: &str, text: &str) -> Option<String> {
    let first = text.lines().next().unwrap_or_default();
    let is_head = first.starts_with("//! ");
    (!is_head).then(|| format!("{path}: begins without a `//!` sentence that says what it is for"))
}

fn file_name(path: &str) -> Option<String> {
    let name = Path::new(path).file_stem()?.to_str()?;
    let is_vague = ["utils", "util", "helpers", "helper", "misc", "common"].contains(&name);
    is_vague.then(|| format!("{path}: a file is named after what it holds"))
}

fn providers(path: &str, text: &str) -> Option<String> {
    if NAMED.iter().any(|(place, _)| path.starts_with(place)) {
        return None;
    }
    let named = |line: &&str| {
        let is_comment = line.trim_start().starts_with("//");
        !is_comment && PROVIDERS.iter().any(|name| line.contains(name))
    };
    let line = text.lines().find(named)?;
    Some(format!("{path}: names an identity provider outside of dialect: {}", line.trim()))
}

fn sql(path: &str, text: &str) -> Option<String> {
    if path.starts_with("crates/sqlite/") || path.ends_with("tidy.rs") {
        return None;
    }
    let words = ["SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE ", "PRAGMA "];
    let line = text.lines().find(|line| words.iter().any(|word| line.contains(word)))?;
    Some(format!("{path}: SQL outside of sqlite: {}", line.trim()))
}

/// Says which files are the longest; length alone is no fault.
fn longest(files: &[(String, String)]) {
    let mut lengths: Vec<(usize, &str)> =
        files.iter().map(|(path, text)| (text.lines().count(), path.as_str())).collect();
    lengths.sort_unstable_by(|left, right| right.cmp(left));
    println!("the ten longest files:");
    for (lines, path) in lengths.into_iter().take(10) {
        println!("{lines:6} {path}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_workspace_is_tidy() {
        run().unwrap();
    }

    #[test]
    fn an_arrow_that_is_not_drawn_is_a_fault_and_a_test_may_use_anything() {
        let dependency = |name: &str, kind: Value| json!({"name": name, "path": "x", "kind": kind});
        let package =
            |name: &str, dependencies: Value| json!({"name": name, "dependencies": dependencies});
        let metadata = json!({"packages": [
            package("provost-scim", json!([dependency("provost-store", Value::Null)])),
            package("provost-store", json!([dependency("provost-testkit", json!("dev")), dependency("provost-scim", Value::Null)])),
            package("provost-other", json!([])),
        ]});
        let faults = arrows(&metadata);
        assert_eq!(
            faults,
            ["scim must not depend on store", "other: no arrow is drawn for this crate"]
        );
    }

    #[test]
    fn each_rule_finds_its_fault() {
        assert!(head("a.rs", "use x;").is_some() && head("a.rs", "//! What.").is_none());
        assert!(file_name("crates/x/src/utils.rs").is_some() && file_name("a/parse.rs").is_none());
        assert!(providers("crates/engine/src/a.rs", "let x = \"Okta\";").is_some());
        assert!(providers("crates/engine/src/a.rs", "// Okta does this.").is_none());
        assert!(sql("crates/engine/src/a.rs", "\"DELETE FROM x\"").is_some());
        assert!(sql("crates/sqlite/src/a.rs", "\"DELETE FROM x\"").is_none());
    }
}
