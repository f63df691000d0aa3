//! Where a value came from: a default, a flag, the environment, or a place in a file.

use std::fmt;
use std::sync::Arc;

/// Where an effective value, or a problem with one, comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A flag of the command line, such as `--listen`.
    Flag(&'static str),
    /// An environment variable, such as `ENABLE_SCIM`.
    Variable(&'static str),
    /// A settings file as a whole, as its name was given.
    File(Arc<str>),
    /// A place in a settings file.
    Place(Place),
}

/// A place in a settings file; prints as `FILE: line N column M`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as its name was given.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File(name) => f.write_str(name),
            Self::Place(place) => place.fmt(f),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {} column {}", self.file, self.line, self.column)
    }
}
