//! What a case of the suite stands on: a store with two tenants, and short ways to write to it.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use provost_scim::filter::{parse, resolve};
use provost_scim::membership::Delta;
use provost_scim::schema::{Kind, Options, Schemas};
use provost_scim::value::{Attributes, Message, Mode as Reading, Reader};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::view;
use crate::{
    Act, Applied, At, Cause, Content, Error, Event, IfMatch, Indexes, Member, MemberPage, Mode,
    Page, Part, Position, Query, ResourceId, Rev, Store, Stored, TenantId, WORK_UNITS_MAX, Write,
    difference,
};

/// A store and what must live as long as it does, such as a folder.
pub struct Opened {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Dropped after it.
    pub keep: Box<dyn std::any::Any + Send + Sync>,
}

/// A store with two tenants that hold the same ids.
#[derive(Clone)]
pub struct Ground {
    pub(super) store: Arc<dyn Store>,
    pub(super) schemas: Arc<Schemas>,
    pub(super) indexes: Arc<Indexes>,
    /// The tenant that the case works in.
    pub(super) tenant: TenantId,
    pub(super) user: Kind,
    pub(super) group: Kind,
    pub(super) now: Arc<AtomicI64>,
}

/// Runs one case on a fresh store, beside a tenant that must stay as it is.
pub async fn run(
    open: impl FnOnce(Arc<Schemas>, Arc<Indexes>) -> Opened,
    case: impl AsyncFnOnce(&Ground),
) {
    let schemas = Arc::new(Schemas::builtin(&Options::default()));
    let indexes = Arc::new(Indexes::new(&schemas));
    let Opened { store, keep } = open(schemas.clone(), indexes.clone());
    let ground = Ground::new(store, schemas, indexes, "first").await;
    let other =
        Ground { tenant: ground.store.tenant("other".into()).await.unwrap(), ..ground.clone() };
    for n in 1..=9 {
        other.create_user(n, &format!("other{n}")).await;
        other.create_group(100 + n, &format!("Other {n}"), &[n]).await;
    }
    let before = other.fingerprint().await;
    case(&ground).await;
    assert_eq!(other.fingerprint().await, before, "the other tenant changed");
    ground.check_replay().await;
    drop((ground, other));
    drop(keep);
}

impl Ground {
    pub(super) async fn new(
        store: Arc<dyn Store>,
        schemas: Arc<Schemas>,
        indexes: Arc<Indexes>,
        tenant: &str,
    ) -> Self {
        let kind = |name| schemas.resource_type_by_name(name).expect("is built in").kind;
        let (user, group) = (kind("User"), kind("Group"));
        let tenant = store.tenant(tenant.into()).await.unwrap();
        let now = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        Self { store, schemas, indexes, tenant, user, group, now }
    }

    pub(super) fn now(&self) -> i64 {
        self.now.fetch_add(1_000, Ordering::Relaxed)
    }

    pub(super) const fn at(&self, kind: Kind) -> At {
        At { tenant: self.tenant, kind }
    }

    pub(super) fn attributes(&self, kind: Kind, mut json: Value) -> Attributes {
        let core = self.schemas.resource_type(kind).schema;
        let mut uris = vec![json!(self.schemas.schema(core).id)];
        uris.extend(
            json.as_object()
                .into_iter()
                .flat_map(|it| it.keys())
                .filter(|it| it.contains(':'))
                .map(|it| json!(it)),
        );
        json["schemas"] = json!(uris);
        let mut reader = Reader::new(&self.schemas, kind, Reading::Strict);
        reader.resource(&json, Message::Post).expect("the suite's resources are legal")
    }

    pub(super) fn content(
        &self,
        kind: Kind,
        old: Option<&Attributes>,
        new: &Attributes,
    ) -> Content {
        let content = Content::between(&self.schemas, &self.indexes, kind, old, new).unwrap();
        content.expect("something changes")
    }

    pub(super) fn write(&self, kind: Kind, id: ResourceId, act: Act) -> Write {
        let cause = Cause { request: "r".into(), caller: "suite".into(), ..Cause::default() };
        let (now, secrets) = (self.now(), Vec::new());
        let entries = Vec::new();
        Write { id, kind, if_match: None, act, secrets, now, cause, entries, mode: Mode::Commit }
    }

    pub(super) fn creation(&self, kind: Kind, n: u128, json: Value, members: &[u128]) -> Write {
        let content = self.content(kind, None, &self.attributes(kind, json));
        let members = Delta::add(members.iter().map(|n| id(*n)));
        self.write(kind, id(n), Act::create(content, members))
    }

    pub(super) async fn apply(&self, write: Write) -> Result<Applied, Error> {
        self.store.apply(self.tenant, write).await
    }

    pub(super) async fn create_user(&self, n: u128, name: &str) -> ResourceId {
        let write = self.creation(self.user, n, json!({"userName": name}), &[]);
        self.apply(write).await.unwrap();
        id(n)
    }

    pub(super) async fn create_group(&self, n: u128, name: &str, members: &[u128]) -> ResourceId {
        let write = self.creation(self.group, n, json!({"displayName": name}), members);
        self.apply(write).await.unwrap();
        id(n)
    }

    pub(super) async fn get(&self, kind: Kind, id: ResourceId) -> Stored {
        self.store.get(self.at(kind), id).await.unwrap().expect("is there")
    }

    /// Puts a new body in place of the present one.
    pub(super) fn change_of(&self, stored: &Stored, json: Value) -> Write {
        let old = view::attributes(&self.schemas, stored).unwrap();
        let new = self.attributes(stored.kind, json);
        let content = Some((stored.rev, self.content(stored.kind, Some(&old), &new)));
        self.write(stored.kind, stored.id, Act::Change { content, members: Delta::none() })
    }

    pub(super) fn member_change(&self, group: u128, members: Delta<ResourceId>) -> Write {
        self.write(self.group, id(group), Act::Change { content: None, members })
    }

    pub(super) fn deletion_of(&self, stored: &Stored) -> Write {
        let old = view::attributes(&self.schemas, stored).unwrap();
        let keys = self.indexes.keys(&self.schemas, stored.kind, &old);
        let change = difference(&self.schemas, stored.kind, Some(&old), None);
        self.write(stored.kind, stored.id, Act::delete(stored.rev, keys, change))
    }

    pub(super) async fn members(&self, group: u128) -> Vec<u128> {
        let page = MemberPage { after: None, max: 10_000 };
        let found = self.store.members(self.at(self.group), id(group), page).await.unwrap();
        assert!(!found.more);
        found.rows.iter().map(|it: &Member| it.id.0.as_u128()).collect()
    }

    pub(super) fn question(
        &self,
        kind: Kind,
        filter: Option<&str>,
        start: u64,
        count: usize,
    ) -> Query {
        let resolved = filter.map(|text| {
            let (tree, _) = parse(text).unwrap();
            resolve(&self.schemas, kind, &tree).unwrap().0
        });
        let parts = vec![Part { kind, filter: resolved }];
        let work_units_max = WORK_UNITS_MAX;
        Query { parts, start, count, page_bytes_max: usize::MAX, work_units_max }
    }

    pub(super) async fn page(
        &self,
        kind: Kind,
        filter: Option<&str>,
        start: u64,
        count: usize,
    ) -> Page {
        let query = self.question(kind, filter, start, count);
        self.store.query(self.tenant, query).await.unwrap()
    }

    pub(super) async fn found(&self, kind: Kind, filter: &str) -> Vec<u128> {
        let page = self.page(kind, Some(filter), 1, 10_000).await;
        assert_eq!(page.total, page.rows.len() as u64, "{filter}");
        page.rows.iter().map(|it| it.id.0.as_u128()).collect()
    }

    pub(super) async fn events(&self) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        let max = NonZeroU16::new(500).expect("is not 0");
        loop {
            let after = events.last().map_or(Position(0), |it| it.position);
            let more = self.store.feed(self.tenant, after, max).await.unwrap();
            if more.is_empty() {
                return events;
            }
            events.extend(more);
        }
    }

    /// All that a tenant shows: resources, members, memberships, events.
    pub(super) async fn fingerprint(&self) -> String {
        let mut parts = Vec::new();
        for kind in [self.user, self.group] {
            let page = self.page(kind, None, 1, 10_000).await;
            let ids: Vec<ResourceId> = page.rows.iter().map(|it| it.id).collect();
            parts.push(format!("{page:?}"));
            parts.push(format!(
                "{:?}",
                self.store.memberships(self.tenant, ids.clone(), usize::MAX).await.unwrap()
            ));
            for group in ids.iter().filter(|_| kind == self.group) {
                parts.push(format!("{:?}", self.members(group.0.as_u128()).await));
            }
        }
        parts.push(format!("{:?}", self.events().await));
        parts.join("\n")
    }

    /// The feed, replayed from its start, gives the resources and members that are there.
    pub(super) async fn check_replay(&self) {
        let mut bodies: BTreeMap<ResourceId, serde_json::Map<String, Value>> = BTreeMap::new();
        let mut members: BTreeMap<ResourceId, Vec<ResourceId>> = BTreeMap::new();
        let mut versions: BTreeMap<ResourceId, i64> = BTreeMap::new();
        for (index, event) in self.events().await.into_iter().enumerate() {
            assert_eq!(event.position.0, index as i64 + 1, "the feed has a gap");
            let last = versions.insert(event.id, event.version.0);
            assert!(last.is_none_or(|last| last < event.version.0), "a version did not grow");
            let body = bodies.entry(event.id).or_default();
            replay(body, &event);
            let list = members.entry(event.id).or_default();
            list.retain(|id| !event.removed.contains(id));
            assert!(list.iter().all(|id| !event.added.contains(id)), "added twice");
            list.extend(&event.added);
            if event.act == crate::EventAct::Deleted {
                assert!(body.is_empty() && list.is_empty(), "something outlived its resource");
                bodies.remove(&event.id);
            }
        }
        let mut found = BTreeMap::new();
        for kind in [self.user, self.group] {
            for stored in self.page(kind, None, 1, 100_000).await.rows {
                let body: Value = serde_json::from_slice(&stored.body).unwrap();
                assert_eq!(versions.get(&stored.id), Some(&stored.version.0), "{stored:?}");
                if kind == self.group {
                    let mut list = members.remove(&stored.id).unwrap_or_default();
                    list.sort();
                    let list: Vec<u128> = list.iter().map(|it| it.0.as_u128()).collect();
                    assert_eq!(self.members(stored.id.0.as_u128()).await, list);
                }
                found.insert(stored.id, body);
            }
        }
        let replayed: BTreeMap<ResourceId, Value> =
            bodies.into_iter().map(|(id, body)| (id, Value::Object(body))).collect();
        assert_eq!(replayed, found, "the feed replays to something else");
    }
}

/// Applies `before` and `after` of an event; extensions are one level deeper.
fn replay(body: &mut serde_json::Map<String, Value>, event: &Event) {
    if event.change.is_empty() {
        return;
    }
    let change: Value = serde_json::from_slice(&event.change).unwrap();
    let objects =
        |name: &str| change.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in objects("before") {
        if name.starts_with("urn:") {
            let mut left =
                body.remove(&name).and_then(|it| it.as_object().cloned()).unwrap_or_default();
            left.retain(|part, _| value.get(part).is_none());
            if !left.is_empty() {
                body.insert(name, Value::Object(left));
            }
        } else {
            body.remove(&name);
        }
    }
    for (name, value) in objects("after") {
        match body.get_mut(&name).and_then(Value::as_object_mut) {
            Some(present) if name.starts_with("urn:") => {
                present.extend(value.as_object().cloned().unwrap_or_default());
            }
            Some(_) | None => {
                body.insert(name, value);
            }
        }
    }
}

/// The id with a number.
pub(super) fn id(n: u128) -> ResourceId {
    ResourceId(Uuid::from_u128(n))
}

/// A version that nothing has.
pub(super) fn no_version() -> IfMatch {
    IfMatch::OneOf(vec![crate::Version(1)])
}

/// The `rev` of what was created and not changed.
pub(super) const FIRST: Rev = Rev(1);
