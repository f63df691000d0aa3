//! A write in memory: first all that it would do, then all of it at once.

use std::collections::BTreeSet;

use bytes::Bytes;
use provost_scim::membership::{Base, Delta};
use provost_scim::schema::{AttrId, Kind, Schemas};
use provost_scim::value::Key;

use super::tenant::Tenant;
use crate::{
    Act, Applied, Cause, Content, Entry, Error, Event, EventAct, Keys, Position, ResourceId, Rev,
    SecretPut, Stored, Trashed, Version, Write,
};

/// What a write does; nothing of it is done yet.
pub(super) struct Effect {
    pub(super) applied: Applied,
    /// Resources as they become; deleted ones are in `gone`.
    resources: Vec<Stored>,
    gone: Option<ResourceId>,
    unique_gone: Vec<(Kind, AttrId, Key)>,
    unique_come: Vec<((Kind, AttrId, Key), ResourceId)>,
    /// Groups and their members as they become.
    members: Vec<(ResourceId, BTreeSet<ResourceId>)>,
    secrets: Vec<(ResourceId, SecretPut)>,
    /// Each with the name of its resource.
    events: Vec<(Event, Box<str>)>,
    entries: Vec<Entry>,
    trashed: Option<Trashed>,
    at: i64,
}

/// When a write happens, and through whom.
struct Occasion {
    now: i64,
    cause: Cause,
}

impl Tenant {
    pub(super) fn effect(&self, write: Write) -> Result<Effect, Error> {
        let Write { id, kind, if_match, act, secrets, now, cause, entries, mode: _ } = write;
        let occasion = Occasion { now, cause };
        let found = self.get(kind, id);
        if let Some(expected) = &if_match {
            let version = found.ok_or(Error::Gone)?.version;
            if !expected.accepts(version) {
                return Err(Error::Mismatch);
            }
        }
        let mut effect = match act {
            Act::Create { content, members, rejoin, limit } => {
                self.create((id, kind), occasion, content, (&members, &rejoin), secrets, limit)
            }
            Act::Change { content, members } => {
                self.change(found.ok_or(Error::Gone)?, occasion, content, &members, secrets)
            }
            Act::Delete { base, keys, change, keep_until } => {
                let found = found.ok_or(Error::Gone)?;
                self.delete(found, occasion, base, keys, change, keep_until)
            }
        }?;
        effect.at = now;
        if matches!(effect.applied, Applied::Written { .. }) {
            effect.entries = entries;
        }
        Ok(effect)
    }

    pub(super) fn commit(&mut self, effect: Effect, schemas: &Schemas) {
        for stored in effect.resources {
            if let Some(back) = self.trash.remove(&stored.id) {
                self.note_return(&back);
            }
            self.resources.insert(stored.id, stored);
        }
        for key in effect.unique_gone {
            self.unique.remove(&key);
        }
        self.unique.extend(effect.unique_come);
        for (group, members) in effect.members {
            self.members.insert(group, members);
        }
        for (id, SecretPut { attribute, hash }) in effect.secrets {
            match hash {
                Some(hash) => self.secrets.insert((id, attribute), hash),
                None => self.secrets.remove(&(id, attribute)),
            };
        }
        if let Some(id) = effect.gone {
            self.resources.remove(&id);
            self.members.remove(&id);
            self.secrets.retain(|(holder, _), _| *holder != id);
        }
        if let Some(trashed) = effect.trashed {
            self.trash.insert(trashed.id, trashed);
        }
        for (mut event, name) in effect.events {
            event.position = Position(self.feed.len() as i64 + 1);
            self.feed.push(event.clone());
            let category = schemas.resource_type(event.kind).name.clone();
            let entry = Entry::of_event(&event, &category, &name, effect.at);
            self.record(entry, Some(event));
        }
        for entry in effect.entries {
            self.record(entry, None);
        }
    }

    /// Those of its groups and members that are in the trash still will find what comes back.
    fn note_return(&mut self, back: &Trashed) {
        let note = |ids: &mut Vec<ResourceId>| {
            if let Err(place) = ids.binary_search(&back.id) {
                ids.insert(place, back.id);
            }
        };
        for group in &back.groups {
            if let Some(group) = self.trash.get_mut(group) {
                note(&mut group.members);
            }
        }
        for member in &back.members {
            if let Some(member) = self.trash.get_mut(member) {
                note(&mut member.groups);
            }
        }
    }

    fn create(
        &self,
        (id, kind): (ResourceId, Kind),
        Occasion { now, cause }: Occasion,
        content: Content,
        (members, rejoin): (&Delta<ResourceId>, &[ResourceId]),
        secrets: Vec<SecretPut>,
        limit: Option<u64>,
    ) -> Result<Effect, Error> {
        if let Some(present) = self.resources.get(&id) {
            // The repetition of a write whose outcome was unknown.
            return match present.kind == kind && present.body == content.body {
                true => Ok(Effect::none(present)),
                false => Err(Error::Stale),
            };
        }
        let ended = self.trash.get(&id).map(|it| it.version);
        let stored = Stored {
            id,
            kind,
            // What comes back is newer than its end.
            version: ended.map_or(Version(now), |it| it.next(now)),
            rev: Rev(1),
            created: now,
            label: content.label.clone(),
            body: content.body.clone(),
        };
        let occasion = Occasion { now, cause: cause.clone() };
        let created = (EventAct::Created, cause);
        let mut effect = self.write(stored, created, Some(content), members, secrets)?;
        // After the names: one that is taken is the better answer.
        if let Some(limit) = limit.filter(|limit| self.count(kind) >= *limit) {
            return Err(Error::Full { limit });
        }
        let own: BTreeSet<ResourceId> =
            effect.members.iter().flat_map(|(_, members)| members).copied().collect();
        for group in rejoin.iter().collect::<BTreeSet<_>>() {
            // It may have become a member of what comes back.
            let closes = own.contains(group) || !self.ancestors(*group).is_disjoint(&own);
            if self.resources.contains_key(group) && !closes {
                self.move_member(&mut effect, *group, id, &occasion, true)?;
            }
        }
        Ok(effect)
    }

    /// A member comes into a group, or leaves it, with an event of the group.
    fn move_member(
        &self,
        effect: &mut Effect,
        group: ResourceId,
        member: ResourceId,
        occasion: &Occasion,
        comes: bool,
    ) -> Result<(), Error> {
        let mut changed = self.resources.get(&group).ok_or(Error::Corrupt(group))?.clone();
        changed.version = changed.version.next(occasion.now);
        let mut members = self.members.get(&group).cloned().unwrap_or_default();
        let (added, removed) = match comes {
            true => (vec![member], Vec::new()),
            false => (Vec::new(), vec![member]),
        };
        match comes {
            true => members.insert(member),
            false => members.remove(&member),
        };
        let event = Event {
            position: Position(0),
            id: group,
            kind: changed.kind,
            version: changed.version,
            act: EventAct::Changed,
            cause: occasion.cause.clone(),
            change: Bytes::new(),
            added,
            removed,
        };
        effect.events.push((event, changed.label.clone()));
        effect.members.push((group, members));
        effect.resources.push(changed);
        Ok(())
    }

    fn change(
        &self,
        found: &Stored,
        Occasion { now, cause }: Occasion,
        content: Option<(Rev, Content)>,
        members: &Delta<ResourceId>,
        secrets: Vec<SecretPut>,
    ) -> Result<Effect, Error> {
        let mut stored = found.clone();
        stored.version = found.version.next(now);
        let content = match content {
            None => None,
            Some((base, _)) if base != found.rev => return Err(Error::Stale),
            Some((base, content)) => {
                stored.rev = Rev(base.0 + 1);
                stored.label = content.label.clone();
                stored.body = content.body.clone();
                Some(content)
            }
        };
        self.write(stored, (EventAct::Changed, cause), content, members, secrets)
    }

    fn write(
        &self,
        stored: Stored,
        (act, cause): (EventAct, Cause),
        content: Option<Content>,
        members: &Delta<ResourceId>,
        mut secrets: Vec<SecretPut>,
    ) -> Result<Effect, Error> {
        let mut effect = Effect::none(&stored);
        let kind = stored.kind;
        if let Some(content) = &content {
            let key = |(attribute, key): &(AttrId, Key)| (kind, *attribute, key.clone());
            effect.unique_gone = content.unique.remove.iter().map(key).collect();
            let holder = |it: &(AttrId, Key)| self.unique.get(&key(it)).copied();
            let taken = |it: &&(AttrId, Key)| holder(it).is_some_and(|id| id != stored.id);
            if let Some((attribute, _)) = content.unique.add.iter().filter(taken).min() {
                return Err(Error::Taken(*attribute));
            }
            let come = content.unique.add.iter().map(|it| (key(it), stored.id));
            effect.unique_come = come.collect();
        }
        let present = self.members.get(&stored.id).cloned().unwrap_or_default();
        self.check_members(stored.id, &present, members)?;
        let after = members.apply(&present);
        let added: Vec<ResourceId> = after.difference(&present).copied().collect();
        let removed: Vec<ResourceId> = present.difference(&after).copied().collect();
        secrets.retain(|it| self.secrets.get(&(stored.id, it.attribute)) != it.hash.as_ref());
        if content.is_none() && added.is_empty() && removed.is_empty() && secrets.is_empty() {
            let found = self.resources.get(&stored.id).ok_or(Error::Gone)?;
            return Ok(Effect::none(found));
        }
        effect.applied = Applied::Written {
            version: stored.version,
            rev: stored.rev,
            added: added.len(),
            removed: removed.len(),
        };
        let event = Event {
            position: Position(0),
            id: stored.id,
            kind,
            version: stored.version,
            act,
            cause,
            change: content.map(|it| it.change).unwrap_or_default(),
            added,
            removed,
        };
        effect.events.push((event, stored.label.clone()));
        effect.members.push((stored.id, after));
        effect.secrets = secrets.into_iter().map(|it| (stored.id, it)).collect();
        effect.resources.push(stored);
        Ok(effect)
    }

    /// Members to be added exist, and none of them holds the group.
    fn check_members(
        &self,
        group: ResourceId,
        present: &BTreeSet<ResourceId>,
        members: &Delta<ResourceId>,
    ) -> Result<(), Error> {
        let kept = |id: &ResourceId| members.base() == Base::Keep && present.contains(id);
        let come = members.added().iter().filter(|id| !kept(id));
        for id in come {
            if *id == group {
                return Err(Error::Cycle(*id));
            }
            if !self.resources.contains_key(id) {
                return Err(Error::UnknownMember(*id));
            }
            if self.ancestors(group).contains(id) {
                return Err(Error::Cycle(*id));
            }
        }
        Ok(())
    }

    fn delete(
        &self,
        found: &Stored,
        occasion: Occasion,
        base: Rev,
        keys: Keys,
        change: Bytes,
        keep_until: Option<i64>,
    ) -> Result<Effect, Error> {
        if found.rev != base {
            return Err(Error::Stale);
        }
        let mut effect = Effect::none(found);
        let removed: Vec<ResourceId> =
            self.members.get(&found.id).into_iter().flatten().copied().collect();
        let version = found.version.next(occasion.now);
        let groups: BTreeSet<ResourceId> = self.parents(found.id).collect();
        for group in &groups {
            self.move_member(&mut effect, *group, found.id, &occasion, false)?;
        }
        effect.trashed = keep_until.map(|keep_until| Trashed {
            id: found.id,
            kind: found.kind,
            version,
            keep_until,
            label: found.label.clone(),
            body: found.body.clone(),
            groups: groups.into_iter().collect(),
            members: removed.clone(),
        });
        effect.applied =
            Applied::Written { version, rev: found.rev, added: 0, removed: removed.len() };
        let event = Event {
            position: Position(0),
            id: found.id,
            kind: found.kind,
            version,
            act: EventAct::Deleted,
            cause: occasion.cause,
            change,
            added: Vec::new(),
            removed,
        };
        effect.events.push((event, found.label.clone()));
        effect.gone = Some(found.id);
        effect.unique_gone =
            keys.unique.into_iter().map(|(id, key)| (found.kind, id, key)).collect();
        Ok(effect)
    }
}

impl Effect {
    fn none(stored: &Stored) -> Self {
        Self {
            applied: Applied::Unchanged { version: stored.version, rev: stored.rev },
            resources: Vec::new(),
            gone: None,
            unique_gone: Vec::new(),
            unique_come: Vec::new(),
            members: Vec::new(),
            secrets: Vec::new(),
            events: Vec::new(),
            entries: Vec::new(),
            trashed: None,
            at: 0,
        }
    }
}
