//! HTTP clients of the commands: the one place that builds them, with their limits.

use std::time::Duration;

use reqwest::{Certificate, Client, Response, Url, redirect};
use url::Host;

use crate::failure::Failure;

/// Whose certificates a server may show.
pub(crate) enum Authorities {
    /// Those that this machine trusts.
    OfTheMachine,
    /// These alone.
    Only(Vec<Certificate>),
    /// Whoever answers is believed: for requests to this machine that carry no credential.
    Anyone,
}

/// How long connecting may take.
pub(crate) const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// Makes a client for requests to a server, and to no place that it redirects to.
///
/// It names itself no more than an identity provider does: there is no User-Agent.
pub(crate) fn client(
    server: &Url,
    authorities: Authorities,
    time_max: Duration,
) -> Result<Client, Failure> {
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIME_MAX)
        .timeout(time_max);
    if is_loopback(server) {
        builder = builder.no_proxy(); // A proxy has a loopback of its own.
    }
    builder = match authorities {
        _ if server.scheme() == "http" => builder.tls_certs_only([]), // A machine may have none.
        Authorities::OfTheMachine => builder,
        Authorities::Only(certificates) => builder.tls_certs_only(certificates),
        Authorities::Anyone => builder.tls_danger_accept_invalid_certs(true),
    };
    let what = "set up TLS (are the system's CA certificates installed?)";
    builder.build().map_err(Failure::unable(what))
}

/// Whether a server is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Reads a body to its end or to a bound; what is beyond is left.
pub(crate) async fn body(mut response: Response, bytes_max: usize) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = bytes_max - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            break;
        }
    }
    Ok(body)
}
