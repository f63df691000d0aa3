//! A store in a folder, and short ways to write to it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use provost_scim::filter::{parse, resolve};
use provost_scim::membership::Delta;
use provost_scim::schema::{GroupDisplayName, Kind, Options as SchemaOptions, Schemas};
use provost_scim::value::{Attributes, Message, Mode as Reading, Reader};
use provost_sqlite::{OpenError, Options, SqliteStore, open};
use provost_store::{
    Act, Applied, At, Cause, Content, DocumentPut, Error, Event, Indexes, MemberPage, Mode, Part,
    Position, Query, ResourceId, Rev, Store as _, Stored, TenantId, WORK_UNITS_MAX, Write,
    difference, view,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// A store with one tenant.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) tenant: TenantId,
    pub(crate) user: Kind,
    pub(crate) group: Kind,
    schemas: Arc<Schemas>,
    indexes: Arc<Indexes>,
    now: Arc<AtomicI64>,
}

pub(crate) fn id(n: u128) -> ResourceId {
    ResourceId(Uuid::from_u128(n))
}

/// A server's options, with few threads.
pub(crate) fn serve(folder: &Path) -> Options {
    Options { readers: 2, ..Options::serve(folder) }
}

/// Opens a store; group names are unique, or not.
pub(crate) fn try_open(
    options: Options,
    group_display_name: GroupDisplayName,
) -> Result<SqliteStore, OpenError> {
    let schemas = Arc::new(Schemas::builtin(&SchemaOptions { group_display_name }));
    let indexes = Arc::new(Indexes::new(&schemas));
    open(options, schemas, indexes)
}

impl World {
    pub(crate) async fn open(folder: &Path) -> Self {
        Self::with(serve(folder), GroupDisplayName::Unique).await
    }

    pub(crate) async fn with(options: Options, group_display_name: GroupDisplayName) -> Self {
        let store = try_open(options, group_display_name).expect("opens");
        let schemas = Arc::new(Schemas::builtin(&SchemaOptions { group_display_name }));
        let indexes = Arc::new(Indexes::new(&schemas));
        let kind = |name| schemas.resource_type_by_name(name).expect("is built in").kind;
        let (user, group) = (kind("User"), kind("Group"));
        let tenant = store.tenant("default".into()).await.expect("a tenant");
        let now = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        Self { store: Arc::new(store), tenant, user, group, schemas, indexes, now }
    }

    pub(crate) fn write(&self, kind: Kind, id: ResourceId, act: Act) -> Write {
        let now = self.now.fetch_add(1_000, Ordering::Relaxed);
        let (cause, secrets) = (Cause::default(), Vec::new());
        Write {
            id,
            kind,
            if_match: None,
            act,
            secrets,
            now,
            cause,
            entries: Vec::new(),
            mode: Mode::Commit,
        }
    }

    pub(crate) fn creation(&self, kind: Kind, n: u128, json: Value, members: &[u128]) -> Write {
        let content = self.content(kind, None, &self.attributes(kind, json));
        let members = Delta::add(members.iter().map(|n| id(*n)));
        self.write(kind, id(n), Act::create(content, members))
    }

    pub(crate) async fn apply(&self, write: Write) -> Result<Applied, Error> {
        self.store.apply(self.tenant, write).await
    }

    pub(crate) async fn create_user(&self, n: u128, json: Value) -> Result<Applied, Error> {
        self.apply(self.creation(self.user, n, json, &[])).await
    }

    pub(crate) async fn create_group(
        &self,
        n: u128,
        name: &str,
        members: &[u128],
    ) -> Result<Applied, Error> {
        self.apply(self.creation(self.group, n, json!({"displayName": name}), members)).await
    }

    pub(crate) async fn change_members(
        &self,
        group: u128,
        members: Delta<ResourceId>,
    ) -> Result<Applied, Error> {
        let act = Act::Change { content: None, members };
        self.apply(self.write(self.group, id(group), act)).await
    }

    pub(crate) async fn change_user(&self, n: u128, json: Value) -> Result<Applied, Error> {
        let stored = self.get(self.user, n).await.ok_or(Error::Gone)?;
        let old = view::attributes(&self.schemas, &stored)?;
        let content = self.content(self.user, Some(&old), &self.attributes(self.user, json));
        let act = Act::Change { content: Some((stored.rev, content)), members: Delta::none() };
        self.apply(self.write(self.user, stored.id, act)).await
    }

    pub(crate) async fn delete(&self, kind: Kind, n: u128) -> Result<Applied, Error> {
        let stored = self.get(kind, n).await.ok_or(Error::Gone)?;
        let old = view::attributes(&self.schemas, &stored)?;
        let keys = self.indexes.keys(&self.schemas, kind, &old);
        let change = difference(&self.schemas, kind, Some(&old), None);
        let act = Act::delete(stored.rev, keys, change);
        self.apply(self.write(kind, stored.id, act)).await
    }

    pub(crate) async fn put(&self, key: &str, base: Option<Rev>, body: &str) -> Result<Rev, Error> {
        let put = DocumentPut::new(key, base, body.to_owned());
        self.store.put_document(self.tenant, put).await
    }

    pub(crate) async fn get(&self, kind: Kind, n: u128) -> Option<Stored> {
        self.store.get(At { tenant: self.tenant, kind }, id(n)).await.expect("answers")
    }

    /// How many resources of a kind match.
    pub(crate) async fn total(&self, kind: Kind, filter: Option<&str>) -> u64 {
        self.query(kind, filter, 0).await.0
    }

    /// All that the tenant shows, as text.
    pub(crate) async fn state(&self) -> String {
        let mut parts = Vec::new();
        for kind in [self.user, self.group] {
            let (_, rows) = self.query(kind, None, 10_000).await;
            for stored in &rows {
                let page = MemberPage { after: None, max: 10_000 };
                let at = At { tenant: self.tenant, kind };
                let members = self.store.members(at, stored.id, page).await.expect("answers");
                parts.push(format!("{stored:?} {members:?}"));
            }
        }
        let document = self.store.document(self.tenant, "d".into()).await.expect("answers");
        parts.push(format!("{document:?} {:?}", self.events().await));
        parts.join("\n")
    }

    pub(crate) async fn events(&self) -> Vec<Event> {
        let max = std::num::NonZeroU16::MAX;
        self.store.feed(self.tenant, Position(0), max).await.expect("answers")
    }

    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        assert_eq!(self.store.verify().expect("is readable"), []);
    }

    pub(crate) fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    async fn query(&self, kind: Kind, filter: Option<&str>, count: usize) -> (u64, Vec<Stored>) {
        let filter = filter.map(|text| {
            let (tree, _) = parse(text).expect("is a filter");
            resolve(&self.schemas, kind, &tree).expect("resolves").0
        });
        let parts = vec![Part { kind, filter }];
        let query = Query {
            parts,
            start: 1,
            count,
            page_bytes_max: usize::MAX,
            work_units_max: WORK_UNITS_MAX,
        };
        let page = self.store.query(self.tenant, query).await.expect("answers");
        (page.total, page.rows)
    }

    fn attributes(&self, kind: Kind, mut json: Value) -> Attributes {
        let core = self.schemas.resource_type(kind).schema;
        json["schemas"] = json!([self.schemas.schema(core).id]);
        let mut reader = Reader::new(&self.schemas, kind, Reading::Strict);
        reader.resource(&json, Message::Post).expect("is legal")
    }

    fn content(&self, kind: Kind, old: Option<&Attributes>, new: &Attributes) -> Content {
        let content = Content::between(&self.schemas, &self.indexes, kind, old, new);
        content.expect("is legal").expect("is a change")
    }
}
