//! An attribute and its characteristics (RFC 7643 §2.2, §7).

use super::DataType;

/// An attribute or sub-attribute of a [`Schemas`](super::Schemas); ordered as in the schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttrId(pub(crate) u16);

impl AttrId {
    /// The position in [`Schemas::attributes`](super::Schemas::attributes).
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A schema of a [`Schemas`](super::Schemas).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub(crate) u16);

/// An attribute or sub-attribute with all its characteristics.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Its id.
    pub id: AttrId,
    /// The schema that defines it; `None` for the common attributes (RFC 7643 §3.1).
    pub schema: Option<SchemaId>,
    /// The complex attribute that it is a part of.
    pub parent: Option<AttrId>,
    /// The name, in its canonical spelling.
    pub name: Box<str>,
    /// The full path: `urn:…:User:name.familyName`, or `meta.created` for a common attribute.
    pub path: Box<str>,
    /// What it holds.
    pub description: Box<str>,
    /// The data type.
    pub data_type: DataType,
    /// Whether it holds a list.
    pub multi_valued: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether letter case matters in comparisons.
    pub case_exact: bool,
    /// Who may change it, and when.
    pub mutability: Mutability,
    /// When it is part of an answer.
    pub returned: Returned,
    /// Whether values may repeat among resources.
    pub uniqueness: Uniqueness,
    /// Suggested values; others are accepted too.
    pub canonical_values: Vec<Box<str>>,
    /// What a reference may point to.
    pub reference_types: Vec<Box<str>>,
    /// The parts of a complex attribute, in their order.
    pub sub_attributes: Vec<AttrId>,
    /// Where its values live.
    pub place: Place,
}

impl Attribute {
    /// Whether a filter in brackets can select among its values: by their parts, or by `value` if
    /// they have none (RFC 7644 §3.5.2.2).
    pub fn takes_value_filter(&self) -> bool {
        self.multi_valued || self.data_type == DataType::Complex
    }
}

/// `mutability` (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mutability {
    /// Only the service provider sets it.
    ReadOnly,
    /// Clients read and write it.
    ReadWrite,
    /// Clients set it once.
    Immutable,
    /// Clients write it and never read it.
    WriteOnly,
}

/// `returned` (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Returned {
    /// In every answer.
    Always,
    /// In no answer.
    Never,
    /// Unless excluded or others are asked for.
    Default,
    /// Only if asked for.
    Request,
}

/// `uniqueness` (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Uniqueness {
    /// Values may repeat.
    None,
    /// One resource of the kind has a value.
    Server,
    /// As `Server`; the service provider knows no other scope.
    Global,
}

impl Uniqueness {
    /// Whether two resources of a kind must not share a value.
    pub const fn is_unique(self) -> bool {
        match self {
            Self::None => false,
            Self::Server | Self::Global => true,
        }
    }
}

/// Where the values of an attribute live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the body of the resource.
    Body,
    /// Beside the body, kept by the service provider: `id`, `meta`, `schemas`.
    Row,
    /// In the membership relation, seen from the group: `members`.
    Members,
    /// In the membership relation, seen from the member: `groups`.
    MemberOf,
    /// Computed on output from what the value refers to: `$ref`, `manager.displayName`.
    Derived,
    /// Taken in and never given out: `password`.
    Secret,
}
