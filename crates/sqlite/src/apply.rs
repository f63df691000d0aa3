//! One write inside the writer's transaction (the store's contract, §3 to §5 of the design).

use std::collections::BTreeSet;

use provost_scim::membership::{Base, Delta};
use provost_scim::schema::{Kind, Schemas};
use provost_store::{
    Act, Applied, Cause, Content, Error, EventAct, KeyDiff, Keys, ResourceId, Rev, TenantId,
    Version, Write,
};
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::event::{self, NewEvent};
use crate::registry::Registry;
use crate::row::{self, Found};

/// The body format that this release writes.
const BODY_FORMAT: i64 = 1;

/// Why a write did not happen: the contract's answer, or a failure of SQLite.
#[derive(Debug)]
pub(crate) enum Refusal {
    Contract(Error),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Contract(error)
    }
}

/// What a write works on.
pub(crate) struct Scene<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) schemas: &'a Schemas,
    pub(crate) registry: &'a Registry,
    pub(crate) tenant: TenantId,
}

impl Scene<'_> {
    /// Applies a write; the caller undoes it if it is refused or rehearsed.
    pub(crate) fn apply(&self, write: Write) -> Result<Applied, Refusal> {
        let Write { id, kind, if_match, act, now, cause, mode: _ } = write;
        let found = row::find_kind(self.connection, self.registry, self.tenant, kind, id)?;
        if let Some(expected) = if_match {
            let version = found.as_ref().ok_or(Error::Gone)?.stored.version;
            if !expected.accepts(version) {
                return Err(Error::Mismatch.into());
            }
        }
        match act {
            Act::Create { content, members } => {
                self.create(id, kind, now, &cause, content, &members)
            }
            Act::Change { content, members } => {
                self.change(found.ok_or(Error::Gone)?, now, &cause, content, &members)
            }
            Act::Delete { base, keys, change } => {
                let found = found.ok_or(Error::Gone)?;
                if found.stored.rev != base {
                    return Err(Error::Stale.into());
                }
                self.delete(&found, now, &cause, keys, &change)
            }
        }
    }

    fn create(
        &self,
        id: ResourceId,
        kind: Kind,
        now: i64,
        cause: &Cause,
        content: Content,
        members: &Delta<ResourceId>,
    ) -> Result<Applied, Refusal> {
        if let Some(Found { stored, .. }) =
            row::find(self.connection, self.registry, self.tenant, id)?
        {
            // The repetition of a write whose outcome was unknown.
            return match stored.kind == kind && stored.body == content.body {
                true => Ok(Applied::Unchanged { version: stored.version, rev: stored.rev }),
                false => Err(Error::Stale.into()),
            };
        }
        self.connection
            .prepare_cached(
                "INSERT INTO resource (tenant_id, id, kind, version, rev, created, format, label, body)
                 VALUES (?1, ?2, ?3, ?4, 1, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                self.tenant.0,
                id.0,
                self.registry.kind(kind),
                now,
                BODY_FORMAT,
                &*content.label,
                &content.body[..]
            ])?;
        let rid = self.connection.last_insert_rowid();
        self.put_keys(rid, kind, &content)?;
        let (added, removed) = self.put_members(rid, id, members)?;
        let (version, rev) = (Version(now), Rev(1));
        self.append(&NewEvent {
            id,
            kind,
            version,
            act: EventAct::Created,
            cause,
            change: &content.change,
            added: &added,
            removed: &removed,
        })?;
        Ok(Applied::Written { version, rev, added: added.len(), removed: removed.len() })
    }

    fn change(
        &self,
        found: Found,
        now: i64,
        cause: &Cause,
        content: Option<(Rev, Content)>,
        members: &Delta<ResourceId>,
    ) -> Result<Applied, Refusal> {
        let Found { rid, stored } = found;
        let version = stored.version.next(now);
        let mut rev = stored.rev;
        if let Some((base, content)) = &content {
            if *base != stored.rev {
                return Err(Error::Stale.into());
            }
            rev = Rev(base.0 + 1);
            self.connection
                .prepare_cached(
                    "UPDATE resource SET version = ?2, rev = ?3, format = ?4, label = ?5, body = ?6
                     WHERE rid = ?1",
                )?
                .execute(params![
                    rid,
                    version.0,
                    rev.0,
                    BODY_FORMAT,
                    &*content.label,
                    &content.body[..]
                ])?;
            self.put_keys(rid, stored.kind, content)?;
        }
        let (added, removed) = self.put_members(rid, stored.id, members)?;
        let content = content.map(|(_, content)| content);
        if content.is_none() {
            if added.is_empty() && removed.is_empty() {
                return Ok(Applied::Unchanged { version: stored.version, rev });
            }
            self.bump(rid, version)?;
        }
        self.append(&NewEvent {
            id: stored.id,
            kind: stored.kind,
            version,
            act: EventAct::Changed,
            cause,
            change: content.as_ref().map_or(&[][..], |it| &it.change),
            added: &added,
            removed: &removed,
        })?;
        Ok(Applied::Written { version, rev, added: added.len(), removed: removed.len() })
    }

    fn delete(
        &self,
        found: &Found,
        now: i64,
        cause: &Cause,
        keys: Keys,
        change: &[u8],
    ) -> Result<Applied, Refusal> {
        let Found { rid, stored } = found;
        self.leave_groups(*rid, stored.id, now, cause)?;
        let removed: Vec<ResourceId> =
            self.members_of(*rid)?.into_iter().map(|(id, _)| id).collect();
        self.connection
            .prepare_cached("DELETE FROM member WHERE tenant_id = ?1 AND group_rid = ?2")?
            .execute(params![self.tenant.0, rid])?;
        let gone =
            |keys: BTreeSet<_>| KeyDiff { remove: keys.into_iter().collect(), add: Vec::new() };
        self.drop_keys("value_key", *rid, stored.kind, &gone(keys.values))?;
        self.drop_keys("unique_key", *rid, stored.kind, &gone(keys.unique))?;
        self.connection.prepare_cached("DELETE FROM resource WHERE rid = ?1")?.execute([rid])?;
        let version = stored.version.next(now);
        self.append(&NewEvent {
            id: stored.id,
            kind: stored.kind,
            version,
            act: EventAct::Deleted,
            cause,
            change,
            added: &[],
            removed: &removed,
        })?;
        Ok(Applied::Written { version, rev: stored.rev, added: 0, removed: removed.len() })
    }

    /// A resource that goes leaves its groups: each changes, in the order of ids, with its event.
    fn leave_groups(
        &self,
        rid: i64,
        id: ResourceId,
        now: i64,
        cause: &Cause,
    ) -> Result<(), Refusal> {
        let sql = format!(
            "SELECT {} FROM resource WHERE rid IN (SELECT group_rid FROM member WHERE member_rid = ?1)
             ORDER BY id",
            row::COLUMNS
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let groups: Vec<Option<Found>> = statement
            .query_map([rid], |row| row::stored(self.registry, row))?
            .collect::<Result<_, _>>()?;
        self.connection
            .prepare_cached("DELETE FROM member WHERE member_rid = ?1")?
            .execute([rid])?;
        for Found { rid, stored: group } in groups.into_iter().flatten() {
            let version = group.version.next(now);
            self.bump(rid, version)?;
            self.append(&NewEvent {
                id: group.id,
                kind: group.kind,
                version,
                act: EventAct::Changed,
                cause,
                change: &[],
                added: &[],
                removed: &[id],
            })?;
        }
        Ok(())
    }

    fn bump(&self, rid: i64, version: Version) -> rusqlite::Result<()> {
        let sql = "UPDATE resource SET version = ?2 WHERE rid = ?1";
        self.connection.prepare_cached(sql)?.execute(params![rid, version.0])?;
        Ok(())
    }

    fn append(&self, event: &NewEvent<'_>) -> rusqlite::Result<()> {
        event::append(self.connection, self.schemas, self.tenant, event)
    }

    fn put_keys(&self, rid: i64, kind: Kind, content: &Content) -> Result<(), Refusal> {
        self.drop_keys("value_key", rid, kind, &content.values)?;
        self.drop_keys("unique_key", rid, kind, &content.unique)?;
        let place = (self.tenant.0, self.registry.kind(kind));
        for (attribute, key) in &content.values.add {
            self.registry.put_value_key(self.connection, place, *attribute, key, rid)?;
        }
        let mut unique: Vec<_> = content.unique.add.iter().collect();
        unique.sort();
        for (attribute, key) in unique {
            let holder =
                self.registry.put_unique_key(self.connection, place, *attribute, key, rid)?;
            if holder.is_some() {
                return Err(Error::Taken(*attribute).into());
            }
        }
        Ok(())
    }

    fn drop_keys(
        &self,
        table: &'static str,
        rid: i64,
        kind: Kind,
        diff: &KeyDiff,
    ) -> rusqlite::Result<()> {
        let sql = format!(
            "DELETE FROM {table}
             WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?3 AND key = ?4 AND rid = ?5"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        for (attribute, key) in &diff.remove {
            let attribute = self.registry.attribute(*attribute);
            let kind = self.registry.kind(kind);
            statement.execute(params![self.tenant.0, kind, attribute, &key[..], rid])?;
        }
        Ok(())
    }

    /// Changes the members of a group; gives those that came and those that went, ordered.
    fn put_members(
        &self,
        rid: i64,
        group: ResourceId,
        delta: &Delta<ResourceId>,
    ) -> Result<(Vec<ResourceId>, Vec<ResourceId>), Refusal> {
        let mut removed = Vec::new();
        match delta.base() {
            Base::Empty => {
                for (member, member_rid) in self.members_of(rid)? {
                    if !delta.keeps(&member) {
                        self.remove_member(rid, member_rid)?;
                        removed.push(member);
                    }
                }
            }
            Base::Keep => {
                for member in delta.removed() {
                    if let Some(member_rid) = self.rid_of(*member)?
                        && self.remove_member(rid, member_rid)?
                    {
                        removed.push(*member);
                    }
                }
            }
        }
        let mut added = Vec::new();
        let mut above: Option<BTreeSet<i64>> = None;
        for member in delta.added() {
            if *member == group {
                return Err(Error::Cycle(*member).into());
            }
            let member_rid = self.rid_of(*member)?.ok_or(Error::UnknownMember(*member))?;
            if self.has_members(member_rid)? {
                let above = match &mut above {
                    Some(above) => above,
                    none => none.insert(self.groups_above(rid)?),
                };
                if above.contains(&member_rid) {
                    return Err(Error::Cycle(*member).into());
                }
            }
            let inserted = self
                .connection
                .prepare_cached(
                    "INSERT INTO member (tenant_id, group_rid, member_rid) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![self.tenant.0, rid, member_rid])?;
            if inserted == 1 {
                added.push(*member);
            }
        }
        Ok((added, removed))
    }

    fn remove_member(&self, rid: i64, member_rid: i64) -> rusqlite::Result<bool> {
        let sql = "DELETE FROM member WHERE tenant_id = ?1 AND group_rid = ?2 AND member_rid = ?3";
        let gone = self.connection.prepare_cached(sql)?.execute(params![
            self.tenant.0,
            rid,
            member_rid
        ])?;
        Ok(gone == 1)
    }

    fn rid_of(&self, id: ResourceId) -> rusqlite::Result<Option<i64>> {
        use rusqlite::OptionalExtension as _;
        self.connection
            .prepare_cached("SELECT rid FROM resource WHERE tenant_id = ?1 AND id = ?2")?
            .query_row(params![self.tenant.0, id.0], |row| row.get(0))
            .optional()
    }

    /// The members of a group and their row numbers, ordered by id.
    fn members_of(&self, rid: i64) -> rusqlite::Result<Vec<(ResourceId, i64)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT r.id, r.rid FROM member m JOIN resource r ON r.rid = m.member_rid
             WHERE m.tenant_id = ?1 AND m.group_rid = ?2 ORDER BY r.id",
        )?;
        let rows = statement.query_map(params![self.tenant.0, rid], |row| {
            Ok((row.get::<_, Uuid>(0)?, row.get(1)?))
        })?;
        rows.map(|it| it.map(|(id, rid)| (ResourceId(id), rid))).collect()
    }

    fn has_members(&self, rid: i64) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM member WHERE tenant_id = ?1 AND group_rid = ?2)",
            )?
            .query_row(params![self.tenant.0, rid], |row| row.get(0))
    }

    /// All groups above a group.
    fn groups_above(&self, rid: i64) -> rusqlite::Result<BTreeSet<i64>> {
        let mut statement = self.connection.prepare_cached(
            "WITH RECURSIVE above (rid) AS (
                 SELECT group_rid FROM member WHERE member_rid = ?1
                 UNION SELECT m.group_rid FROM member m JOIN above a ON m.member_rid = a.rid
             ) SELECT rid FROM above",
        )?;
        statement.query_map([rid], |row| row.get(0))?.collect()
    }
}
