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
    relations: Option<Relations>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relations {
    groups: Vec<Group>,
    has_more_groups: bool,
    #[serde(default)]
    members: Vec<Member>,
    #[serde(default)]
    has_more_members: bool,
}

#[derive(Deserialize)]
struct Group {
    id: String,
    name: String,
    direct: bool,
}

#[derive(Deserialize)]
struct Member {
    id: String,
    #[serde(rename = "type")]
    of: String,
    name: String,
}

#[derive(Deserialize)]
struct Trash {
    deleted: Vec<Deleted>,
    after: Option<String>,
}

/// The table that says how long.
#[derive(Deserialize)]
struct Policy {
    rows: Vec<Map<String, Value>>,
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
    /// How long what is deleted is kept.
    days: u64,
}

/// Users and groups of one name or id.
pub(super) fn looked_for(asked: &Form) -> Vec<Request> {
    let name = asked.get("name");
    let by = |of: Type, parameter| Request::get(of.path()).with([(parameter, name)]);
    match name {
        "" => Vec::new(),
        _ => vec![
            by(Type::User, "userName"),
            by(Type::User, "externalId"),
            by(Type::User, "id"),
            by(Type::Group, "displayName"),
            by(Type::Group, "entityName"),
            by(Type::Group, "externalId"),
            by(Type::Group, "id"),
        ],
    }
}

pub(super) fn deleted(asked: &Form) -> Vec<Request> {
    vec![
        Request::get("/deleted").with([("after", asked.get("after"))]),
        Request::get("/configuration/ProvisioningPolicy"),
    ]
}

pub(super) fn show_found(
    frame: Frame<'_>,
    mut answers: Answers,
) -> Result<String, UnexpectedAnswer> {
    let mut found: Option<Found> = None;
    while let Some(Found { users, groups }) = answers.next_if_any()? {
        let all = found.get_or_insert(Found { users: Vec::new(), groups: Vec::new() });
        all.users.extend(users);
        all.groups.extend(groups);
    }
    if let Some(Found { users, groups }) = &mut found {
        // One may be found by more than one of its names.
        users.dedup_by(|a, b| a.id == b.id);
        groups.dedup_by(|a, b| a.id == b.id);
    }
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
    let trash = answers.next()?;
    let Policy { rows } = answers.next()?;
    let days = rows.first().and_then(|row| row.get("keepDeletedDays")?.as_u64());
    written(&TrashPage { frame, trash, days: days.unwrap_or_default() })
}

/// Fields of one line that the platform keeps, with what they are called.
const TEXTS: [(&str, &str); 3] =
    [("projectName", "Project"), ("homeMashup", "Home mashup"), ("mobileMashup", "Mobile mashup")];

impl Page<'_> {
    /// The fields that the form is made with.
    fn fields(&self) -> [(&'static str, String); 5] {
        let text = |it: &Option<String>| it.clone().unwrap_or_default();
        [
            ("description", text(&self.it.description)),
            ("projectName", text(&self.it.project_name)),
            ("homeMashup", text(&self.it.home_mashup)),
            ("mobileMashup", text(&self.it.mobile_mashup)),
            ("tags", self.it.tags.join("\n")),
        ]
    }

    /// What stands in a field: what was written and not taken, or what is there.
    fn entered(&self, name: &str) -> String {
        let entered = self.frame.view.entered.as_ref().filter(|it| it.form.has(name));
        let present = || self.fields().into_iter().find(|(it, _)| *it == name);
        match entered {
            Some(entered) => entered.form.raw(name).to_owned(),
            None => present().map(|(_, value)| value).unwrap_or_default(),
        }
    }

    /// The path of something that can be done with it.
    fn at(&self, what: &str) -> String {
        format!("{}/{what}", self.of.path_of(&self.it.id))
    }
}

impl Member {
    fn path(&self) -> String {
        let of = if self.of == "Group" { Type::Group } else { Type::User };
        of.path_of(&self.id)
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
}
