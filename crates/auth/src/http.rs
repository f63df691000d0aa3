//! Keys over HTTP: the one place that builds an HTTP client, with its limits.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use ::http::header::ACCEPT;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;

use crate::jwt::claims::tenant_in;
use crate::jwt::source::{FetchError, Fetching, KeySource, MetadataError};
use crate::rejection::Excerpt;

/// A URL that keys may be fetched from: `https`, or `http` on this machine. Whoever can change what
/// comes from there can sign tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUrl(Url);

/// Why keys may not be fetched from a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyUrlError {
    /// Nothing there.
    #[error("the URL is empty")]
    Empty,
    /// Not an absolute URL.
    #[error("not a URL: {0}")]
    NotUrl(String),
    /// Neither https nor http.
    #[error("the scheme is {0}, not https")]
    Scheme(String),
    /// http to another machine.
    #[error("http is for loopback addresses only: use https")]
    PlainHttp,
    /// A user name or a password in it.
    #[error("the URL holds credentials")]
    Credentials,
}

/// The certificates that this machine trusts cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("could not set up TLS: are the system's CA certificates installed?")]
pub struct NoCertificates(#[source] reqwest::Error);

/// How long a fetch may take, and how much it may bring.
#[derive(Debug, Clone, Copy)]
pub struct FetchLimits {
    /// From connecting to the last byte.
    pub timeout: Duration,
    /// The longest body.
    pub body_max_bytes: usize,
}

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// At this URL.
    Keys(KeyUrl),
    /// Where the issuer's metadata says (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).
    Metadata {
        /// The URL of the metadata.
        url: KeyUrl,
        /// The issuer that the metadata must name: it would vouch for another's keys otherwise.
        issuer: String,
        /// Hosts that the keys may be on, besides the one of `url`.
        hosts: Vec<String>,
    },
}

/// Fetches keys from one place, and from nowhere else: redirects are not followed.
#[derive(Debug)]
pub struct HttpKeySource {
    client: Client,
    place: KeyPlace,
    limits: FetchLimits,
}

// The members that matter here. RFC 8414 §2: others must be ignored.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl KeyUrl {
    /// The URL as text, without its query: a gateway's may hold a secret.
    pub fn shown(&self) -> &str {
        let text = self.0.as_str();
        text.split_once(['?', '#']).map_or(text, |(shown, _)| shown)
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    fn is_loopback(url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        address.map_or(host == "localhost", |address| address.is_loopback())
    }
}

impl FromStr for KeyUrl {
    type Err = KeyUrlError;

    fn from_str(text: &str) -> Result<Self, KeyUrlError> {
        if text.is_empty() {
            return Err(KeyUrlError::Empty);
        }
        let url = Url::parse(text).map_err(|error| KeyUrlError::NotUrl(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(KeyUrlError::Credentials);
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if Self::is_loopback(&url) => Ok(Self(url)),
            "http" => Err(KeyUrlError::PlainHttp),
            other => Err(KeyUrlError::Scheme(other.to_owned())),
        }
    }
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), body_max_bytes: 512 * 1024 }
    }
}

impl KeyPlace {
    fn url(&self) -> &KeyUrl {
        match self {
            Self::Keys(url) | Self::Metadata { url, .. } => url,
        }
    }
}

/// Makes a client for requests to a URL, and to no place that it is redirected to.
pub(crate) fn client(url: &KeyUrl, limits: FetchLimits) -> Result<Client, NoCertificates> {
    let mut builder = Client::builder()
        .user_agent(concat!("provost/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .timeout(limits.timeout);
    if KeyUrl::is_loopback(&url.0) {
        builder = builder.no_proxy(); // A proxy has a loopback of its own.
    }
    if url.0.scheme() == "http" {
        builder = builder.tls_certs_only([]); // A machine may have none, and needs none.
    }
    builder.build().map_err(NoCertificates)
}

/// Reads the body of an answer with status 200, within the limits.
pub(crate) async fn body(
    mut response: Response,
    limits: FetchLimits,
) -> Result<Vec<u8>, FetchError> {
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let max_bytes = limits.body_max_bytes;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(FetchError::TooLarge { max_bytes });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl HttpKeySource {
    /// Makes a client for this place.
    ///
    /// # Errors
    /// An `https` URL needs the certificates that this machine trusts.
    pub fn new(place: KeyPlace, limits: FetchLimits) -> Result<Self, NoCertificates> {
        let client = client(place.url(), limits)?;
        Ok(Self { client, place, limits })
    }

    async fn get_keys(&self) -> Result<Vec<u8>, FetchError> {
        match &self.place {
            KeyPlace::Keys(url) => self.get(url).await,
            KeyPlace::Metadata { url, issuer, hosts } => {
                let metadata = self.get(url).await?;
                let keys = keys_of(&metadata, url, issuer, hosts).map_err(FetchError::Metadata)?;
                self.get(&keys).await
            }
        }
    }

    async fn get(&self, url: &KeyUrl) -> Result<Vec<u8>, FetchError> {
        let request = self.client.get(url.0.clone()).header(ACCEPT, "application/json");
        body(request.send().await.map_err(unreachable)?, self.limits).await
    }
}

impl KeySource for HttpKeySource {
    fn place(&self) -> &str {
        self.place.url().shown()
    }

    fn fetch(&self) -> Fetching<'_> {
        Box::pin(self.get_keys())
    }
}

/// The URL of the keys in an issuer's metadata.
fn keys_of(
    metadata: &[u8],
    from: &KeyUrl,
    issuer: &str,
    hosts: &[String],
) -> Result<KeyUrl, MetadataError> {
    let found: Metadata = serde_json::from_slice(metadata)?;
    // Metadata that serves every tenant has a placeholder where the tenant's own has its id
    // (Microsoft identity platform, "OpenID Connect discovery").
    let tenant = tenant_in(issuer).unwrap_or("{tenantid}");
    if found.issuer.replace("{tenantid}", tenant) != issuer {
        return Err(MetadataError::Issuer(Excerpt::quote(&found.issuer)));
    }
    let keys: KeyUrl = found.jwks_uri.parse().map_err(MetadataError::KeyUrl)?;
    if keys.host() == from.host() || hosts.iter().any(|host| host == keys.host()) {
        return Ok(keys);
    }
    Err(MetadataError::Host(Excerpt::quote(keys.host())))
}

pub(crate) fn unreachable(error: reqwest::Error) -> FetchError {
    FetchError::Unreachable(error.without_url().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<&str, &str>) {
        let got = text.parse::<KeyUrl>();
        let got = got.as_ref().map(KeyUrl::shown).map_err(ToString::to_string);
        assert_eq!(got, want.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn keys_come_by_https_or_from_this_machine() {
        check("https://id.example/keys?appid=1", Ok("https://id.example/keys"));
        check("http://127.0.0.1:8780/keys", Ok("http://127.0.0.1:8780/keys"));
        check("http://127.9.9.9/keys", Ok("http://127.9.9.9/keys"));
        check("http://[::1]:80/keys", Ok("http://[::1]/keys"));
        check("http://localhost/keys", Ok("http://localhost/keys"));
        check("", Err("the URL is empty"));
        check("keys", Err("not a URL: relative URL without a base"));
        check("https://", Err("not a URL: empty host"));
        let http = "http is for loopback addresses only: use https";
        check("http://id.example/keys", Err(http));
        check("http://127.0.0.1.id.example/keys", Err(http));
        check("http://localhost.id.example/keys", Err(http));
        check("http://10.0.0.1/keys", Err(http));
        check("http://0.0.0.0/keys", Err(http));
        check("file:///etc/keys", Err("the scheme is file, not https"));
        check("https://user@id.example/keys", Err("the URL holds credentials"));
        check("https://id.example@127.0.0.1/keys", Err("the URL holds credentials"));
    }

    #[test]
    fn metadata_names_its_issuer_and_keys_on_a_host_that_is_known() {
        const TENANT: &str = "11111111-2222-3333-4444-555555555555";
        let ours = format!("https://id.example/{TENANT}/v2.0");
        let check = |issuer: &str, keys: &str, want: &str| {
            let metadata = serde_json::json!({"issuer": issuer, "jwks_uri": keys, "more": [1]});
            let from = "https://id.example/metadata".parse().unwrap();
            let hosts = ["keys.example".to_owned()];
            let got = keys_of(metadata.to_string().as_bytes(), &from, &ours, &hosts);
            let got = got.map_or_else(|error| error.to_string(), |url| url.0.to_string());
            assert_eq!(got, want);
        };
        let good = "https://id.example/keys";
        check(&ours, good, good);
        check("https://id.example/{tenantid}/v2.0", good, good);
        check(&ours, "https://keys.example/k?a=1", "https://keys.example/k?a=1");
        check(
            "https://id.example/v2.0",
            good,
            "the metadata is of the issuer \"https://id.example/v2.0\", not of the configured one",
        );
        check(
            &ours,
            "https://evil.example/keys",
            "the metadata places the keys on \"evil.example\", another host than its own",
        );
        check(&ours, "http://id.example/keys", "the metadata's jwks_uri is of no use");
        let from = "https://id.example/metadata".parse().unwrap();
        for text in ["", "[]", "{}", r#"{"issuer": "x"}"#, "<html>"] {
            let error = keys_of(text.as_bytes(), &from, &ours, &[]).unwrap_err();
            assert_eq!(error.to_string(), "what came is no metadata of an issuer", "{text}");
        }
    }
}
