//! The membership relation, read from both sides, and labels.

use provost_store::view::Relations;
use provost_store::{
    At, Error, Label, Member, MemberPage, Members, Membership, ResourceId, TenantId,
};
use rusqlite::{OptionalExtension as _, Row, params};

use super::query::Work;
use super::{Snapshot, interrupted};
use crate::error::{Failure, unreadable};
use crate::registry::Registry;

impl Snapshot<'_> {
    /// Members of a group, ordered by id.
    pub(crate) fn member_page(
        &self,
        at: At,
        group: ResourceId,
        page: MemberPage,
    ) -> rusqlite::Result<Members> {
        let sql = "SELECT rid FROM resource WHERE tenant_id = ?1 AND id = ?2 AND kind = ?3";
        let kind = self.shared.registry.kind(at.kind);
        let mut statement = self.connection.prepare_cached(sql)?;
        let group = statement.query_row(params![at.tenant.0, group.0, kind], |row| row.get(0));
        let Some(group) = group.optional()? else { return Ok(Members::default()) };
        // One more than asked for tells whether there are more.
        let page_and_one = MemberPage { max: page.max.saturating_add(1), ..page };
        let mut rows = self.members_of(group, page_and_one)?;
        let more = rows.len() > page.max;
        rows.truncate(page.max);
        Ok(Members { rows, more })
    }

    fn members_of(&self, group_rid: i64, page: MemberPage) -> rusqlite::Result<Vec<Member>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT m.member_id, m.member_kind, r.label
             FROM member m CROSS JOIN resource r ON r.rid = m.member_rid
             WHERE m.group_rid = ?1 AND m.member_id > ?2 ORDER BY m.member_id LIMIT ?3",
        )?;
        let after = page.after.as_ref().map_or(&[][..], |id| id.0.as_bytes());
        let max = i64::try_from(page.max).unwrap_or(i64::MAX);
        let read = |row: &Row<'_>| {
            let Label { id, kind, label } = label(&self.shared.registry, row)?;
            Ok(Member { id, kind, label })
        };
        statement.query_map(params![group_rid, after, max], read)?.collect()
    }

    /// The groups that resources belong to, ordered by member and then by group.
    pub(crate) fn memberships(
        &self,
        tenant: TenantId,
        mut ids: Vec<ResourceId>,
        max: usize,
    ) -> Result<Vec<Membership>, Failure> {
        ids.sort();
        ids.dedup();
        let mut all = Vec::new();
        for id in ids {
            if let Some(rid) = self.rid_of(tenant, id)? {
                all.extend(self.groups_of(id, rid, (max - all.len()).saturating_add(1))?);
            }
            if all.len() > max {
                return Err(Error::TooBroad.into());
            }
        }
        Ok(all)
    }

    /// No more than `max` of them.
    fn groups_of(
        &self,
        member: ResourceId,
        rid: i64,
        max: usize,
    ) -> rusqlite::Result<Vec<Membership>> {
        let mut statement = self.connection.prepare_cached(
            "WITH RECURSIVE above (rid) AS (
                 SELECT group_rid FROM member WHERE member_rid = ?1
                 UNION SELECT m.group_rid FROM above a CROSS JOIN member m ON m.member_rid = a.rid
             )
             SELECT g.id, g.label,
                 EXISTS (SELECT 1 FROM member WHERE member_rid = ?1 AND group_rid = g.rid)
             FROM above a CROSS JOIN resource g ON g.rid = a.rid ORDER BY g.id LIMIT ?2",
        )?;
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let rows = statement.query_map([rid, max], |row| {
            let (group, label, direct) = (ResourceId(row.get(0)?), row.get(1)?, row.get(2)?);
            Ok(Membership { member, group, label, direct })
        })?;
        rows.collect()
    }

    /// The labels of resources that exist, ordered by id.
    pub(crate) fn labels(
        &self,
        tenant: TenantId,
        mut ids: Vec<ResourceId>,
    ) -> rusqlite::Result<Vec<Label>> {
        ids.sort();
        ids.dedup();
        let sql = "SELECT id, kind, label FROM resource WHERE tenant_id = ?1 AND id = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut find = |id: ResourceId| {
            let read = |row: &Row<'_>| label(&self.shared.registry, row);
            statement.query_row(params![tenant.0, id.0], read).optional()
        };
        ids.into_iter().filter_map(|id| find(id).transpose()).collect()
    }

    fn rid_of(&self, tenant: TenantId, id: ResourceId) -> rusqlite::Result<Option<i64>> {
        let sql = "SELECT rid FROM resource WHERE tenant_id = ?1 AND id = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_row(params![tenant.0, id.0], |row| row.get(0)).optional()
    }
}

/// The relation of one resource, as filters ask for it; each row read is work of the query.
pub(super) struct Relation<'a> {
    pub(super) snapshot: &'a Snapshot<'a>,
    pub(super) tenant: TenantId,
    pub(super) work: &'a Work,
}

impl Relation<'_> {
    /// No more than the query may read; one more than that is too many.
    fn max(&self) -> usize {
        usize::try_from(self.work.left()).unwrap_or(usize::MAX).saturating_add(1)
    }

    fn each<T>(
        &self,
        id: ResourceId,
        read: impl FnOnce(i64) -> rusqlite::Result<Vec<T>>,
    ) -> Result<Vec<T>, Failure> {
        let Some(rid) = self.snapshot.rid_of(self.tenant, id)? else { return Ok(Vec::new()) };
        let found = read(rid)?;
        self.work.add(found.len() as u64)?;
        Ok(found)
    }
}

impl Relations for Relation<'_> {
    fn members(&self, group: ResourceId) -> Result<Vec<Member>, Error> {
        let page = MemberPage { after: None, max: self.max() };
        let read = |rid| self.snapshot.members_of(rid, page);
        Ok(self.each(group, read).map_err(interrupted)?)
    }

    fn memberships(&self, member: ResourceId) -> Result<Vec<Membership>, Error> {
        let read = |rid| self.snapshot.groups_of(member, rid, self.max());
        Ok(self.each(member, read).map_err(interrupted)?)
    }

    fn has_member(&self, group: ResourceId, member: ResourceId) -> Result<bool, Error> {
        let ask = || -> Result<bool, Failure> {
            let Some(rid) = self.snapshot.rid_of(self.tenant, group)? else { return Ok(false) };
            let sql =
                "SELECT EXISTS (SELECT 1 FROM member WHERE group_rid = ?1 AND member_id = ?2)";
            let mut statement = self.snapshot.connection.prepare_cached(sql)?;
            Ok(statement.query_row(params![rid, member.0], |row| row.get(0))?)
        };
        Ok(ask().map_err(interrupted)?)
    }
}

/// Reads `id, kind, label`.
fn label(registry: &Registry, row: &Row<'_>) -> rusqlite::Result<Label> {
    let kind = registry.kind_of(row.get(1)?);
    let kind = kind.ok_or_else(|| unreadable(1, "an unknown resource type"))?;
    Ok(Label { id: ResourceId(row.get(0)?), kind, label: row.get(2)? })
}
