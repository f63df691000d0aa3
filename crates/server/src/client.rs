//! Who is at the other end of a connection, and for whom a proxy there speaks.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::HeaderMap;
use ipnet::IpNet;
use provost_auth::CertificateNames;

/// The other end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) is_tls: bool,
    /// Of a certificate whose chain was checked.
    pub(crate) certificate: Option<Arc<CertificateNames>>,
}

/// The client of a request: the peer, or whom the peer says it speaks for, if it is a proxy of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    /// It is on this machine, and nobody's word is needed for that.
    pub(crate) is_local: bool,
    pub(crate) is_https: bool,
    /// The host that the client asked for, where a proxy tells.
    pub(crate) host: Option<String>,
}

/// The proxies whose word is believed, and where they give it.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// Their addresses.
    pub networks: Vec<IpNet>,
    /// They write `Forwarded` (RFC 7239), and not `X-Forwarded-*`. Only one of the two is read: a proxy
    /// that writes one passes the other on as the client wrote it.
    pub write_forwarded: bool,
}

/// One proxy's word.
#[derive(Debug, Default)]
struct Hop {
    client: Option<IpAddr>,
    scheme: Option<String>,
    host: Option<String>,
}

/// Whoever sent so many hops wants something else than to be forwarded.
const HOPS_MAX: usize = 32;

impl Client {
    /// Reads the headers of proxies, if the peer is one: from the last hop back to the first that is
    /// none of our proxies (RFC 7239 §4, §8.1).
    pub(crate) fn of(peer: &Peer, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let is_proxy = |address: &IpAddr| proxies.networks.iter().any(|it| it.contains(address));
        let Peer { address, is_tls, .. } = *peer;
        if !is_proxy(&address) {
            let is_local = address.is_loopback();
            return Self { address, is_local, is_https: is_tls, host: None };
        }
        let mut client = Self { address, is_local: false, is_https: is_tls, host: None };
        for hop in hops(headers, proxies.write_forwarded).into_iter().rev().take(HOPS_MAX) {
            if let Some(scheme) = hop.scheme {
                client.is_https = scheme.eq_ignore_ascii_case("https");
            }
            client.host = hop.host.or(client.host);
            // A hop that names nobody, or hides him, ends what can be known.
            let Some(address) = hop.client else { break };
            client.address = address;
            if !is_proxy(&address) {
                break;
            }
        }
        client
    }
}

fn hops(headers: &HeaderMap, write_forwarded: bool) -> Vec<Hop> {
    match write_forwarded {
        true => list(headers, "forwarded").iter().map(|it| forwarded(it)).collect(),
        false => x_forwarded(headers),
    }
}

// RFC 7239 §4: forwarded-pair = token "=" value, pairs joined by ";".
fn forwarded(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in element.split(';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.client = address(value),
            "proto" => hop.scheme = Some(value.to_owned()),
            "host" => hop.host = Some(value.to_owned()),
            _ => {}
        }
    }
    hop
}

/// What came before RFC 7239: a list of addresses, and scheme and host as the outermost proxy or the
/// last one saw them.
fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let last = |name| list(headers, name).pop();
    let clients = list(headers, "x-forwarded-for");
    let mut hops: Vec<Hop> =
        clients.iter().map(|it| Hop { client: address(it), ..Hop::default() }).collect();
    let (scheme, host) = (last("x-forwarded-proto"), last("x-forwarded-host"));
    match hops.last_mut() {
        Some(hop) => (hop.scheme, hop.host) = (scheme, host),
        None => hops.push(Hop { client: None, scheme, host }),
    }
    hops
}

/// The elements of all headers of a name, in order.
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter().map(|it| String::from_utf8_lossy(it.as_bytes()));
    let elements =
        values.flat_map(|it| it.split(',').map(|it| it.trim().to_owned()).collect::<Vec<_>>());
    elements.filter(|it| !it.is_empty()).collect()
}

/// An address with or without a port, an IPv6 one in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(text);
    let address: Option<IpAddr> = bare.parse().ok();
    address
        .or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()))
        .map(|it| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[track_caller]
    fn check(peer: &str, headers: &[(&str, &str)], want: (&str, bool, Option<&str>)) {
        let networks = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let write_forwarded = headers.iter().any(|(name, _)| *name == "forwarded");
        let proxies = Proxies { networks, write_forwarded };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let address = peer.parse().unwrap();
        let peer = Peer { address, is_tls: false, certificate: None };
        let (address, is_https, host) = want;
        let (address, host) = (address.parse().unwrap(), host.map(str::to_owned));
        let client = Client { address, is_local: false, is_https, host };
        assert_eq!(Client::of(&peer, &map, &proxies), client);
    }

    #[test]
    fn only_a_proxy_of_ours_is_believed() {
        let claims = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https")];
        check("9.9.9.9", &claims, ("9.9.9.9", false, None));
        check("10.0.0.1", &claims, ("1.1.1.1", true, None));
        check("9.9.9.9", &[("forwarded", "for=1.1.1.1;proto=https")], ("9.9.9.9", false, None));
        check("10.0.0.1", &[], ("10.0.0.1", false, None));
    }

    #[test]
    fn what_the_client_itself_wrote_before_our_proxies_counts_for_nothing() {
        let forged = [("x-forwarded-for", "6.6.6.6, 1.1.1.1, 10.0.0.2")];
        check("10.0.0.1", &forged, ("1.1.1.1", false, None));
        let forged = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.1.1.1")];
        check("10.0.0.1", &forged, ("1.1.1.1", false, None));
        let forged = [("forwarded", "for=6.6.6.6;proto=https, for=1.1.1.1;proto=http")];
        check("10.0.0.1", &forged, ("1.1.1.1", false, None));
        let all_ours = [("x-forwarded-for", "10.0.0.3, 10.0.0.2")];
        check("10.0.0.1", &all_ours, ("10.0.0.3", false, None));
    }

    #[test]
    fn forms_of_addresses_schemes_and_hosts() {
        let forwarded = |value| [("forwarded", value)];
        let all = forwarded("For=\"[2001:db8::1]:4711\";Proto=HTTPS;Host=scim.example");
        check("10.0.0.1", &all, ("2001:db8::1", true, Some("scim.example")));
        check("10.0.0.1", &forwarded("for=1.1.1.1:80"), ("1.1.1.1", false, None));
        check("fd00::1", &forwarded("for=\"[2001:db8::2]\""), ("2001:db8::2", false, None));
        check("10.0.0.1", &forwarded("for=_hidden;proto=https"), ("10.0.0.1", true, None));
        check("10.0.0.1", &forwarded("nonsense"), ("10.0.0.1", false, None));
        let host = [("x-forwarded-host", "scim.example"), ("x-forwarded-proto", "https")];
        check("10.0.0.1", &host, ("10.0.0.1", true, Some("scim.example")));
    }

    #[test]
    fn the_header_that_our_proxies_do_not_write_counts_for_nothing() {
        let mut map = HeaderMap::new();
        map.insert("forwarded", HeaderValue::from_static("for=127.0.0.1;proto=https;host=evil"));
        map.insert("x-forwarded-for", HeaderValue::from_static("1.1.1.1"));
        let peer = Peer { address: "10.0.0.1".parse().unwrap(), is_tls: false, certificate: None };
        let networks = vec!["10.0.0.0/8".parse().unwrap()];
        let proxies = Proxies { networks, write_forwarded: false };
        let address = "1.1.1.1".parse().unwrap();
        let client = Client { address, is_local: false, is_https: false, host: None };
        assert_eq!(Client::of(&peer, &map, &proxies), client);
    }

    #[test]
    fn bytes_that_are_no_text_hide_nobody() {
        check("10.0.0.1", &[("x-forwarded-for", "\u{e9}, 1.1.1.1")], ("1.1.1.1", false, None));
    }

    #[test]
    fn this_machine_is_known_by_the_connection_alone() {
        let local = Peer { address: [127, 0, 0, 1].into(), is_tls: false, certificate: None };
        let (none, mut map) = (Proxies::default(), HeaderMap::new());
        assert!(Client::of(&local, &map, &none).is_local);
        let proxy = Proxies { networks: vec!["127.0.0.1/32".parse().unwrap()], ..none };
        assert!(!Client::of(&local, &map, &proxy).is_local);
        map.insert("x-forwarded-for", HeaderValue::from_static("127.0.0.1"));
        assert!(!Client::of(&local, &map, &proxy).is_local);
    }
}
