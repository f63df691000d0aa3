//! What an operator may choose about rules.

/// Options of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What an empty string means.
    pub empty_string: EmptyString,
}

/// What an empty string for an optional attribute means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyString {
    /// The attribute becomes unassigned.
    #[default]
    Unassign,
    /// It is a value.
    Keep,
}
