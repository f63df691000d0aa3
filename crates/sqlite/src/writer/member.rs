//! The membership relation, changed from the group's side.

use std::collections::BTreeSet;

use provost_scim::membership::{Base, Delta};
use provost_store::{Error, ResourceId, Rev, TenantId, Version};
use rusqlite::params;

use super::Ledger;
use super::ledger::Row;
use crate::error::Failure;

/// Which members came and which went, ordered.
#[derive(Debug, Default)]
pub(super) struct Effect {
    pub(super) added: Vec<ResourceId>,
    pub(super) removed: Vec<ResourceId>,
}

impl Effect {
    pub(super) const fn is_none(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl Ledger<'_> {
    /// Changes the members of a group.
    pub(super) fn put_members(
        &self,
        tenant: TenantId,
        group: &Row,
        delta: &Delta<ResourceId>,
    ) -> Result<Effect, Failure> {
        let removed = match delta.base() {
            Base::Keep => self.remove_members(group, delta.removed().iter().copied())?,
            Base::Empty => {
                let present = self.members_of(group)?;
                self.remove_members(group, present.into_iter().filter(|it| !delta.keeps(it)))?
            }
        };
        let mut added = Vec::new();
        let mut above = None;
        for member in delta.added() {
            if self.add_member(tenant, group, *member, &mut above)? {
                added.push(*member);
            }
        }
        Ok(Effect { added, removed })
    }

    /// Removes all members of a group that goes.
    pub(super) fn remove_all_members(&self, group: &Row) -> Result<Effect, Failure> {
        let removed = self.remove_members(group, self.members_of(group)?)?;
        Ok(Effect { added: Vec::new(), removed })
    }

    /// Removes a member; `false` if it is none.
    pub(super) fn remove_member(&self, group: &Row, member: ResourceId) -> rusqlite::Result<bool> {
        let sql = "DELETE FROM member WHERE group_rid = ?1 AND member_id = ?2";
        let gone = self.connection.prepare_cached(sql)?.execute(params![group.rid, member.0])? == 1;
        if gone {
            self.count_member_row();
        }
        Ok(gone)
    }

    /// The groups that list a resource, ordered by id.
    pub(super) fn groups_of(&self, member: &Row) -> Result<Vec<Row>, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT g.rid, g.id, g.kind, g.version, g.rev
             FROM member m CROSS JOIN resource g ON g.rid = m.group_rid
             WHERE m.member_rid = ?1 ORDER BY g.id",
        )?;
        let mut rows = statement.query([member.rid])?;
        let mut groups = Vec::new();
        while let Some(row) = rows.next()? {
            let id = ResourceId(row.get(1)?);
            let kind = self.shared.registry.kind_of(row.get(2)?).ok_or(Error::Corrupt(id))?;
            let (version, rev) = (Version(row.get(3)?), Rev(row.get(4)?));
            groups.push(Row { rid: row.get(0)?, id, kind, version, rev });
        }
        Ok(groups)
    }

    /// Adds a member; `false` if it is one. `above` are the groups above the group, once looked up.
    fn add_member(
        &self,
        tenant: TenantId,
        group: &Row,
        id: ResourceId,
        above: &mut Option<BTreeSet<i64>>,
    ) -> Result<bool, Failure> {
        if id == group.id {
            return Err(Error::Cycle(id).into());
        }
        let member = self.row(tenant, id)?.ok_or(Error::UnknownMember(id))?;
        // Only what has members itself can be above a group.
        if self.shared.schemas.members_of(member.kind).is_some() {
            let above = match above {
                Some(above) => above,
                none => none.insert(self.groups_above(group)?),
            };
            if above.contains(&member.rid) {
                return Err(Error::Cycle(id).into());
            }
        }
        let kind = self.shared.registry.kind(member.kind);
        let sql = "INSERT INTO member (group_rid, member_id, member_rid, member_kind)
                   VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        let parameters = params![group.rid, id.0, member.rid, kind];
        let came = self.connection.prepare_cached(sql)?.execute(parameters)? == 1;
        if came {
            self.count_member_row();
        }
        Ok(came)
    }

    fn remove_members(
        &self,
        group: &Row,
        members: impl IntoIterator<Item = ResourceId>,
    ) -> rusqlite::Result<Vec<ResourceId>> {
        let mut removed = Vec::new();
        for member in members {
            if self.remove_member(group, member)? {
                removed.push(member);
            }
        }
        Ok(removed)
    }

    /// The members of a group, ordered by id.
    fn members_of(&self, group: &Row) -> rusqlite::Result<Vec<ResourceId>> {
        let sql = "SELECT member_id FROM member WHERE group_rid = ?1 ORDER BY member_id";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([group.rid], |row| row.get(0).map(ResourceId))?.collect()
    }

    /// All groups above a group.
    fn groups_above(&self, group: &Row) -> rusqlite::Result<BTreeSet<i64>> {
        let mut statement = self.connection.prepare_cached(
            "WITH RECURSIVE above (rid) AS (
                 SELECT group_rid FROM member WHERE member_rid = ?1
                 UNION SELECT m.group_rid FROM above a CROSS JOIN member m ON m.member_rid = a.rid
             ) SELECT rid FROM above",
        )?;
        statement.query_map([group.rid], |row| row.get(0))?.collect()
    }
}
