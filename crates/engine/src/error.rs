//! Why an operation did not happen.

use provost_store::{BoxError, ResourceId, TenantId};

use crate::Context;

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

/// A failure of the store for which the client has no part.
pub(crate) fn failed(cx: &Context<'_>, verb: &'static str, error: provost_store::Error) -> Error {
    match error {
        provost_store::Error::Busy => Error::Busy,
        provost_store::Error::Corrupt(id) => Error::Corrupt(id),
        provost_store::Error::TooBroad => Error::Refused(provost_scim::Error::too_many(
            "the filter would look at too many resources; compare an indexed attribute such as \
             userName, externalId, displayName, emails.value or id for equality",
        )),
        provost_store::Error::Unavailable(cause) => {
            Error::Unavailable { verb, tenant: cx.tenant, cause }
        }
        other @ (provost_store::Error::Taken(_)
        | provost_store::Error::Stale
        | provost_store::Error::Mismatch
        | provost_store::Error::Gone
        | provost_store::Error::UnknownMember(_)
        | provost_store::Error::Full { .. }
        | provost_store::Error::Cycle(_)) => {
            Error::Unavailable { verb, tenant: cx.tenant, cause: other.into() }
        }
    }
}
