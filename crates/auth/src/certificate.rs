//! Certificates of clients, whose chain the TLS library has checked.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::x509::X509Name;

use crate::caller::Rights;

/// The names in a client's certificate (RFC 5280 §4.1.2.6, §4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateNames {
    /// The whole subject, as `CN=sync, O=Example`; nothing where it is empty.
    subject: Option<String>,
    /// The alternative names that are text: DNS names in lower case, URIs, e-mail addresses.
    alternatives: Vec<String>,
    /// When it ends, in Unix seconds. A connection, or its resumption, may outlive that.
    pub(crate) not_after: i64,
}

/// Which certificates of clients are accepted, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateTrust {
    /// The names of which a certificate must have one: an alternative name or the whole subject.
    pub names: Vec<String>,
    /// A certificate is enough: what it may do without a token.
    pub sole: Option<Rights>,
}

impl CertificateNames {
    /// Reads the names of a certificate; `None` if it is none.
    pub fn from_der(certificate: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let subject = unambiguous(certificate.subject());
        let alternatives = certificate.subject_alternative_name().ok()?;
        let alternatives = alternatives.map(|it| it.value.general_names.iter());
        let text = |name: &GeneralName<'_>| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            GeneralName::URI(name) | GeneralName::RFC822Name(name) => Some((*name).to_owned()),
            _ => None,
        };
        let alternatives = alternatives.into_iter().flatten().filter_map(text).collect();
        let not_after = certificate.validity().not_after.timestamp();
        Some(Self { subject, alternatives, not_after })
    }

    /// All of them, for the log.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().chain(&self.subject).map(String::as_str)
    }
}

/// When an authority's next revocation list is due, by its last one (RFC 5280 §5.1.2.5), in Unix
/// seconds.
pub fn next_revocation_list_at(list: &[u8]) -> Option<i64> {
    let (_, list) = CertificateRevocationList::from_der(list).ok()?;
    list.next_update().map(|at| at.timestamp())
}

/// A subject as text, unless one of its values could be read as several.
fn unambiguous(subject: &X509Name<'_>) -> Option<String> {
    let is_plain = |value: &str| !value.contains([',', '=', '+', '"', '\\', '<', '>', ';', '#']);
    let mut values = subject.iter_attributes();
    let is_plain = values.all(|value| value.as_str().is_ok_and(is_plain));
    Some(subject.to_string()).filter(|it| is_plain && !it.is_empty())
}

impl CertificateTrust {
    /// The name by which a certificate is accepted.
    pub(crate) fn accepted<'t>(&'t self, names: &CertificateNames) -> Option<&'t str> {
        let has = |accepted: &str| {
            let is_dns =
                |name: &str| name.eq_ignore_ascii_case(accepted) && !name.contains(['@', ':', '=']);
            names.all().any(|name| name == accepted || is_dns(name))
        };
        self.names.iter().map(String::as_str).find(|accepted| has(accepted))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{
        CertificateParams, CertificateRevocationListParams, DnType, Issuer, KeyIdMethod, KeyPair,
        SanType, SerialNumber, date_time_ymd,
    };

    use super::*;

    fn names(subject: &[(DnType, &str)], alternatives: Vec<SanType>) -> CertificateNames {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in subject {
            parameters.distinguished_name.push(kind.clone(), *value);
        }
        parameters.subject_alt_names = alternatives;
        let certificate = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap();
        CertificateNames::from_der(certificate.der()).unwrap()
    }

    #[track_caller]
    fn check(names: &CertificateNames, accepted: &str, want: bool) {
        let trust = CertificateTrust { names: vec!["x".into(), accepted.into()], sole: None };
        let want = want.then_some(accepted);
        assert_eq!(trust.accepted(names), want, "{names:?}");
    }

    #[test]
    fn a_certificate_is_known_by_an_alternative_name_or_its_whole_subject() {
        let san = |text: &str| text.try_into().unwrap();
        let found = names(
            &[(DnType::CommonName, "sync"), (DnType::OrganizationName, "Example")],
            vec![
                SanType::DnsName(san("Sync.Example.com")),
                SanType::URI(san("spiffe://example/sync")),
                SanType::Rfc822Name(san("Sync@example.com")),
            ],
        );
        check(&found, "sync.example.com", true);
        check(&found, "SYNC.example.com", true);
        check(&found, "spiffe://example/sync", true);
        check(&found, "spiffe://example/SYNC", false);
        check(&found, "Sync@example.com", true);
        check(&found, "sync@example.com", false);
        check(&found, "CN=sync, O=Example", true);
        check(&found, "CN=sync", false);
        check(&found, "sync", false);
        check(&found, "example.com", false);
    }

    #[test]
    fn a_subject_that_could_be_read_as_another_is_no_name() {
        let forged = names(&[(DnType::CommonName, "sync, O=Example")], Vec::new());
        check(&forged, "CN=sync, O=Example", false);
    }

    #[test]
    fn a_revocation_list_says_when_the_next_is_due() {
        let key = KeyPair::generate().unwrap();
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(2021, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&Issuer::new(CertificateParams::default(), key)).unwrap();
        assert_eq!(next_revocation_list_at(list.der()), Some(1_609_459_200));
        assert_eq!(next_revocation_list_at(b"not a list"), None);
    }

    #[test]
    fn an_empty_subject_is_no_name_and_what_is_no_certificate_has_none() {
        let nameless = names(&[], Vec::new());
        assert_eq!(nameless.all().count(), 0);
        check(&nameless, "", false);
        assert_eq!(CertificateNames::from_der(b"not a certificate"), None);
    }
}
