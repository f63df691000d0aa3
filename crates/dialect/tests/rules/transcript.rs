//! The bodies of the transcripts: read exactly where the identity provider expects success.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use provost_dialect::{ALL, interpret, page};
use provost_scim::json::{Limits, parse};
use provost_scim::patch::{GroupReplace, Patch};
use provost_scim::value::{Message, Mode, Reader};
use serde_json::Value;

use super::with;

/// A step that sends a body to `/Users` or `/Groups`.
struct Step {
    file: String,
    index: usize,
    resource_type: &'static str,
    message: Message,
    body: Vec<u8>,
    statuses: Vec<u64>,
}

fn steps() -> Vec<Step> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/transcripts");
    let mut steps = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "json") {
            continue;
        }
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = filled(&std::fs::read_to_string(&path).unwrap());
        let transcript: Value = serde_json::from_str(&text).unwrap();
        let all = transcript["steps"].as_array().unwrap().iter().enumerate();
        steps.extend(all.filter_map(|(index, step)| Step::of(&file, index, step)));
    }
    steps
}

/// The text with a word in place of every `{{variable}}`.
fn filled(text: &str) -> String {
    let mut parts = text.split("{{");
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        let (variable, rest) = part.split_once("}}").unwrap();
        filled.extend(variable.chars().filter(char::is_ascii_alphanumeric));
        filled += rest;
    }
    filled
}

impl Step {
    fn of(file: &str, index: usize, step: &Value) -> Option<Self> {
        let request = &step["request"];
        let message = match request["method"].as_str()? {
            "POST" => Message::Post,
            "PUT" => Message::Put,
            "PATCH" => Message::Patch,
            _ => return None,
        };
        let path = request["path"].as_str()?;
        let resource_type = match path.split(['/', '?']).nth(1)? {
            "Users" if path.starts_with('/') => "User",
            "Groups" if path.starts_with('/') => "Group",
            _ => return None,
        };
        let body = match request.get("body_raw") {
            Some(raw) => raw.as_str()?.into(),
            None => serde_json::to_vec(&request["body"]).ok()?,
        };
        let statuses = step["expect"]["status"].as_array()?.iter().filter_map(Value::as_u64);
        let (file, statuses) = (file.to_owned(), statuses.collect());
        Some(Self { file, index, resource_type, message, body, statuses })
    }

    /// Whether the body is read, and the rules that fired.
    fn play(&self) -> Result<Vec<&'static str>, provost_scim::Error> {
        let body = parse(&self.body, &Limits::default())?;
        with(self.resource_type, self.message, |cx| {
            let (body, fired) = interpret(cx, body, Mode::Lenient)?;
            let mut reader = Reader::new(cx.schemas, cx.kind, Mode::Lenient);
            match self.message {
                Message::Post | Message::Put => {
                    reader.resource(&body, self.message)?;
                }
                Message::Patch => {
                    Patch::parse(&mut reader, &body, GroupReplace::Rfc)?;
                }
                Message::Stored => unreachable!("no client sends it"),
            }
            Ok(fired)
        })
    }

    /// 400 is the reader's answer; 404, 409 and 415 are given for what is not in the body.
    fn is_read(&self) -> bool {
        self.statuses.iter().any(|status| *status != 400)
    }
}

#[test]
fn every_body_is_read_where_the_client_expects_success_and_refused_where_it_expects_400() {
    let steps = steps();
    assert!(steps.len() > 200, "{} bodies", steps.len());
    for step in steps {
        let answer = step.play();
        assert_eq!(answer.is_ok(), step.is_read(), "{} step {}: {answer:?}", step.file, step.index);
    }
}

#[test]
fn a_rule_fires_in_every_transcript_that_it_gives_as_evidence() {
    let mut fired: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for step in steps() {
        for rule in step.play().unwrap_or_default() {
            fired.entry(rule).or_default().insert(step.file.clone());
        }
    }
    let page = page();
    let sections: Vec<&str> = page.split("### ").skip(1).collect();
    assert_eq!(sections.len(), ALL.len());
    for section in sections {
        let name = section.trim_start_matches('`').split('`').next().unwrap();
        for file in section.split('`').filter_map(|it| it.strip_suffix(".json")) {
            let of_rule = fired.get(name);
            assert!(of_rule.is_some_and(|it| it.contains(file)), "{name} does not fire in {file}");
        }
    }
}
