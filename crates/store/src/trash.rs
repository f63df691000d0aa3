//! What was deleted and is kept for a while.

use bytes::Bytes;
use provost_scim::schema::Kind;

use crate::{ResourceId, Version};

/// A resource that was deleted and can come back under its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trashed {
    /// Its id.
    pub id: ResourceId,
    /// Its resource type.
    pub kind: Kind,
    /// The version of its end.
    pub version: Version,
    /// When it is purged, in microseconds since 1970.
    pub keep_until: i64,
    /// How others called it.
    pub label: Box<str>,
    /// Its body.
    pub body: Bytes,
    /// The groups that listed it, ordered.
    pub groups: Vec<ResourceId>,
    /// Its members, ordered.
    pub members: Vec<ResourceId>,
}

impl Trashed {
    /// What it holds, in bytes.
    pub fn bytes(&self) -> usize {
        self.body.len() + 16 * (self.groups.len() + self.members.len())
    }
}
