//! The feed, replayed from its start, against what is stored.

use std::collections::{BTreeMap, BTreeSet};

use provost_scim::schema::Kind;
use provost_scim::value::{Attributes, read_body};
use provost_store::{Event, EventAct, Position, ResourceId, Stored, TenantId, Version};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Flaw;
use crate::error::Failure;
use crate::event;
use crate::open::Shared;
use crate::reader::resource;

/// Events that are read at a time.
const EVENTS: u16 = 1_000;

/// A resource as its events made it.
struct Replayed {
    kind: Kind,
    version: Version,
    attributes: Attributes,
    members: BTreeSet<ResourceId>,
}

/// What an event says of attributes.
#[derive(Default, Deserialize)]
struct Change {
    before: Option<Box<RawValue>>,
    after: Option<Box<RawValue>>,
}

pub(super) fn check(
    connection: &Connection,
    shared: &Shared,
    flaws: &mut Vec<Flaw>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare("SELECT tenant_id, next_seq FROM feed_head")?;
    let heads = statement.query_map([], |row| Ok((TenantId(row.get(0)?), row.get(1)?)))?;
    for head in heads {
        let (tenant, next) = head?;
        let mut feed = Feed { shared, tenant, resources: BTreeMap::new(), wrong: BTreeSet::new() };
        let mut last = Position(0);
        loop {
            let events = event::read(connection, &shared.registry, tenant, last, EVENTS)?;
            let Some(end) = events.last().map(|it| it.position) else { break };
            if end.0 - last.0 != events.len() as i64 {
                flaws.push(Flaw::Gap(tenant, end.0, next));
            }
            last = end;
            events.into_iter().for_each(|event| feed.replay(event));
        }
        if last.0 + 1 != next {
            flaws.push(Flaw::Gap(tenant, last.0, next));
        }
        feed.compare(connection)?;
        flaws.extend(feed.wrong.into_iter().map(|id| Flaw::Feed(tenant, id)));
    }
    Ok(())
}

struct Feed<'a> {
    shared: &'a Shared,
    tenant: TenantId,
    resources: BTreeMap<ResourceId, Replayed>,
    wrong: BTreeSet<ResourceId>,
}

impl Feed<'_> {
    fn replay(&mut self, event: Event) {
        let (id, act) = (event.id, event.act);
        let present = self.resources.remove(&id);
        let replayed = match (act, present) {
            (EventAct::Created, None) => Some(Replayed {
                kind: event.kind,
                version: Version(i64::MIN),
                attributes: Attributes::new(),
                members: BTreeSet::new(),
            }),
            (EventAct::Created, Some(_)) => None,
            (EventAct::Changed | EventAct::Deleted, present) => present,
        };
        let Some(replayed) = replayed.and_then(|it| it.then(self.shared, event)) else {
            self.wrong.insert(id);
            return;
        };
        let is_empty = replayed.attributes.is_empty() && replayed.members.is_empty();
        match act {
            EventAct::Created | EventAct::Changed => {
                self.resources.insert(id, replayed);
            }
            EventAct::Deleted if is_empty => {}
            EventAct::Deleted => {
                self.wrong.insert(id);
            }
        }
    }

    fn compare(&mut self, connection: &Connection) -> Result<(), Failure> {
        let mut statement = connection.prepare(
            "SELECT id, kind, version, rev, created, label, body, format, rid
             FROM resource WHERE tenant_id = ?1",
        )?;
        let mut rows = statement.query([self.tenant.0])?;
        while let Some(row) = rows.next()? {
            let stored = resource::stored(&self.shared.registry, row)?;
            let members = members_of(connection, row.get(8)?)?;
            let replayed = self.resources.remove(&stored.id);
            if !replayed.is_some_and(|it| it.leads_to(self.shared, &stored, &members)) {
                self.wrong.insert(stored.id);
            }
        }
        self.wrong.extend(self.resources.keys());
        Ok(())
    }
}

impl Replayed {
    /// The resource after one more event; `None` if the event cannot be of it.
    fn then(mut self, shared: &Shared, event: Event) -> Option<Self> {
        let change: Change = match &event.change[..] {
            [] => Change::default(),
            bytes => serde_json::from_slice(bytes).ok()?,
        };
        let read = |part: Option<Box<RawValue>>| match part {
            None => Some(Attributes::new()),
            Some(json) => read_body(&shared.schemas, self.kind, json.get().as_bytes()).ok(),
        };
        for (id, before) in read(change.before)?.iter() {
            if self.attributes.remove(id).as_ref() != Some(before) {
                return None;
            }
        }
        for (id, after) in read(change.after)?.iter() {
            self.attributes.set(id, after.clone());
        }
        let removed = event.removed.iter().all(|id| self.members.remove(id));
        let added = event.added.into_iter().all(|id| self.members.insert(id));
        let grew = self.kind == event.kind && self.version < event.version;
        self.version = event.version;
        (removed && added && grew).then_some(self)
    }

    fn leads_to(&self, shared: &Shared, stored: &Stored, members: &BTreeSet<ResourceId>) -> bool {
        let attributes = read_body(&shared.schemas, stored.kind, &stored.body);
        self.kind == stored.kind
            && self.version == stored.version
            && attributes.is_ok_and(|it| it == self.attributes)
            && self.members == *members
    }
}

fn members_of(connection: &Connection, rid: i64) -> rusqlite::Result<BTreeSet<ResourceId>> {
    let sql = "SELECT r.id FROM member m JOIN resource r ON r.rid = m.member_rid
               WHERE m.group_rid = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map([rid], |row| row.get(0).map(ResourceId))?.collect()
}
