//! How clients are understood: `ProvostSettings.dialect`.

use super::block::{Block, Setting};
use super::kind::{Choice, OneOf, Switch};

/// How clients are understood where they differ from the letter of the RFCs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// The one knob.
    pub mode: Mode,
    /// What becomes of a member that does not exist.
    pub unknown_member: UnknownMember,
    /// What a PUT does with attributes that it does not name.
    pub put: Put,
    /// What a PATCH `replace` of a group's members does.
    pub group_replace: GroupReplace,
    /// What an empty string means for an optional attribute.
    pub empty_string: EmptyString,
    /// Two groups may not have the same `displayName`.
    pub group_display_name_unique: bool,
}

/// How far a client may differ from the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The documented deviations of identity providers are understood.
    Lenient,
    /// They are refused by the rule's name.
    Strict,
}

/// What becomes of adding a member that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownMember {
    /// 400 `invalidValue` that names the id.
    Refuse,
    /// The others are added, and the request line reports it.
    Skip,
}

/// What a PUT does with attributes that it does not name (RFC 7644 §3.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// They become unassigned.
    Replace,
    /// They stay.
    Merge,
}

/// What a PATCH `replace` of a group's members does (RFC 7644 §3.5.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupReplace {
    /// The members become those named.
    Rfc,
    /// Those named are added.
    Additive,
}

/// What an empty string means for an optional attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyString {
    /// The attribute becomes unassigned.
    Unassign,
    /// It is a value.
    Keep,
}

impl Choice for Mode {
    const ALL: &'static [(&'static str, Self)] =
        &[("lenient", Self::Lenient), ("strict", Self::Strict)];
}

impl Choice for UnknownMember {
    const ALL: &'static [(&'static str, Self)] = &[("refuse", Self::Refuse), ("skip", Self::Skip)];
}

impl Choice for Put {
    const ALL: &'static [(&'static str, Self)] =
        &[("replace", Self::Replace), ("merge", Self::Merge)];
}

impl Choice for GroupReplace {
    const ALL: &'static [(&'static str, Self)] =
        &[("rfc", Self::Rfc), ("additive", Self::Additive)];
}

impl Choice for EmptyString {
    const ALL: &'static [(&'static str, Self)] =
        &[("unassign", Self::Unassign), ("keep", Self::Keep)];
}

pub(crate) fn read(block: &mut Block<'_, '_>) -> Dialect {
    Dialect {
        mode: choice(
            block,
            "mode",
            "Strict answers by the letter of the RFCs: for testing a client, not for serving one.",
        ),
        unknown_member: choice(
            block,
            "unknownMember",
            "Skip lets a client that sends groups before their users go on.",
        ),
        put: choice(
            block,
            "put",
            "Merge keeps what a client does not know of when it replaces a whole resource.",
        ),
        group_replace: choice(
            block,
            "groupReplace",
            "Additive is for clients that write replace where they mean add.",
        ),
        empty_string: choice(
            block,
            "emptyString",
            "Keep is for clients to which an empty string and no value are two things.",
        ),
        group_display_name_unique: block.get(
            &Switch,
            Setting {
                name: "groupDisplayNameUnique",
                default: true,
                why: "If false, two groups may have one name, as some directories allow.",
            },
        ),
    }
}

/// A choice whose first word is its default.
fn choice<T: Choice>(block: &mut Block<'_, '_>, name: &'static str, why: &'static str) -> T {
    block.get(&OneOf::<T>::new(), Setting { name, default: T::ALL[0].1, why })
}
