//! The store: each verb is one question to the readers or one write to the writer.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use provost_scim::schema::AttrId;
use provost_store::{
    Answer, Applied, At, AuditQuery, Document, DocumentPut, Entry, Error, Event, Health, Label,
    MemberPage, Members, Membership, Mode, Page, Position, Purge, Query, Recorded, ResourceId, Rev,
    Store, Stored, TenantId, Trashed, Version, Write,
};

use crate::checkpoint::Checkpoints;
use crate::folder::Lock;
use crate::open::Shared;
use crate::reader::{Readers, Search, Weight};
use crate::writer::{Ledger, Size, Writer};
use crate::{BackupError, Flaw, audit, backup, event, population, trash, verify};

/// A store on SQLite.
///
/// Dropping it finishes what was submitted, and waits for that.
pub struct SqliteStore {
    // In this order they are dropped: no thread outlives the lock.
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
    pub(crate) _checkpoints: Option<Checkpoints>,
    pub(crate) path: PathBuf,
    pub(crate) shared: Arc<Shared>,
    pub(crate) _lock: Option<Lock>,
}

impl SqliteStore {
    /// Copies the database to a file while it is in use, as it is at one moment; the file must not
    /// be there. Blocks.
    ///
    /// # Errors
    /// If the file cannot be written, or the copy does not check out.
    pub fn backup(&self, to: &std::path::Path) -> Result<(), BackupError> {
        backup::backup(&self.path, to)
    }

    /// Looks for contradictions: in the file, between bodies and keys, between members and
    /// resources, and between the feed and what it leads to. Reads everything, as it is at one
    /// moment. Blocks.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn verify(&self) -> Result<Vec<Flaw>, Error> {
        verify::verify(&self.path, &self.shared).map_err(Error::from)
    }

    /// Whether the keys of the database are those of the indexes that it was opened with: else it
    /// reads and writes no resources by key.
    #[must_use]
    pub fn has_our_keys(&self) -> bool {
        self.shared.has_our_keys
    }

    /// A command with other indexes than the database's would break keys or miss what they find.
    fn check_keys(&self) -> Result<(), Error> {
        match self.has_our_keys() {
            true => Ok(()),
            false => Err(Error::Unavailable("the database has other indexes".into())),
        }
    }
}

impl Store for SqliteStore {
    fn tenant(&self, name: Box<str>) -> Answer<'_, TenantId> {
        Box::pin(async move {
            let known = name.clone();
            let known = self.readers.ask(Weight::Light, move |it| Ok(it.tenant(&known)?));
            if let Some(tenant) = known.await? {
                return Ok(tenant);
            }
            let size = Size::default();
            self.writer.write(size, Mode::Commit, move |ledger| ledger.tenant(&name)).await
        })
    }

    fn get(&self, at: At, id: ResourceId) -> Answer<'_, Option<Stored>> {
        Box::pin(self.readers.ask(Weight::Light, move |snapshot| Ok(snapshot.get(at, id)?)))
    }

    fn query(&self, tenant: TenantId, query: Query) -> Answer<'_, Page> {
        Box::pin(async move {
            self.check_keys()?;
            let search = Search::new(&self.shared, query);
            let weight = search.weight(&self.shared);
            self.readers.ask(weight, move |snapshot| snapshot.search(tenant, &search)).await
        })
    }

    fn members(&self, at: At, group: ResourceId, page: MemberPage) -> Answer<'_, Members> {
        Box::pin(
            self.readers
                .ask(Weight::Light, move |snapshot| Ok(snapshot.member_page(at, group, page)?)),
        )
    }

    fn memberships(
        &self,
        tenant: TenantId,
        ids: Vec<ResourceId>,
        max: usize,
    ) -> Answer<'_, Vec<Membership>> {
        Box::pin(self.readers.ask(Weight::Light, move |it| it.memberships(tenant, ids, max)))
    }

    fn labels(&self, tenant: TenantId, ids: Vec<ResourceId>) -> Answer<'_, Vec<Label>> {
        Box::pin(self.readers.ask(Weight::Light, move |snapshot| Ok(snapshot.labels(tenant, ids)?)))
    }

    fn secret(&self, at: At, id: ResourceId, attribute: AttrId) -> Answer<'_, Option<Bytes>> {
        Box::pin(self.readers.ask(Weight::Light, move |it| Ok(it.secret(at, id, attribute)?)))
    }

    fn apply(&self, tenant: TenantId, write: Write) -> Answer<'_, Applied> {
        Box::pin(async move {
            self.check_keys()?;
            let (size, mode) = (Size::of(&write), write.mode);
            self.writer.write(size, mode, move |ledger| ledger.apply(tenant, write)).await
        })
    }

    fn feed(&self, tenant: TenantId, after: Position, max: NonZeroU16) -> Answer<'_, Vec<Event>> {
        Box::pin(self.readers.ask(Weight::Light, move |snapshot| {
            let registry = &snapshot.shared.registry;
            Ok(event::read(snapshot.connection, registry, tenant, after, max.get())?)
        }))
    }

    fn last_removal(&self, tenant: TenantId) -> Answer<'_, Version> {
        Box::pin(
            self.readers
                .ask(Weight::Light, move |it| Ok(event::last_removal(it.connection, tenant)?)),
        )
    }

    fn count(&self, at: At) -> Answer<'_, u64> {
        Box::pin(self.readers.ask(Weight::Light, move |it| {
            Ok(population::of(it.connection, at.tenant, it.shared.registry.kind(at.kind))?)
        }))
    }

    fn record(&self, tenant: TenantId, entries: Vec<Entry>) -> Answer<'_, ()> {
        let task = move |ledger: &Ledger<'_>| ledger.record_entries(tenant, &entries);
        Box::pin(self.writer.write(Size::default(), Mode::Commit, task))
    }

    fn audit(&self, tenant: TenantId, query: AuditQuery) -> Answer<'_, Vec<Recorded>> {
        Box::pin(self.readers.ask(Weight::Heavy, move |it| {
            Ok(audit::read(it.connection, &it.shared.registry, tenant, &query)?)
        }))
    }

    fn purge_audit(&self, tenant: TenantId, purge: Purge) -> Answer<'_, u64> {
        let task = move |it: &Ledger<'_>| {
            let purged = audit::purge(it.connection, tenant, &purge)?;
            it.record_entries(tenant, &purge.entries)?;
            Ok(purged)
        };
        Box::pin(self.writer.write(Size::default(), Mode::Commit, task))
    }

    fn trash(
        &self,
        tenant: TenantId,
        after: Option<ResourceId>,
        max: NonZeroU16,
    ) -> Answer<'_, Vec<Trashed>> {
        Box::pin(self.readers.ask(Weight::Light, move |it| {
            Ok(trash::page(it.connection, &it.shared.registry, tenant, after, max.get())?)
        }))
    }

    fn trashed(&self, at: At, id: ResourceId) -> Answer<'_, Option<Trashed>> {
        Box::pin(self.readers.ask(Weight::Light, move |it| {
            Ok(trash::one(it.connection, &it.shared.registry, at, id)?)
        }))
    }

    fn purge_trash(&self, tenant: TenantId, now: i64, max: u32) -> Answer<'_, u64> {
        let task = move |it: &Ledger<'_>| Ok(trash::purge(it.connection, tenant, now, max)?);
        Box::pin(self.writer.write(Size::default(), Mode::Commit, task))
    }

    fn document(&self, tenant: TenantId, key: Box<str>) -> Answer<'_, Option<Document>> {
        Box::pin(
            self.readers.ask(Weight::Light, move |snapshot| Ok(snapshot.document(tenant, &key)?)),
        )
    }

    fn put_document(&self, tenant: TenantId, put: DocumentPut) -> Answer<'_, Rev> {
        Box::pin(async move {
            let size = Size { bytes: put.body.len(), member_rows: 0 };
            self.writer.write(size, Mode::Commit, move |it| it.put_document(tenant, &put)).await
        })
    }

    fn health(&self) -> Answer<'_, Health> {
        Box::pin(std::future::ready(Ok(Health { trouble: self.shared.condition.trouble() })))
    }
}
