//! Opening a database, and the store that it is.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use provost_scim::schema::Schemas;
use provost_store::{
    Answer, Applied, At, Document, DocumentPut, Error, Event, Health, Indexes, Label, MemberPage,
    Members, Membership, Page, Position, Query, ResourceId, Rev, Store, Stored, TenantId, Write,
};
use rusqlite::{OptionalExtension as _, params};
use tokio::sync::oneshot;

use crate::OpenError;
use crate::checkpoint::Checkpoints;
use crate::connection::{closed, connect, failed, limit};
use crate::event;
use crate::lock::{self, Lock};
use crate::migrate;
use crate::query;
use crate::reader::{Readers, Weight};
use crate::registry::Registry;
use crate::writer::{Task, Writer};

/// Where a database is, and how it is used.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder; made if it is absent.
    pub folder: PathBuf,
    /// What for.
    pub role: Role,
    /// Threads that read.
    pub readers: usize,
    /// How long a question may take.
    pub deadline: Duration,
    /// The most pages that the file may have; beyond it the disk counts as full.
    pub pages_max: Option<u32>,
}

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A server: there is one at a time.
    Serve,
    /// A command that works beside a server.
    Command,
}

impl Options {
    /// For a server.
    pub fn serve(folder: &Path) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let deadline = Duration::from_secs(10);
        Self {
            folder: folder.into(),
            role: Role::Serve,
            readers: 2 * cores,
            deadline,
            pages_max: None,
        }
    }

    /// For a command beside a server.
    pub fn command(folder: &Path) -> Self {
        Self { role: Role::Command, readers: 1, ..Self::serve(folder) }
    }
}

/// A store on SQLite.
pub struct SqliteStore {
    // In this order they are dropped: no reader or writer outlives the lock.
    readers: Readers,
    writer: Writer,
    _checkpoints: Option<Checkpoints>,
    schemas: Arc<Schemas>,
    indexes: Arc<Indexes>,
    _lock: Option<Lock>,
}

/// Opens the database `provost.db` of a folder, and brings it to the newest format.
///
/// # Errors
/// See [`OpenError`]; nothing is changed then, but for a folder that was made.
pub fn open(
    options: Options,
    schemas: Arc<Schemas>,
    indexes: Arc<Indexes>,
) -> Result<SqliteStore, OpenError> {
    let path = options.folder.join("provost.db");
    lock::prepare(&options.folder, &path)?;
    let lock = match options.role {
        Role::Serve => Some(Lock::take(&options.folder)?),
        Role::Command => None,
    };
    let mut connection = connect(&path)?;
    migrate::migrate(&mut connection)?;
    limit(&connection, options.pages_max)?;
    let registry = Arc::new(Registry::load(&mut connection, &schemas, &indexes, options.role)?);
    let readers = Readers::start(&path, options.readers, options.deadline, &schemas, &registry)?;
    let writer =
        Writer::start(connection, (path.clone(), options.pages_max), schemas.clone(), registry);
    let writer = writer.map_err(|cause| OpenError::Folder { folder: options.folder, cause })?;
    let checkpoints = match options.role {
        Role::Serve => Some(Checkpoints::start(&path, writer.trouble.clone())?),
        Role::Command => None,
    };
    Ok(SqliteStore { readers, writer, _checkpoints: checkpoints, schemas, indexes, _lock: lock })
}

impl SqliteStore {
    async fn write<T>(
        &self,
        task: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Task,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.writer.submit(task(answer)).await?;
        answered.await.map_err(|_| closed())?
    }
}

impl Store for SqliteStore {
    fn tenant(&self, name: Box<str>) -> Answer<'_, TenantId> {
        Box::pin(self.write(move |answer| Task::Tenant(name, answer)))
    }

    fn get(&self, at: At, id: ResourceId) -> Answer<'_, Option<Stored>> {
        Box::pin(self.readers.ask(Weight::Light, move |snapshot| {
            snapshot.get(at.tenant, at.kind, id).map_err(failed)
        }))
    }

    fn query(&self, tenant: TenantId, query: Query) -> Answer<'_, Page> {
        let indexes = self.indexes.clone();
        let weight = query::weight((&self.schemas, &indexes), &query);
        Box::pin(self.readers.ask(weight, move |snapshot| snapshot.query(&indexes, tenant, &query)))
    }

    fn members(&self, at: At, group: ResourceId, page: MemberPage) -> Answer<'_, Members> {
        Box::pin(self.readers.ask(Weight::Light, move |snapshot| {
            snapshot.member_page(at.tenant, Some(at.kind), group, page)
        }))
    }

    fn memberships(&self, tenant: TenantId, ids: Vec<ResourceId>) -> Answer<'_, Vec<Membership>> {
        Box::pin(self.readers.ask(Weight::Light, move |snapshot| {
            let mut ids = ids;
            ids.sort();
            ids.dedup();
            let groups = ids.into_iter().map(|id| snapshot.groups_of(tenant, id));
            let groups: Vec<Vec<Membership>> = groups.collect::<Result<_, _>>().map_err(failed)?;
            Ok(groups.into_iter().flatten().collect())
        }))
    }

    fn labels(&self, tenant: TenantId, ids: Vec<ResourceId>) -> Answer<'_, Vec<Label>> {
        Box::pin(
            self.readers
                .ask(Weight::Light, move |snapshot| snapshot.labels(tenant, ids).map_err(failed)),
        )
    }

    fn apply(&self, tenant: TenantId, write: Write) -> Answer<'_, Applied> {
        Box::pin(self.write(move |answer| Task::Apply(tenant, Box::new(write), answer)))
    }

    fn feed(&self, tenant: TenantId, after: Position, max: NonZeroU16) -> Answer<'_, Vec<Event>> {
        Box::pin(self.readers.ask(Weight::Light, move |snapshot| {
            event::read(snapshot.connection, snapshot.schemas, tenant, after, max.get())
                .map_err(failed)
        }))
    }

    fn document(&self, tenant: TenantId, key: Box<str>) -> Answer<'_, Option<Document>> {
        Box::pin(self.readers.ask(Weight::Light, move |snapshot| {
            let read = || -> rusqlite::Result<Option<(i64, Vec<u8>)>> {
                let sql = "SELECT rev, body FROM document WHERE tenant_id = ?1 AND key = ?2";
                let mut statement = snapshot.connection.prepare_cached(sql)?;
                let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
                statement.query_row(params![tenant.0, &*key], row).optional()
            };
            let found = read().map_err(failed)?;
            Ok(found.map(|(rev, body)| Document { rev: Rev(rev), body: body.into() }))
        }))
    }

    fn put_document(&self, tenant: TenantId, put: DocumentPut) -> Answer<'_, Rev> {
        Box::pin(self.write(move |answer| Task::Document(tenant, put, answer)))
    }

    fn health(&self) -> Answer<'_, Health> {
        Box::pin(std::future::ready(Ok(Health { trouble: self.writer.trouble.get() })))
    }
}
