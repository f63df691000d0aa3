//! A resource type: an endpoint, a core schema and its extensions (RFC 7643 §6).

use super::SchemaId;

/// A resource type of a [`Schemas`](super::Schemas): the position in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub(crate) u16);

impl Kind {
    /// The position in [`Schemas::resource_types`](super::Schemas::resource_types).
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A resource type.
#[derive(Debug, Clone)]
pub struct ResourceType {
    /// Its position in the list.
    pub kind: Kind,
    /// The name, as in `meta.resourceType`.
    pub name: Box<str>,
    /// The endpoint, as in `/Users`.
    pub endpoint: Box<str>,
    /// What the resources are.
    pub description: Box<str>,
    /// The core schema.
    pub schema: SchemaId,
    /// The extensions.
    pub extensions: Vec<Extension>,
}

/// An extension of a resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension {
    /// Its schema.
    pub schema: SchemaId,
    /// Whether every resource must have it.
    pub required: bool,
}

impl ResourceType {
    /// The core schema and then the extensions.
    pub fn schemas(&self) -> impl Iterator<Item = SchemaId> + Clone + use<'_> {
        std::iter::once(self.schema).chain(self.extensions.iter().map(|it| it.schema))
    }
}
