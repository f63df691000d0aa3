//! TLS: certificate, key and what says whose clients are trusted, from files that are read again when
//! they change.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use provost_auth::next_revocation_list_at;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use crate::log::SECURITY;

/// Where certificate, key, the authorities of clients and their revocation lists are, each in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate of the server, then those that lead from it to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities whose certificates clients may show; without it none is asked for.
    pub client_ca: Option<PathBuf>,
    /// What those authorities have revoked; without it nothing is.
    pub client_revocation_lists: Option<PathBuf>,
}

/// TLS of a server. Connections that are open keep what they began with, but for those with a
/// certificate of the client, which may be one that was revoked: these end.
pub struct Tls {
    files: TlsFiles,
    loaded: ArcSwap<Loaded>,
    /// When the files were changed that `loaded` was made from.
    stamps: Mutex<Stamps>,
    reloads: watch::Sender<()>,
}

/// What the files say.
struct Loaded {
    config: Arc<ServerConfig>,
    /// When the first of the revocation lists is over, in Unix seconds.
    lists_end_at: Option<i64>,
}

type Stamps = Vec<Option<SystemTime>>;

const CERTIFICATE: &str = "certificate";

/// Why there is no TLS with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {file}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// A file holds no PEM of the kind that it should.
    #[error("{file} holds no {what} in PEM")]
    Pem {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What the reader says.
        #[source]
        cause: pem::Error,
    },
    /// A file holds nothing.
    #[error("{file} holds no {what}")]
    Nothing {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// Everybody on the machine may read the key.
    #[error("every user of this machine may read {0}: chmod 600 closes that")]
    KeyIsOpen(PathBuf),
    /// The key is another certificate's.
    #[error("the key in {key} is not the key of the certificate in {certificate}")]
    OtherKey {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
    },
    /// Certificate and key are of no use together.
    #[error("the certificate in {certificate} cannot be used")]
    Certificate {
        /// The file of the certificate.
        certificate: PathBuf,
        /// Why not.
        #[source]
        cause: rustls::Error,
    },
    /// The authorities of clients are of no use.
    #[error("the authorities in {file} cannot be used: {reason}")]
    Authority {
        /// The file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The revocation lists are of no use.
    #[error("the revocation lists in {file} cannot be used: {reason}")]
    RevocationList {
        /// The file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let stamps = files.stamps();
        let loaded = ArcSwap::from_pointee(files.load()?);
        let (stamps, reloads) = (Mutex::new(stamps), watch::Sender::new(()));
        Ok(Self { files, loaded, stamps, reloads })
    }

    /// Reads the files again, for the connections to come. Sessions of before are not resumed.
    ///
    /// # Errors
    /// See [`TlsError`]; what was read before stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        // One at a time, so that what was read last is what is kept.
        let mut stamps = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken before reading: a change in between is seen by the next look.
        *stamps = self.files.stamps();
        self.loaded.store(Arc::new(self.files.load()?));
        self.reloads.send_replace(());
        Ok(())
    }

    /// The same for an operator, who reads in the log what became of it.
    pub fn refresh(&self) {
        match self.reload() {
            Ok(()) => info!("Read the files of TLS again"),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|it| format!(": {it}"));
                let cause = cause.unwrap_or_default();
                warn!("The files of TLS as they were before stay in use: {error}{cause}");
            }
        }
    }

    /// Whether a file has changed since it was read.
    pub(super) fn has_changed(&self) -> bool {
        self.files.stamps() != *self.stamps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For an operator, who reads in the log since when a revocation list is over.
    pub(super) fn warn_of_ended_lists(&self, now: i64) {
        let ended = self.loaded.load().lists_end_at.filter(|at| *at <= now);
        if let (Some(at), Some(file)) = (ended, &self.files.client_revocation_lists) {
            let (file, hours) = (file.display(), now.saturating_sub(at) / 3_600);
            warn!(
                target: SECURITY,
                "A revocation list in {file} has been over for {hours} hours: it still counts, but what \
                 was revoked since is let in"
            );
        }
    }

    /// Sees from here on when the files are read again.
    pub(super) fn reloads(&self) -> watch::Receiver<()> {
        self.reloads.subscribe()
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.loaded.load().config))
    }
}

impl TlsFiles {
    fn stamps(&self) -> Stamps {
        let files = [&self.certificate, &self.key].into_iter();
        let files = files.chain(&self.client_ca).chain(&self.client_revocation_lists);
        files.map(|file| fs::metadata(file).and_then(|it| it.modified()).ok()).collect()
    }

    fn load(&self) -> Result<Loaded, TlsError> {
        let certificates: Vec<CertificateDer<'static>> = all_in(&self.certificate, CERTIFICATE)?;
        let key = self.key()?;
        let lists: Vec<CertificateRevocationListDer<'static>> = match &self.client_revocation_lists
        {
            Some(file) => all_in(file, "revocation list (X509 CRL)")?,
            None => Vec::new(),
        };
        let lists_end_at = lists.iter().filter_map(|it| next_revocation_list_at(it)).min();
        let verifier = match &self.client_ca {
            Some(file) => self.client_verifier(file, lists)?,
            None => WebPkiClientVerifier::no_client_auth(),
        };
        // TLS 1.2 and 1.3 with the provider's suites, which all have forward secrecy.
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3")
            .with_client_cert_verifier(verifier);
        let mut config = builder.with_single_cert(certificates, key).map_err(|cause| {
            let certificate = self.certificate.clone();
            match cause {
                rustls::Error::InconsistentKeys(_) => {
                    TlsError::OtherKey { key: self.key.clone(), certificate }
                }
                cause => TlsError::Certificate { certificate, cause },
            }
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Loaded { config: Arc::new(config), lists_end_at })
    }

    /// A client that shows no certificate is let in as far as the door: what it may ask is said there.
    fn client_verifier(
        &self,
        file: &Path,
        lists: Vec<CertificateRevocationListDer<'static>>,
    ) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let useless = |reason: String| TlsError::Authority { file: file.into(), reason };
        let mut roots = RootCertStore::empty();
        for authority in all_in(file, CERTIFICATE)? {
            roots.add(authority).map_err(|error| useless(error.to_string()))?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        // Where there are lists, an authority without one is refused, up to those of `file`: whose
        // list is missing could have revoked anything. A list that is over still counts: the file
        // is this machine's own, so nobody outside can keep it from being renewed, and to refuse
        // everybody would also keep those in who have left.
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .with_crls(lists)
            .allow_unauthenticated();
        builder.build().map_err(|error| match (error, &self.client_revocation_lists) {
            (error @ VerifierBuilderError::InvalidCrl(_), Some(file)) => {
                TlsError::RevocationList { file: file.clone(), reason: error.to_string() }
            }
            (error, _) => useless(error.to_string()),
        })
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let file = &self.key;
        if is_open(file).map_err(|cause| TlsError::File { file: file.clone(), cause })? {
            return Err(TlsError::KeyIsOpen(file.clone()));
        }
        PrivateKeyDer::from_pem_file(file).map_err(|cause| unreadable(file, "private key", cause))
    }
}

#[cfg(unix)]
fn is_open(file: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(file)?.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// All that a file has of one kind.
fn all_in<T: PemObject>(file: &Path, what: &'static str) -> Result<Vec<T>, TlsError> {
    let opened = File::open(file);
    let opened = opened.map_err(|cause| TlsError::File { file: file.into(), cause })?;
    let found: Result<Vec<_>, _> = T::pem_reader_iter(opened).collect();
    match found {
        Ok(found) if found.is_empty() => Err(TlsError::Nothing { file: file.into(), what }),
        Ok(found) => Ok(found),
        Err(cause) => Err(unreadable(file, what, cause)),
    }
}

fn unreadable(file: &Path, what: &'static str, cause: pem::Error) -> TlsError {
    let file = file.to_owned();
    match cause {
        pem::Error::Io(cause) => TlsError::File { file, cause },
        pem::Error::NoItemsFound => TlsError::Nothing { file, what },
        cause => TlsError::Pem { file, what, cause },
    }
}
