//! TLS in the server, and the certificates of clients: `ProvostSettings.tls`.

use std::path::PathBuf;

use super::block::{Block, Setting};
use super::issuer::ClientRights;
use super::kind::{Choice, File, List, Name, OneOf};
use super::source::Source;

/// TLS in the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate of the server, then those that lead from it to its authority, in PEM.
    pub certificate_file: PathBuf,
    /// The private key of the certificate, in PEM.
    pub key_file: PathBuf,
    /// Who issues certificates of clients, of all tenants.
    pub authorities: Option<Authorities>,
    /// The certificates of clients, where they count.
    pub client: Option<ClientCertificates>,
}

/// Who issues certificates of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorities {
    /// The certificates of these authorities, in PEM.
    pub file: PathBuf,
    /// What they have revoked, in PEM.
    pub revocation_list_file: Option<PathBuf>,
    /// Where that was said.
    pub(crate) lists_source: Option<Source>,
}

/// Which certificates of clients are accepted, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificates {
    /// The names of which a certificate must have one.
    pub names: Vec<String>,
    /// A certificate is enough: what it may do without a token.
    pub sole: Option<ClientRights>,
}

/// The certificates of the clients of a tenant beside the platform's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TenantCertificates {
    /// One that the platform's own tenant asks for besides tokens is asked for here too.
    #[default]
    AsInThePlatforms,
    /// None counts.
    Off,
    /// These count, and no others.
    Own(ClientCertificates),
}

/// What a certificate of a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Off,
    Additional,
    Sole,
}

impl Choice for Use {
    const ALL: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("additional", Self::Additional), ("sole", Self::Sole)];
}

const USE: &str = "clientCertificates";
const NAMES: &str = "clientNames";
pub(crate) const REVOCATION_LISTS: &str = "clientRevocationListFile";

/// How many names there may be.
const NAMES_MAX: usize = 100;

pub(crate) fn read(block: &mut Block<'_, '_>) -> Option<Tls> {
    let certificate_file = block.optional(
        &File("the certificate of the server and those that lead to its authority, in PEM"),
        "certificateFile",
        "With it and keyFile the server speaks TLS 1.2 and 1.3, and nothing else; a changed file \
         is read within seconds.",
    );
    let key_file = block.optional(
        &File("the private key of the certificate, in PEM"),
        "keyFile",
        "Nobody but the server's user should be able to read it.",
    );
    let usage = block.get(
        &OneOf::new(),
        Setting {
            name: USE,
            default: Use::Off,
            why: "Additional asks for an accepted certificate besides the token; sole lets one in \
                  without a token, with clientRights.",
        },
    );
    let ca_file = block.optional(
        &File("the authorities that issue certificates of clients, in PEM"),
        "clientCaFile",
        "Only certificates of these authorities count.",
    );
    let revocation_list_file = block.optional(
        &File("the revocation lists (X509 CRL) of the authorities, in PEM"),
        REVOCATION_LISTS,
        "A certificate that a list revokes is refused, and so is one of an authority, between \
         clientCaFile and the client, that has no list here. A changed file is read within \
         seconds; a list that is over still counts, with a warning.",
    );
    let missing = match (&ca_file, &certificate_file) {
        (None, _) => Some("needs clientCaFile"),
        (_, None) => Some("needs certificateFile: without TLS there are none"),
        (Some(_), Some(_)) => None,
    };
    let client = read_accepted(block, usage, missing);
    let lists_source = block.source_of(REVOCATION_LISTS);
    if let (None, Some(source)) = (&ca_file, &lists_source) {
        block.error_at(source.clone(), REVOCATION_LISTS, "needs clientCaFile".to_owned());
    }
    let authorities = ca_file.map(|file| Authorities { file, revocation_list_file, lists_source });
    match (certificate_file, key_file) {
        (Some(certificate_file), Some(key_file)) => {
            Some(Tls { certificate_file, key_file, authorities, client })
        }
        (None, None) => None,
        (found, _) => {
            let (present, absent) = match found {
                Some(_) => ("certificateFile", "keyFile"),
                None => ("keyFile", "certificateFile"),
            };
            if let Some(source) = block.source_of(present) {
                block.error_at(source, present, format!("needs {absent}"));
            }
            None
        }
    }
}

/// What a tenant beside the platform's own says of certificates.
pub(crate) fn read_of_tenant(block: &mut Block<'_, '_>, tls: Option<&Tls>) -> TenantCertificates {
    let usage = block.optional(
        &OneOf::new(),
        USE,
        "In place of the one in ProvostSettings.tls, for this tenant alone. Without it a \
         certificate that tls asks for besides tokens is asked for here too, and none gets in \
         without a token.",
    );
    let authorities = tls.and_then(|tls| tls.authorities.as_ref());
    let missing = authorities.is_none().then_some("needs tls.clientCaFile");
    let own = read_accepted(block, usage.unwrap_or(Use::Off), missing);
    if let (None, Some(source)) = (block.source_of(USE), block.source_of(NAMES)) {
        block.error_at(source, NAMES, "needs clientCertificates".to_owned());
    }
    match (usage, own) {
        (None, _) => TenantCertificates::AsInThePlatforms,
        (Some(_), None) => TenantCertificates::Off,
        (Some(_), Some(own)) => TenantCertificates::Own(own),
    }
}

/// Which certificates are accepted, where they are used; `missing` is what else that needs.
fn read_accepted(
    block: &mut Block<'_, '_>,
    usage: Use,
    missing: Option<&str>,
) -> Option<ClientCertificates> {
    let names = block.get(
        &List(
            Name("an alternative name (DNS, URI or e-mail) or the whole subject of a certificate"),
            NAMES_MAX,
        ),
        Setting {
            name: NAMES,
            default: Vec::new(),
            why: "A certificate must have one of these names; an authority issues more than one.",
        },
    );
    let rights = block.get(
        &OneOf::new(),
        Setting {
            name: "clientRights",
            default: ClientRights::Write,
            why: "What a client may do whose certificate is its only credential.",
        },
    );
    let sole = match usage {
        Use::Off => return None,
        Use::Additional => None,
        Use::Sole => Some(rights),
    };
    let complaint = missing.or(names.is_empty().then_some("needs clientNames"));
    if let (Some(complaint), Some(source)) = (complaint, block.source_of(USE)) {
        block.error_at(source, USE, complaint.to_owned());
    }
    Some(ClientCertificates { names, sole })
}
