//! `sections.json` and the folder agree, and no section is without its example.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::example::{all, names, read};

/// The kinds, each with a test in this folder.
const KINDS: [&str; 14] = [
    "bulk-request",
    "bulk-response",
    "error",
    "exchange",
    "filter",
    "list-response",
    "patch",
    "path",
    "query",
    "resource",
    "resource-type",
    "schema",
    "search-request",
    "service-provider-config",
];

/// The listed files, each with its RFC and section.
fn listed() -> BTreeMap<String, (u64, String)> {
    let mut listed = BTreeMap::new();
    let sections = read("sections.json");
    for section in sections.as_array().expect("a list of sections") {
        let (rfc, number) = place(section);
        let files = section["files"].as_array().expect("a list of files");
        assert!(!files.is_empty(), "RFC {rfc} §{number} has no file");
        for file in files {
            let file = file.as_str().expect("a file name").to_owned();
            let before = listed.insert(file.clone(), (rfc, number.clone()));
            assert_eq!(before, None, "{file} is listed twice");
        }
    }
    listed
}

fn place(value: &Value) -> (u64, String) {
    let rfc = value["rfc"].as_u64().expect("the number of the RFC");
    (rfc, value["section"].as_str().expect("the number of the section").to_owned())
}

#[test]
fn every_listed_section_has_its_files_and_no_file_is_unlisted() {
    let listed: Vec<String> = listed().into_keys().collect();
    assert_eq!(listed, names());
}

#[test]
fn a_file_is_named_by_its_section() {
    for (name, (rfc, section)) in listed() {
        assert_eq!(place(&read(&name)), (rfc, section.clone()), "{name}");
        assert!(name.starts_with(&format!("{rfc}-{section}-")), "{name}");
    }
}

#[test]
fn sections_stand_in_the_order_of_the_rfcs() {
    let sections = read("sections.json");
    let number = |section: &Value| {
        let (rfc, number) = place(section);
        let parts = number.split('.').map(|it| it.parse().expect("a number"));
        (rfc, parts.collect::<Vec<u32>>())
    };
    let numbers: Vec<_> = sections.as_array().expect("a list").iter().map(number).collect();
    assert!(numbers.is_sorted_by(|left, right| left < right), "{numbers:?}");
}

#[test]
fn every_file_has_a_title_and_a_kind_that_is_checked() {
    for example in all() {
        assert!(!example.text("title").is_empty(), "{}", example.name);
        let kind = example.kind();
        assert!(KINDS.contains(&kind), "{}: nothing checks a {kind}", example.name);
    }
}
