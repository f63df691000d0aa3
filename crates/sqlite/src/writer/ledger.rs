//! One write of a resource inside the writer's transaction.

use std::cell::Cell;
use std::collections::BTreeSet;

use bytes::Bytes;
use provost_scim::membership::Delta;
use provost_scim::schema::{AttrId, Kind};
use provost_scim::value::Key;
use provost_store::{
    Act, Applied, Cause, Content, Entry, Error, Event, EventAct, Keys, Position, ResourceId, Rev,
    SecretPut, TenantId, Trashed, Version, Write,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::key::{self, Holder};
use super::member::Effect;
use crate::error::Failure;
use crate::open::Shared;
use crate::{audit, event, population, trash};

/// The format of the bodies that this release writes.
const BODY_FORMAT: i64 = 1;

/// What writes are done on. Whatever a refused one leaves, its savepoint undoes.
pub(crate) struct Ledger<'a> {
    pub(crate) connection: &'a Connection,
    pub(super) shared: &'a Shared,
    member_rows: Cell<usize>,
}

/// A resource as writes see it: all but the body.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) rid: i64,
    pub(super) id: ResourceId,
    pub(super) kind: Kind,
    pub(super) version: Version,
    pub(super) rev: Rev,
}

/// When a write happens, and through whom.
struct Occasion {
    tenant: TenantId,
    now: i64,
    cause: Cause,
}

impl<'a> Ledger<'a> {
    pub(super) const fn new(connection: &'a Connection, shared: &'a Shared) -> Self {
        Self { connection, shared, member_rows: Cell::new(0) }
    }

    /// How many member rows came or went.
    pub(super) const fn member_rows(&self) -> usize {
        self.member_rows.get()
    }

    /// Applies a write, or says why not.
    pub(crate) fn apply(&self, tenant: TenantId, write: Write) -> Result<Applied, Failure> {
        let Write { id, kind, if_match, act, secrets, now, cause, entries, mode: _ } = write;
        let present = self.row(tenant, id)?;
        let found = present.filter(|it| it.kind == kind);
        if let Some(expected) = if_match
            && !expected.accepts(found.ok_or(Error::Gone)?.version)
        {
            return Err(Error::Mismatch.into());
        }
        let occasion = Occasion { tenant, now, cause };
        let applied = match act {
            Act::Create { content, members, rejoin, limit } => match present {
                Some(present) => self.repeat(present, kind, &content),
                None => {
                    let members = (&members, &rejoin[..]);
                    let created = self.create((id, kind), occasion, content, members, &secrets)?;
                    // After the names: one that is taken is the better answer.
                    self.check_room(tenant, kind, limit)?;
                    Ok(created)
                }
            },
            Act::Change { content, members } => {
                self.change(found.ok_or(Error::Gone)?, occasion, content, &members, &secrets)
            }
            Act::Delete { base, keys, change, keep_until } => {
                let found = found.ok_or(Error::Gone)?;
                if found.rev != base {
                    return Err(Error::Stale.into());
                }
                self.delete(found, occasion, &keys, change, keep_until)
            }
        }?;
        if matches!(applied, Applied::Written { .. }) {
            self.record_entries(tenant, &entries)?;
        }
        Ok(applied)
    }

    /// A creation whose outcome was unknown to its client, or one of an id that is in use.
    fn repeat(&self, present: Row, kind: Kind, content: &Content) -> Result<Applied, Failure> {
        let sql = "SELECT body = ?2 FROM resource WHERE rid = ?1";
        let parameters = params![present.rid, &content.body[..]];
        let is_same: bool =
            self.connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))?;
        if !is_same || present.kind != kind {
            return Err(Error::Stale.into());
        }
        Ok(Applied::Unchanged { version: present.version, rev: present.rev })
    }

    fn create(
        &self,
        (id, kind): (ResourceId, Kind),
        occasion: Occasion,
        content: Content,
        (members, rejoin): (&Delta<ResourceId>, &[ResourceId]),
        secrets: &[SecretPut],
    ) -> Result<Applied, Failure> {
        // What comes back is newer than its end.
        let ended = trash::take(self.connection, occasion.tenant, id)?;
        let version = ended.map_or(Version(occasion.now), |it| it.next(occasion.now));
        let rev = Rev(1);
        self.connection
            .prepare_cached(
                "INSERT INTO resource (tenant_id, id, kind, version, rev, created, format, label, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?9, ?6, ?7, ?8)",
            )?
            .execute(params![
                occasion.tenant.0,
                id.0,
                self.shared.registry.kind(kind),
                version.0,
                rev.0,
                BODY_FORMAT,
                &*content.label,
                &content.body[..],
                occasion.now
            ])?;
        let row = Row { rid: self.connection.last_insert_rowid(), id, kind, version, rev };
        self.put_keys(occasion.tenant, &row, &content)?;
        self.put_secrets(&row, secrets)?;
        self.count(occasion.tenant, kind, 1)?;
        let effect = self.put_members(occasion.tenant, &row, members)?;
        let label = content.label;
        let applied =
            self.record(&occasion, row, &label, EventAct::Created, content.change, effect)?;
        self.join_groups(&row, rejoin, &occasion)?;
        Ok(applied)
    }

    fn change(
        &self,
        found: Row,
        occasion: Occasion,
        content: Option<(Rev, Content)>,
        members: &Delta<ResourceId>,
        secrets: &[SecretPut],
    ) -> Result<Applied, Failure> {
        let mut row = Row { version: found.version.next(occasion.now), ..found };
        let mut change = Bytes::new();
        let mut label = None;
        if let Some((base, content)) = &content {
            if *base != found.rev {
                return Err(Error::Stale.into());
            }
            row.rev = Rev(found.rev.0 + 1);
            self.put_content(&row, content)?;
            self.put_keys(occasion.tenant, &row, content)?;
            change = content.change.clone();
            label = Some(content.label.clone());
        }
        let effect = self.put_members(occasion.tenant, &row, members)?;
        let has_new_secrets = self.put_secrets(&row, secrets)?;
        if content.is_none() {
            if effect.is_none() && !has_new_secrets {
                return Ok(Applied::Unchanged { version: found.version, rev: found.rev });
            }
            self.bump(&row)?;
        }
        let label = label.map_or_else(|| self.label(&row), Ok)?;
        self.record(&occasion, row, &label, EventAct::Changed, change, effect)
    }

    fn delete(
        &self,
        found: Row,
        occasion: Occasion,
        keys: &Keys,
        change: Bytes,
        keep_until: Option<i64>,
    ) -> Result<Applied, Failure> {
        let row = Row { version: found.version.next(occasion.now), ..found };
        let label = self.label(&row)?;
        let groups = self.leave_groups(&row, &occasion)?;
        let effect = self.remove_all_members(&row)?;
        if let Some(keep_until) = keep_until {
            self.put_into_trash(&row, &occasion, keep_until, groups, &effect)?;
        }
        let holder = self.holder(occasion.tenant, &row);
        self.remove_keys(&holder, &keys.values, &keys.unique)?;
        self.remove_all_secrets(&row)?;
        self.connection
            .prepare_cached("DELETE FROM resource WHERE rid = ?1")?
            .execute([row.rid])?;
        self.count(occasion.tenant, row.kind, -1)?;
        self.record(&occasion, row, &label, EventAct::Deleted, change, effect)
    }

    /// A resource that goes leaves its groups: each changes, in the order of ids, with its event.
    fn leave_groups(&self, row: &Row, occasion: &Occasion) -> Result<Vec<ResourceId>, Failure> {
        let groups = self.groups_of(row)?;
        for group in &groups {
            self.remove_member(group, row.id)?;
            let left = Effect { added: Vec::new(), removed: vec![row.id] };
            self.group_changed(*group, occasion, left)?;
        }
        Ok(groups.into_iter().map(|it| it.id).collect())
    }

    /// A resource that comes back becomes a member of those of its groups that are there.
    fn join_groups(
        &self,
        row: &Row,
        groups: &[ResourceId],
        occasion: &Occasion,
    ) -> Result<(), Failure> {
        for group in groups.iter().collect::<BTreeSet<_>>() {
            let Some(group) = self.row(occasion.tenant, *group)? else { continue };
            let joined = self.put_members(occasion.tenant, &group, &Delta::add([row.id]));
            let joined = match joined {
                // The group has become a member of what comes back.
                Err(Failure::Refused(Error::Cycle(_))) => continue,
                other => other?,
            };
            if !joined.is_none() {
                self.group_changed(group, occasion, joined)?;
            }
        }
        Ok(())
    }

    /// The version of a group grows, with the event of its members.
    fn group_changed(
        &self,
        group: Row,
        occasion: &Occasion,
        effect: Effect,
    ) -> Result<(), Failure> {
        let group = Row { version: group.version.next(occasion.now), ..group };
        self.bump(&group)?;
        let label = self.label(&group)?;
        self.record(occasion, group, &label, EventAct::Changed, Bytes::new(), effect).map(drop)
    }

    fn put_into_trash(
        &self,
        row: &Row,
        occasion: &Occasion,
        keep_until: i64,
        groups: Vec<ResourceId>,
        effect: &Effect,
    ) -> Result<(), Failure> {
        let sql = "SELECT body FROM resource WHERE rid = ?1";
        let body: Vec<u8> =
            self.connection.prepare_cached(sql)?.query_row([row.rid], |row| row.get(0))?;
        let trashed = Trashed {
            id: row.id,
            kind: row.kind,
            version: row.version,
            keep_until,
            label: self.label(row)?,
            body: body.into(),
            groups,
            members: effect.removed.clone(),
        };
        trash::put(self.connection, &self.shared.registry, occasion.tenant, &trashed)?;
        Ok(())
    }

    /// Appends the event of what was done and its row in the audit trail, and says what that was.
    fn record(
        &self,
        occasion: &Occasion,
        row: Row,
        label: &str,
        act: EventAct,
        change: Bytes,
        effect: Effect,
    ) -> Result<Applied, Failure> {
        let Row { id, kind, version, rev, rid: _ } = row;
        let Effect { added, removed } = effect;
        let applied = Applied::Written { version, rev, added: added.len(), removed: removed.len() };
        let (position, cause) = (Position(0), occasion.cause.clone());
        let event = Event { position, id, kind, version, act, cause, change, added, removed };
        let registry = &self.shared.registry;
        let position = event::append(self.connection, registry, occasion.tenant, &event)?;
        let category = &self.shared.schemas.resource_type(kind).name;
        let entry = Entry::of_event(&event, category, label, occasion.now);
        audit::append(self.connection, occasion.tenant, &entry, Some(position))?;
        Ok(applied)
    }

    /// How others call a resource.
    fn label(&self, row: &Row) -> rusqlite::Result<Box<str>> {
        let sql = "SELECT label FROM resource WHERE rid = ?1";
        self.connection.prepare_cached(sql)?.query_row([row.rid], |row| row.get(0))
    }

    /// Whether there may be as many of a kind as there are.
    fn check_room(&self, tenant: TenantId, kind: Kind, limit: Option<u64>) -> Result<(), Failure> {
        let Some(limit) = limit else { return Ok(()) };
        match population::of(self.connection, tenant, self.shared.registry.kind(kind))? <= limit {
            true => Ok(()),
            false => Err(Error::Full { limit }.into()),
        }
    }

    fn count(&self, tenant: TenantId, kind: Kind, more: i64) -> rusqlite::Result<()> {
        population::add(self.connection, tenant, self.shared.registry.kind(kind), more)
    }

    fn put_content(&self, row: &Row, content: &Content) -> rusqlite::Result<()> {
        let sql = "UPDATE resource SET version = ?2, rev = ?3, format = ?4, label = ?5, body = ?6
                   WHERE rid = ?1";
        let (label, body) = (&*content.label, &content.body[..]);
        let parameters = params![row.rid, row.version.0, row.rev.0, BODY_FORMAT, label, body];
        self.connection.prepare_cached(sql)?.execute(parameters).map(drop)
    }

    /// The version grows, and nothing else: members came or went.
    fn bump(&self, row: &Row) -> rusqlite::Result<()> {
        let sql = "UPDATE resource SET version = ?2 WHERE rid = ?1";
        self.connection.prepare_cached(sql)?.execute(params![row.rid, row.version.0]).map(drop)
    }

    fn put_keys(&self, tenant: TenantId, row: &Row, content: &Content) -> Result<(), Failure> {
        let Content { values, unique, .. } = content;
        let holder = self.holder(tenant, row);
        let number = |id| self.shared.registry.attribute(id);
        self.remove_keys(&holder, &values.remove, &unique.remove)?;
        for (attribute, key) in &values.add {
            key::add_value(self.connection, &holder, number(*attribute), key)?;
        }
        let mut unique: Vec<&(AttrId, Key)> = unique.add.iter().collect();
        unique.sort();
        for (attribute, key) in unique {
            if !key::add_unique(self.connection, &holder, number(*attribute), key)? {
                return Err(Error::Taken(*attribute).into());
            }
        }
        Ok(())
    }

    fn remove_keys<'k>(
        &self,
        holder: &Holder,
        values: impl IntoIterator<Item = &'k (AttrId, Key)>,
        unique: impl IntoIterator<Item = &'k (AttrId, Key)>,
    ) -> rusqlite::Result<()> {
        let number = |id| self.shared.registry.attribute(id);
        for (attribute, key) in values {
            key::remove_value(self.connection, holder, number(*attribute), key)?;
        }
        for (attribute, key) in unique {
            key::remove_unique(self.connection, holder, number(*attribute), key)?;
        }
        Ok(())
    }

    fn holder(&self, tenant: TenantId, row: &Row) -> Holder {
        let kind = self.shared.registry.kind(row.kind);
        Holder { tenant: tenant.0, kind, id: row.id, rid: row.rid }
    }

    /// The resource with an id, of any kind.
    pub(super) fn row(&self, tenant: TenantId, id: ResourceId) -> Result<Option<Row>, Failure> {
        let sql = "SELECT rid, kind, version, rev FROM resource WHERE tenant_id = ?1 AND id = ?2";
        let read = |row: &rusqlite::Row<'_>| {
            Ok((row.get(0)?, row.get(1)?, Version(row.get(2)?), Rev(row.get(3)?)))
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row(params![tenant.0, id.0], read).optional()?;
        let Some((rid, kind, version, rev)) = found else { return Ok(None) };
        let kind = self.shared.registry.kind_of(kind).ok_or(Error::Corrupt(id))?;
        Ok(Some(Row { rid, id, kind, version, rev }))
    }

    pub(super) fn count_member_row(&self) {
        self.member_rows.set(self.member_rows.get() + 1);
    }
}
