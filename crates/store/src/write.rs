//! Writes: what becomes of one resource, computed by the engine and decided by the store.

use bytes::Bytes;
use provost_scim::membership::Delta;
use provost_scim::schema::{AttrId, Kind};
use provost_scim::value::Key;

use crate::{Cause, Entry, Keys, ResourceId, Rev, Version};

/// A write of one resource.
#[derive(Debug, Clone)]
pub struct Write {
    /// The resource.
    pub id: ResourceId,
    /// Its resource type.
    pub kind: Kind,
    /// The version that the client expects, compared in the transaction.
    pub if_match: Option<IfMatch>,
    /// What becomes of it.
    pub act: Act,
    /// What becomes of its secrets; those of a resource that goes go with it.
    pub secrets: Vec<SecretPut>,
    /// The time, in microseconds since 1970.
    pub now: i64,
    /// Who causes it.
    pub cause: Cause,
    /// Rows of the audit trail beside the one that the write leaves by itself, if it is effective.
    pub entries: Vec<Entry>,
    /// Whether it counts.
    pub mode: Mode,
}

/// The versions of `If-Match` (RFC 9110 §13.1.1); one of them suffices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: any version of a resource that exists.
    Any,
    /// One of these.
    OneOf(Vec<Version>),
}

impl IfMatch {
    /// Whether a version is an expected one.
    pub fn accepts(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

/// A write of a secret: a hash, which no query, body or event ever shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPut {
    /// The attribute, such as `password`.
    pub attribute: AttrId,
    /// The hash; `None` to have none. The same one again changes nothing.
    pub hash: Option<Bytes>,
}

/// Whether a write counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It takes effect.
    Commit,
    /// It is tried and undone: the answer says what a commit would have done.
    Rehearse,
}

/// What becomes of a resource.
#[derive(Debug, Clone)]
pub enum Act {
    /// It comes into being.
    Create {
        /// Its content.
        content: Content,
        /// Its members.
        members: Delta<ResourceId>,
        /// Groups that it becomes a member of, as far as they are there.
        rejoin: Vec<ResourceId>,
        /// The most resources of its type that the tenant may have.
        limit: Option<u64>,
    },
    /// It changes.
    Change {
        /// The new content and the `rev` of the body from which it was computed.
        content: Option<(Rev, Content)>,
        /// The change of its members.
        members: Delta<ResourceId>,
    },
    /// It goes, and so do its memberships.
    Delete {
        /// The `rev` of the body from which `keys` were computed.
        base: Rev,
        /// Its keys.
        keys: Keys,
        /// `{"before": {…}}` for the event.
        change: Bytes,
        /// It is kept in the trash until this time, in microseconds since 1970.
        keep_until: Option<i64>,
    },
}

impl Act {
    /// A resource comes into being, of which there may be any number.
    pub const fn create(content: Content, members: Delta<ResourceId>) -> Self {
        Self::Create { content, members, rejoin: Vec::new(), limit: None }
    }

    /// A resource goes, for good.
    pub const fn delete(base: Rev, keys: Keys, change: Bytes) -> Self {
        Self::Delete { base, keys, change, keep_until: None }
    }
}

/// The content of a resource, and how its keys change with it.
#[derive(Debug, Clone)]
pub struct Content {
    /// The body as JSON.
    pub body: Bytes,
    /// How others call it: `members.display`, `manager.displayName`.
    pub label: Box<str>,
    /// Keys of ordinary attributes.
    pub values: KeyDiff,
    /// Keys of unique attributes.
    pub unique: KeyDiff,
    /// `{"before": {…}, "after": {…}}` for the event.
    pub change: Bytes,
}

/// The difference between the keys of two bodies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyDiff {
    /// Keys that go.
    pub remove: Vec<(AttrId, Key)>,
    /// Keys that come.
    pub add: Vec<(AttrId, Key)>,
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The resource changed.
    Written {
        /// Its version now; of a deleted resource, the version of its end.
        version: Version,
        /// Its `rev` now.
        rev: Rev,
        /// How many members came.
        added: usize,
        /// How many members went.
        removed: usize,
    },
    /// Everything was as the write wants it.
    Unchanged {
        /// Its version.
        version: Version,
        /// Its `rev`.
        rev: Rev,
    },
}

impl Applied {
    /// The version after the write.
    pub const fn version(&self) -> Version {
        match self {
            Self::Written { version, .. } | Self::Unchanged { version, .. } => *version,
        }
    }
}
