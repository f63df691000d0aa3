//! The URL that clients reach this server by: locations begin with it (RFC 7643 §3.1).

use http::header::HOST;
use http::request;

use crate::client::Client;
use crate::context::App;

/// The base URL of a request, without a slash at its end: the configured one, or what the client
/// calls this server.
pub(crate) fn base_url(app: &App, client: &Client, request: &request::Parts) -> String {
    if let Some(base) = &app.parts.public_base_url {
        return base.clone();
    }
    let authority = request.uri.authority().map(http::uri::Authority::as_str);
    let host = || request.headers.get(HOST).and_then(|it| it.to_str().ok());
    let scheme = if client.is_https { "https" } else { "http" };
    match client.host.as_deref().or(authority).or_else(host).filter(|it| is_host(it)) {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("{scheme}://{}", app.address),
    }
}

/// Whether a name is a host with or without a port. It comes back in answers, so nothing else is.
fn is_host(text: &str) -> bool {
    let is_of_one = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    (1..=255).contains(&text.len()) && text.bytes().all(is_of_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_and_a_port_are_repeated() {
        for (text, expected) in [
            ("scim.example.com", true),
            ("scim.example.com:8443", true),
            ("[::1]:8080", true),
            ("", false),
            ("a b", false),
            ("user@host", false),
            ("host/path", false),
            ("host\"", false),
        ] {
            assert_eq!(is_host(text), expected, "{text}");
        }
    }
}
