//! Why there is no answer: a name, a port, a certificate, a silence.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use super::answer::shown;
use super::base::Base;
use super::probe::{TIME_MAX, Trouble};

/// How many names of a certificate are shown.
const NAMES_MAX: usize = 5;

/// An error of a request, as a sentence for whoever runs the server or its network.
pub(super) fn explain(error: &reqwest::Error, base: &Base) -> Trouble {
    let authority = base.authority();
    let host = base.url().host_str().unwrap_or_default();
    if error.is_dns() {
        return Trouble::Unreachable(format!(
            "The name {host} leads nowhere: DNS has no address for it here. Is it spelt as it \
             should be, and is it in the public DNS?"
        ));
    }
    if let Some(error) = tls_error(error) {
        return Trouble::Wrong(tls(error, host));
    }
    if error.is_timeout() && error.is_connect() {
        return Trouble::Unreachable(format!(
            "Nothing answers at {authority}: a firewall on the way may drop what is sent there."
        ));
    }
    if error.is_timeout() {
        return Trouble::Unreachable(format!(
            "There is no whole answer within {} seconds. Identity providers give up earlier: is \
             the machine overloaded, or a proxy waiting for a server that is gone?",
            TIME_MAX.as_secs()
        ));
    }
    match io_kind(error) {
        Some(io::ErrorKind::ConnectionRefused) => Trouble::Unreachable(format!(
            "Nothing listens at {authority}: is the server started (`provost serve`), and is this \
             the port that it, or the proxy before it, listens on?"
        )),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            Trouble::Unreachable(format!("No way leads to {authority} from here."))
        }
        _ if error.is_connect() => {
            Trouble::Unreachable(format!("No connection to {authority}: {}.", last(error)))
        }
        _ => Trouble::Unreachable(format!(
            "The connection to {authority} ended before the answer was there ({}): does {} speak \
             {} on this port?",
            last(error),
            authority,
            base.url().scheme()
        )),
    }
}

fn tls(error: &rustls::Error, host: &str) -> String {
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
    match error {
        InvalidCertificate(reason) => certificate(reason, host),
        InvalidMessage(_) => {
            "What answers there does not speak TLS: is the port the right one, or is it one for \
             plain HTTP?"
                .to_owned()
        }
        AlertReceived(alert) => format!(
            "The server ends the TLS handshake ({alert:?}): it may ask for a certificate of the \
             client, or speak no TLS 1.2 or 1.3."
        ),
        other => format!("TLS fails: {other}."),
    }
}

fn certificate(reason: &CertificateError, host: &str) -> String {
    match reason {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "The certificate of {host} comes from an authority that is not known here. Either the \
             server does not send the certificates between its own and the authority's (put the \
             whole chain into certificateFile), or the authority is a private one: identity \
             providers in the cloud need a public one; --ca-file lets this command accept a \
             private one."
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!(
            "The certificate of {host} has expired: renew it; Provost reads the new files within \
             seconds."
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => format!(
            "The certificate of {host} is not valid yet: is the clock of this machine right?"
        ),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<String> = presented.iter().take(NAMES_MAX).map(|it| shown(it)).collect();
            other_name(host, &format!(", but for {}", names.join(", ")))
        }
        CertificateError::NotValidForName => other_name(host, ""),
        CertificateError::Revoked => format!("The certificate of {host} is revoked."),
        other => format!("The certificate of {host} is not accepted: {other}."),
    }
}

fn other_name(host: &str, names: &str) -> String {
    format!(
        "The certificate is not for {host}{names}: use a URL with a name that it holds, or have \
         one issued for {host}."
    )
}

fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    causes(error).filter_map(|it| it.downcast_ref::<io::Error>()).last().map(io::Error::kind)
}

fn last(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |it| cause(*it))
}

/// The cause of an error. An I/O error holds what it was made of, and names only the cause of that
/// as its source.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inside) => Some(inside),
        None => error.source(),
    }
}
