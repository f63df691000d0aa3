//! From a row to the resource that it stands for.

use provost_engine::LOCAL;
use provost_platform::property;
use provost_platform::schema::{PRINCIPAL, Principal};
use provost_scim::error::quote;
use provost_scim::schema::{AttrId, Kind, Schemas};
use provost_scim::urn;
use provost_scim::value::{Attributes, Message, Mode, Reader};
use provost_store::ResourceId;
use serde_json::{Map, Value, json};

use super::document::{Place, Row, Table};
use super::mapping;
use super::row::Wrong;

/// Columns of users beside their properties.
const USER_COLUMNS: [&str; 11] = [
    "name",
    "scimId",
    "scimExternalId",
    "enabled",
    "locked",
    "lockedTime",
    "description",
    "projectName",
    "tags",
    "homeMashup",
    "mobileMashup",
];
const GROUP_COLUMNS: [&str; 7] =
    ["name", "scimId", "scimExternalId", "scimDisplayName", "description", "projectName", "tags"];
const MEMBER_COLUMNS: [&str; 3] = ["group", "name", "type"];

/// A user or a group of the file.
pub(super) struct Draft {
    pub(super) place: Place,
    pub(super) kind: Kind,
    /// The name of the entity on the platform.
    pub(super) name: Box<str>,
    /// The id that the identity provider knows; none of a local account.
    pub(super) id: Option<ResourceId>,
    pub(super) attributes: Attributes,
}

/// A membership of the file, by names of entities.
pub(super) struct Membership {
    pub(super) place: Place,
    pub(super) group: Box<str>,
    pub(super) name: Box<str>,
    /// What the member is; none where the row does not say.
    pub(super) kind: Option<Kind>,
}

/// The resource types that the file is about, and what names them.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    pub(super) schemas: &'a Schemas,
    pub(super) user: Kind,
    pub(super) group: Kind,
    pub(super) user_name: AttrId,
    pub(super) entity_name: AttrId,
}

/// Whether a column of a table is read.
pub(super) fn is_read(table: Table, column: &str) -> bool {
    match table {
        Table::Users => {
            USER_COLUMNS.contains(&column) || property::DEFAULTS.iter().any(|it| it.name == column)
        }
        Table::Groups => GROUP_COLUMNS.contains(&column),
        Table::Members => MEMBER_COLUMNS.contains(&column),
    }
}

impl<'a> Types<'a> {
    pub(super) fn of(schemas: &'a Schemas) -> Self {
        let user = schemas.resource_type_by_name("User").expect("is built in");
        let group = schemas.resource_type_by_name("Group").expect("is built in");
        let principal = Principal::of(schemas).expect("the platform serves its own extension");
        Self {
            schemas,
            user: user.kind,
            group: group.kind,
            user_name: schemas.in_schema(user.schema, "userName").expect("is built in"),
            entity_name: principal.entity_name,
        }
    }

    /// The attribute that has the name of an entity.
    pub(super) fn name_of(&self, kind: Kind) -> AttrId {
        if kind == self.user { self.user_name } else { self.entity_name }
    }

    /// What a kind is called.
    pub(super) fn title(&self, kind: Kind) -> &'a str {
        &self.schemas.resource_type(kind).name
    }

    pub(super) fn user(&self, row: &Row) -> Result<Draft, Wrong> {
        let name = row.name("name")?;
        let id = id(row)?;
        let mut resource = Map::new();
        resource.insert("schemas".to_owned(), json!([urn::USER, PRINCIPAL]));
        resource.insert("userName".to_owned(), name.into());
        resource.insert("externalId".to_owned(), row.text("scimExternalId")?.into());
        resource.insert("active".to_owned(), row.flag("enabled")?.unwrap_or(true).into());
        for property in &property::DEFAULTS {
            if let Some(value) = row.text(property.name)? {
                mapping::put(&mut resource, property.path, property.is_list, value);
            }
        }
        let mut kept = kept(row, id)?;
        kept.insert("homeMashup".to_owned(), row.text("homeMashup")?.into());
        kept.insert("mobileMashup".to_owned(), row.text("mobileMashup")?.into());
        let locked_at = row.moment("lockedTime")?;
        if row.flag("locked")? == Some(true) {
            kept.insert("locked".to_owned(), true.into());
            kept.insert("lockedAt".to_owned(), locked_at.into());
        }
        resource.insert(PRINCIPAL.to_owned(), Value::Object(kept));
        self.draft(row, self.user, (name, id), resource)
    }

    pub(super) fn group(&self, row: &Row) -> Result<Draft, Wrong> {
        let name = row.name("name")?;
        let id = id(row)?;
        let mut resource = Map::new();
        resource.insert("schemas".to_owned(), json!([urn::GROUP, PRINCIPAL]));
        let display_name = row.text("scimDisplayName")?.unwrap_or(name);
        resource.insert("displayName".to_owned(), display_name.into());
        resource.insert("externalId".to_owned(), row.text("scimExternalId")?.into());
        let mut kept = kept(row, id)?;
        kept.insert("entityName".to_owned(), name.into());
        resource.insert(PRINCIPAL.to_owned(), Value::Object(kept));
        self.draft(row, self.group, (name, id), resource)
    }

    pub(super) fn membership(&self, row: &Row) -> Result<Membership, Wrong> {
        let kind = match row.text("type")? {
            None => None,
            Some(text) if text.eq_ignore_ascii_case("user") => Some(self.user),
            Some(text) if text.eq_ignore_ascii_case("group") => Some(self.group),
            Some(text) => {
                let reason = format!("User or Group is needed, not {}", quote(text));
                return Err(row.wrong("type", reason));
            }
        };
        let (group, name) = (row.name("group")?.into(), row.name("name")?.into());
        Ok(Membership { place: row.place, group, name, kind })
    }

    /// Reads it as it is stored, which takes what clients may only read.
    fn draft(
        &self,
        row: &Row,
        kind: Kind,
        (name, id): (&str, Option<ResourceId>),
        resource: Map<String, Value>,
    ) -> Result<Draft, Wrong> {
        let mut reader = Reader::new(self.schemas, kind, Mode::Lenient);
        let read = reader.resource(&Value::Object(resource), Message::Stored);
        let attributes = read.map_err(|error| row.wrong("", error.detail))?;
        Ok(Draft { place: row.place, kind, name: name.into(), id, attributes })
    }
}

/// What the platform keeps of users and of groups. What has no id of provisioning is local.
fn kept(row: &Row, id: Option<ResourceId>) -> Result<Map<String, Value>, Wrong> {
    let mut kept = Map::new();
    kept.insert("description".to_owned(), row.text("description")?.into());
    kept.insert("projectName".to_owned(), row.text("projectName")?.into());
    kept.insert("tags".to_owned(), row.tags("tags")?.into());
    if id.is_none() {
        kept.insert("origin".to_owned(), LOCAL.into());
    }
    Ok(kept)
}

fn id(row: &Row) -> Result<Option<ResourceId>, Wrong> {
    let Some(text) = row.text("scimId")? else { return Ok(None) };
    let id = ResourceId::parse(text).ok_or_else(|| {
        let reason = format!("a UUID in lower case with hyphens is needed, not {}", quote(text));
        row.wrong("scimId", reason)
    })?;
    Ok(Some(id))
}
