//! Identifiers and counters.

use std::fmt;

use uuid::Uuid;

/// A tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(pub i64);

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The `id` of a resource: a UUID, whose one spelling is lower-case with hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(pub Uuid);

impl ResourceId {
    /// Reads an id in its one spelling; `None` if no resource can have it.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        // `id` is caseExact: another spelling of the same UUID names nothing.
        let mut spelling = [0; uuid::fmt::Hyphenated::LENGTH];
        (*id.hyphenated().encode_lower(&mut spelling) == *text).then_some(Self(id))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// When a resource last changed, members included: microseconds since 1970, strictly growing for
/// each resource. It is the entity-tag and `meta.lastModified` in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub i64);

impl Version {
    /// The version of a change made at a time, in microseconds since 1970.
    #[must_use]
    pub fn next(self, now: i64) -> Self {
        Self(now.max(self.0 + 1))
    }
}

/// Counts the changes of a body; members do not touch it. A change of the body names the `rev`
/// that it was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rev(pub i64);

/// The place of an event in a tenant's feed, from 1; 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let text = "0190a7c4-0000-7000-8000-00000000abcd";
        assert_eq!(ResourceId::parse(text).unwrap().to_string(), text);
        for other in [
            "0190A7C4-0000-7000-8000-00000000ABCD",
            "0190a7c4000070008000000000000abcd",
            "{0190a7c4-0000-7000-8000-00000000abcd}",
            "urn:uuid:0190a7c4-0000-7000-8000-00000000abcd",
            "00919288221112222",
            "",
        ] {
            assert_eq!(ResourceId::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_version_grows_even_if_the_clock_does_not() {
        assert_eq!(Version(5).next(9), Version(9));
        assert_eq!(Version(9).next(5), Version(10));
        assert_eq!(Version(9).next(9), Version(10));
    }
}
