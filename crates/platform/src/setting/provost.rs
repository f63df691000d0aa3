//! Provost's own settings: `PlatformSettingsConfig.ProvostSettings`; none is needed.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::block::{Block, Setting};
use super::dialect::{self, Dialect};
use super::inputs::Inputs;
use super::issuer::{self, FederatedClient, Issuer, Requirements};
use super::kind::{Address, BaseUrl, Choice, Folder, List, Network, OneOf, Seconds};
use super::limit::{self, Limits};
use super::source::Source;
use super::tenant::{self, Tenant};
use super::tls::{self, TenantCertificates, Tls};
use crate::tenant_name::TenantName;

/// Provost's own settings.
#[derive(Debug, Clone)]
pub struct Provost {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// TLS in the server; without it, plain HTTP.
    pub tls: Option<Tls>,
    /// The proxies whose word on whom they speak for is believed.
    pub proxies: Vec<IpNet>,
    /// Where they say it.
    pub proxy_headers: ProxyHeaders,
    /// The URL that clients reach this server by, up to the path of SCIM; no slash at its end.
    pub public_base_url: Option<String>,
    /// Where the database is.
    pub data_folder: PathBuf,
    /// What becomes of passwords that clients send.
    pub passwords: Passwords,
    /// How clients are understood.
    pub dialect: Dialect,
    /// How JWTs are checked.
    pub jwt: Jwt,
    /// Clients of the token endpoint that send assertions in place of a secret.
    pub federated_clients: Vec<FederatedClient>,
    /// What differs in tenants beside the platform's own, by name.
    pub tenants: BTreeMap<TenantName, Tenant>,
    /// How the server logs.
    pub log: Log,
    /// What clients may cost.
    pub limits: Limits,
}

/// What becomes of passwords that clients send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passwords {
    /// Their shape is checked, and nothing is kept.
    Discard,
    /// A hash of each is kept.
    Hash,
}

/// How JWTs are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwt {
    /// How far the issuer's clock may be off.
    pub skew: Duration,
    /// How long a token may live.
    pub lifetime_max: Duration,
    /// How long an unknown key causes no second fetch of the keys.
    pub unknown_key_refresh: Duration,
    /// Hosts that an issuer's metadata may point to, besides its own.
    pub key_hosts: Vec<String>,
    /// What the tokens of `SCIMAccessTokenServicesSettings` must be besides.
    pub requirements: Requirements,
    /// The issuers beside that one.
    pub issuers: Vec<Issuer>,
}

/// How the server logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The least severe level that is written.
    pub level: LogLevel,
    /// How a line looks.
    pub format: LogFormat,
}

/// The levels, from the most severe to the least: a level is less than one that writes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Errors only.
    Error,
    /// Errors and warnings.
    Warn,
    /// Also one line a request, and what an operator should know.
    Info,
    /// Each decision.
    Debug,
    /// Everything.
    Trace,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object a line.
    Json,
}

/// Where a proxy says whom it speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHeaders {
    /// In `X-Forwarded-For`, `-Proto` and `-Host`.
    XForwarded,
    /// In `Forwarded` (RFC 7239).
    Forwarded,
}

impl Choice for ProxyHeaders {
    const ALL: &'static [(&'static str, Self)] =
        &[("x-forwarded", Self::XForwarded), ("forwarded", Self::Forwarded)];
}

impl Choice for Passwords {
    const ALL: &'static [(&'static str, Self)] =
        &[("discard", Self::Discard), ("hash", Self::Hash)];
}

impl Choice for LogLevel {
    const ALL: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

impl Choice for LogFormat {
    const ALL: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

impl LogLevel {
    /// All levels, the most severe first.
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The level of a word, in any letter case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(name))
    }

    /// The word that the settings and the log library use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl Provost {
    /// Whether certificates of clients count, in any tenant.
    #[must_use]
    pub fn uses_client_certificates(&self) -> bool {
        let is_own = |tenant: &Tenant| matches!(tenant.certificates, TenantCertificates::Own(_));
        self.tls.as_ref().is_some_and(|tls| tls.client.is_some())
            || self.tenants.values().any(is_own)
    }
}

/// How many proxies there may be.
const PROXIES_MAX: usize = 100;

pub(crate) fn read(block: &mut Block<'_, '_>, inputs: &Inputs) -> Provost {
    let listen = block.get_over(
        &Address,
        Setting {
            name: "listen",
            default: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            why: "Beyond this machine it needs TLS: tls here, or proxies before it.",
        },
        inputs.given_listen(),
    );
    let tls = block.block("tls", tls::read);
    let proxies = block.get(
        &List(Network, PROXIES_MAX),
        Setting {
            name: "proxies",
            default: Vec::new(),
            why: "The proxies that end TLS before this server: what they say of whom they speak \
                  for is believed from these addresses alone.",
        },
    );
    let proxy_headers = block.get(
        &OneOf::new(),
        Setting {
            name: "proxyHeaders",
            default: ProxyHeaders::XForwarded,
            why: "The headers that the proxies write themselves; the others are the client's own \
                  words. Let the proxies set or remove all of X-Forwarded-For, -Proto and -Host.",
        },
    );
    if !listen.ip().is_loopback() && tls.is_none() && proxies.is_empty() {
        let source = match inputs.given_listen() {
            Some(given) => given.source,
            None => block.source_of("listen").unwrap_or(Source::Default),
        };
        let message = format!(
            "plain HTTP on {listen} would send tokens and people's data in the clear: set \
             tls.certificateFile and tls.keyFile, or name the proxies that end TLS in proxies"
        );
        block.error_at(source, "listen", message);
    }
    let provost = Provost {
        listen,
        proxies,
        proxy_headers,
        public_base_url: block.optional(
            &BaseUrl("the URL that clients reach this server by, without the path of SCIM"),
            "publicBaseUrl",
            "meta.location and Location begin with it; without it, with the request's Host.",
        ),
        data_folder: block.get_over(
            &Folder,
            Setting {
                name: "dataFolder",
                default: PathBuf::from("./data"),
                why: "The database is here: back it up, and never share it between two servers.",
            },
            inputs.given_data(),
        ),
        passwords: block.get(
            &OneOf::new(),
            Setting {
                name: "passwords",
                default: Passwords::Discard,
                why: "Hash keeps a PBKDF2 hash of each password that a client sends, for an \
                      application that has its users log in with it; nobody who signs on by the \
                      identity provider needs it.",
            },
        ),
        dialect: block.block("dialect", dialect::read),
        jwt: block.block("jwt", read_jwt),
        federated_clients: block
            .blocks("federatedClients", issuer::read_federated)
            .into_iter()
            .flatten()
            .collect(),
        tenants: read_tenants(block, tls.as_ref()),
        tls,
        log: block.block("log", read_log),
        limits: block.block("limits", limit::read),
    };
    refuse_unused_lists(block, &provost);
    provost
}

/// Lists that nobody is held against would be a mistake of whoever relies on them.
fn refuse_unused_lists(block: &mut Block<'_, '_>, provost: &Provost) {
    let authorities = provost.tls.as_ref().and_then(|tls| tls.authorities.as_ref());
    let source = authorities.and_then(|authorities| authorities.lists_source.clone());
    if let (Some(source), false) = (source, provost.uses_client_certificates()) {
        let name = format!("tls.{}", tls::REVOCATION_LISTS);
        block.error_at(source, &name, "needs clientCertificates".to_owned());
    }
}

fn read_tenants(block: &mut Block<'_, '_>, tls: Option<&Tls>) -> BTreeMap<TenantName, Tenant> {
    let is_legal = |name: &str| match name.parse::<TenantName>() {
        Ok(_) => Ok(()),
        Err(reason) => Err(reason.to_string()),
    };
    let read = |block: &mut Block<'_, '_>| tenant::read(block, tls);
    let found = block.named_blocks("tenants", is_legal, read);
    let named = |(name, tenant): (String, Tenant)| Some((name.parse().ok()?, tenant));
    found.into_iter().filter_map(named).collect()
}

fn read_jwt(block: &mut Block<'_, '_>) -> Jwt {
    Jwt {
        skew: block.get(
            &Seconds(0..=300),
            Setting {
                name: "skewSeconds",
                default: Duration::from_secs(300),
                why: "How far this machine's clock and the issuer's may differ.",
            },
        ),
        lifetime_max: block.get(
            &Seconds(300..=86_400),
            Setting {
                name: "lifetimeMaxSeconds",
                default: Duration::from_secs(86_400),
                why: "A token that lives longer is refused, whoever signed it.",
            },
        ),
        unknown_key_refresh: block.get(
            &Seconds(1..=3_600),
            Setting {
                name: "unknownKeyRefreshSeconds",
                default: Duration::from_secs(300),
                why: "Tokens with an unknown key fetch the keys at most this often, so that \
                      forged ones cannot flood the issuer.",
            },
        ),
        key_hosts: issuer::read_key_hosts(block),
        requirements: issuer::read_requirements(block),
        issuers: block.blocks("issuers", issuer::read).into_iter().flatten().collect(),
    }
}

fn read_log(block: &mut Block<'_, '_>) -> Log {
    Log {
        level: block.get(
            &OneOf::new(),
            Setting {
                name: "level",
                default: LogLevel::Info,
                why: "Debug also shows the details of refusals, which quote what clients sent and so may name people; no level shows a token.",
            },
        ),
        format: block.get(
            &OneOf::new(),
            Setting {
                name: "format",
                default: LogFormat::Text,
                why: "Json is for log collectors.",
            },
        ),
    }
}
