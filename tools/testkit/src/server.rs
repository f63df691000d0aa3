//! The whole server in process, on a free port of this machine, and a client for it.

use std::collections::HashMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderMap};
use http::{HeaderName, Method, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use provost_auth::{CertificateTrust, Chain, Life, NoToken, Rights, TokenList};
use provost_engine::{Engine, IdSource, Policy};
use provost_platform::setting::{self, Inputs, load};
use provost_platform::state::{Starting, State, Stopping, Subsystem};
use provost_platform::tenant_name::TenantName;
use provost_scim::schema::{Options, Schemas};
use provost_server::issued::change;
use provost_server::tenant::{Tenancy, TenantParts};
use provost_server::{LogBook, Parts, Proxies, Server, Tls};
use provost_store::memory::MemoryStore;
use provost_store::{Indexes, Store, TenantId};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock::{CountingIds, FrozenClock};
#[cfg(feature = "openapi")]
use crate::openapi;
use crate::transcript::{Request, Response, Transport};
use crate::witness::{self, Watch};

/// Where SCIM is, for tests that do not care.
pub const BASE: &str = "/scim/v2";

/// What a test server is made of; a test changes what it is about.
pub struct Setup {
    /// Where resources live.
    pub store: Arc<dyn Store>,
    /// The schemas.
    pub schemas: Arc<Schemas>,
    /// The policy.
    pub policy: Policy,
    /// The bounds.
    pub limits: setting::Limits,
    /// The ways to authenticate.
    pub chain: Chain,
    /// The certificate that clients of tenants which `tenants` does not name must show besides.
    pub certificates: Option<CertificateTrust>,
    /// The settings of tenants beside the platform's own.
    pub tenants: HashMap<TenantName, TenantParts>,
    /// The state that the subsystem stays in, unless somebody steers it.
    pub state: State,
    /// TLS; the client of the test server speaks plain HTTP.
    pub tls: Option<Arc<Tls>>,
    /// The proxies that are believed.
    pub proxies: Proxies,
    /// The URL that locations begin with.
    pub public_base_url: Option<String>,
    /// How identity providers are understood.
    pub dialect: provost_dialect::Options,
    /// The time.
    pub clock: FrozenClock,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// The last lines of the log.
    pub log: Arc<LogBook>,
}

/// A server that runs until it is dropped.
pub struct TestServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// A token that reads.
    pub read_token: String,
    /// A token that provisions.
    pub provision_token: String,
    /// A token that may also use the subsystem's services.
    pub admin_token: String,
    /// The policy, to be swapped.
    pub policy: Arc<ArcSwap<Policy>>,
    /// The tenant.
    pub tenant: TenantId,
    client: TestClient,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    _between: Between,
    _watch: Watch,
}

/// A client with a pool of connections.
#[derive(Clone)]
pub struct TestClient {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
}

/// An answer, read to its end. It prints as text that is the same each time.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Setup {
    /// A server that runs on an empty store in memory.
    pub fn in_memory() -> (Self, MemoryStore) {
        let schemas = Arc::new(provost_platform::schema::schemas(&Options::default()));
        let store = MemoryStore::new(Arc::clone(&schemas));
        (Self::with(schemas, Arc::new(store.clone())), store)
    }

    /// A server that runs on a store.
    ///
    /// # Panics
    /// If the default settings are not in order.
    pub fn with(schemas: Arc<Schemas>, store: Arc<dyn Store>) -> Self {
        Self {
            store,
            policy: Policy::new(&schemas),
            schemas,
            limits: settings().provost.limits,
            chain: Chain::opaque_only(),
            certificates: None,
            tenants: HashMap::new(),
            state: State::Running,
            tls: None,
            proxies: Proxies::default(),
            public_base_url: None,
            dialect: provost_dialect::Options::default(),
            clock: FrozenClock::default(),
            ids: Arc::new(CountingIds::default()),
            log: Arc::new(LogBook::new(settings().provost.log.level, |_| {})),
        }
    }
}

impl TestServer {
    /// Starts a server on an empty store in memory.
    pub async fn start() -> Self {
        Self::start_with(Setup::in_memory().0).await
    }

    /// Starts a server.
    ///
    /// # Panics
    /// If there is no free port, or the store fails.
    pub async fn start_with(setup: Setup) -> Self {
        let watch = Watch::begin();
        let tenant = setup.store.tenant("default".into()).await.expect("a tenant");
        let [read_token, provision_token, admin_token] = tokens(&*setup.store, tenant).await;
        let (subsystem, between) = subsystem(setup.state);
        let policy = Arc::new(ArcSwap::from_pointee(setup.policy));
        let engine = Engine {
            store: setup.store,
            indexes: Arc::new(Indexes::new(&setup.schemas)),
            schemas: setup.schemas,
            clock: Arc::new(setup.clock),
            ids: setup.ids,
            secrets: None,
            turns: Arc::default(),
        };
        let parts = Parts {
            engine,
            policy: Arc::clone(&policy),
            subsystem,
            limits: setup.limits,
            tls: setup.tls,
            proxies: setup.proxies,
            public_base_url: setup.public_base_url,
            dialect: setup.dialect,
            log: setup.log,
        };
        let Setup { chain, tenants: others, certificates, .. } = setup;
        let tenancy = Tenancy { own: tenant, chain, others, certificates };
        let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into(), parts, tenancy).await;
        let server = server.expect("a free port");
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async { drop(stopped.await) }));
        let client = TestClient::new(address);
        for token in [&read_token, &provision_token, &admin_token] {
            witness::know(token);
        }
        Self {
            address,
            read_token,
            provision_token,
            admin_token,
            policy,
            tenant,
            client,
            stop,
            task,
            _between: between,
            _watch: watch,
        }
    }

    /// Stops the server as SIGTERM does, and waits until it has drained.
    ///
    /// # Panics
    /// If the server did.
    pub async fn stop(self) {
        drop(self.stop);
        self.task.await.expect("the server ends without a panic");
    }

    /// A client of its own: nothing is shared with other clients but the server.
    pub fn client(&self) -> TestClient {
        TestClient::new(self.address)
    }

    /// A client that speaks HTTP/2 from the first byte (RFC 9113 §3.3).
    pub fn http2_client(&self) -> TestClient {
        let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        TestClient { client, address: self.address }
    }

    /// Sends a request to a path below the SCIM base, with the provisioning token.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send_with(method, path, &[], body).await
    }

    /// Sends a request with further headers.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn send_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let target = format!("{BASE}{path}");
        let mut request = request(method, &target, Some(&self.provision_token));
        for (name, value) in headers {
            request.headers.push(((*name).to_owned(), (*value).to_owned()));
        }
        if let Some(body) = body {
            let json = ("Content-Type".to_owned(), "application/scim+json".to_owned());
            request.headers.push(json);
            request.body = Some(body.to_string().into_bytes());
        }
        self.ask(request).await
    }

    /// Sends a request as it is, under a host name that is the same each time.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn ask(&self, mut request: Request) -> Answer {
        if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request.headers.push(("Host".to_owned(), "scim.example".to_owned()));
        }
        #[cfg(feature = "openapi")]
        let (method, target) = (request.method.clone(), request.target.clone());
        let Response { status, headers, body } =
            self.client.send(request).await.expect("an answer");
        let answer = Answer { status, headers, body };
        #[cfg(feature = "openapi")]
        openapi::check(&method, &target, &answer);
        answer
    }
}

impl TestClient {
    /// A client for a server that runs elsewhere, a process of its own for one.
    pub fn new(address: SocketAddr) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), address }
    }
}

impl Transport for TestClient {
    async fn send(&self, request: Request) -> Result<Response, String> {
        witness::sent(&request);
        let target = request.target.clone();
        let uri = format!("http://{}{}", self.address, request.target);
        let uri: Uri = uri.parse().map_err(|error| format!("{uri}: {error}"))?;
        let mut builder = http::Request::builder().method(request.method).uri(uri);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let body = Full::from(request.body.unwrap_or_default());
        let request = builder.body(body).map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| chain(&error))?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| chain(&error))?.to_bytes();
        let body = body.into();
        let response = Response { status: head.status.as_u16(), headers: head.headers, body };
        witness::answered(&target, &response);
        Ok(response)
    }
}

/// A request without a body.
///
/// # Panics
/// If the method is none.
pub fn request(method: &str, target: &str, token: Option<&str>) -> Request {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let headers = token.map(|it| ("Authorization".to_owned(), format!("Bearer {it}")));
    Request {
        method,
        target: target.to_owned(),
        headers: headers.into_iter().collect(),
        body: None,
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// A header's text.
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.headers.get(name.as_ref())?.to_str().ok()
    }
}

/// Status, headers, body; what differs from run to run is left out.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        let mut headers: Vec<(&HeaderName, &str)> = self
            .headers
            .iter()
            .filter(|(name, _)| **name != DATE && *name != "content-length")
            .map(|(name, value)| (name, value.to_str().unwrap_or("(no text)")))
            .collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in headers {
            writeln!(f, "{name}: {value}")?;
        }
        let is_json = self.headers.get(CONTENT_TYPE).is_some();
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(body) if is_json => write!(f, "\n{body:#}"),
            Ok(_) | Err(_) => write!(f, "\n{}", String::from_utf8_lossy(&self.body)),
        }
    }
}

/// A transition that is held open, so that the subsystem stays in it.
enum Between {
    Nothing,
    Start(#[expect(dead_code, reason = "held open")] Starting),
    Stop(#[expect(dead_code, reason = "held open")] Stopping),
}

fn subsystem(state: State) -> (Subsystem, Between) {
    let mut settings = settings();
    settings.scim.enabled = state != State::Disabled;
    settings.sso_enabled = true;
    settings.scim.auto_start = state != State::Stopped;
    let (subsystem, starting) = Subsystem::at_start(&settings);
    let Some(starting) = starting else { return (subsystem, Between::Nothing) };
    match state {
        State::Starting => return (subsystem, Between::Start(starting)),
        State::Error => starting.fail("a failure on purpose"),
        State::Running | State::Stopping | State::Stopped | State::Disabled => starting.finish(),
    }
    if state != State::Stopping {
        return (subsystem, Between::Nothing);
    }
    let stopping = subsystem.begin_stop().expect("what runs can stop").expect("nobody else did");
    (subsystem, Between::Stop(stopping))
}

fn settings() -> setting::Settings {
    load(&Inputs::default()).settings.expect("the default settings are in order")
}

/// Tokens that read, write and administer.
async fn tokens(store: &dyn Store, tenant: TenantId) -> [String; 3] {
    let life = Life { created_at: 0, expires_at: None };
    let made = change(store, tenant, |list: &mut TokenList| {
        let mut create = |name: &str, rights, seed| {
            let name = name.parse().expect("a name of a token");
            list.create(name, rights, life, [seed; 32]).map(|token| token.expose().to_owned())
        };
        Ok::<_, NoToken>([
            create("read", Rights::Read, 3)?,
            create("provision", Rights::Write, 1)?,
            create("admin", Rights::Administer, 2)?,
        ])
    });
    made.await.expect("the store takes a list of tokens")
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
