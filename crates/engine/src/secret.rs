//! Secrets of resources, such as passwords: kept as a hash, or not at all.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use provost_scim::schema::{AttrId, Place, Schemas};
use provost_scim::value::{Attributes, Val};
use provost_store::{BoxError, SecretPut};

use crate::{Context, Error};

/// A hash, when it is there.
pub type Hashing<'a> = Pin<Box<dyn Future<Output = Result<Bytes, BoxError>> + Send + 'a>>;

/// Makes of a secret what may be stored of it.
pub trait SecretHasher: Send + Sync {
    /// The hash of a secret: slow to make, so that it is slow to guess.
    fn hash(&self, secret: Box<str>) -> Hashing<'_>;
}

/// Secrets as a client sets them; `None` unassigns.
pub(crate) type Secrets = BTreeMap<AttrId, Option<Val>>;

/// Takes the secrets out of a resource; `cleared` are the attributes that it names with null.
pub(crate) fn take(schemas: &Schemas, attributes: &mut Attributes, cleared: &[AttrId]) -> Secrets {
    let is_secret = |id: AttrId| schemas.attribute(id).place == Place::Secret;
    let mut secrets: Secrets =
        cleared.iter().filter(|id| is_secret(**id)).map(|id| (*id, None)).collect();
    let sent = attributes.iter().filter(|(id, _)| is_secret(*id));
    secrets.extend(sent.map(|(id, value)| (id, Some(value.clone()))));
    attributes.retain(|id, _| !is_secret(id));
    secrets
}

/// What is stored of secrets: nothing, if the service provider keeps none.
pub(crate) async fn kept(cx: &Context<'_>, secrets: Secrets) -> Result<Vec<SecretPut>, Error> {
    let Some(hasher) = &cx.engine.secrets else { return Ok(Vec::new()) };
    let failed = |cause| Error::Unavailable { verb: "hash a secret", tenant: cx.tenant, cause };
    let mut kept = Vec::new();
    for (attribute, secret) in secrets {
        let hash = match secret.as_ref().and_then(Val::as_str) {
            Some(clear) => Some(hasher.hash(clear.into()).await.map_err(failed)?),
            None => None,
        };
        kept.push(SecretPut { attribute, hash });
    }
    Ok(kept)
}
