//! One write of a resource inside the writer's transaction.

use std::cell::Cell;

use bytes::Bytes;
use provost_scim::membership::Delta;
use provost_scim::schema::{AttrId, Kind};
use provost_scim::value::Key;
use provost_store::{
    Act, Applied, Cause, Content, Error, Event, EventAct, Keys, Position, ResourceId, Rev,
    SecretPut, TenantId, Version, Write,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::key::{self, Holder};
use super::member::Effect;
use crate::error::Failure;
use crate::event;
use crate::open::Shared;

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
        let Write { id, kind, if_match, act, secrets, now, cause, mode: _ } = write;
        let present = self.row(tenant, id)?;
        let found = present.filter(|it| it.kind == kind);
        if let Some(expected) = if_match
            && !expected.accepts(found.ok_or(Error::Gone)?.version)
        {
            return Err(Error::Mismatch.into());
        }
        let occasion = Occasion { tenant, now, cause };
        match act {
            Act::Create { content, members } => match present {
                Some(present) => self.repeat(present, kind, &content),
                None => self.create((id, kind), occasion, content, &members, &secrets),
            },
            Act::Change { content, members } => {
                self.change(found.ok_or(Error::Gone)?, occasion, content, &members, &secrets)
            }
            Act::Delete { base, keys, change } => {
                let found = found.ok_or(Error::Gone)?;
                if found.rev != base {
                    return Err(Error::Stale.into());
                }
                self.delete(found, occasion, &keys, change)
            }
        }
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
        members: &Delta<ResourceId>,
        secrets: &[SecretPut],
    ) -> Result<Applied, Failure> {
        let (version, rev) = (Version(occasion.now), Rev(1));
        self.connection
            .prepare_cached(
                "INSERT INTO resource (tenant_id, id, kind, version, rev, created, format, label, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?6, ?7, ?8)",
            )?
            .execute(params![
                occasion.tenant.0,
                id.0,
                self.shared.registry.kind(kind),
                version.0,
                rev.0,
                BODY_FORMAT,
                &*content.label,
                &content.body[..]
            ])?;
        let row = Row { rid: self.connection.last_insert_rowid(), id, kind, version, rev };
        self.put_keys(occasion.tenant, &row, &content)?;
        self.put_secrets(&row, secrets)?;
        let effect = self.put_members(occasion.tenant, &row, members)?;
        self.record(occasion, row, EventAct::Created, content.change, effect)
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
        if let Some((base, content)) = &content {
            if *base != found.rev {
                return Err(Error::Stale.into());
            }
            row.rev = Rev(found.rev.0 + 1);
            self.put_content(&row, content)?;
            self.put_keys(occasion.tenant, &row, content)?;
            change = content.change.clone();
        }
        let effect = self.put_members(occasion.tenant, &row, members)?;
        let has_new_secrets = self.put_secrets(&row, secrets)?;
        if content.is_none() {
            if effect.is_none() && !has_new_secrets {
                return Ok(Applied::Unchanged { version: found.version, rev: found.rev });
            }
            self.bump(&row)?;
        }
        self.record(occasion, row, EventAct::Changed, change, effect)
    }

    fn delete(
        &self,
        found: Row,
        occasion: Occasion,
        keys: &Keys,
        change: Bytes,
    ) -> Result<Applied, Failure> {
        let row = Row { version: found.version.next(occasion.now), ..found };
        self.leave_groups(&row, &occasion)?;
        let effect = self.remove_all_members(&row)?;
        let holder = self.holder(occasion.tenant, &row);
        self.remove_keys(&holder, &keys.values, &keys.unique)?;
        self.remove_all_secrets(&row)?;
        self.connection
            .prepare_cached("DELETE FROM resource WHERE rid = ?1")?
            .execute([row.rid])?;
        self.record(occasion, row, EventAct::Deleted, change, effect)
    }

    /// A resource that goes leaves its groups: each changes, in the order of ids, with its event.
    fn leave_groups(&self, row: &Row, occasion: &Occasion) -> Result<(), Failure> {
        for group in self.groups_of(row)? {
            let group = Row { version: group.version.next(occasion.now), ..group };
            self.remove_member(&group, row.id)?;
            self.bump(&group)?;
            let Occasion { tenant, now, ref cause } = *occasion;
            let occasion = Occasion { tenant, now, cause: cause.clone() };
            let left = Effect { added: Vec::new(), removed: vec![row.id] };
            self.record(occasion, group, EventAct::Changed, Bytes::new(), left)?;
        }
        Ok(())
    }

    /// Appends the event of what was done, and says what that was.
    fn record(
        &self,
        occasion: Occasion,
        row: Row,
        act: EventAct,
        change: Bytes,
        effect: Effect,
    ) -> Result<Applied, Failure> {
        let Row { id, kind, version, rev, rid: _ } = row;
        let Effect { added, removed } = effect;
        let applied = Applied::Written { version, rev, added: added.len(), removed: removed.len() };
        let (position, cause) = (Position(0), occasion.cause);
        let event = Event { position, id, kind, version, act, cause, change, added, removed };
        event::append(self.connection, &self.shared.registry, occasion.tenant, &event)?;
        Ok(applied)
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
