//! What keeps a store from doing as it is told.

use provost_scim::schema::AttrId;

use crate::ResourceId;

/// A cause from below, for the log.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a store did not do as it was told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another resource has this value of a unique attribute.
    #[error("a unique value is taken")]
    Taken(AttrId),
    /// The body, or the document, changed since it was read.
    #[error("changed since it was read")]
    Stale,
    /// The version is not the one that was asked for.
    #[error("the version is another one")]
    Mismatch,
    /// There is no such resource.
    #[error("no such resource")]
    Gone,
    /// A member to be added does not exist.
    #[error("no resource {0} to be a member")]
    UnknownMember(ResourceId),
    /// A group would be a member of itself, directly or through other groups.
    #[error("{0} would be a member of itself")]
    Cycle(ResourceId),
    /// There are as many resources of the type as there may be.
    #[error("there are {limit} resources of the type, the most that there may be")]
    Full {
        /// The most that there may be.
        limit: u64,
    },
    /// The query would look at more than a query may.
    #[error("the query is too broad")]
    TooBroad,
    /// The store has too much to do; the write was not taken.
    #[error("too busy to take the write")]
    Busy,
    /// What is stored cannot be read.
    #[error("resource {0} cannot be read")]
    Corrupt(ResourceId),
    /// The store cannot work; whether a write took effect is unknown.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
}
