//! The store's contract: values, plan, in-memory reference store, contract suite.
//!
//! A store keeps resources as bytes with their keys, the membership relation as rows, and one event
//! for each effective write. It knows no SCIM but the filters that it evaluates. [`Store`] lists
//! the ten promises; [`suite`](mod@suite) tests each on every store.
#![warn(missing_docs)]

mod audit;
mod content;
mod error;
mod event;
mod id;
mod index;
pub mod memory;
mod plan;
mod query;
#[cfg(feature = "suite")]
pub mod suite;
mod trash;
pub mod view;
mod write;

pub use audit::{
    AUDIT_PAGE_BYTES_MAX, AuditQuery, Entry, Outcome as AuditOutcome, Purge, Recorded, Target,
};
pub use content::{BODY_BYTES_MAX, difference};
pub use error::{BoxError, Error};
pub use event::{Act as EventAct, Cause, Event};
pub use id::{Position, ResourceId, Rev, TenantId, Version};
pub use index::{Indexes, Keys};
pub use plan::{Plan, Probe, Uniqueness, plan};
pub use query::{
    Label, Member, MemberPage, Members, Membership, Page, PageDraft, Part, Query, Stored,
    UNIT_BYTES, WORK_UNITS_MAX,
};
pub use trash::Trashed;
pub use write::{Act, Applied, Content, IfMatch, KeyDiff, Mode, SecretPut, Write};

use std::future::Future;
use std::num::NonZeroU16;
use std::pin::Pin;

use bytes::Bytes;
use provost_scim::schema::{AttrId, Kind};

/// What a store's verb gives, when it is there.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The resources of one kind in one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct At {
    /// The tenant.
    pub tenant: TenantId,
    /// The resource type.
    pub kind: Kind,
}

/// A named piece of configuration, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Changes with every write; a write names the one it was computed from.
    pub rev: Rev,
    /// The content.
    pub body: Bytes,
}

/// A write of a document.
#[derive(Debug, Clone)]
pub struct DocumentPut {
    /// The name.
    pub key: Box<str>,
    /// The `rev` of the document that this one takes the place of; `None` if there must be none.
    pub base: Option<Rev>,
    /// The content.
    pub body: Bytes,
    /// Rows of the audit trail that are appended with it.
    pub entries: Vec<Entry>,
}

impl DocumentPut {
    /// A write that leaves no row in the audit trail.
    pub fn new(key: &str, base: Option<Rev>, body: impl Into<Bytes>) -> Self {
        Self { key: key.into(), base, body: body.into(), entries: Vec::new() }
    }
}

/// How a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What keeps it from writing.
    pub trouble: Option<String>,
}

/// A durable store of resources. Its promises, each tested by the suite:
///
/// 1. All effects of [`apply`](Self::apply) happen, or none.
/// 2. A write is answered only after it is durable.
/// 3. There is one event for each `Written` of a commit, and none for `Unchanged` or an error.
/// 4. The `version` of a resource grows strictly.
/// 5. A write is seen by every read that begins after its answer.
/// 6. `Mode::Rehearse` answers what `Mode::Commit` would, and leaves no trace.
/// 7. Dropping the future of a write that was submitted neither undoes nor repeats it.
/// 8. A page and its total come from one snapshot.
/// 9. A store that cannot take a write says `Busy` soon, instead of waiting without bound.
/// 10. After `Unavailable` the outcome is unknown, and repeating the same [`Write`] is safe.
/// 11. Each event has its row in the audit trail, written in one transaction with it.
///
/// Tenants never see one another: the same id may exist in several.
pub trait Store: Send + Sync + 'static {
    /// The tenant with a name; it is made if there is none.
    fn tenant(&self, name: Box<str>) -> Answer<'_, TenantId>;

    /// One resource.
    fn get(&self, at: At, id: ResourceId) -> Answer<'_, Option<Stored>>;

    /// A page of the resources that match, ordered by id, and how many match in all.
    fn query(&self, tenant: TenantId, query: Query) -> Answer<'_, Page>;

    /// Members of a group, ordered by id; none if there is no such group.
    fn members(&self, at: At, group: ResourceId, page: MemberPage) -> Answer<'_, Members>;

    /// The groups that resources belong to, directly and through other groups; ordered by member,
    /// then by group. [`Error::TooBroad`] if there are more than `max`.
    fn memberships(
        &self,
        tenant: TenantId,
        ids: Vec<ResourceId>,
        max: usize,
    ) -> Answer<'_, Vec<Membership>>;

    /// The labels of those resources that exist, ordered by id.
    fn labels(&self, tenant: TenantId, ids: Vec<ResourceId>) -> Answer<'_, Vec<Label>>;

    /// The hash of a secret of a resource, if it has one.
    fn secret(&self, at: At, id: ResourceId, attribute: AttrId) -> Answer<'_, Option<Bytes>>;

    /// Writes one resource, or refuses to.
    fn apply(&self, tenant: TenantId, write: Write) -> Answer<'_, Applied>;

    /// The events after a position, in their order: gapless, from 1.
    fn feed(&self, tenant: TenantId, after: Position, max: NonZeroU16) -> Answer<'_, Vec<Event>>;

    /// The highest version that there was when a member last left a group or a resource last went;
    /// what has a higher one has lost nothing since.
    fn last_removal(&self, tenant: TenantId) -> Answer<'_, Version>;

    /// How many resources of a kind there are.
    fn count(&self, at: At) -> Answer<'_, u64>;

    /// Appends rows to the audit trail.
    fn record(&self, tenant: TenantId, entries: Vec<Entry>) -> Answer<'_, ()>;

    /// Rows of the audit trail.
    fn audit(&self, tenant: TenantId, query: AuditQuery) -> Answer<'_, Vec<Recorded>>;

    /// Removes the oldest rows of the audit trail; gives their number.
    fn purge_audit(&self, tenant: TenantId, purge: Purge) -> Answer<'_, u64>;

    /// What is in the trash after an id, ordered by id. A page may end earlier than `max`, as one of
    /// the audit trail, and is not empty if there is something.
    fn trash(
        &self,
        tenant: TenantId,
        after: Option<ResourceId>,
        max: NonZeroU16,
    ) -> Answer<'_, Vec<Trashed>>;

    /// One resource in the trash.
    fn trashed(&self, at: At, id: ResourceId) -> Answer<'_, Option<Trashed>>;

    /// Removes what is no longer to be kept at a time, in microseconds since 1970, at most so many: the
    /// longest over first; gives their number.
    fn purge_trash(&self, tenant: TenantId, now: i64, max: u32) -> Answer<'_, u64>;

    /// A document.
    fn document(&self, tenant: TenantId, key: Box<str>) -> Answer<'_, Option<Document>>;

    /// Writes a document; [`Error::Stale`] if it is not the one that the write was computed from.
    fn put_document(&self, tenant: TenantId, put: DocumentPut) -> Answer<'_, Rev>;

    /// Whether the store can work.
    fn health(&self) -> Answer<'_, Health>;
}
