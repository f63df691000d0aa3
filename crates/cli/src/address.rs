//! Where the server is, as its clients call it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use provost_platform::setting::Provost;

/// The path of the Tenant URL: the base of all SCIM endpoints.
pub(crate) const SCIM_PATH: &str = "/Thingworx/SCIMProvider/SCIM/v2";

/// The URL of the server up to the paths: the public one if there is one, else where it listens.
pub(crate) fn base(provost: &Provost, listens_on: SocketAddr) -> String {
    let own = || format!("{}://{listens_on}", scheme(provost));
    provost.public_base_url.clone().unwrap_or_else(own)
}

/// How the server is spoken to without a proxy before it.
pub(crate) fn scheme(provost: &Provost) -> &'static str {
    if provost.tls.is_some() { "https" } else { "http" }
}

/// Where this machine reaches a server that listens there: one that listens on all addresses is on
/// the loopback one too.
pub(crate) fn local(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, listen.port())
}
