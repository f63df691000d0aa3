//! Filters: read, printed, resolved against a resource type, and evaluated (RFC 7644 §3.4.2.2).
//!
//! [`parse`] gives an [`Expression`], which is text in a tree; [`resolve`] turns it into a
//! [`Filter`] whose names are attributes and whose literals have the attributes' types;
//! [`matches()`] is the only evaluator.

mod matches;
mod parse;
mod print;
mod resolve;

pub use matches::{Elements, Subject, matches, matches_value};
pub use parse::{
    FILTER_BYTES_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX, ValuePath, parse, parse_value_path,
};
pub use resolve::{Operand, Resolved, resolve, resolve_across, resolve_within};

use crate::path::{AttributePath, Target};

/// A filter with paths `P` and literals `L`.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree<P, L> {
    /// All of them match; two or more.
    And(Vec<Tree<P, L>>),
    /// One of them matches; two or more.
    Or(Vec<Tree<P, L>>),
    /// It does not match.
    Not(Box<Tree<P, L>>),
    /// The attribute has a value.
    Present(P),
    /// A value of the attribute compares as the operator says.
    Compare(P, Operator, L),
    /// One element of the complex attribute matches a filter on its sub-attributes.
    Within(P, Box<Tree<P, L>>),
}

/// A filter as it was written.
pub type Expression = Tree<AttributePath, Literal>;

/// A filter on the attributes of one resource type.
pub type Filter = Tree<Target, Operand>;

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 9] = [
        Self::Equal,
        Self::NotEqual,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    /// The keyword.
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }
}

/// A comparison value as it was written: `false`, `null`, `true`, a number or a string.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A string.
    Str(Box<str>),
}
