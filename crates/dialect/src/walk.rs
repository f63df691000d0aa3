//! The places of values in a body: which attribute each one is for, and what is done with it.

use provost_scim::error::quote;
use provost_scim::filter::parse_value_path;
use provost_scim::path::{self, Named};
use provost_scim::schema::{AttrId, Attribute, DataType, Mutability, Place, SchemaId};
use provost_scim::value::Message;
use serde_json::{Map, Value};

use crate::Context;
use crate::message::{self, Op};

/// The place of a value.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'a> {
    /// The attribute or sub-attribute that the value is for.
    pub(crate) attribute: &'a Attribute,
    /// The top-level attribute, which may be the same one.
    pub(crate) top: &'a Attribute,
    /// How the value stands in its attribute.
    pub(crate) stand: Stand,
    /// What the operation does with it; `None` in a whole resource.
    pub(crate) op: Option<Op>,
}

/// How a value stands in its attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It is the value of the attribute, and a list if the attribute is one.
    Whole,
    /// It is one element of the attribute. PATCH takes one by itself for a list
    /// (RFC 7644 §3.5.2.1): such a value is met in both ways.
    Element,
}

/// What the text of a path names.
pub(crate) enum Named_ {
    /// An extension as a whole.
    Extension(SchemaId),
    /// An attribute or sub-attribute.
    Attribute(AttrId),
    /// The elements of an attribute that a filter selects.
    Elements(AttrId),
}
