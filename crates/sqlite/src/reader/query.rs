//! Queries: candidates by index ranges, checked by the evaluator, bodies fetched last.

use std::cell::Cell;

use provost_scim::filter::{Filter, matches};
use provost_scim::schema::{DataType, Kind};
use provost_store::view::View;
use provost_store::{Error, Page, PageDraft, Plan, Probe, Query, Stored, TenantId, plan};
use rusqlite::params_from_iter;

use super::candidate::{Candidate, Ranges, Window};
use super::probe::Range;
use super::relation::Relation;
use super::{Snapshot, Weight, interrupted};
use crate::error::Failure;
use crate::open::Shared;

/// What a key costs to read, and a body to check for each unit of its size.
const KEY_UNITS: u64 = 1;
const BODY_UNITS: u64 = 60;

/// A query with its plans.
pub(crate) struct Search {
    query: Query,
    sources: Vec<Source>,
}

/// The plan for one resource type.
struct Source {
    kind: Kind,
    probes: Vec<Probe>,
    check: Option<Filter>,
}

/// What a query has cost.
pub(super) struct Work {
    done: Cell<u64>,
    max: u64,
}

impl Search {
    pub(crate) fn new(shared: &Shared, query: Query) -> Self {
        let mut sources: Vec<Source> = Vec::new();
        for part in &query.parts {
            if sources.iter().all(|it| it.kind != part.kind) {
                let filter = part.filter.as_ref();
                let Plan { probes, check } =
                    plan(&shared.schemas, &shared.indexes, part.kind, filter);
                sources.push(Source { kind: part.kind, probes, check });
            }
        }
        Self { query, sources }
    }

    /// Whether it may have to look at many keys or bodies.
    pub(crate) fn weight(&self, shared: &Shared) -> Weight {
        let is_heavy = |source: &Source| {
            source.probes.iter().any(|probe| match probe {
                Probe::Every => source.check.is_some(),
                Probe::Id(_) | Probe::Unique(..) | Probe::HasMember(_) => false,
                Probe::Equal(attribute, _) => {
                    shared.schemas.attribute(*attribute).data_type == DataType::Boolean
                }
                Probe::Prefix(..) | Probe::MemberOf(_) | Probe::Versions(..) => true,
            })
        };
        if self.sources.iter().any(is_heavy) { Weight::Heavy } else { Weight::Light }
    }

    fn ranges<'a>(
        &'a self,
        snapshot: &'a Snapshot<'_>,
        tenant: TenantId,
    ) -> impl Iterator<Item = (usize, Range)> + 'a {
        let registry = &snapshot.shared.registry;
        self.sources.iter().enumerate().flat_map(move |(number, source)| {
            let range = move |probe| (number, Range::new(registry, tenant, source.kind, probe));
            source.probes.iter().map(range)
        })
    }

    /// How many candidates come before the page.
    fn skipped(&self) -> u64 {
        self.query.start.saturating_sub(1)
    }
}

impl Snapshot<'_> {
    /// Answers a query: a page in the order of ids, and how many match in all.
    pub(crate) fn search(&self, tenant: TenantId, search: &Search) -> Result<Page, Failure> {
        let work = Work { done: Cell::new(0), max: search.query.work_units_max };
        let counted = self.count(tenant, search, &work);
        let page = counted.and_then(|total| match total {
            Some(total) => self.list(tenant, search, total),
            None => self.walk(tenant, search, &work),
        });
        page.map_err(interrupted)
    }

    /// How many match, if the indexes alone can tell.
    fn count(
        &self,
        tenant: TenantId,
        search: &Search,
        work: &Work,
    ) -> Result<Option<u64>, Failure> {
        let is_one_range = |it: &Source| it.check.is_none() && it.probes.len() <= 1;
        if !search.sources.iter().all(is_one_range) {
            return Ok(None);
        }
        let mut total = 0;
        for (_, range) in search.ranges(self, tenant) {
            let Some(sql) = range.count else { return Ok(None) };
            let mut statement = self.connection.prepare_cached(sql)?;
            let parameters = params_from_iter(&range.parameters);
            let count: i64 = statement.query_row(parameters, |row| row.get(0))?;
            total += count.unsigned_abs();
        }
        if search.sources.iter().any(|it| it.probes != [Probe::Every]) {
            work.add(total * KEY_UNITS)?;
        }
        Ok(Some(total))
    }

    /// A page of what needs no check and is counted: nothing but the page is looked at.
    fn list(&self, tenant: TenantId, search: &Search, total: u64) -> Result<Page, Failure> {
        let mut page = PageDraft::new(&search.query);
        let mut skipped = search.skipped();
        let mut window = Window::ALL;
        let ranges: Vec<_> = search.ranges(self, tenant).collect();
        if ranges.len() == 1 {
            window.offset = i64::try_from(skipped).unwrap_or(i64::MAX);
            window.limit = i64::try_from(search.query.count).unwrap_or(i64::MAX);
            skipped = 0;
        }
        if skipped < total {
            let mut ranges = Ranges::prepare(self, ranges)?;
            let mut candidates = ranges.read(window)?;
            while !page.is_full()
                && let Some(candidate) = candidates.next()?
            {
                match skipped.checked_sub(1) {
                    Some(fewer) => skipped = fewer,
                    None => page.push(self.fetch(candidate.id, candidate.rid)?),
                }
            }
        }
        Ok(page.finish(total))
    }

    /// A page of what must be looked at one by one.
    fn walk(&self, tenant: TenantId, search: &Search, work: &Work) -> Result<Page, Failure> {
        let relation = Relation { snapshot: self, tenant, work };
        let (mut page, mut total) = (PageDraft::new(&search.query), 0);
        let mut ranges = Ranges::prepare(self, search.ranges(self, tenant))?;
        let mut candidates = ranges.read(Window::ALL)?;
        while let Some(candidate) = candidates.next()? {
            work.add(KEY_UNITS)?;
            let stored = match &search.sources[candidate.source].check {
                None => None,
                Some(filter) => match self.checked(candidate, filter, &relation)? {
                    None => continue,
                    found => found,
                },
            };
            total += 1;
            if total > search.skipped() && !page.is_full() {
                page.push(match stored {
                    Some(stored) => stored,
                    None => self.fetch(candidate.id, candidate.rid)?,
                });
            }
        }
        Ok(page.finish(total))
    }

    fn checked(
        &self,
        candidate: Candidate,
        filter: &Filter,
        relation: &Relation<'_>,
    ) -> Result<Option<Stored>, Failure> {
        let stored = self.fetch(candidate.id, candidate.rid)?;
        relation.work.add(BODY_UNITS * stored.body_units())?;
        self.check_time()?;
        let schemas = &self.shared.schemas;
        let is_match = matches(schemas, filter, &View::new(schemas, &stored, relation))?;
        Ok(is_match.then_some(stored))
    }
}

impl Work {
    pub(super) fn add(&self, units: u64) -> Result<(), Error> {
        self.done.set(self.done.get().saturating_add(units));
        if self.done.get() > self.max { Err(Error::TooBroad) } else { Ok(()) }
    }

    /// How much may still be done.
    pub(super) const fn left(&self) -> u64 {
        self.max.saturating_sub(self.done.get())
    }
}
