//! TLS: certificate and key from files, read again when they change.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

/// Where certificate, key and the authorities of clients are, each in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate of the server, then those that lead from it to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities whose certificates clients may show; without it none is asked for.
    pub client_ca: Option<PathBuf>,
}

/// TLS of a server. Connections that are open keep what they began with.
pub struct Tls {
    files: TlsFiles,
    config: ArcSwap<ServerConfig>,
    /// When the files were changed that `config` was made from.
    stamps: Mutex<Stamps>,
}

type Stamps = Vec<Option<SystemTime>>;

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
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let stamps = files.stamps();
        let config = ArcSwap::from_pointee(files.config()?);
        Ok(Self { files, config, stamps: Mutex::new(stamps) })
    }

    /// Reads the files again, for the connections to come.
    ///
    /// # Errors
    /// See [`TlsError`]; what was read before stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        // One at a time, so that what was read last is what is kept.
        let mut stamps = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken before reading: a change in between is seen by the next look.
        *stamps = self.files.stamps();
        self.config.store(Arc::new(self.files.config()?));
        Ok(())
    }

    /// The same for an operator, who reads in the log what became of it.
    pub fn refresh(&self) {
        match self.reload() {
            Ok(()) => info!("Read the certificate and its key again"),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|it| format!(": {it}"));
                let cause = cause.unwrap_or_default();
                warn!("The certificate before stays in use: {error}{cause}");
            }
        }
    }

    /// Whether a file has changed since it was read.
    pub(super) fn has_changed(&self) -> bool {
        self.files.stamps() != *self.stamps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }
}

impl TlsFiles {
    fn stamps(&self) -> Stamps {
        let files = [&self.certificate, &self.key].into_iter().chain(&self.client_ca);
        files.map(|file| fs::metadata(file).and_then(|it| it.modified()).ok()).collect()
    }

    fn config(&self) -> Result<ServerConfig, TlsError> {
        let certificates = certificates(&self.certificate)?;
        let key = self.key()?;
        let verifier = match &self.client_ca {
            Some(file) => client_verifier(file)?,
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
        Ok(config)
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

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    const WHAT: &str = "certificate";
    let opened = File::open(file);
    let opened = opened.map_err(|cause| TlsError::File { file: file.into(), cause })?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_reader_iter(opened).collect();
    match found {
        Ok(found) if found.is_empty() => Err(TlsError::Nothing { file: file.into(), what: WHAT }),
        Ok(found) => Ok(found),
        Err(cause) => Err(unreadable(file, WHAT, cause)),
    }
}

/// A client that shows no certificate is let in as far as the door: what it may ask is said there.
fn client_verifier(file: &Path) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let useless = |reason: String| TlsError::Authority { file: file.into(), reason };
    let mut roots = RootCertStore::empty();
    for authority in certificates(file)? {
        roots.add(authority).map_err(|error| useless(error.to_string()))?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    builder.allow_unauthenticated().build().map_err(|error| useless(error.to_string()))
}

fn unreadable(file: &Path, what: &'static str, cause: pem::Error) -> TlsError {
    let file = file.to_owned();
    match cause {
        pem::Error::Io(cause) => TlsError::File { file, cause },
        pem::Error::NoItemsFound => TlsError::Nothing { file, what },
        cause => TlsError::Pem { file, what, cause },
    }
}
