//! What a stored resource holds.

use provost_scim::value::Attributes;
use provost_store::{Stored, view};

use crate::error::failed;
use crate::{Context, Error};

/// The attributes of a resource, as it is stored.
///
/// # Errors
/// [`Error::Corrupt`] if they cannot be read.
pub fn attributes(cx: &Context<'_>, stored: &Stored) -> Result<Attributes, Error> {
    view::attributes(cx.schemas(), stored).map_err(|error| failed(cx, "read a resource", error))
}
