//! The membership relation, read from both sides.

use provost_scim::schema::Kind;
use provost_store::view::Relations;
use provost_store::{Error, Label, Member, MemberPage, Members, Membership, ResourceId, TenantId};
use rusqlite::params;
use uuid::Uuid;

use crate::connection::failed;
use crate::reader::Snapshot;

impl Snapshot<'_> {
    /// Members of a group, ordered by id.
    pub(crate) fn member_page(
        &self,
        tenant: TenantId,
        kind: Option<Kind>,
        group: ResourceId,
        page: MemberPage,
    ) -> Result<Members, Error> {
        let after = page.after.map(|it| it.0);
        let limit = i64::try_from(page.max.saturating_add(1)).unwrap_or(i64::MAX);
        let read = || -> rusqlite::Result<Vec<Option<Member>>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT r.id, r.kind, r.label
                 FROM resource g
                 JOIN member m ON m.tenant_id = g.tenant_id AND m.group_rid = g.rid
                 JOIN resource r ON r.rid = m.member_rid
                 WHERE g.tenant_id = ?1 AND g.id = ?2 AND (?3 IS NULL OR g.kind = ?3)
                   AND (?4 IS NULL OR r.id > ?4)
                 ORDER BY r.id LIMIT ?5",
            )?;
            let kind = kind.map(|kind| self.registry.kind(kind));
            let rows =
                statement.query_map(params![tenant.0, group.0, kind, after, limit], |row| {
                    let (id, label): (Uuid, String) = (row.get(0)?, row.get(2)?);
                    let kind = self.registry.kind_of(row.get(1)?);
                    Ok(kind.map(|kind| Member { id: ResourceId(id), kind, label: label.into() }))
                })?;
            rows.collect()
        };
        let mut rows: Vec<Member> = read().map_err(failed)?.into_iter().flatten().collect();
        let more = rows.len() > page.max;
        rows.truncate(page.max);
        Ok(Members { rows, more })
    }

    /// The groups that a resource belongs to, ordered by id.
    pub(crate) fn groups_of(
        &self,
        tenant: TenantId,
        member: ResourceId,
    ) -> rusqlite::Result<Vec<Membership>> {
        let mut statement = self.connection.prepare_cached(
            "WITH RECURSIVE above (rid, depth) AS (
                 SELECT m.group_rid, 1 FROM resource r JOIN member m ON m.member_rid = r.rid
                 WHERE r.tenant_id = ?1 AND r.id = ?2
                 UNION SELECT m.group_rid, 2 FROM above a JOIN member m ON m.member_rid = a.rid
             )
             SELECT g.id, g.label, min(a.depth) FROM above a JOIN resource g ON g.rid = a.rid
             GROUP BY g.rid ORDER BY g.id",
        )?;
        let rows = statement.query_map(params![tenant.0, member.0], |row| {
            let (group, label): (Uuid, String) = (row.get(0)?, row.get(1)?);
            let direct = row.get::<_, i64>(2)? == 1;
            Ok(Membership { member, group: ResourceId(group), label: label.into(), direct })
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
        let mut statement = self
            .connection
            .prepare_cached("SELECT kind, label FROM resource WHERE tenant_id = ?1 AND id = ?2")?;
        let mut found = Vec::new();
        for id in ids {
            let mut rows = statement.query(params![tenant.0, id.0])?;
            if let Some(row) = rows.next()?
                && let Some(kind) = self.registry.kind_of(row.get(0)?)
            {
                let label: String = row.get(1)?;
                found.push(Label { id, kind, label: label.into() });
            }
        }
        Ok(found)
    }
}

/// The relation of one tenant, as filters ask for it.
pub(crate) struct Relation<'a> {
    pub(crate) snapshot: &'a Snapshot<'a>,
    pub(crate) tenant: TenantId,
}

impl Relations for Relation<'_> {
    fn members(&self, group: ResourceId) -> Result<Vec<Member>, Error> {
        let page = MemberPage { after: None, max: usize::MAX };
        Ok(self.snapshot.member_page(self.tenant, None, group, page)?.rows)
    }

    fn memberships(&self, member: ResourceId) -> Result<Vec<Membership>, Error> {
        self.snapshot.groups_of(self.tenant, member).map_err(failed)
    }

    fn has_member(&self, group: ResourceId, member: ResourceId) -> Result<bool, Error> {
        let ask = || -> rusqlite::Result<bool> {
            let mut statement = self.snapshot.connection.prepare_cached(
                "SELECT EXISTS (
                     SELECT 1 FROM resource g JOIN resource r ON r.tenant_id = g.tenant_id AND r.id = ?3
                     JOIN member m ON m.tenant_id = g.tenant_id AND m.group_rid = g.rid AND m.member_rid = r.rid
                     WHERE g.tenant_id = ?1 AND g.id = ?2)",
            )?;
            statement.query_row(params![self.tenant.0, group.0, member.0], |row| row.get(0))
        };
        ask().map_err(failed)
    }
}
