//! A stored resource as filters and answers see it: its body, and what is kept beside the body.

use std::borrow::Cow;
use std::cell::OnceCell;

use provost_scim::filter::Subject;
use provost_scim::schema::{AttrId, Kind, Place, Returned, Schemas};
use provost_scim::value::{Attributes, Time, Val, read_body};

use crate::{Error, Member, Membership, ResourceId, Stored, Version};

/// The membership relation, as the evaluation of a filter asks for it.
pub trait Relations {
    /// The members of a group, ordered by id.
    ///
    /// # Errors
    /// If the relation cannot be read.
    fn members(&self, group: ResourceId) -> Result<Vec<Member>, Error>;

    /// The groups that a resource belongs to, directly and through other groups, ordered by id.
    ///
    /// # Errors
    /// If the relation cannot be read.
    fn memberships(&self, member: ResourceId) -> Result<Vec<Membership>, Error>;

    /// Whether a group lists a resource.
    ///
    /// # Errors
    /// If the relation cannot be read.
    fn has_member(&self, group: ResourceId, member: ResourceId) -> Result<bool, Error>;
}

/// A stored resource as the subject of a filter; its body is read when it is first asked for.
pub struct View<'a, R> {
    schemas: &'a Schemas,
    stored: &'a Stored,
    relations: &'a R,
    body: OnceCell<Attributes>,
}

impl<'a, R: Relations> View<'a, R> {
    /// A stored resource with the relation that it is part of.
    pub const fn new(schemas: &'a Schemas, stored: &'a Stored, relations: &'a R) -> Self {
        Self { schemas, stored, relations, body: OnceCell::new() }
    }

    fn body(&self) -> Result<&Attributes, Error> {
        if let Some(body) = self.body.get() {
            return Ok(body);
        }
        let body = attributes(self.schemas, self.stored)?;
        Ok(self.body.get_or_init(|| body))
    }

    fn row(&self, attribute: AttrId) -> Result<Option<Val>, Error> {
        let common = self.schemas.common();
        Ok(if attribute == common.id {
            Some(Val::Str(self.stored.id.to_string().into()))
        } else if attribute == common.schemas {
            Some(schema_uris(self.schemas, self.stored.kind, self.body()?, |_| false))
        } else if attribute == common.meta {
            Some(Val::Complex(meta(self.schemas, self.stored)))
        } else {
            None
        })
    }
}

impl<R: Relations> Subject for View<'_, R> {
    type Error = Error;

    fn value(&self, attribute: AttrId) -> Result<Option<Cow<'_, Val>>, Error> {
        match self.schemas.attribute(attribute).place {
            Place::Body => Ok(self.body()?.get(attribute).map(Cow::Borrowed)),
            Place::Row => Ok(self.row(attribute)?.map(Cow::Owned)),
            Place::Members => {
                let members = self.relations.members(self.stored.id)?;
                Ok(many(members.iter().map(|it| member(self.schemas, attribute, it))))
            }
            Place::MemberOf => {
                let groups = self.relations.memberships(self.stored.id)?;
                Ok(many(groups.iter().map(|it| membership(self.schemas, attribute, it))))
            }
            Place::Derived | Place::Secret => Ok(None),
        }
    }

    fn related(&self, attribute: AttrId, value: &str) -> Result<Option<bool>, Error> {
        let id = ResourceId::parse(value);
        match self.schemas.attribute(attribute).place {
            Place::Members => match id {
                Some(id) => self.relations.has_member(self.stored.id, id).map(Some),
                None => Ok(Some(false)),
            },
            Place::MemberOf => {
                let groups = self.relations.memberships(self.stored.id)?;
                Ok(Some(groups.iter().any(|it| Some(it.group) == id)))
            }
            Place::Body | Place::Row | Place::Derived | Place::Secret => Ok(None),
        }
    }
}

/// The attributes in the body of a stored resource.
///
/// # Errors
/// [`Error::Corrupt`] if the body cannot be read.
pub fn attributes(schemas: &Schemas, stored: &Stored) -> Result<Attributes, Error> {
    read_body(schemas, stored.kind, &stored.body).map_err(|_| Error::Corrupt(stored.id))
}

/// The URIs of the schemas that a resource uses: the core one, and those of its extensions that
/// have a value (RFC 7643 §3). Attributes that are returned on request alone count where `is_asked`.
pub fn schema_uris(
    schemas: &Schemas,
    kind: Kind,
    attributes: &Attributes,
    is_asked: impl Fn(AttrId) -> bool,
) -> Val {
    let resource_type = schemas.resource_type(kind);
    let counts = |id| schemas.attribute(id).returned != Returned::Request || is_asked(id);
    let is_used = |schema| {
        let mut of =
            attributes.iter().filter(|(id, _)| schemas.attribute(*id).schema == Some(schema));
        schema == resource_type.schema || of.any(|(id, _)| counts(id))
    };
    let used = resource_type.schemas().filter(|schema| is_used(*schema));
    Val::Many(used.map(|schema| Val::Str(schemas.schema(schema).id.clone())).collect())
}

/// `meta` without its location (RFC 7643 §3.1).
pub fn meta(schemas: &Schemas, stored: &Stored) -> Attributes {
    let common = schemas.common();
    let name = schemas.resource_type(stored.kind).name.clone();
    [
        (common.resource_type, Val::Str(name)),
        (common.created, Val::Time(Time::from_micros(stored.created))),
        (common.last_modified, Val::Time(Time::from_micros(stored.version.0))),
        (common.version, Val::Str(entity_tag(stored.version).into())),
    ]
    .into_iter()
    .collect()
}

/// A version as a weak entity-tag (RFC 7644 §3.14).
pub fn entity_tag(version: Version) -> String {
    format!("W/\"{}\"", version.0)
}

/// A member as an element of `members`, without its `$ref`.
pub fn member(schemas: &Schemas, members: AttrId, member: &Member) -> Val {
    let kind = &schemas.resource_type(member.kind).name;
    element(schemas, members, member.id, [("display", &member.label), ("type", kind)])
}

/// A group as an element of `groups`, without its `$ref`.
pub fn membership(schemas: &Schemas, groups: AttrId, membership: &Membership) -> Val {
    let how = if membership.direct { "direct" } else { "indirect" };
    element(schemas, groups, membership.group, [("display", &membership.label), ("type", how)])
}

fn element(schemas: &Schemas, parent: AttrId, id: ResourceId, parts: [(&str, &str); 2]) -> Val {
    let mut element = Attributes::new();
    let mut put = |name: &str, text: Box<str>| {
        if let Some(sub) = schemas.sub_attribute(parent, name) {
            element.set(sub, Val::Str(text));
        }
    };
    put("value", id.to_string().into());
    for (name, text) in parts {
        put(name, text.into());
    }
    Val::Complex(element)
}

fn many<'a>(values: impl Iterator<Item = Val>) -> Option<Cow<'a, Val>> {
    let values: Vec<Val> = values.collect();
    (!values.is_empty()).then_some(Cow::Owned(Val::Many(values)))
}
