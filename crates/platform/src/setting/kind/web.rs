//! URLs and hosts.

use std::net::IpAddr;

use url::Url;

use super::{Fault, Kind, because, found, quoted, text};
use crate::setting::document::Value;

/// A URL that is encrypted on its way, or does not leave the machine; says what is found there.
pub(crate) struct WebUrl(pub(crate) &'static str);

impl Kind for WebUrl {
    type Value = Url;

    fn legal(&self) -> String {
        format!("an https: URL, or http: on a loopback address: {}", self.0)
    }

    fn parse(&self, value: &Value) -> Result<Url, Fault> {
        let text = text(value)?;
        let url = Url::parse(text)
            .map_err(|error| Fault::Because(format!("this is no URL ({error})")))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return because("http: to another machine can be read and changed on its way");
            }
            _ => return Err(Fault::NotLegal),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return because("a URL with credentials in it ends up in logs");
        }
        if url.fragment().is_some() {
            return because("the part after # is never sent");
        }
        Ok(url)
    }

    fn show(&self, value: &Url) -> String {
        let text = value.as_str();
        // A gateway's query may hold a secret.
        quoted(&text.split_once('?').map_or(text.into(), |(place, _)| format!("{place}?…")))
    }

    fn found(&self, value: &Value) -> String {
        found_url(value)
    }
}

/// A URL that others are made from by appending a path; read without a slash at its end.
pub(crate) struct BaseUrl(pub(crate) &'static str);

impl Kind for BaseUrl {
    type Value = String;

    fn legal(&self) -> String {
        WebUrl(self.0).legal()
    }

    fn parse(&self, value: &Value) -> Result<String, Fault> {
        let url = WebUrl(self.0).parse(value)?;
        if url.query().is_some() {
            return because("a path cannot be appended to a URL with a query");
        }
        let path = url.path().to_ascii_lowercase();
        if let Some(own) = ["/scimprovider", "/scim/v2"].iter().find(|own| path.contains(**own)) {
            let reason = format!("the path of SCIM is appended to it: take away all from {own} on");
            return Err(Fault::Because(reason));
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }

    fn found(&self, value: &Value) -> String {
        found_url(value)
    }
}

/// The name of a host, without scheme, port and path.
pub(crate) struct Host;

impl Kind for Host {
    type Value = String;

    fn legal(&self) -> String {
        "the name of a host, such as \"keys.example.com\"".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<String, Fault> {
        let name = text(value)?;
        match url::Host::parse(name) {
            Ok(host) if host.to_string() == name => Ok(name.to_owned()),
            Ok(host) => because(&format!("it is written {host}")),
            Err(_) => Err(Fault::NotLegal),
        }
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// What stands where a URL should; credentials in it are not shown.
fn found_url(value: &Value) -> String {
    match value {
        Value::Text(text) if text.contains('@') => "a URL with an @ in it".to_owned(),
        other => found(other),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}
