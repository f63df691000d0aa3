//! From settings to a running server; shared by `serve` and `try`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use provost_engine::{Engine, Policy, Put, SecretHasher, SystemClock, SystemIds, UnknownMember};
use provost_platform::DEFAULT_TENANT;
use provost_platform::principal::run_as;
use provost_platform::setting::{
    self, Dialect, Flags, Inputs, Passwords, ProxyHeaders, Settings, load,
};
use provost_platform::state::{State, Subsystem};
use provost_scim::patch::GroupReplace;
use provost_scim::schema::{GroupDisplayName, Options as SchemaOptions, Schemas};
use provost_scim::value::Mode;
use provost_server::tenant::Tenancy;
use provost_server::{LogBook, Parts, Proxies, Server, Tls, TlsFiles};
use provost_sqlite::{OpenError, Options, SqliteStore};
use provost_store::memory::MemoryStore;
use provost_store::{Cause, Entry, Indexes, Store, Target, TenantId};
use tokio::task::JoinHandle;

use crate::announcement::{announce, warn_of_unmade_tenants};
use crate::failure::Failure;
use crate::password::Hasher;
use crate::trail;
use crate::trust::{self, Trusted};

/// A server that listens.
pub(crate) struct Running {
    server: Server,
    store: Arc<SqliteStore>,
    refreshes: Vec<JoinHandle<()>>,
    reloadable: Reloadable,
    subsystem: Subsystem,
    own: TenantId,
}

/// What can be changed while the server runs.
#[derive(Clone)]
pub(crate) struct Reloadable {
    /// TLS, where it is spoken: to be read again when its files change.
    pub(crate) tls: Option<Arc<Tls>>,
    schemas: Arc<Schemas>,
    policy: Arc<ArcSwap<Policy>>,
}

impl Reloadable {
    /// Takes over what the settings say.
    pub(crate) fn apply(&self, settings: &Settings) {
        self.policy.store(Arc::new(policy_of(&self.schemas, settings)));
    }
}

/// Opens the database, makes the parts, listens, and starts the subsystem if it starts by itself.
pub(crate) async fn start(settings: &Settings, log: Arc<LogBook>) -> Result<Running, Failure> {
    let provost = &settings.provost;
    let schemas = Arc::new(schemas(&provost.dialect));
    let indexes = Arc::new(Indexes::new(&schemas));
    let options = Options::serve(&provost.data_folder);
    let store = provost_sqlite::open(options, schemas.clone(), indexes.clone());
    let opened = format!("open the database in {}", provost.data_folder.display());
    let store = Arc::new(store.map_err(Failure::unable(&opened))?);
    let tenant = store.tenant(DEFAULT_TENANT.into()).await;
    let Trusted { chain, tenants, certificates, refreshes } = trust::trusted(settings)?;
    let tls = provost.tls.as_ref().map(|tls| tls_of(tls, provost)).transpose()?.map(Arc::new);
    let (subsystem, starting) = Subsystem::at_start(settings);
    let policy = Arc::new(ArcSwap::from_pointee(policy_of(&schemas, settings)));
    let reloadable =
        Reloadable { tls: tls.clone(), schemas: schemas.clone(), policy: policy.clone() };
    let parts = Parts {
        engine: Engine {
            store: store.clone(),
            schemas: schemas.clone(),
            indexes,
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds::default()),
            secrets: secrets(provost.passwords),
            turns: Arc::default(),
        },
        policy: Arc::clone(&policy),
        subsystem: subsystem.clone(),
        limits: provost.limits.clone(),
        tls: tls.clone(),
        proxies: Proxies {
            networks: provost.proxies.clone(),
            write_forwarded: provost.proxy_headers == ProxyHeaders::Forwarded,
        },
        public_base_url: provost.public_base_url.clone(),
        dialect: dialect(&provost.dialect),
        log,
    };
    let own = tenant.map_err(Failure::unable("read the database"))?;
    let tenancy = Tenancy { own, chain, others: tenants, certificates };
    let server = Server::bind(provost.listen, parts, tenancy).await;
    let server = server.map_err(Failure::unable(&format!("listen on {}", provost.listen)))?;
    check_administrators(settings, &server).await?;
    // Whoever waits for the state finds a server that listens.
    if let Some(starting) = starting {
        starting.finish();
        tell(&*store, own, "started").await;
    }
    announce(settings, server.local_addr(), &subsystem.status());
    warn_of_unmade_tenants(settings, &*store, own).await;
    let refreshes = refreshes.into_iter().map(|it| tokio::spawn(it.run())).collect();
    Ok(Running { server, store, refreshes, reloadable, subsystem, own })
}

/// Requests run as somebody who may do what they ask for: the platform's own are known, of others the
/// table says so.
async fn check_administrators(settings: &Settings, server: &Server) -> Result<(), Failure> {
    for name in settings.administrators() {
        if run_as(name).is_ok() {
            continue;
        }
        let is_administrator = server.is_administrator(name).await;
        if !is_administrator.map_err(Failure::unable("read the table AdministratorAccounts"))? {
            return Err(Failure::Wrong(format!(
                "scimAdminName: {name:?} is no enabled user whom the table AdministratorAccounts \
                 names; with another scimAdminName the server starts, and the table can be changed"
            )));
        }
    }
    Ok(())
}

/// Says in the audit trail that the subsystem came or went with the server. A server that cannot say so
/// serves all the same.
async fn tell(store: &dyn Store, own: TenantId, action: &str) {
    let target = Target::named("SCIMSubsystem");
    let detail = serde_json::json!({"with": "server"});
    let cause = Cause { caller: "server".into(), ..Cause::default() };
    let entry = Entry { cause, ..trail::entry("Subsystem", action, target, &detail) };
    if let Err(error) = store.record(own, vec![entry]).await {
        tracing::warn!("The audit trail lacks that the subsystem was {action}: {error}");
    }
}

/// Which database a command works on, beside a server or before there is one.
pub(crate) struct Place {
    /// The folder of the database.
    pub(crate) data: PathBuf,
    dialect: Option<Dialect>,
}

impl Place {
    /// What the flags say, and else the settings, as for `serve`.
    pub(crate) fn of(flags: Flags) -> Result<Self, Failure> {
        let given = flags.data.clone();
        let inputs = Inputs::of_process(flags);
        let inputs = inputs.map_err(Failure::unable("find the working directory"))?;
        match (load(&inputs).into_settings(), given) {
            (Ok(settings), _) => {
                let setting::Provost { data_folder, dialect, .. } = settings.provost;
                Ok(Self { data: data_folder, dialect: Some(dialect) })
            }
            // Settings that are wrong are for `serve` to mend: where the data is was said here.
            (Err(_), Some(data)) => Ok(Self { data, dialect: None }),
            (Err(report), None) => Err(Failure::settings(&report)),
        }
    }

    /// The same, for a command that finds nothing to do in a folder without a database.
    pub(crate) fn existing(flags: Flags) -> Result<Self, Failure> {
        let place = Self::of(flags)?;
        match provost_sqlite::is_there(&place.data) {
            true => Ok(place),
            false => Err(Failure::Wrong(format!(
                "there is no database in {}; --data names the folder of the server's",
                place.data.display()
            ))),
        }
    }
}

/// Opens a database beside a server, or before there is one.
pub(crate) fn open_beside(place: &Place) -> Result<SqliteStore, Failure> {
    // The indexes should be those of the server. Where its settings cannot be read they may differ,
    // and the store then reads and writes documents alone.
    let schemas = match &place.dialect {
        Some(dialect) => schemas(dialect),
        None => provost_platform::schema::schemas(&SchemaOptions::default()),
    };
    let schemas = Arc::new(schemas);
    let indexes = Arc::new(Indexes::new(&schemas));
    provost_sqlite::open(Options::command(&place.data), schemas, indexes)
        .map_err(Failure::unable(&format!("open the database in {}", place.data.display())))
}

/// What a command works with that writes resources: as the only one that has the database open, or
/// beside the server that has. Without a database and for a rehearsal, on one in memory.
pub(crate) fn open_to_write(place: &Place, is_rehearsal: bool) -> Result<Engine, Failure> {
    let dialect = place.dialect.as_ref().ok_or_else(|| {
        let hint = "`provost check-config` shows what is wrong";
        Failure::Wrong(format!("the settings cannot be read, which say what is unique; {hint}"))
    })?;
    let schemas = Arc::new(schemas(dialect));
    let indexes = Arc::new(Indexes::new(&schemas));
    let store: Arc<dyn Store> = match is_rehearsal && !provost_sqlite::is_there(&place.data) {
        true => Arc::new(MemoryStore::new(schemas.clone())),
        false => Arc::new(open_alone_or_beside(place, &schemas, &indexes)?),
    };
    Ok(Engine {
        store,
        schemas,
        indexes,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds::default()),
        secrets: None,
        turns: Arc::default(),
    })
}

/// Whoever is alone brings format and keys up to date, as a server does at its start.
fn open_alone_or_beside(
    place: &Place,
    schemas: &Arc<Schemas>,
    indexes: &Arc<Indexes>,
) -> Result<SqliteStore, Failure> {
    let open = |options| provost_sqlite::open(options, schemas.clone(), indexes.clone());
    let opened = match open(Options::serve(&place.data)) {
        Err(OpenError::Locked(_)) => open(Options::command(&place.data)),
        opened => opened,
    };
    let what = format!("open the database in {}", place.data.display());
    let store = opened.map_err(Failure::unable(&what))?;
    match store.has_our_keys() {
        true => Ok(store),
        false => Err(Failure::Wrong(
            "the server that has the database open runs with other settings \
             (groupDisplayNameUnique); --platform-settings names its file, or stop it"
                .to_owned(),
        )),
    }
}

impl Running {
    /// Where the server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Where its resources are.
    pub(crate) fn store(&self) -> Arc<SqliteStore> {
        self.store.clone()
    }

    /// What can be changed while it runs.
    pub(crate) fn reloadable(&self) -> Reloadable {
        self.reloadable.clone()
    }

    /// Serves until `stop` is there, and drains.
    pub(crate) async fn serve(self, stop: impl Future<Output = ()>) {
        let Self { server, store, refreshes, subsystem, own, .. } = self;
        server.run(stop).await;
        if subsystem.state() == State::Running {
            tell(&*store, own, "stopped").await;
        }
        refreshes.iter().for_each(JoinHandle::abort);
        // The writer finishes what it took, and its thread ends, when the last of these goes.
        drop(store);
    }
}

fn tls_of(tls: &setting::Tls, provost: &setting::Provost) -> Result<Tls, Failure> {
    let authorities = tls.authorities.as_ref().filter(|_| provost.uses_client_certificates());
    let files = TlsFiles {
        certificate: tls.certificate_file.clone(),
        key: tls.key_file.clone(),
        client_ca: authorities.map(|it| it.file.clone()),
        client_revocation_lists: authorities.and_then(|it| it.revocation_list_file.clone()),
    };
    Tls::load(files).map_err(Failure::unable("speak TLS"))
}

fn secrets(passwords: Passwords) -> Option<Arc<dyn SecretHasher>> {
    match passwords {
        Passwords::Discard => None,
        Passwords::Hash => Some(Arc::new(Hasher::new())),
    }
}

fn schemas(dialect: &Dialect) -> Schemas {
    let group_display_name = match dialect.group_display_name_unique {
        true => GroupDisplayName::Unique,
        false => GroupDisplayName::Free,
    };
    provost_platform::schema::schemas(&SchemaOptions { group_display_name })
}

fn policy_of(schemas: &Schemas, settings: &Settings) -> Policy {
    let setting::Provost { dialect, limits, .. } = &settings.provost;
    Policy {
        mode: match dialect.mode {
            setting::Mode::Lenient => Mode::Lenient,
            setting::Mode::Strict => Mode::Strict,
        },
        unknown_member: match dialect.unknown_member {
            setting::UnknownMember::Refuse => UnknownMember::Refuse,
            setting::UnknownMember::Skip => UnknownMember::Skip,
        },
        put: match dialect.put {
            setting::Put::Replace => Put::Replace,
            setting::Put::Merge => Put::Merge,
        },
        group_replace: match dialect.group_replace {
            setting::GroupReplace::Rfc => GroupReplace::Rfc,
            setting::GroupReplace::Additive => GroupReplace::Additive,
        },
        page_size_max: limits.page_size,
        response_members_max: limits.response_members,
        ..Policy::new(schemas)
    }
}

fn dialect(dialect: &Dialect) -> provost_dialect::Options {
    let empty_string = match dialect.empty_string {
        setting::EmptyString::Unassign => provost_dialect::EmptyString::Unassign,
        setting::EmptyString::Keep => provost_dialect::EmptyString::Keep,
    };
    provost_dialect::Options { empty_string }
}
