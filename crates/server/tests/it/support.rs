//! What several tests need: raw connections, bodies, and a store that does as it is told.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use provost_scim::schema::AttrId;
use provost_store::memory::MemoryStore;
use provost_store::{
    Answer, Applied, At, AuditQuery, Document, DocumentPut, Entry, Event, Health, Label,
    MemberPage, Members, Membership, Page, Position, Purge, Query, Recorded, ResourceId, Rev,
    Store, Stored, TenantId, Trashed, Version, Write,
};
use provost_testkit::server::TestServer;
use provost_testkit::witness;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

pub(crate) fn user(name: &str) -> Value {
    json!({"schemas": [USER], "userName": name})
}

pub(crate) fn group(name: &str) -> Value {
    json!({"schemas": [GROUP], "displayName": name})
}

pub(crate) fn patch(operation: Value) -> Value {
    json!({"schemas": [PATCH], "Operations": [operation]})
}

/// Creates a resource, and gives its path.
pub(crate) async fn created(server: &TestServer, endpoint: &str, body: &Value) -> String {
    let answer = server.send("POST", endpoint, Some(body)).await;
    assert_eq!(answer.status, 201, "{answer}");
    format!("{endpoint}/{}", answer.json()["id"].as_str().unwrap())
}

/// Creates a user, and gives its id.
pub(crate) async fn user_named(server: &TestServer, name: &str) -> String {
    let path = created(server, "/Users", &user(name)).await;
    path.rsplit('/').next().unwrap().to_owned()
}

/// Sends bytes as they are, and reads until the server closes; nothing, if it resets.
pub(crate) async fn raw(server: &TestServer, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes.as_ref()).await.unwrap();
    read_to_end(&mut stream).await
}

/// Reads until the server closes.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset ends the answer as well as an orderly end: what came is what counts.
    let _ = stream.read_to_end(&mut bytes).await;
    witness::look("the answer on a raw connection", &bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The head of a request with the provisioning token, without the empty line at its end.
pub(crate) fn head(server: &TestServer, line: &str) -> String {
    let token = &server.provision_token;
    format!("{line} HTTP/1.1\r\nHost: scim.example\r\nAuthorization: Bearer {token}\r\n")
}

/// The status line of an answer.
pub(crate) fn status(answer: &str) -> &str {
    answer.lines().next().unwrap_or("closed")
}

/// A store in memory whose next reads of a resource can be made to go wrong.
#[derive(Clone)]
pub(crate) struct Told {
    inner: MemoryStore,
    order: Arc<Mutex<Option<Order>>>,
}

/// What `get` does.
#[derive(Clone)]
pub(crate) enum Order {
    /// Panics.
    Panic,
    /// Waits until it is let go.
    Wait(Arc<Turnstile>),
}

/// Where reads wait.
pub(crate) struct Turnstile {
    arrived: Notify,
    pass: Semaphore,
}

impl Turnstile {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { arrived: Notify::new(), pass: Semaphore::new(0) })
    }

    /// Waits until somebody waits.
    pub(crate) async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Lets everybody go.
    pub(crate) fn open(&self) {
        self.pass.close();
    }
}

impl Told {
    pub(crate) fn new(inner: MemoryStore) -> Self {
        Self { inner, order: Arc::default() }
    }

    pub(crate) fn tell(&self, order: Option<Order>) {
        *self.order.lock().unwrap() = order;
    }
}

impl Store for Told {
    fn get(&self, at: At, id: ResourceId) -> Answer<'_, Option<Stored>> {
        let order = self.order.lock().unwrap().clone();
        Box::pin(async move {
            match order {
                None => {}
                Some(Order::Panic) => panic!("a defect on purpose"),
                Some(Order::Wait(turnstile)) => {
                    turnstile.arrived.notify_one();
                    assert!(turnstile.pass.acquire().await.is_err(), "it opens by closing");
                }
            }
            self.inner.get(at, id).await
        })
    }

    fn tenant(&self, name: Box<str>) -> Answer<'_, TenantId> {
        self.inner.tenant(name)
    }

    fn query(&self, tenant: TenantId, query: Query) -> Answer<'_, Page> {
        self.inner.query(tenant, query)
    }

    fn members(&self, at: At, group: ResourceId, page: MemberPage) -> Answer<'_, Members> {
        self.inner.members(at, group, page)
    }

    fn memberships(
        &self,
        tenant: TenantId,
        ids: Vec<ResourceId>,
        max: usize,
    ) -> Answer<'_, Vec<Membership>> {
        self.inner.memberships(tenant, ids, max)
    }

    fn labels(&self, tenant: TenantId, ids: Vec<ResourceId>) -> Answer<'_, Vec<Label>> {
        self.inner.labels(tenant, ids)
    }

    fn secret(&self, at: At, id: ResourceId, attribute: AttrId) -> Answer<'_, Option<Bytes>> {
        self.inner.secret(at, id, attribute)
    }

    fn apply(&self, tenant: TenantId, write: Write) -> Answer<'_, Applied> {
        self.inner.apply(tenant, write)
    }

    fn feed(&self, tenant: TenantId, after: Position, max: NonZeroU16) -> Answer<'_, Vec<Event>> {
        self.inner.feed(tenant, after, max)
    }

    fn last_removal(&self, tenant: TenantId) -> Answer<'_, Version> {
        self.inner.last_removal(tenant)
    }

    fn count(&self, at: At) -> Answer<'_, u64> {
        self.inner.count(at)
    }

    fn record(&self, tenant: TenantId, entries: Vec<Entry>) -> Answer<'_, ()> {
        self.inner.record(tenant, entries)
    }

    fn audit(&self, tenant: TenantId, query: AuditQuery) -> Answer<'_, Vec<Recorded>> {
        self.inner.audit(tenant, query)
    }

    fn purge_audit(&self, tenant: TenantId, purge: Purge) -> Answer<'_, u64> {
        self.inner.purge_audit(tenant, purge)
    }

    fn trash(
        &self,
        tenant: TenantId,
        after: Option<ResourceId>,
        max: NonZeroU16,
    ) -> Answer<'_, Vec<Trashed>> {
        self.inner.trash(tenant, after, max)
    }

    fn trashed(&self, at: At, id: ResourceId) -> Answer<'_, Option<Trashed>> {
        self.inner.trashed(at, id)
    }

    fn purge_trash(&self, tenant: TenantId, now: i64, max: u32) -> Answer<'_, u64> {
        self.inner.purge_trash(tenant, now, max)
    }

    fn document(&self, tenant: TenantId, key: Box<str>) -> Answer<'_, Option<Document>> {
        self.inner.document(tenant, key)
    }

    fn put_document(&self, tenant: TenantId, put: DocumentPut) -> Answer<'_, Rev> {
        self.inner.put_document(tenant, put)
    }

    fn health(&self) -> Answer<'_, Health> {
        self.inner.health()
    }
}
