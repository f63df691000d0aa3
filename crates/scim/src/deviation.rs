//! What a reader tolerated: a client's departure from the letter of the RFCs.

use std::fmt;

use crate::error::shorten;

/// The most characters of a name from outside that a deviation keeps.
const NAME_CHARACTERS_MAX: usize = 160;

/// Something outside the letter of the RFCs that a reader accepted and understood.
///
/// Lenient service providers report deviations; strict ones refuse a request that has any.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deviation {
    /// An attribute that no schema of the resource type has; dropped.
    UnknownAttribute(Box<str>),
    /// A schema URI that the resource type does not have; dropped.
    UnknownSchema(Box<str>),
    /// An extension in the body that `schemas` does not list (RFC 7643 §3).
    UnlistedSchema(Box<str>),
    /// Attributes of the core schema under its URN, as those of an extension are (RFC 7644 §3.10).
    CoreByUrn,
    /// The schema URI of SCIM 1.0 in place of the core one.
    ObsoleteSchema,
    /// A read-only attribute inside a PATCH value without path; dropped (RFC 7644 §3.5.2).
    ReadOnlyInPatch(Box<str>),
    /// A comparison value without quotes, read as a string (RFC 7644 §3.4.2.2).
    BareLiteral,
    /// A string where the attribute's type asks for a boolean or a number.
    QuotedLiteral,
    /// No blank between a comparison operator and its value.
    MissingBlank,
    /// `urn:…:User.name` with a dot where the RFC has a colon (RFC 7644 §3.10).
    DotBeforeAttribute,
    /// `emails[type eq "work"].value eq "x"`: a comparison on a value path.
    ValuePathComparison,
    /// A comma between the terms of a value filter where the RFC has `and`.
    CommaForAnd,
    /// `email` where the attribute is called `emails`.
    SingularName(Box<str>),
    /// A value filter inside `attributes`; the filter is dropped (RFC 7644 §3.9).
    FilterInAttributes,
    /// `attributes` and `excludedAttributes` in one request; the latter is dropped (RFC 7644 §3.9).
    BothProjections,
    /// A value path that selected nothing; the element was made from its filter (RFC 7644 §3.5.2.3).
    ElementFromFilter,
    /// A path that names an extension as a whole.
    ExtensionPath,
    /// A member that does not exist; left out.
    UnknownMember(Box<str>),
    /// A remove with a `value`: only what it lists goes (RFC 7644 §3.5.2.2 knows no such member).
    RemoveWithValue,
}

impl Deviation {
    /// An attribute that no schema of the resource type has; a long name is cut.
    pub(crate) fn unknown_attribute(name: &str) -> Self {
        Self::UnknownAttribute(shorten(name, NAME_CHARACTERS_MAX).into())
    }

    /// A schema URI that the resource type does not have; a long one is cut.
    pub(crate) fn unknown_schema(uri: &str) -> Self {
        Self::UnknownSchema(shorten(uri, NAME_CHARACTERS_MAX).into())
    }

    /// An extension that `schemas` does not list.
    pub(crate) fn unlisted_schema(uri: &str) -> Self {
        Self::UnlistedSchema(shorten(uri, NAME_CHARACTERS_MAX).into())
    }

    /// The name by which logs and error texts call this deviation.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnknownAttribute(_) => "unknown-attribute",
            Self::UnknownSchema(_) => "unknown-schema",
            Self::UnlistedSchema(_) => "unlisted-schema",
            Self::CoreByUrn => "core-by-urn",
            Self::ObsoleteSchema => "obsolete-schema",
            Self::ReadOnlyInPatch(_) => "read-only-in-patch",
            Self::BareLiteral => "bare-literal",
            Self::QuotedLiteral => "quoted-literal",
            Self::MissingBlank => "missing-blank",
            Self::DotBeforeAttribute => "dot-before-attribute",
            Self::ValuePathComparison => "value-path-comparison",
            Self::CommaForAnd => "comma-for-and",
            Self::SingularName(_) => "singular-name",
            Self::FilterInAttributes => "filter-in-attributes",
            Self::BothProjections => "both-projections",
            Self::ElementFromFilter => "element-from-filter",
            Self::ExtensionPath => "extension-path",
            Self::UnknownMember(_) => "unknown-member",
            Self::RemoveWithValue => "remove-with-value",
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::UnknownAttribute(what)
            | Self::UnknownSchema(what)
            | Self::UnlistedSchema(what)
            | Self::ReadOnlyInPatch(what)
            | Self::UnknownMember(what)
            | Self::SingularName(what) => write!(f, "({what})"),
            Self::CoreByUrn
            | Self::ObsoleteSchema
            | Self::BareLiteral
            | Self::QuotedLiteral
            | Self::MissingBlank
            | Self::DotBeforeAttribute
            | Self::ValuePathComparison
            | Self::CommaForAnd
            | Self::FilterInAttributes
            | Self::BothProjections
            | Self::ElementFromFilter
            | Self::ExtensionPath
            | Self::RemoveWithValue => Ok(()),
        }
    }
}
