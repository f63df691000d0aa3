//! General: what the subsystem is, its state, and the buttons that change it.

use askama::Template;
use serde::Deserialize;

use super::monitoring::Health;
use super::{Answers, Frame, UnexpectedAnswer, filters, written};
use crate::Request;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subsystem {
    name: String,
    description: String,
    state: String,
    reason: Option<String>,
    auto_start: bool,
    version: String,
    server_started_at: String,
    scim_urls: Vec<String>,
}

#[derive(Template)]
#[template(path = "general.html")]
struct General<'v> {
    frame: Frame<'v>,
    subsystem: Subsystem,
    health: Health,
}

pub(super) fn needs() -> Vec<Request> {
    vec![Request::get("/subsystem"), Request::get("/health")]
}

pub(super) fn show(frame: Frame<'_>, mut answers: Answers) -> Result<String, UnexpectedAnswer> {
    written(&General { frame, subsystem: answers.next()?, health: answers.next()? })
}
