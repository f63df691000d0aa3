//! What the server is made of, and one request on its way through the rooms.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use http::request;
use hyper::body::Incoming;
use provost_engine::{Engine, Policy};
use provost_platform::setting;
use provost_platform::state::Subsystem;

use crate::body::Bodies;
use crate::client::{Client, Peer, Proxies};
use crate::console::Sessions;
use crate::limit::Limits;
use crate::listen::Tls;
use crate::log::LogBook;
use crate::metric::Metrics;
use crate::rate::Rates;
use crate::request_line::RequestLine;
use crate::tenant::{Defaults, Tenancy, Tenant, Tenants};

/// What a server is made of.
pub struct Parts {
    /// The SCIM operations and the store below them.
    pub engine: Engine,
    /// What is allowed; each request takes the policy that is there when it comes in.
    pub policy: Arc<ArcSwap<Policy>>,
    /// The state of the SCIM subsystem.
    pub subsystem: Subsystem,
    /// What clients may cost.
    pub limits: setting::Limits,
    /// How clients' departures from the letter are understood.
    pub dialect: provost_dialect::Options,
    /// TLS; without it, plain HTTP.
    pub tls: Option<Arc<Tls>>,
    /// The proxies whose word on whom they speak for is believed.
    pub proxies: Proxies,
    /// The URL that clients reach this server by, without the path of SCIM and without a slash at
    /// its end; without it, URLs begin with the request's `Host`.
    pub public_base_url: Option<String>,
    /// The last lines of the log, and its level.
    pub log: Arc<LogBook>,
}

/// What the forms of the token endpoint may take together.
const FORMS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What all requests share.
pub(crate) struct App {
    pub(crate) parts: Parts,
    pub(crate) limits: Limits,
    pub(crate) address: SocketAddr,
    pub(crate) tenants: Tenants,
    pub(crate) rates: Rates,
    pub(crate) metrics: Metrics,
    /// For forms of the token endpoint, which are read before anybody is known.
    pub(crate) forms: Bodies,
    /// Who is signed in to the console.
    pub(crate) sessions: Sessions,
    started_at: i64,
    requests: AtomicU64,
    draining: AtomicBool,
}

/// One request.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) line: Arc<RequestLine>,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) peer: Peer,
    pub(crate) client: Client,
    pub(crate) head: request::Parts,
    pub(crate) body: Incoming,
}

impl App {
    pub(crate) fn new(parts: Parts, tenancy: Tenancy, address: SocketAddr) -> Self {
        let limits = Limits::new(&parts.limits);
        let defaults = Defaults {
            rate: limits.tenant_rate,
            requests_in_flight: limits.requests_in_flight,
            bodies_bytes: limits.bodies_bytes,
            answers_bytes: limits.answers_bytes,
        };
        Self {
            address,
            tenants: Tenants::new(tenancy, defaults),
            forms: Bodies::new(FORMS_BYTES_MAX),
            sessions: Sessions::default(),
            rates: Rates::new(limits.address_rate, limits.strange_token_rate),
            started_at: parts.engine.clock.now_micros(),
            requests: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            metrics: Metrics::default(),
            limits,
            parts,
        }
    }

    /// A name for a request that no other one of this server has: its start, then a counter.
    pub(crate) fn next_request_id(&self) -> Box<str> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{:x}-{number:x}", self.started_at).into()
    }

    /// The time in Unix seconds.
    pub(crate) fn now_seconds(&self) -> i64 {
        self.parts.engine.clock.now_micros().div_euclid(1_000_000)
    }

    /// Writes when tokens were used.
    pub(crate) async fn write_uses(&self) {
        for tenant in self.tenants.all() {
            tenant.uses.write(&*self.parts.engine.store, tenant.id).await;
        }
    }

    /// When the server was started, in microseconds since 1970.
    pub(crate) const fn started_at(&self) -> i64 {
        self.started_at
    }

    /// From here on the server says that it is going.
    pub(crate) fn begin_drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
