//! Tenants: who is provisioned by whom, apart from all others.
//!
//! The platform's own is always there. Others are made by an operator; each has its URLs below
//! `/t/{name}`, its tokens, its issuers and its limits. Nothing of one is seen in another: every
//! request works in one tenant, and the store takes the tenant before everything else.

mod list;
mod switches;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::{DefaultDirectRateLimiter, RateLimiter};
use provost_auth::{CertificateTrust, Chain, IntrospectionHealth, KeyHealth};
use provost_platform::tenant_name::TenantName;
use provost_scim::Error as Refusal;
use provost_store::{Store, TenantId};

use crate::body::Bodies;
use crate::configuration::Governance;
use crate::error::Error;
use crate::flight::Flights;
use crate::issued::{Cache, IssuedCache, TokenUses};
use crate::limit::Rate;
use crate::rate::quota;

use switches::Switches;

pub use list::{TenantError, TenantList, TenantRecord};

/// Who is let in, tenant by tenant.
pub struct Tenancy {
    /// The platform's own tenant.
    pub own: TenantId,
    /// The ways to authenticate there.
    pub chain: Chain,
    /// The settings of other tenants; one that is not named here has the defaults.
    pub others: HashMap<TenantName, TenantParts>,
    /// The certificate that a client of a tenant which is not named must show besides its token.
    pub certificates: Option<CertificateTrust>,
}

/// What a tenant is made of, as the settings have it.
pub struct TenantParts {
    /// The ways to authenticate.
    pub chain: Chain,
    /// What differs from the limits of all.
    pub limits: provost_platform::setting::TenantLimits,
}

/// A tenant at work.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    /// What its URLs begin with, behind the host: nothing, or `/t/{name}`.
    pub(crate) path: String,
    pub(crate) chain: Arc<Chain>,
    pub(crate) issued: IssuedCache,
    pub(crate) uses: TokenUses,
    pub(crate) governance: Governance,
    pub(crate) switches: Switches,
    pub(crate) flights: Flights,
    pub(crate) rate: DefaultDirectRateLimiter,
    pub(crate) bodies: Bodies,
    pub(crate) answers: Bodies,
}

/// The tenants.
pub(crate) struct Tenants {
    /// The platform's own.
    pub(crate) own: Arc<Tenant>,
    settings: HashMap<TenantName, TenantSettings>,
    /// The ways to authenticate in a tenant that the settings do not name.
    unnamed: Arc<Chain>,
    list: Cache<TenantList>,
    /// Those that a request has come for.
    met: Mutex<HashMap<TenantName, Arc<Tenant>>>,
    defaults: Defaults,
}

struct TenantSettings {
    chain: Arc<Chain>,
    limits: provost_platform::setting::TenantLimits,
}

/// What holds where a tenant's settings say nothing.
#[derive(Clone, Copy)]
pub(crate) struct Defaults {
    pub(crate) rate: Rate,
    pub(crate) requests_in_flight: u32,
    pub(crate) bodies_bytes: usize,
    pub(crate) answers_bytes: usize,
}

impl Tenants {
    pub(crate) fn new(tenancy: Tenancy, defaults: Defaults) -> Self {
        let Tenancy { own, chain, others, certificates } = tenancy;
        let settings = |(name, TenantParts { chain, limits })| {
            (name, TenantSettings { chain: Arc::new(chain), limits })
        };
        let unnamed = match certificates {
            Some(trust) => Chain::opaque_only().with_certificates(trust),
            None => Chain::opaque_only(),
        };
        Self {
            own: Arc::new(Tenant::new(own, String::new(), Arc::new(chain), defaults)),
            settings: others.into_iter().map(settings).collect(),
            unnamed: Arc::new(unnamed),
            list: Cache::default(),
            met: Mutex::default(),
            defaults,
        }
    }

    /// The tenant of a name in a URL, at this moment.
    pub(crate) async fn find(&self, name: &str, store: &dyn Store) -> Result<Arc<Tenant>, Error> {
        let unknown = || Error::from(Refusal::not_found("there is no such tenant"));
        let name: TenantName = name.parse().map_err(|_| unknown())?;
        let list = self.list.get(store, self.own.id).await?;
        let record = list.get(&name).ok_or_else(unknown)?;
        if record.paused {
            return Err(Error::TenantPaused);
        }
        if let Some(met) = self.met().get(&name) {
            return Ok(Arc::clone(met));
        }
        let id = store.tenant(name.as_str().into()).await.map_err(Error::NoTenant)?;
        let tenant = self.make(&name, id);
        Ok(Arc::clone(self.met().entry(name).or_insert(tenant)))
    }

    /// Those that a request has come for, and the platform's own.
    pub(crate) fn all(&self) -> Vec<Arc<Tenant>> {
        let met = self.met();
        std::iter::once(&self.own).chain(met.values()).map(Arc::clone).collect()
    }

    /// How well the keys of JWTs are, where they are worst.
    pub(crate) fn key_health(&self, now: i64) -> Option<KeyHealth> {
        self.chains().filter_map(|chain| chain.key_health(now)).max()
    }

    /// How well authorization servers answer, where they do it worst.
    pub(crate) fn introspection_health(&self, now: i64) -> Option<IntrospectionHealth> {
        self.chains().filter_map(|chain| chain.introspection_health(now)).max()
    }

    fn chains(&self) -> impl Iterator<Item = &Chain> {
        let others = self.settings.values().map(|it| &*it.chain);
        std::iter::once(&*self.own.chain).chain(others)
    }

    fn make(&self, name: &TenantName, id: TenantId) -> Arc<Tenant> {
        let path = format!("/t/{name}");
        let Some(TenantSettings { chain, limits }) = self.settings.get(name) else {
            return Arc::new(Tenant::new(id, path, Arc::clone(&self.unnamed), self.defaults));
        };
        let Defaults { rate, requests_in_flight, .. } = self.defaults;
        let defaults = Defaults {
            rate: rate.but(limits.rate, limits.burst),
            requests_in_flight: limits
                .requests_in_flight
                .map_or(requests_in_flight, |it| u32::try_from(it).unwrap_or(u32::MAX)),
            ..self.defaults
        };
        Arc::new(Tenant::new(id, path, Arc::clone(chain), defaults))
    }

    fn met(&self) -> MutexGuard<'_, HashMap<TenantName, Arc<Tenant>>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tenant {
    fn new(id: TenantId, path: String, chain: Arc<Chain>, defaults: Defaults) -> Self {
        Self {
            id,
            path,
            chain,
            issued: IssuedCache::default(),
            uses: TokenUses::default(),
            governance: Governance::default(),
            switches: Switches::default(),
            flights: Flights::new(defaults.requests_in_flight),
            rate: RateLimiter::direct(quota(defaults.rate)),
            bodies: Bodies::new(defaults.bodies_bytes),
            answers: Bodies::new(defaults.answers_bytes),
        }
    }
}
