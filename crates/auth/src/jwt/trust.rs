//! Whose tokens are accepted: the issuers, each with its keys and what its tokens must be.

use std::sync::Arc;

use super::binding::Binding;
use super::claims::Claims;
use super::refresh::KeyCache;
use super::requirement::Requirements;
use crate::rejection::{Excerpt, Rejection};

/// An issuer whose tokens are accepted. The one algorithm is RS256.
#[derive(Debug, Clone)]
pub struct TrustedIssuer {
    /// The claim `iss` of its tokens, compared character by character (RFC 7519 §4.1.1).
    pub issuer: String,
    /// The keys that it signs with. Issuers that share a key set share this too.
    pub keys: Arc<KeyCache>,
    /// Which client its tokens must name.
    pub binding: Binding,
    /// What its tokens must be besides.
    pub requirements: Requirements,
    /// The user of the platform that its requests run as.
    pub run_as: Arc<str>,
}

/// Which times of a token are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenTimes {
    /// How far the issuer's clock may be from ours, in seconds.
    pub skew_seconds: i64,
    /// How long a token may be valid from now, in seconds.
    pub lifetime_max_seconds: i64,
}

impl TrustedIssuer {
    /// Trusts an issuer with the usual requirements: its tokens are an application's own.
    pub fn new(
        issuer: impl Into<String>,
        keys: Arc<KeyCache>,
        binding: Binding,
        run_as: impl Into<Arc<str>>,
    ) -> Self {
        let (requirements, run_as) = (Requirements::default(), run_as.into());
        Self { issuer: issuer.into(), keys, binding, requirements, run_as }
    }
}

impl Default for TokenTimes {
    fn default() -> Self {
        Self { skew_seconds: 300, lifetime_max_seconds: 24 * 60 * 60 }
    }
}

/// The issuer that a token says it is of. The token's word decides with whose keys it is checked,
/// and nothing else, until its signature holds.
pub(crate) fn issuer_of<'t>(
    claims: &Claims,
    issuers: &'t [TrustedIssuer],
) -> Result<&'t TrustedIssuer, Rejection> {
    let found = claims.text("iss")?;
    if let Some(trusted) = issuers.iter().find(|trusted| trusted.issuer == found) {
        return Ok(trusted);
    }
    let bare = |text: &str| text.trim_end_matches('/').to_owned();
    Err(match issuers.iter().any(|trusted| bare(&trusted.issuer) == bare(found)) {
        true => Rejection::IssuerSlash(Excerpt::quote(found)),
        false => Rejection::Issuer(Excerpt::quote(found)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jwt::refresh::Pace;
    use crate::stand_in::StandIn;

    #[test]
    fn issuer_that_differs_by_its_last_slash_is_named_as_such() {
        let source = Box::new(StandIn::generate().unwrap());
        let keys = Arc::new(KeyCache::new(source, Pace::default(), Box::new(|| 0)).0);
        let issuers = ["https://id.example/a/", "https://id.example/b"].map(|issuer| {
            TrustedIssuer::new(issuer, keys.clone(), Binding::AnyClient, "Administrator")
        });
        let find = |issuer: &str| {
            let claims = json!({"iss": issuer}).to_string();
            let claims = Claims::parse(claims.as_bytes()).unwrap();
            issuer_of(&claims, &issuers).map(|it| it.issuer.clone())
        };
        for (issuer, slash) in [
            ("https://id.example/a", true),
            ("https://id.example/a//", true),
            ("https://id.example/b/", true),
            ("https://id.example/A/", false),
            ("https://id.example/a/x", false),
            ("http://id.example/a/", false),
        ] {
            let got = find(issuer).unwrap_err();
            assert_eq!(matches!(got, Rejection::IssuerSlash(_)), slash, "{issuer}: {got}");
        }
        assert_eq!(find("https://id.example/a/").unwrap(), "https://id.example/a/");
        assert_eq!(find("https://id.example/b").unwrap(), "https://id.example/b");
    }
}
