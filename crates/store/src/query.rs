//! Queries and what they give.

use bytes::Bytes;
use provost_scim::filter::Filter;
use provost_scim::schema::Kind;

use crate::{ResourceId, Rev, Version};

/// The most work that one query may do, in units: a key read counts 1, a body checked 60 for each
/// [`UNIT_BYTES`] of it that are begun.
pub const WORK_UNITS_MAX: u64 = 6_000_000;

/// See [`WORK_UNITS_MAX`].
pub const UNIT_BYTES: usize = 4_096;

/// A resource as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: ResourceId,
    /// Its resource type.
    pub kind: Kind,
    /// When it last changed, members included.
    pub version: Version,
    /// Counts the changes of its body.
    pub rev: Rev,
    /// When it came into being, in microseconds since 1970.
    pub created: i64,
    /// How others call it.
    pub label: Box<str>,
    /// The body as JSON.
    pub body: Bytes,
}

/// What to look for.
#[derive(Debug, Clone)]
pub struct Query {
    /// The resource types to look through, each with its own filter.
    pub parts: Vec<Part>,
    /// The place of the first resource to return, from 1.
    pub start: u64,
    /// The most resources to return.
    pub count: usize,
    /// The most bytes of bodies to return: the page ends before the resource that would not fit,
    /// unless it is the first.
    pub page_bytes_max: usize,
    /// The most work to do, in units; beyond it the query is [`TooBroad`](crate::Error::TooBroad).
    pub work_units_max: u64,
}

/// The resources of one kind that match.
#[derive(Debug, Clone)]
pub struct Part {
    /// The resource type.
    pub kind: Kind,
    /// What they match; `None` is all of them.
    pub filter: Option<Filter>,
}

/// Resources that match, ordered by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The resources on this page; fewer than asked for where they are many or large.
    pub rows: Vec<Stored>,
    /// How many match in all.
    pub total: u64,
}

impl Stored {
    /// How much there is to check in its body, in units of [`UNIT_BYTES`]; at least one.
    pub const fn body_units(&self) -> u64 {
        1 + (self.body.len() / UNIT_BYTES) as u64
    }
}

/// A page while a store fills it, in the order of ids.
#[derive(Debug)]
pub struct PageDraft {
    rows: Vec<Stored>,
    bytes: usize,
    count: usize,
    bytes_max: usize,
    is_full: bool,
}

impl PageDraft {
    /// An empty page for a query.
    pub const fn new(query: &Query) -> Self {
        let Query { count, page_bytes_max: bytes_max, .. } = *query;
        Self { rows: Vec::new(), bytes: 0, count, bytes_max, is_full: count == 0 }
    }

    /// Whether nothing more is taken.
    pub const fn is_full(&self) -> bool {
        self.is_full
    }

    /// Takes the next resource, unless it does not fit: then the page is full.
    pub fn push(&mut self, next: Stored) {
        self.bytes = self.bytes.saturating_add(next.body.len());
        if self.is_full || (self.bytes > self.bytes_max && !self.rows.is_empty()) {
            self.is_full = true;
            return;
        }
        self.rows.push(next);
        self.is_full = self.rows.len() >= self.count;
    }

    /// The page, with how many match in all.
    pub fn finish(self, total: u64) -> Page {
        Page { rows: self.rows, total }
    }
}

/// Which members to give.
#[derive(Debug, Clone, Copy)]
pub struct MemberPage {
    /// Only members after this one.
    pub after: Option<ResourceId>,
    /// No more than this.
    pub max: usize,
}

/// Members of a group, ordered by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// The members.
    pub rows: Vec<Member>,
    /// Whether there are more after the last one.
    pub more: bool,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: ResourceId,
    /// Its resource type.
    pub kind: Kind,
    /// How it is called.
    pub label: Box<str>,
}

/// One group that a resource belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// The resource.
    pub member: ResourceId,
    /// The group.
    pub group: ResourceId,
    /// How the group is called.
    pub label: Box<str>,
    /// Whether the resource is listed in the group itself, and not only in a group within it.
    pub direct: bool,
}

/// How a resource is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its id.
    pub id: ResourceId,
    /// Its resource type.
    pub kind: Kind,
    /// How it is called.
    pub label: Box<str>,
}
