//! PATCH: operations read against the schemas, and applied to a resource (RFC 7644 §3.5.2).
//!
//! Operations on the membership relation do not touch the resource: they fold into
//! [`MemberEdit`]s, so that a group need not be read to add one member to it.

mod apply;
mod parse;

pub use apply::Patched;
pub use parse::OPERATIONS_MAX;

use crate::error::Error;
use crate::filter::Filter;
use crate::membership::Delta;
use crate::schema::AttrId;
use crate::value::{Attributes, Val};

/// The operations of a PATCH request, in order, with paths resolved and values typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    steps: Vec<Step>,
}

/// Whether values join those that are there or take their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// `add`
    Add,
    /// `replace`
    Replace,
}

/// What `replace` means for the members of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupReplace {
    /// The members become those that are listed (RFC 7644 §3.5.2.3).
    #[default]
    Rfc,
    /// Those that are listed join; for clients that send partial lists.
    Additive,
}

/// An operation as it is applied; one of the request may become several, or none.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    /// The place of the operation in the request, from 1.
    number: usize,
    operation: Operation,
}

#[derive(Debug, Clone, PartialEq)]
enum Operation {
    /// Sets an attribute, or unassigns it.
    Put(Act, AttrId, Option<Val>),
    /// Sets or unassigns a sub-attribute; of every element, if there are several.
    PutPart(AttrId, AttrId, Option<Val>),
    /// Sets the elements that a filter selects.
    PutElements(Act, Selection, Option<Val>),
    /// Unassigns an attribute.
    Remove(AttrId),
    /// Unassigns a sub-attribute; of every element, if there are several.
    RemovePart(AttrId, AttrId),
    /// Removes the elements that a filter selects, or a sub-attribute of each.
    RemoveElements(Selection),
    /// Removes the elements that have all the parts of one of these.
    RemoveAlike(AttrId, Vec<Val>),
    /// Changes the membership relation.
    Members(MemberEdit),
}

/// `emails[type eq "work"]` or `emails[type eq "work"].value`.
#[derive(Debug, Clone, PartialEq)]
struct Selection {
    attribute: AttrId,
    filter: Filter,
    sub: Option<AttrId>,
    /// The parts that become unassigned before the value is added.
    clear: Vec<AttrId>,
    /// The element that the filter describes, if it is made of `eq` terms joined by `and`.
    seed: Option<Attributes>,
}

/// A change of the membership relation.
#[derive(Debug, Clone, PartialEq)]
pub enum MemberEdit {
    /// A change that is known without reading the group.
    Delta(Delta<Box<str>>),
    /// Members that a filter selects go; they must be looked up.
    RemoveWhere(Filter),
}

impl Patch {
    /// Whether all operations are on the membership relation.
    pub fn is_members_only(&self) -> bool {
        self.steps.iter().all(|it| matches!(it.operation, Operation::Members(_)))
    }

    /// The changes of the membership relation, in order.
    pub fn member_edits(&self) -> Vec<MemberEdit> {
        let edit = |step: &Step| match &step.operation {
            Operation::Members(edit) => Some(edit.clone()),
            Operation::Put(..)
            | Operation::PutPart(..)
            | Operation::PutElements(..)
            | Operation::Remove(_)
            | Operation::RemovePart(..)
            | Operation::RemoveElements(_)
            | Operation::RemoveAlike(..) => None,
        };
        self.steps.iter().filter_map(edit).collect()
    }
}

impl Operation {
    /// The top-level attribute that it changes; `None` for the membership relation.
    const fn attribute(&self) -> Option<AttrId> {
        match self {
            Self::Put(_, id, _)
            | Self::PutPart(id, ..)
            | Self::Remove(id)
            | Self::RemovePart(id, _)
            | Self::RemoveAlike(id, _) => Some(*id),
            Self::PutElements(_, selection, _) | Self::RemoveElements(selection) => {
                Some(selection.attribute)
            }
            Self::Members(_) => None,
        }
    }
}

/// The error of one operation, with its place in the request.
fn numbered(number: usize) -> impl Fn(Error) -> Error {
    move |Error { kind, detail }| Error::new(kind, format!("operation {number}: {detail}"))
}
