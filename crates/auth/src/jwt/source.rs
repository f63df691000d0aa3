//! Where keys come from: over HTTP, from a stand-in, or from a test's script.

use std::error::Error;
use std::pin::Pin;

use crate::http::KeyUrlError;
use crate::rejection::Excerpt;

/// Where keys come from.
pub trait KeySource: Send + Sync {
    /// The place, for the log.
    fn place(&self) -> &str;

    /// Fetches a JWK Set, as its bytes. Must end by itself within seconds.
    fn fetch(&self) -> Fetching<'_>;
}

/// A fetch under way.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// Why there is no answer with keys in it.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No answer, or a broken one.
    #[error("there is no answer")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// An answer other than 200; a redirect is one.
    #[error("the answer's status is {0}, not 200")]
    Status(u16),
    /// An answer longer than keys can be.
    #[error("the answer is longer than {max_bytes} bytes")]
    TooLarge {
        /// The longest answer that is read.
        max_bytes: usize,
    },
    /// The issuer's metadata does not lead to its keys.
    #[error("the issuer's metadata does not lead to its keys")]
    Metadata(#[source] MetadataError),
}

/// Why the metadata of an issuer does not lead to its keys.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// Broken, or without the members that metadata must have.
    #[error("what came is no metadata of an issuer")]
    NotMetadata(#[from] serde_json::Error),
    /// Another issuer's (OpenID Connect Discovery 1.0 §4.3).
    #[error("the metadata is of the issuer {0}, not of the configured one")]
    Issuer(Excerpt),
    /// Keys may not be fetched from there.
    #[error("the metadata's jwks_uri is of no use")]
    KeyUrl(#[source] KeyUrlError),
    /// On a host that nobody named.
    #[error("the metadata places the keys on {0}, another host than its own")]
    Host(Excerpt),
}
