//! Why an operation did not happen.

use provost_store::{BoxError, ResourceId, TenantId};

/// Why an operation did not happen: what the client is told, or what the log is told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client asked for what cannot be.
    #[error(transparent)]
    Refused(#[from] provost_scim::Error),
    /// The store takes no more writes at present.
    #[error("the store is busy")]
    Busy,
    /// The store cannot work.
    #[error("could not {verb} in tenant {tenant}")]
    Unavailable {
        /// What was attempted.
        verb: &'static str,
        /// Where.
        tenant: TenantId,
        /// What the store said.
        #[source]
        cause: BoxError,
    },
    /// A stored resource cannot be read.
    #[error("resource {0} cannot be read from the store")]
    Corrupt(ResourceId),
}
