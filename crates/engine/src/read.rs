//! GET of one resource (RFC 7644 §3.4.1).

use provost_scim::schema::Kind;
use provost_store::Stored;

use crate::write::fetch;
use crate::{Context, Error};

/// The resource with an id.
///
/// # Errors
/// [`Error::Refused`] with 404; the others if the store fails.
pub async fn read(cx: &Context<'_>, kind: Kind, id: &str) -> Result<Stored, Error> {
    fetch(cx, kind, id).await
}
