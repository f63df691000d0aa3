//! Typed values: a resource as a tree of attributes, read from JSON and printed to it (RFC 7643 §2.3).

mod key;
mod list;
mod print;
mod read;
mod time;

pub use key::{KEY_BYTES_MAX, Key, UNIQUE_KEY_BYTES_MAX, caseless, fold, key};
pub(crate) use list::{drop_hollow, join};
pub use print::{Printed, body};
pub use read::{Message, Mode, Reader, read_body};
pub(crate) use read::{STORED, check_count, check_members, form};
pub use time::{Time, format_micros};

use serde_json::Number;

use crate::schema::{AttrId, Schemas};

/// A value of an attribute.
///
/// Where comparisons need a number the text stays beside it, because clients compare what they get
/// back with what they sent, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Val {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A decimal.
    Dec(Number),
    /// A string or a reference.
    Str(Box<str>),
    /// A date and time.
    Time(Time),
    /// Base64 text, as it was sent.
    Bin(Box<str>),
    /// The sub-attributes of a complex attribute.
    Complex(Attributes),
    /// The values of a multi-valued attribute; never empty.
    Many(Vec<Val>),
}

impl Val {
    /// The text of a string or reference.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            Self::Bool(_)
            | Self::Int(_)
            | Self::Dec(_)
            | Self::Time(_)
            | Self::Bin(_)
            | Self::Complex(_)
            | Self::Many(_) => None,
        }
    }

    /// The sub-attributes of a complex value.
    pub fn as_complex(&self) -> Option<&Attributes> {
        match self {
            Self::Complex(parts) => Some(parts),
            Self::Bool(_)
            | Self::Int(_)
            | Self::Dec(_)
            | Self::Str(_)
            | Self::Time(_)
            | Self::Bin(_)
            | Self::Many(_) => None,
        }
    }

    /// The values: those of a multi-valued attribute, or the one of a single-valued one.
    pub fn each(&self) -> &[Val] {
        match self {
            Self::Many(values) => values,
            Self::Bool(_)
            | Self::Int(_)
            | Self::Dec(_)
            | Self::Str(_)
            | Self::Time(_)
            | Self::Bin(_)
            | Self::Complex(_) => std::slice::from_ref(self),
        }
    }
}

/// Attributes and their values, in the order of the schemas; what is unassigned is not there.
///
/// This is a resource without what the service provider adds, or the inside of a complex value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Attributes(Vec<(AttrId, Val)>);

impl Attributes {
    /// No attributes.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of an attribute.
    pub fn get(&self, id: AttrId) -> Option<&Val> {
        let place = self.place(id).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// The value of an attribute, to change it.
    pub fn get_mut(&mut self, id: AttrId) -> Option<&mut Val> {
        let place = self.place(id).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// Sets an attribute.
    pub fn set(&mut self, id: AttrId, value: Val) {
        match self.place(id) {
            Ok(place) => {
                if let Some(entry) = self.0.get_mut(place) {
                    entry.1 = value;
                }
            }
            Err(place) => self.0.insert(place, (id, value)),
        }
    }

    /// Sets an attribute, or unassigns it.
    pub fn put(&mut self, id: AttrId, value: Option<Val>) {
        match value {
            Some(value) => self.set(id, value),
            None => {
                self.remove(id);
            }
        }
    }

    /// Unassigns an attribute and gives its value.
    pub fn remove(&mut self, id: AttrId) -> Option<Val> {
        let place = self.place(id).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Whether nothing is assigned.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The attributes in the order of the schemas.
    pub fn iter(&self) -> impl Iterator<Item = (AttrId, &Val)> {
        self.0.iter().map(|(id, value)| (*id, value))
    }

    /// The attributes in the order of the schemas, to change their values.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (AttrId, &mut Val)> {
        self.0.iter_mut().map(|(id, value)| (*id, value))
    }

    /// Keeps the attributes that a condition accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(AttrId, &mut Val) -> bool) {
        self.0.retain_mut(|(id, value)| keep(*id, value));
    }

    /// The attribute named by a full path, for example `urn:…:User:userName`.
    pub fn by_path(&self, schemas: &Schemas, path: &str) -> Option<&Val> {
        self.get(schemas.by_path(path)?)
    }

    fn place(&self, id: AttrId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(id, _)| *id)
    }
}

impl FromIterator<(AttrId, Val)> for Attributes {
    fn from_iter<T: IntoIterator<Item = (AttrId, Val)>>(attributes: T) -> Self {
        let mut all = Self::new();
        for (id, value) in attributes {
            all.set(id, value);
        }
        all
    }
}
