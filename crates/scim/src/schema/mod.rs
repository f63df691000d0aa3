//! Schemas, resource types and attributes, built once and shared (RFC 7643 §2, §3, §6, §7).

mod attribute;
mod builtin;
mod data_type;
mod load;
mod print;
mod resource_type;

pub use attribute::{AttrId, Attribute, Mutability, Place, Returned, SchemaId, Uniqueness};
pub use builtin::{GroupDisplayName, Options};
pub use data_type::DataType;
pub use load::LoadError;
pub use resource_type::{Extension, Kind, ResourceType};

use std::collections::HashMap;

/// A schema: a URN and the attributes under it.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The URN, in its canonical spelling.
    pub id: Box<str>,
    /// The name, for people.
    pub name: Box<str>,
    /// What the schema describes.
    pub description: Box<str>,
    /// The attributes, in their order.
    pub attributes: Vec<AttrId>,
}

/// All schemas and resource types of a service provider.
///
/// An [`AttrId`] indexes this value and means nothing outside of it. Names are looked up only by
/// the readers of values, paths and filters; everything after them works with ids.
#[derive(Debug, Clone)]
pub struct Schemas {
    schemas: Vec<Schema>,
    attributes: Vec<Attribute>,
    resource_types: Vec<ResourceType>,
    common: Common,
    by_urn: HashMap<Box<str>, SchemaId>,
    by_path: HashMap<Box<str>, AttrId>,
}

/// The attributes that every resource has (RFC 7643 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Common {
    /// `schemas`
    pub schemas: AttrId,
    /// `id`
    pub id: AttrId,
    /// `externalId`
    pub external_id: AttrId,
    /// `meta`
    pub meta: AttrId,
    /// `meta.resourceType`
    pub resource_type: AttrId,
    /// `meta.created`
    pub created: AttrId,
    /// `meta.lastModified`
    pub last_modified: AttrId,
    /// `meta.location`
    pub location: AttrId,
    /// `meta.version`
    pub version: AttrId,
}

impl Schemas {
    /// The attribute that an id stands for.
    ///
    /// # Panics
    /// If the id comes from another `Schemas`.
    pub fn attribute(&self, id: AttrId) -> &Attribute {
        self.attributes.get(usize::from(id.0)).expect("an AttrId is used with its own Schemas")
    }

    /// Every attribute and sub-attribute, in the order of their ids.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The attributes that every resource has.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// The schema that an id stands for.
    ///
    /// # Panics
    /// If the id comes from another `Schemas`.
    pub fn schema(&self, id: SchemaId) -> &Schema {
        self.schemas.get(usize::from(id.0)).expect("a SchemaId is used with its own Schemas")
    }

    /// Every schema, in the order in which they were loaded.
    pub fn schemas(&self) -> &[Schema] {
        &self.schemas
    }

    /// The schema with a URN, in any letter case (RFC 8141 §3.1).
    pub fn schema_by_urn(&self, urn: &str) -> Option<SchemaId> {
        self.by_urn.get(urn.to_ascii_lowercase().as_str()).copied()
    }

    /// The extension of a kind with a URN, in any letter case.
    pub fn extension_by_urn(&self, kind: Kind, urn: &str) -> Option<SchemaId> {
        let schema = self.schema_by_urn(urn)?;
        let mut own = self.resource_type(kind).extensions.iter().map(|it| it.schema);
        own.find(|own| *own == schema)
    }

    /// Every resource type.
    pub fn resource_types(&self) -> &[ResourceType] {
        &self.resource_types
    }

    /// The resource type of a kind.
    ///
    /// # Panics
    /// If the kind comes from another `Schemas`.
    pub fn resource_type(&self, kind: Kind) -> &ResourceType {
        self.resource_types.get(usize::from(kind.0)).expect("a Kind is used with its own Schemas")
    }

    /// The resource type with a name, in its exact case.
    pub fn resource_type_by_name(&self, name: &str) -> Option<&ResourceType> {
        self.resource_types.iter().find(|resource_type| &*resource_type.name == name)
    }

    /// The resource type with an endpoint such as `/Users`.
    pub fn resource_type_by_endpoint(&self, endpoint: &str) -> Option<&ResourceType> {
        self.resource_types.iter().find(|resource_type| &*resource_type.endpoint == endpoint)
    }

    /// The attribute with a full path such as `urn:…:User:name.familyName` or `meta.created`, in
    /// any letter case.
    pub fn by_path(&self, path: &str) -> Option<AttrId> {
        self.by_path.get(path.to_ascii_lowercase().as_str()).copied()
    }

    /// A top-level attribute of one schema by its name, in any letter case.
    pub fn in_schema(&self, schema: SchemaId, name: &str) -> Option<AttrId> {
        let found = |id: &&AttrId| self.attribute(**id).name.eq_ignore_ascii_case(name);
        self.schema(schema).attributes.iter().find(found).copied()
    }

    /// A common attribute by its name, in any letter case.
    pub fn in_common(&self, name: &str) -> Option<AttrId> {
        let Common { schemas, id, external_id, meta, .. } = self.common;
        let found = |id: &AttrId| self.attribute(*id).name.eq_ignore_ascii_case(name);
        [schemas, id, external_id, meta].into_iter().find(found)
    }

    /// A sub-attribute by its name, in any letter case.
    pub fn sub_attribute(&self, parent: AttrId, name: &str) -> Option<AttrId> {
        let found = |id: &&AttrId| self.attribute(**id).name.eq_ignore_ascii_case(name);
        self.attribute(parent).sub_attributes.iter().find(found).copied()
    }

    /// The top-level attributes that resources of a kind can have: common, core, extensions.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Attribute> {
        let resource_type = self.resource_type(kind);
        let schemas = resource_type.schemas();
        self.attributes.iter().filter(move |attribute| {
            attribute.parent.is_none()
                && attribute.schema.is_none_or(|schema| schemas.clone().any(|own| own == schema))
        })
    }

    /// The attribute of a kind that holds its membership relation, such as `members` of Group.
    pub fn members_of(&self, kind: Kind) -> Option<AttrId> {
        self.of_kind(kind).find(|it| it.place == Place::Members).map(|it| it.id)
    }

    /// The attribute of a kind that lists the groups a resource belongs to, such as `groups`.
    pub fn groups_of(&self, kind: Kind) -> Option<AttrId> {
        self.of_kind(kind).find(|it| it.place == Place::MemberOf).map(|it| it.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_in_any_letter_case() {
        let schemas = Schemas::builtin(&Options::default());
        let user = schemas.resource_type_by_name("User").unwrap();
        let name = schemas.in_schema(user.schema, "NAME").unwrap();
        let family = schemas.sub_attribute(name, "FamilyName").unwrap();
        let path = "urn:ietf:params:scim:schemas:core:2.0:User:name.familyName";
        assert_eq!(&*schemas.attribute(family).path, path);
        assert_eq!(schemas.by_path(&path.to_uppercase()), Some(family));
        assert_eq!(schemas.in_common("EXTERNALID"), Some(schemas.common().external_id));
    }

    #[test]
    fn ids_follow_the_order_of_the_schemas_with_parents_before_children() {
        let schemas = Schemas::builtin(&Options::default());
        for attribute in schemas.attributes() {
            assert!(attribute.parent.is_none_or(|parent| parent < attribute.id));
        }
    }
}
