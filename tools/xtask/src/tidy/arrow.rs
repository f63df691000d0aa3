//! The dependencies among our crates, held against the arrows that `ARCHITECTURE.md` draws.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::root;

/// Which crates of ours a crate may depend on.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Dependencies that no arrow allows.
pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let page = std::fs::read_to_string(root::folder().join("ARCHITECTURE.md"))?;
    Ok(faults(&drawn(&page)?, &metadata()?))
}

fn metadata() -> anyhow::Result<Value> {
    let mut command = Command::new("cargo");
    command.args(["metadata", "--format-version", "1", "--no-deps"]).current_dir(root::folder());
    let output = command.output().context("cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("cargo metadata")
}

/// The arrows of the page: `a, b → c, d`, with a gap of four blanks or more between two of them.
///
/// `nothing of ours` on the right is no crate; `x and below` is `x` and all that `x` may use.
fn drawn(page: &str) -> anyhow::Result<Arrows> {
    let mut arrows = Arrows::new();
    let mut and_below = Vec::new();
    let mut blocks = page.split("```").skip(1).step_by(2);
    let block = blocks.find(|block| block.contains(" → "));
    let lines = block.context("ARCHITECTURE.md draws the arrows in a block of code")?.lines();
    for arrow in lines.flat_map(|line| line.split("    ")).filter(|it| !it.trim().is_empty()) {
        let (from, to) = arrow.split_once(" → ").with_context(|| format!("no arrow: {arrow}"))?;
        for from in names(from) {
            match to.split_once(" and below") {
                Some((top, _)) => and_below.push((from, top.trim().to_owned())),
                None => _ = arrows.insert(from, names(to).collect()),
            }
        }
    }
    for (from, top) in and_below {
        let mut all = arrows.get(&top).cloned().with_context(|| format!("{top} has no arrow"))?;
        all.insert(top);
        arrows.insert(from, all);
    }
    Ok(arrows)
}

fn names(list: &str) -> impl Iterator<Item = String> {
    list.split(',').map(|name| name.trim().to_owned()).filter(|name| name != "nothing of ours")
}

/// What a crate is built from must be drawn; its tests may use anything.
fn faults(arrows: &Arrows, metadata: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = short(&package["name"]);
        let Some(allowed) = arrows.get(&name) else {
            faults.push(format!("{name}: ARCHITECTURE.md draws no arrow from this crate"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let is_ours = dependency["path"].is_string();
            let is_for_tests = dependency["kind"] == "dev";
            let target = short(&dependency["name"]);
            if is_ours && !is_for_tests && !allowed.contains(&target) {
                faults.push(format!("{name} must not depend on {target}: no arrow says so"));
            }
        }
    }
    faults
}

fn short(name: &Value) -> String {
    name.as_str().unwrap_or_default().trim_start_matches("provost-").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PAGE: &str = "Text → text.\n```\ncrates/\n```\n```\nserver → store, scim      store → scim\n\
                        auth, scim → nothing of ours     testkit → server and below, for tests\n```\n";

    #[test]
    fn arrows_are_read_as_they_are_drawn() {
        let arrows = drawn(PAGE).unwrap();
        let lines: Vec<String> = arrows.iter().map(|(from, to)| format!("{from} {to:?}")).collect();
        assert_eq!(
            lines,
            [
                "auth {}",
                "scim {}",
                r#"server {"scim", "store"}"#,
                r#"store {"scim"}"#,
                r#"testkit {"scim", "server", "store"}"#,
            ]
        );
    }

    #[test]
    fn a_page_without_arrows_is_an_error() {
        assert!(drawn("```\ncrates/\n```").is_err());
    }

    #[test]
    fn an_arrow_that_is_not_drawn_is_a_fault_and_a_test_may_use_anything() {
        let dependency = |name: &str, kind: Value| json!({"name": name, "path": "x", "kind": kind});
        let package = |name: &str, dependencies: Value| json!({"name": format!("provost-{name}"), "dependencies": dependencies});
        let for_tests = dependency("provost-testkit", json!("dev"));
        let metadata = json!({"packages": [
            package("scim", json!([dependency("provost-store", Value::Null)])),
            package("store", json!([for_tests, dependency("provost-scim", Value::Null)])),
            package("auth", json!([dependency("provost-scim", json!("build"))])),
            package("other", json!([])),
        ]});
        assert_eq!(
            faults(&drawn(PAGE).unwrap(), &metadata),
            [
                "scim must not depend on store: no arrow says so",
                "auth must not depend on scim: no arrow says so",
                "other: ARCHITECTURE.md draws no arrow from this crate",
            ]
        );
    }
}
