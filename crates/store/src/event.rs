//! Events: what each effective write did, in one order for each tenant.

use bytes::Bytes;
use provost_scim::schema::Kind;
use serde::{Deserialize, Serialize};

use crate::{Position, ResourceId, Version};

/// What one write did to one resource.
///
/// It carries enough to show the change, to undo it, and to rebuild the tenant by replaying the
/// feed from its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The place in the tenant's feed.
    pub position: Position,
    /// The resource.
    pub id: ResourceId,
    /// Its resource type.
    pub kind: Kind,
    /// Its version after the change; together with the id it names the event.
    pub version: Version,
    /// What happened.
    pub act: Act,
    /// Who caused it.
    pub cause: Cause,
    /// `{"before": {…}, "after": {…}}` as JSON: the attributes that changed, in whole. Creation has
    /// only `after`, deletion only `before`, a change of members alone neither.
    pub change: Bytes,
    /// Members that were not there before, ordered.
    pub added: Vec<ResourceId>,
    /// Members that are there no more, ordered.
    pub removed: Vec<ResourceId>,
}

/// What happened to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// It came into being.
    Created,
    /// It changed, or its members did.
    Changed,
    /// It is gone.
    Deleted,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Created, Self::Changed, Self::Deleted];

    /// Its name, as it is kept and told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
        }
    }
}

/// Who caused a change, and how it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The request's id.
    pub request: Box<str>,
    /// The caller's name, as the log has it.
    pub caller: Box<str>,
    /// The user of the platform whose rights the caller took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_as: Option<Box<str>>,
    /// The address that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Box<str>>,
    /// The dialect rules that fired, and the deviations that were tolerated.
    pub rules: Vec<Box<str>>,
}
