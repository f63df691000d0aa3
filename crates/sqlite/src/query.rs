//! Queries: candidates by one index range each, checked by the evaluator, bodies fetched last.

use std::collections::BTreeMap;

use provost_scim::filter::{Filter, matches};
use provost_scim::schema::{AttrId, Kind};
use provost_store::view::View;
use provost_store::{
    Error, Indexes, Page, Part, Plan, Probe, Query, ResourceId, Stored, TenantId, Uniqueness, plan,
};
use rusqlite::{Params, params};
use uuid::Uuid;

use crate::connection::failed;
use crate::reader::{Snapshot, Weight};
use crate::relation::Relation;
use crate::row;

/// What a body costs to check, in units of a key read.
const BODY_UNITS: u64 = 60;

/// Candidates by id, so that they come out in order and once.
type Candidates = BTreeMap<Uuid, i64>;

/// Whether a query may have to look at every resource of a kind.
pub(crate) fn weight(
    snapshot: (&provost_scim::schema::Schemas, &Indexes),
    query: &Query,
) -> Weight {
    let is_heavy = |part: &Part| {
        let plan = plan(snapshot.0, snapshot.1, part.kind, part.filter.as_ref());
        plan.check.is_some() && plan.probes.contains(&Probe::Every)
    };
    if query.parts.iter().any(is_heavy) { Weight::Heavy } else { Weight::Light }
}

impl Snapshot<'_> {
    /// Answers a query: a page in the order of ids, and how many match in all.
    pub(crate) fn query(
        &self,
        indexes: &Indexes,
        tenant: TenantId,
        query: &Query,
    ) -> Result<Page, Error> {
        let plan_of = |part: &Part| plan(self.schemas, indexes, part.kind, part.filter.as_ref());
        if let [part] = query.parts.as_slice()
            && plan_of(part) == (Plan { probes: vec![Probe::Every], check: None })
        {
            return self.list(tenant, part.kind, query).map_err(failed);
        }
        let mut work = Work { done: 0, max: query.work_units_max };
        let mut all = Candidates::new();
        for part in &query.parts {
            let Plan { probes, check } = plan_of(part);
            let mut candidates = Candidates::new();
            for probe in &probes {
                self.probe(tenant, part.kind, probe, &mut work, &mut candidates)?;
            }
            if let Some(filter) = &check {
                candidates = self.checked(tenant, filter, candidates, &mut work)?;
            }
            all.append(&mut candidates);
        }
        let total = all.len() as u64;
        let skipped = usize::try_from(query.start.saturating_sub(1)).unwrap_or(usize::MAX);
        let page = all.into_values().skip(skipped).take(query.count);
        let rows =
            page.map(|rid| self.fetch(rid)).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        Ok(Page { rows: rows.into_iter().flatten().collect(), total })
    }

    /// All resources of a kind.
    fn list(&self, tenant: TenantId, kind: Kind, query: &Query) -> rusqlite::Result<Page> {
        let kind = self.registry.kind(kind);
        let total: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM resource WHERE tenant_id = ?1 AND kind = ?2")?
            .query_row(params![tenant.0, kind], |row| row.get(0))?;
        let limit = i64::try_from(query.count).unwrap_or(i64::MAX);
        let offset = i64::try_from(query.start.saturating_sub(1)).unwrap_or(i64::MAX);
        let sql = format!(
            "SELECT {} FROM resource WHERE rid IN (
                 SELECT rid FROM resource WHERE tenant_id = ?1 AND kind = ?2 ORDER BY id LIMIT ?3 OFFSET ?4
             ) ORDER BY id",
            row::COLUMNS
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![tenant.0, kind, limit, offset], |row| {
            row::stored(self.registry, row)
        })?;
        let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        let rows = rows.into_iter().flatten().map(|it| it.stored).collect();
        Ok(Page { rows, total: total.unsigned_abs() })
    }

    fn probe(
        &self,
        tenant: TenantId,
        kind: Kind,
        probe: &Probe,
        work: &mut Work,
        found: &mut Candidates,
    ) -> Result<(), Error> {
        let of_kind = self.registry.kind(kind);
        match probe {
            Probe::Every => self.collect(
                "SELECT id, rid FROM resource WHERE tenant_id = ?1 AND kind = ?2",
                params![tenant.0, of_kind],
                work,
                found,
            ),
            Probe::Id(id) => self.collect(
                "SELECT id, rid FROM resource WHERE tenant_id = ?1 AND kind = ?2 AND id = ?3",
                params![tenant.0, of_kind, id.0],
                work,
                found,
            ),
            Probe::Unique(attribute, key) => self.collect(
                "SELECT r.id, r.rid FROM unique_key k JOIN resource r ON r.rid = k.rid
                 WHERE k.tenant_id = ?1 AND k.kind = ?2 AND k.attribute = ?3 AND k.key = ?4",
                params![tenant.0, of_kind, self.registry.attribute(*attribute), &key[..]],
                work,
                found,
            ),
            Probe::Equal(attribute, key) => self.collect(
                "SELECT r.id, r.rid FROM value_key k JOIN resource r ON r.rid = k.rid
                 WHERE k.tenant_id = ?1 AND k.kind = ?2 AND k.attribute = ?3 AND k.key = ?4",
                params![tenant.0, of_kind, self.registry.attribute(*attribute), &key[..]],
                work,
                found,
            ),
            Probe::Prefix(attribute, prefix, index) => {
                self.prefix(tenant, of_kind, (*attribute, prefix, *index), work, found)
            }
            Probe::HasMember(id) => self.collect(
                "SELECT g.id, g.rid FROM resource r JOIN member m ON m.member_rid = r.rid
                 JOIN resource g ON g.rid = m.group_rid
                 WHERE r.tenant_id = ?1 AND r.id = ?3 AND g.kind = ?2",
                params![tenant.0, of_kind, id.0],
                work,
                found,
            ),
            Probe::MemberOf(id) => self.collect(
                "WITH RECURSIVE below (rid) AS (
                     SELECT m.member_rid FROM resource g JOIN member m ON m.group_rid = g.rid
                     WHERE g.tenant_id = ?1 AND g.id = ?3 AND m.tenant_id = ?1
                     UNION SELECT m.member_rid FROM below b JOIN member m ON m.tenant_id = ?1 AND m.group_rid = b.rid
                 ) SELECT r.id, r.rid FROM below b JOIN resource r ON r.rid = b.rid WHERE r.kind = ?2",
                params![tenant.0, of_kind, id.0],
                work,
                found,
            ),
            Probe::Versions(from, to) => self.collect(
                "SELECT id, rid FROM resource
                 WHERE tenant_id = ?1 AND kind = ?2 AND version BETWEEN ?3 AND ?4",
                params![tenant.0, of_kind, from, to],
                work,
                found,
            ),
        }
    }

    fn prefix(
        &self,
        tenant: TenantId,
        kind: i64,
        (attribute, prefix, index): (AttrId, &[u8], Uniqueness),
        work: &mut Work,
        found: &mut Candidates,
    ) -> Result<(), Error> {
        let table = match index {
            Uniqueness::Unique => "unique_key",
            Uniqueness::Ordinary => "value_key",
        };
        // A text that begins with the prefix lies from it on; `substr` ends the range.
        let sql = format!(
            "SELECT r.id, r.rid FROM {table} k JOIN resource r ON r.rid = k.rid
             WHERE k.tenant_id = ?1 AND k.kind = ?2 AND k.attribute = ?3
               AND k.key >= ?4 AND (?5 IS NULL OR k.key < ?5)"
        );
        let attribute = self.registry.attribute(attribute);
        self.collect(&sql, params![tenant.0, kind, attribute, prefix, after(prefix)], work, found)
    }

    fn collect(
        &self,
        sql: &str,
        parameters: impl Params,
        work: &mut Work,
        found: &mut Candidates,
    ) -> Result<(), Error> {
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(parameters).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            work.add(1)?;
            found.insert(row.get(0).map_err(failed)?, row.get(1).map_err(failed)?);
        }
        Ok(())
    }

    fn checked(
        &self,
        tenant: TenantId,
        filter: &Filter,
        candidates: Candidates,
        work: &mut Work,
    ) -> Result<Candidates, Error> {
        let relation = Relation { snapshot: self, tenant };
        let mut kept = Candidates::new();
        for (id, rid) in candidates {
            work.add(BODY_UNITS)?;
            let Some(stored) = self.fetch(rid).map_err(failed)? else { continue };
            if matches(self.schemas, filter, &View::new(self.schemas, &stored, &relation))? {
                kept.insert(id, rid);
            }
        }
        Ok(kept)
    }

    fn fetch(&self, rid: i64) -> rusqlite::Result<Option<Stored>> {
        let sql = format!("SELECT {} FROM resource WHERE rid = ?1", row::COLUMNS);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_row([rid], |row| row::stored(self.registry, row))?;
        Ok(found.map(|it| it.stored))
    }

    /// One resource.
    pub(crate) fn get(
        &self,
        tenant: TenantId,
        kind: Kind,
        id: ResourceId,
    ) -> rusqlite::Result<Option<Stored>> {
        let found = row::find_kind(self.connection, self.registry, tenant, kind, id)?;
        Ok(found.map(|it| it.stored))
    }
}

struct Work {
    done: u64,
    max: u64,
}

impl Work {
    fn add(&mut self, units: u64) -> Result<(), Error> {
        self.done += units;
        if self.done > self.max { Err(Error::TooBroad) } else { Ok(()) }
    }
}

/// The first bytes after all that begin with a prefix; `None` if there are none.
fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}
