//! Users and groups: looked for by name, one of them, and what was deleted.

use askama::Template;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Answers, Frame, Type, UnexpectedAnswer, filters, query, written};
use crate::api::segment;
use crate::{Form, Request};

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    users: Vec<Principal>,
    #[serde(default)]
    groups: Vec<Principal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Principal {
    id: String,
    entity_name: String,
    user_name: Option<String>,
    display_name: Option<String>,
    external_id: Option<String>,
    origin: String,
    enabled: bool,
    locked: bool,
    locked_at: Option<String>,
    description: Option<String>,
    project_name: Option<String>,
    home_mashup: Option<String>,
    mobile_mashup: Option<String>,
    tags: Vec<String>,
    scim: Value,
    #[serde(default)]
    properties: Map<String, Value>,
}

#[derive(Deserialize)]
struct Trash {
    deleted: Vec<Deleted>,
    after: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    id: String,
    #[serde(rename = "type")]
    of: String,
    name: String,
    deleted: Option<String>,
    kept_until: Option<String>,
    groups: usize,
    members: usize,
}

#[derive(Template)]
#[template(path = "principals.html")]
struct Search<'v> {
    frame: Frame<'v>,
    /// Users and groups of the name, if one was looked for.
    found: Option<Found>,
}

#[derive(Template)]
#[template(path = "principal.html")]
struct Page<'v> {
    frame: Frame<'v>,
    of: Type,
    it: Principal,
}

#[derive(Template)]
#[template(path = "deleted.html")]
struct TrashPage<'v> {
    frame: Frame<'v>,
    trash: Trash,
}

/// Users and groups of one name.
pub(super) fn looked_for(asked: &Form) -> Vec<Request> {
    match asked.get("name") {
        "" => Vec::new(),
        name => vec![
            Request::get("/users").with([("userName", name)]),
            Request::get("/groups").with([("displayName", name)]),
        ],
    }
}

pub(super) fn deleted(asked: &Form) -> Vec<Request> {
    vec![Request::get("/deleted").with([("after", asked.get("after"))])]
}

pub(super) fn show_found(
    frame: Frame<'_>,
    mut answers: Answers,
) -> Result<String, UnexpectedAnswer> {
    let users: Option<Found> = answers.next_if_any()?;
    let groups: Option<Found> = answers.next_if_any()?;
    let found = users.map(|Found { users, .. }| Found {
        users,
        groups: groups.map(|it| it.groups).unwrap_or_default(),
    });
    written(&Search { frame, found })
}

pub(super) fn show(
    frame: Frame<'_>,
    of: Type,
    mut answers: Answers,
) -> Result<String, UnexpectedAnswer> {
    let it: Principal = answers.next()?;
    written(&Page { frame: frame.titled(&it.entity_name), of, it })
}

pub(super) fn show_deleted(
    frame: Frame<'_>,
    mut answers: Answers,
) -> Result<String, UnexpectedAnswer> {
    written(&TrashPage { frame, trash: answers.next()? })
}

impl Page<'_> {
    /// The path of something that can be done with it.
    fn at(&self, what: &str) -> String {
        format!("{}/{what}", self.of.path_of(&self.it.id))
    }
}

impl Deleted {
    fn restore(&self) -> String {
        format!("/deleted/{}/restore", segment(&self.id))
    }
}

impl TrashPage<'_> {
    fn more(&self) -> Option<String> {
        Some(query([("after", self.trash.after.as_deref()?)]))
    }
}

impl Principal {
    /// The name that the identity provider has for it.
    fn name(&self) -> &str {
        self.user_name.as_deref().or(self.display_name.as_deref()).unwrap_or_default()
    }

    fn is_local(&self) -> bool {
        self.origin == "local"
    }

    /// The fields that the platform keeps, with what they are called.
    fn texts<'p>(&'p self) -> [(&'static str, &'static str, &'p str); 4] {
        let text = |it: &'p Option<String>| it.as_deref().unwrap_or_default();
        [
            ("description", "Description", text(&self.description)),
            ("projectName", "Project", text(&self.project_name)),
            ("homeMashup", "Home mashup", text(&self.home_mashup)),
            ("mobileMashup", "Mobile mashup", text(&self.mobile_mashup)),
        ]
    }
}
