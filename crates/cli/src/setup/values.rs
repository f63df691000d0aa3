//! What the settings say, as far as they can be read: wrong ones have values too.

use std::net::SocketAddr;

use provost_platform::setting::{Problem, Report};
use url::Url;

use super::plan::Step;
use crate::address::SCIM_PATH;

/// The block of the settings in which the issuer stands.
pub(super) const TRUST: &str = "SCIMAccessTokenServicesSettings";

/// The effective values of a report.
pub(super) struct Values<'r>(pub(super) &'r Report);

/// What a problem is about, which is the step that it stands at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Whether SCIM is served, and all that has no other place.
    Service,
    /// Where clients find it.
    Address,
    /// Whose tokens are accepted.
    Credential,
}

/// Names of settings by what they are about.
const NAMED: [(&str, About); 8] = [
    (TRUST, About::Credential),
    ("ProvostSettings.jwt", About::Credential),
    ("ProvostSettings.federatedClients", About::Credential),
    ("ProvostSettings.tls", About::Address),
    ("ProvostSettings.prox", About::Address),
    ("publicBaseUrl", About::Address),
    ("ProvostSettings.listen", About::Address),
    ("--listen", About::Address),
];

/// What stands in place of a value that is wrong; the errors say why.
const REFUSED: &str = "(refused)";

impl Values<'_> {
    /// The text of a setting that is there and can be read.
    fn text(&self, name: &str) -> Option<&str> {
        self.shown(name).filter(|it| *it != REFUSED).map(|it| it.trim_matches('"'))
    }

    /// A setting as `provost check-config` shows it.
    pub(super) fn shown(&self, name: &str) -> Option<&str> {
        self.0.effective.iter().find(|it| it.name.ends_with(name))?.value.as_deref()
    }

    /// The text of a setting of the issuer.
    pub(super) fn of_trust(&self, name: &str) -> Option<&str> {
        self.text(&format!("{TRUST}.{name}"))
    }

    /// Puts the problems of a kind at a step.
    pub(super) fn problems(&self, about: About, step: &mut Step) {
        let is_asked = |it: &&Problem| about_what(it) == about;
        self.0.errors.iter().filter(is_asked).for_each(|it| step.mend(it.to_string()));
        self.0.warnings.iter().filter(is_asked).for_each(|it| step.note(it.to_string()));
    }

    /// The Tenant URL; or one with a placeholder, and what is missing.
    pub(super) fn tenant_url(&self) -> Result<String, (String, String)> {
        let unknown = |base: &str, why: String| Err((format!("{base}{SCIM_PATH}"), why));
        let public = self.text("ProvostSettings.publicBaseUrl");
        if let Some(base) = public {
            let is_https = Url::parse(base).is_ok_and(|it| it.scheme() == "https");
            return match is_https {
                true => Ok(format!("{base}{SCIM_PATH}")),
                false => unknown(
                    "https://<public name>",
                    format!(
                        "publicBaseUrl is {base}: the portal takes https only, and must reach it"
                    ),
                ),
            };
        }
        if self.shown("ProvostSettings.publicBaseUrl") == Some(REFUSED) {
            return unknown("https://<public name>", "publicBaseUrl is wrong".to_owned());
        }
        let listen = self.text("ProvostSettings.listen").and_then(|it| it.parse().ok());
        let certificate = self.text("tls.certificateFile").zip(self.text("tls.keyFile"));
        match (listen, certificate) {
            (Some(listen), Some((certificate, _))) => by_listening(listen, certificate),
            (_, None) => unknown(
                "https://<public name>",
                "the settings say neither publicBaseUrl nor tls: which https address leads here is \
                 for the proxy before this server to say; write it into \
                 ProvostSettings.publicBaseUrl"
                    .to_owned(),
            ),
            (None, _) => unknown("https://<public name>", "listen cannot be read".to_owned()),
        }
    }
}

/// The Tenant URL of a server that speaks TLS itself.
fn by_listening(listen: SocketAddr, certificate: &str) -> Result<String, (String, String)> {
    let port = if listen.port() == 443 { String::new() } else { format!(":{}", listen.port()) };
    let (ip, unknown) =
        (listen.ip(), format!("https://<name in the certificate>{port}{SCIM_PATH}"));
    if ip.is_loopback() {
        let why = format!("the server listens on {listen}, which no other machine reaches");
        return Err((unknown, why));
    }
    if ip.is_unspecified() {
        let why = format!(
            "the server listens on all addresses of this machine: put a name there that stands in \
             {certificate}, and write the beginning into ProvostSettings.publicBaseUrl"
        );
        return Err((unknown, why));
    }
    let host = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
    Ok(format!("https://{host}{port}{SCIM_PATH}"))
}

fn about_what(problem: &Problem) -> About {
    let text = problem.to_string();
    let named = NAMED.iter().find(|(name, _)| text.contains(name));
    named.map_or(About::Service, |(_, about)| *about)
}
