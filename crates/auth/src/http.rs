//! Keys over HTTP: the one place that builds an HTTP client, with its limits.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use ::http::header::ACCEPT;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};

use crate::jwt::source::{FetchError, Fetching, KeySource};

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

/// Fetches keys from one URL, and from nowhere else: redirects are not followed.
#[derive(Debug)]
pub struct HttpKeySource {
    client: Client,
    url: KeyUrl,
    limits: FetchLimits,
}

impl KeyUrl {
    /// The URL as text, without its query: a gateway's may hold a secret.
    pub fn shown(&self) -> &str {
        let text = self.0.as_str();
        text.split_once(['?', '#']).map_or(text, |(shown, _)| shown)
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

impl HttpKeySource {
    /// Makes a client for this URL.
    ///
    /// # Errors
    /// An `https` URL needs the certificates that this machine trusts.
    pub fn new(url: KeyUrl, limits: FetchLimits) -> Result<Self, NoCertificates> {
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
        let client = builder.build().map_err(NoCertificates)?;
        Ok(Self { client, url, limits })
    }

    async fn get(&self) -> Result<Vec<u8>, FetchError> {
        let request = self.client.get(self.url.0.clone()).header(ACCEPT, "application/json");
        let mut response = request.send().await.map_err(unreachable)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let max_bytes = self.limits.body_max_bytes;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > max_bytes {
                return Err(FetchError::TooLarge { max_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl KeySource for HttpKeySource {
    fn place(&self) -> &str {
        self.url.shown()
    }

    fn fetch(&self) -> Fetching<'_> {
        Box::pin(self.get())
    }
}

fn unreachable(error: reqwest::Error) -> FetchError {
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
}
