//! The in-memory reference store: it keeps the contract in the plainest way, and is the measure of
//! the others. Nothing of it is durable.

mod effect;
mod read;
mod tenant;

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use provost_scim::schema::{AttrId, Schemas};

use crate::{
    AUDIT_PAGE_BYTES_MAX, Answer, Applied, At, AuditQuery, Document, DocumentPut, Entry, Error,
    Event, EventAct, Health, Label, MemberPage, Members, Membership, Mode, Page, Position, Purge,
    Query, Recorded, ResourceId, Rev, Store, Stored, TenantId, Trashed, Version, Write,
};
use tenant::Tenant;

/// A store in memory. Clones share their content.
#[derive(Clone)]
pub struct MemoryStore {
    schemas: Arc<Schemas>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    names: BTreeMap<Box<str>, TenantId>,
    tenants: BTreeMap<TenantId, Tenant>,
    fault: Option<Fault>,
}

/// A failure on purpose, for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The next verb answers `Unavailable`, and does nothing.
    Unavailable,
    /// The next verb answers `Busy`, and does nothing.
    Busy,
    /// The next write answers `Stale`, and does nothing.
    Stale,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(schemas: Arc<Schemas>) -> Self {
        Self { schemas, state: Arc::default() }
    }

    /// Makes the next verb fail.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in a test leaves the state as it was before the write: it is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        tenant: TenantId,
        verb: impl FnOnce(&Schemas, &mut Tenant) -> Result<T, Error>,
    ) -> Answer<'_, T>
    where
        T: Send + 'static,
    {
        let mut state = self.lock();
        // A stale write is a write's own fault: the reads before it go through.
        let fault = state.fault.take_if(|it| *it != Fault::Stale);
        let answer = match fault {
            None | Some(Fault::Stale) => {
                verb(&self.schemas, state.tenants.entry(tenant).or_default())
            }
            Some(Fault::Busy) => Err(Error::Busy),
            Some(Fault::Unavailable) => Err(Error::Unavailable("a fault on purpose".into())),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Store for MemoryStore {
    fn tenant(&self, name: Box<str>) -> Answer<'_, TenantId> {
        let mut state = self.lock();
        let next = TenantId(state.names.len() as i64 + 1);
        let id = *state.names.entry(name).or_insert(next);
        Box::pin(std::future::ready(Ok(id)))
    }

    fn get(&self, at: At, id: ResourceId) -> Answer<'_, Option<Stored>> {
        self.with(at.tenant, move |_, tenant| Ok(tenant.get(at.kind, id).cloned()))
    }

    fn query(&self, tenant: TenantId, query: Query) -> Answer<'_, Page> {
        self.with(tenant, move |schemas, tenant| tenant.query(schemas, &query))
    }

    fn members(&self, at: At, group: ResourceId, page: MemberPage) -> Answer<'_, Members> {
        self.with(at.tenant, move |_, tenant| Ok(tenant.member_page(at.kind, group, page)))
    }

    fn memberships(
        &self,
        tenant: TenantId,
        ids: Vec<ResourceId>,
        max: usize,
    ) -> Answer<'_, Vec<Membership>> {
        self.with(tenant, move |_, tenant| {
            let mut all: Vec<Membership> =
                ids.iter().flat_map(|id| tenant.groups_of(*id)).collect();
            all.sort();
            all.dedup();
            if all.len() > max { Err(Error::TooBroad) } else { Ok(all) }
        })
    }

    fn labels(&self, tenant: TenantId, mut ids: Vec<ResourceId>) -> Answer<'_, Vec<Label>> {
        self.with(tenant, move |_, tenant| {
            ids.sort();
            ids.dedup();
            let label = |it: &Stored| Label { id: it.id, kind: it.kind, label: it.label.clone() };
            Ok(ids.iter().filter_map(|id| tenant.resources.get(id)).map(label).collect())
        })
    }

    fn secret(&self, at: At, id: ResourceId, attribute: AttrId) -> Answer<'_, Option<Bytes>> {
        self.with(at.tenant, move |_, tenant| {
            let found = tenant.get(at.kind, id).and_then(|_| tenant.secrets.get(&(id, attribute)));
            Ok(found.cloned())
        })
    }

    fn apply(&self, tenant: TenantId, write: Write) -> Answer<'_, Applied> {
        if self.lock().fault.take_if(|it| *it == Fault::Stale).is_some() {
            return Box::pin(std::future::ready(Err(Error::Stale)));
        }
        self.with(tenant, move |schemas, tenant| {
            let mode = write.mode;
            let effect = tenant.effect(write)?;
            let applied = effect.applied;
            match mode {
                Mode::Commit => tenant.commit(effect, schemas),
                Mode::Rehearse => {}
            }
            Ok(applied)
        })
    }

    fn feed(&self, tenant: TenantId, after: Position, max: NonZeroU16) -> Answer<'_, Vec<Event>> {
        self.with(tenant, move |_, tenant| {
            let later = tenant.feed.iter().filter(|it| it.position > after);
            Ok(later.take(usize::from(max.get())).cloned().collect())
        })
    }

    fn last_removal(&self, tenant: TenantId) -> Answer<'_, Version> {
        self.with(tenant, move |_, tenant| {
            let (mut highest, mut last) = (Version(0), Version(0));
            for event in &tenant.feed {
                highest = highest.max(event.version);
                if event.act == EventAct::Deleted || !event.removed.is_empty() {
                    last = highest;
                }
            }
            Ok(last)
        })
    }

    fn count(&self, at: At) -> Answer<'_, u64> {
        self.with(at.tenant, move |_, tenant| Ok(tenant.count(at.kind)))
    }

    fn record(&self, tenant: TenantId, entries: Vec<Entry>) -> Answer<'_, ()> {
        self.with(tenant, move |_, tenant| {
            entries.into_iter().for_each(|entry| tenant.record(entry, None));
            Ok(())
        })
    }

    fn audit(&self, tenant: TenantId, query: AuditQuery) -> Answer<'_, Vec<Recorded>> {
        self.with(tenant, move |_, tenant| {
            let is_after = |row: &&Recorded| match (query.after, query.newest_first) {
                (None, _) => true,
                (Some(after), true) => row.place < after,
                (Some(after), false) => row.place > after,
            };
            let found = tenant.audit.iter().filter(|row| query.accepts(&row.entry));
            let found = found.filter(is_after).cloned();
            let max = usize::from(query.max.get());
            Ok(match query.newest_first {
                true => Recorded::page(found.rev().take(max)),
                false => Recorded::page(found.take(max)),
            })
        })
    }

    fn purge_audit(&self, tenant: TenantId, purge: Purge) -> Answer<'_, u64> {
        self.with(tenant, move |_, tenant| {
            let is_over = |row: &&Recorded| {
                row.entry.at < purge.before && purge.up_to.is_none_or(|last| row.place <= last)
            };
            let mut over: Vec<(i64, Position)> =
                tenant.audit.iter().filter(is_over).map(|it| (it.entry.at, it.place)).collect();
            over.sort();
            over.truncate(usize::try_from(purge.max).unwrap_or(usize::MAX));
            tenant.audit.retain(|row| !over.contains(&(row.entry.at, row.place)));
            purge.entries.into_iter().for_each(|entry| tenant.record(entry, None));
            Ok(over.len() as u64)
        })
    }

    fn trash(
        &self,
        tenant: TenantId,
        after: Option<ResourceId>,
        max: NonZeroU16,
    ) -> Answer<'_, Vec<Trashed>> {
        self.with(tenant, move |_, tenant| {
            let later = tenant.trash.values().filter(|it| after.is_none_or(|after| it.id > after));
            let (mut page, mut bytes) = (Vec::new(), 0);
            for trashed in later.take(usize::from(max.get())) {
                bytes += trashed.bytes();
                if bytes > AUDIT_PAGE_BYTES_MAX && !page.is_empty() {
                    break;
                }
                page.push(trashed.clone());
            }
            Ok(page)
        })
    }

    fn trashed(&self, at: At, id: ResourceId) -> Answer<'_, Option<Trashed>> {
        self.with(at.tenant, move |_, tenant| {
            Ok(tenant.trash.get(&id).filter(|it| it.kind == at.kind).cloned())
        })
    }

    fn purge_trash(&self, tenant: TenantId, now: i64, max: u32) -> Answer<'_, u64> {
        self.with(tenant, move |_, tenant| {
            let over = tenant.trash.iter().filter(|(_, it)| it.keep_until <= now);
            let mut over: Vec<_> = over.map(|(id, it)| (it.keep_until, *id)).collect();
            over.sort_unstable();
            over.truncate(max as usize);
            for (_, id) in &over {
                tenant.trash.remove(id);
            }
            Ok(over.len() as u64)
        })
    }

    fn document(&self, tenant: TenantId, key: Box<str>) -> Answer<'_, Option<Document>> {
        self.with(tenant, move |_, tenant| Ok(tenant.documents.get(&key).cloned()))
    }

    fn put_document(&self, tenant: TenantId, put: DocumentPut) -> Answer<'_, Rev> {
        self.with(tenant, move |_, tenant| {
            let found = tenant.documents.get(&put.key).map(|it| it.rev);
            if found != put.base {
                return Err(Error::Stale);
            }
            let rev = Rev(found.map_or(1, |it| it.0 + 1));
            tenant.documents.insert(put.key, Document { rev, body: put.body });
            put.entries.into_iter().for_each(|entry| tenant.record(entry, None));
            Ok(rev)
        })
    }

    fn health(&self) -> Answer<'_, Health> {
        Box::pin(std::future::ready(Ok(Health { trouble: None })))
    }
}
