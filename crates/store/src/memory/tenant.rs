//! What a tenant holds in memory.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use provost_scim::schema::{AttrId, Kind};
use provost_scim::value::Key;

use crate::{
    Document, Entry, Event, Member, Membership, Position, Recorded, ResourceId, Stored, Trashed,
};

#[derive(Default)]
pub(super) struct Tenant {
    pub(super) resources: BTreeMap<ResourceId, Stored>,
    pub(super) unique: BTreeMap<(Kind, AttrId, Key), ResourceId>,
    /// The members of each group that has any.
    pub(super) members: BTreeMap<ResourceId, BTreeSet<ResourceId>>,
    pub(super) secrets: BTreeMap<(ResourceId, AttrId), Bytes>,
    pub(super) feed: Vec<Event>,
    pub(super) audit: Vec<Recorded>,
    pub(super) audited: i64,
    pub(super) trash: BTreeMap<ResourceId, Trashed>,
    pub(super) documents: BTreeMap<Box<str>, Document>,
}

impl Tenant {
    pub(super) fn get(&self, kind: Kind, id: ResourceId) -> Option<&Stored> {
        self.resources.get(&id).filter(|it| it.kind == kind)
    }

    pub(super) fn count(&self, kind: Kind) -> u64 {
        self.resources.values().filter(|it| it.kind == kind).count() as u64
    }

    /// Appends a row to the audit trail.
    pub(super) fn record(&mut self, entry: Entry, event: Option<Event>) {
        self.audited += 1;
        self.audit.push(Recorded { place: Position(self.audited), entry, event });
    }

    pub(super) fn member(&self, id: ResourceId) -> Option<Member> {
        let it = self.resources.get(&id)?;
        Some(Member { id, kind: it.kind, label: it.label.clone() })
    }

    /// The groups that list a resource.
    pub(super) fn parents(&self, id: ResourceId) -> impl Iterator<Item = ResourceId> {
        let lists =
            move |(_, members): &(&ResourceId, &BTreeSet<ResourceId>)| members.contains(&id);
        self.members.iter().filter(lists).map(|(group, _)| *group)
    }

    /// All groups above a resource.
    pub(super) fn ancestors(&self, id: ResourceId) -> BTreeSet<ResourceId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<ResourceId> = self.parents(id).collect();
        while let Some(group) = open.pop() {
            if found.insert(group) {
                open.extend(self.parents(group));
            }
        }
        found
    }

    pub(super) fn groups_of(&self, id: ResourceId) -> Vec<Membership> {
        let direct: BTreeSet<ResourceId> = self.parents(id).collect();
        let membership = |group: &ResourceId| {
            let label = self.resources.get(group)?.label.clone();
            Some(Membership { member: id, group: *group, label, direct: direct.contains(group) })
        };
        self.ancestors(id).iter().filter_map(membership).collect()
    }
}
