//! What every operation works with: the store, the schemas, the policy, time and ids.

use std::sync::Arc;

use provost_scim::schema::{Kind, Schemas};
use provost_scim::value::Reader;
use provost_store::{At, Cause, Indexes, ResourceId, Store, TenantId};
use tokio::sync::MutexGuard;

use crate::{Policy, SecretHasher, Turns};

/// The time.
pub trait Clock: Send + Sync {
    /// Microseconds since 1970-01-01T00:00:00Z.
    fn now_micros(&self) -> i64;
}

/// Where ids of resources come from; one is never given twice.
pub trait IdSource: Send + Sync {
    /// An id that no resource has or had. `now` is the time in microseconds since 1970; ids made
    /// later are larger, so that lists are in the order of creation.
    fn next(&self, now: i64) -> ResourceId;
}

/// What a service provider is made of; shared by all its requests.
#[derive(Clone)]
pub struct Engine {
    /// Where resources live.
    pub store: Arc<dyn Store>,
    /// The schemas of the resources.
    pub schemas: Arc<Schemas>,
    /// The attributes that have keys.
    pub indexes: Arc<Indexes>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// What keeps secrets as hashes; without it they are checked for their shape and discarded.
    pub secrets: Option<Arc<dyn SecretHasher>>,
    /// Who may change a body next.
    pub turns: Arc<Turns>,
}

/// One request's view of the engine.
pub struct Context<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// What is allowed and how options are set.
    pub policy: &'a Policy,
    /// The tenant.
    pub tenant: TenantId,
    /// Who asks, for the events.
    pub cause: Cause,
    /// The base URL of the service provider, without a slash at its end.
    pub base: &'a str,
}

impl<'a> Context<'a> {
    /// The schemas.
    pub fn schemas(&self) -> &'a Schemas {
        &self.engine.schemas
    }

    /// The resources of a kind.
    pub const fn at(&self, kind: Kind) -> At {
        At { tenant: self.tenant, kind }
    }

    /// Waits for the turn to change the body of a resource, if an id can be one.
    pub(crate) async fn turn(&self, id: &str) -> Option<MutexGuard<'a, ()>> {
        let id = ResourceId::parse(id)?;
        Some(self.engine.turns.wait(self.tenant, id).await)
    }

    /// A reader for a kind, in the policy's mode.
    pub fn reader(&self, kind: Kind) -> Reader<'a> {
        Reader::new(self.schemas(), kind, self.policy.mode)
    }
}
