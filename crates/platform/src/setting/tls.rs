//! TLS in the server, and the certificates of clients: `ProvostSettings.tls`.

use std::path::PathBuf;

use super::block::{Block, Setting};
use super::issuer::ClientRights;
use super::kind::{Choice, File, List, Name, OneOf};

/// TLS in the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate of the server, then those that lead from it to its authority, in PEM.
    pub certificate_file: PathBuf,
    /// The private key of the certificate, in PEM.
    pub key_file: PathBuf,
    /// The certificates of clients, where they count.
    pub client: Option<ClientCertificates>,
}

/// Which certificates of clients are accepted, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificates {
    /// The authorities that issue them, in PEM.
    pub ca_file: PathBuf,
    /// What those authorities have revoked, in PEM.
    pub revocation_list_file: Option<PathBuf>,
    /// The names of which a certificate must have one.
    pub names: Vec<String>,
    /// A certificate is enough: what it may do without a token.
    pub sole: Option<ClientRights>,
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

const REVOCATION_LISTS: &str = "clientRevocationListFile";

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
            name: "clientCertificates",
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
    let names = block.get(
        &List(
            Name("an alternative name (DNS, URI or e-mail) or the whole subject of a certificate"),
            NAMES_MAX,
        ),
        Setting {
            name: "clientNames",
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
    let client = (usage != Use::Off).then(|| {
        let complaint = match (&ca_file, names.is_empty(), &certificate_file) {
            (None, _, _) => Some("needs clientCaFile"),
            (_, true, _) => Some("needs clientNames"),
            (_, _, None) => Some("needs certificateFile: without TLS there are none"),
            (Some(_), false, Some(_)) => None,
        };
        if let (Some(complaint), Some(source)) = (complaint, block.source_of("clientCertificates"))
        {
            block.error_at(source, "clientCertificates", complaint.to_owned());
        }
        let sole = (usage == Use::Sole).then_some(rights);
        Some(ClientCertificates { ca_file: ca_file?, revocation_list_file, names, sole })
    });
    if let (None, Some(source)) = (&client, block.source_of(REVOCATION_LISTS)) {
        block.error_at(source, REVOCATION_LISTS, "needs clientCertificates".to_owned());
    }
    match (certificate_file, key_file) {
        (Some(certificate_file), Some(key_file)) => {
            Some(Tls { certificate_file, key_file, client: client.flatten() })
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
