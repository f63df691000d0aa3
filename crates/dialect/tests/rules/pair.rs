//! The recorded pairs, and the page of the documentation.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use provost_dialect::{ALL, Rule, interpret, page};
use provost_scim::value::{Message, Mode};
use serde_json::{Value, json};

use super::{patch_body, with};

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// One side of a recorded pair.
pub(super) struct Recorded {
    pub(super) resource_type: String,
    pub(super) message: Message,
    pub(super) body: Value,
}

impl Recorded {
    pub(super) fn load(rule: &dyn Rule, side: &str) -> Self {
        let file = format!("pairs/{}.{side}.json", rule.name());
        let recorded: Value = serde_json::from_str(&text(&file)).unwrap();
        let message = match recorded["message"].as_str().unwrap() {
            "post" => Message::Post,
            "put" => Message::Put,
            "patch" => Message::Patch,
            other => panic!("{file}: {other}"),
        };
        let resource_type = recorded["resourceType"].as_str().unwrap().to_owned();
        Self { resource_type, message, body: recorded["body"].clone() }
    }
}

#[test]
fn every_rule_turns_its_recorded_input_into_its_output() {
    for rule in ALL {
        let (before, after) = (Recorded::load(rule, "in"), Recorded::load(rule, "out"));
        with(&before.resource_type, before.message, |cx| {
            let mut body = before.body;
            assert!(rule.rewrite(cx, &mut body).is_some(), "{} does not fire", rule.name());
            assert_eq!(body, after.body, "{}", rule.name());
        });
    }
}

#[test]
fn no_rule_fires_on_a_recorded_output() {
    for rule in ALL {
        let after = Recorded::load(rule, "out");
        with(&after.resource_type, after.message, |cx| {
            for other in ALL {
                let fired = other.rewrite(cx, &mut after.body.clone());
                assert_eq!(fired, None, "{} on the output of {}", other.name(), rule.name());
            }
        });
    }
}

#[test]
fn every_recorded_pair_belongs_to_a_rule() {
    let files: BTreeSet<String> = std::fs::read_dir(at("pairs"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    let sides = |rule: &&dyn Rule| ["in", "out"].map(|side| format!("{}.{side}.json", rule.name()));
    let expected: BTreeSet<String> = ALL.iter().flat_map(sides).collect();
    assert_eq!(files, expected);
}

#[test]
fn every_example_of_the_documentation_is_what_its_rule_does() {
    for rule in ALL {
        let (given, expected) = example(rule);
        let recorded = Recorded::load(rule, "in");
        let is_operation = given.get("op").is_some();
        let message = if is_operation { Message::Patch } else { Message::Post };
        with(&recorded.resource_type, message, |cx| {
            let body = |example: Value| match is_operation {
                true => patch_body(&json!([example])),
                false => example,
            };
            let (body, fired) = (body(expected), interpret(cx, body(given), Mode::Lenient));
            assert_eq!(fired.unwrap(), (body, vec![rule.name()]));
        });
    }
}

/// `before` → `after`, as the page has it.
fn example(rule: &dyn Rule) -> (Value, Value) {
    let page = page();
    let heading = format!("### `{}`\n", rule.name());
    let (_, section) = page.split_once(&heading).expect("the page has every rule");
    let line = section.lines().find(|line| line.contains("` → `"));
    let line = line.unwrap_or_else(|| panic!("{} has no example", rule.name()));
    let (before, after) = line.trim_matches('`').split_once("` → `").unwrap();
    (serde_json::from_str(before).unwrap(), serde_json::from_str(after).unwrap())
}

#[test]
fn the_page_of_the_documentation_is_fresh() {
    let committed = text("../../docs/dialect.md");
    let (_, rules) =
        committed.split_once("<!-- rules -->\n\n").expect("the page marks where the rules begin");
    assert!(
        rules == page(),
        "docs/dialect.md is stale below its mark; `cargo run --package provost-dialect --example dialect_page` prints it"
    );
}

#[test]
fn what_the_quirks_of_the_documentation_name_exists() {
    let page = text("../../docs/dialect.md");
    let (quirks, _) = page.split_once("<!-- rules -->").unwrap();
    let deviations = text("../scim/src/deviation.rs");
    let named = |word: &str| -> BTreeSet<String> {
        let before = format!("{word} `");
        let rest = quirks.split(&before).skip(1);
        rest.map(|it| it.split('`').next().unwrap().to_owned()).collect()
    };
    let rules: BTreeSet<String> = ALL.iter().map(|rule| rule.name().to_owned()).collect();
    assert_eq!(named("rule"), rules);
    for deviation in named("deviation") {
        assert!(deviations.contains(&format!("\"{deviation}\"")), "{deviation} is no deviation");
    }
}
