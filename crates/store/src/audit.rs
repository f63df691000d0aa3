//! The audit trail: who did what to whom, appended in the transaction of what was done.

use std::num::NonZeroU16;

use bytes::Bytes;

use crate::{Cause, Event, Position, ResourceId};

/// What becomes a row of the trail. Every effective write of a resource leaves one by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// What it is about: the name of a resource type, or of something else that is administered.
    pub category: Box<str>,
    /// What was done.
    pub action: Box<str>,
    /// What came of it.
    pub outcome: Outcome,
    /// Who did it; the rules of a dialect are in the event alone.
    pub cause: Cause,
    /// To what it was done.
    pub target: Target,
    /// What there is to say besides, as a JSON object, or nothing.
    pub detail: Bytes,
}

/// What came of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, and nothing was done.
    Refused,
}

/// To what an action was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Its id; empty if it has none.
    pub id: Box<str>,
    /// Its name at the time; empty if it has none.
    pub name: Box<str>,
}

/// A row of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place, from 1; places grow with time, and those of purged rows are not given again.
    pub place: Position,
    /// What it says.
    pub entry: Entry,
    /// The event of a change of a resource: what was before and after.
    pub event: Option<Event>,
}

/// Which rows of the trail to read, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// The newest rows first.
    pub newest_first: bool,
    /// The last row of the page before.
    pub after: Option<Position>,
    /// No row before this time, in microseconds since 1970.
    pub since: Option<i64>,
    /// No row from this time on.
    pub until: Option<i64>,
    /// Rows of this category alone.
    pub category: Option<Box<str>>,
    /// Rows of this caller alone.
    pub actor: Option<Box<str>>,
    /// Rows of the targets with this id or this name alone.
    pub target: Option<Box<str>>,
    /// The most rows. A page may end earlier, and is not empty if there is a row: what the events of a
    /// page hold is bounded by [`AUDIT_PAGE_BYTES_MAX`], or by its first row.
    pub max: NonZeroU16,
}

/// Which rows of the trail go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purge {
    /// Rows before this time, in microseconds since 1970.
    pub before: i64,
    /// No row behind this place.
    pub up_to: Option<Position>,
    /// At most so many: the oldest.
    pub max: u32,
    /// Rows that are appended in the same transaction.
    pub entries: Vec<Entry>,
}

impl Purge {
    /// The oldest rows before a time, at most so many.
    pub const fn before(before: i64, max: u32) -> Self {
        Self { before, up_to: None, max, entries: Vec::new() }
    }
}

/// How many bytes of changes and details a page of the trail may hold.
pub const AUDIT_PAGE_BYTES_MAX: usize = 4 << 20;

impl AuditQuery {
    /// All rows, oldest first, after a place.
    pub const fn all(after: Option<Position>, max: NonZeroU16) -> Self {
        Self {
            newest_first: false,
            after,
            since: None,
            until: None,
            category: None,
            actor: None,
            target: None,
            max,
        }
    }

    /// Whether a row is asked for, its place apart.
    pub fn accepts(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<Box<str>>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
            && is(&self.category, &entry.category)
            && is(&self.actor, &entry.cause.caller)
            && (is(&self.target, &entry.target.id) || is(&self.target, &entry.target.name))
    }
}

impl Entry {
    /// The row that an event of a resource leaves; `category` is the resource type's name.
    pub fn of_event(event: &Event, category: &str, name: &str, at: i64) -> Self {
        Self {
            at,
            category: category.into(),
            action: event.act.name().into(),
            outcome: Outcome::Done,
            cause: Cause { rules: Vec::new(), ..event.cause.clone() },
            target: Target::resource(event.id, name),
            detail: Bytes::new(),
        }
    }
}

impl Recorded {
    /// What it holds, in bytes, beside what every row does.
    pub fn bytes(&self) -> usize {
        let members = |it: &Event| 16 * (it.added.len() + it.removed.len());
        let event = self.event.as_ref().map_or(0, |it| it.change.len() + members(it));
        self.entry.detail.len() + event
    }

    /// Keeps the rows of a page that fit into it.
    pub fn page(rows: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let (mut page, mut bytes) = (Vec::new(), 0);
        for row in rows {
            bytes += row.bytes();
            if bytes > AUDIT_PAGE_BYTES_MAX && !page.is_empty() {
                break;
            }
            page.push(row);
        }
        page
    }
}

impl Target {
    /// A resource.
    pub fn resource(id: ResourceId, name: &str) -> Self {
        Self { id: id.to_string().into(), name: name.into() }
    }

    /// Something that has a name alone.
    pub fn named(name: &str) -> Self {
        Self { id: Box::default(), name: name.into() }
    }
}
