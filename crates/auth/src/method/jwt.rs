//! JWTs of a trusted issuer: form, header, key, signature, claims, binding, in this order.

use crate::caller::{Caller, Rights, RunAs};
use crate::chain::Answer;
use crate::credential::BearerToken;
use crate::jwt::binding::JwtTrust;
use crate::jwt::claims::{Claims, Window};
use crate::jwt::compact::{Compact, KeyName};
use crate::jwt::key_set::Key;
use crate::jwt::refresh::{KeyCache, KeysUnavailable};
use crate::rejection::{Excerpt, Rejection};

/// Accepts the JWTs of one trust, signed by the keys of one URL.
#[derive(Debug)]
pub struct JwtMethod {
    trust: JwtTrust,
    keys: KeyCache,
}

enum Refusal {
    Rejected(Rejection),
    Unavailable(KeysUnavailable),
}

impl JwtMethod {
    /// Judges by this trust, with these keys.
    pub fn new(trust: JwtTrust, keys: KeyCache) -> Self {
        Self { trust, keys }
    }

    /// Answers for every token.
    pub(crate) async fn authenticate(&self, token: &BearerToken<'_>, now: i64) -> Answer {
        match self.check(token, now).await {
            Ok(caller) => Answer::Accepted(caller),
            Err(Refusal::Rejected(reason)) => Answer::Rejected(reason),
            Err(Refusal::Unavailable(keys)) => Answer::Unavailable(keys),
        }
    }

    async fn check(&self, token: &BearerToken<'_>, now: i64) -> Result<Caller, Refusal> {
        let token = Compact::parse(token.as_str())?;
        let name = token.check_header()?;
        let candidates = self.keys.find(name, now).await?;
        if candidates.is_empty() {
            return Err(not_found(name).into());
        }
        let signed = candidates.iter().find(|key| key.signed(&token));
        let key = signed.ok_or_else(|| Rejection::Signature(show(name)))?;
        Ok(self.check_claims(&Claims::parse(&token.payload)?, key, now)?)
    }

    fn check_claims(&self, claims: &Claims, key: &Key, now: i64) -> Result<Caller, Rejection> {
        let issuer = claims.issuer(&self.trust.issuers)?;
        let tenant = claims.tenant(issuer)?;
        if !key.belongs_to(issuer, tenant) {
            return Err(Rejection::KeyIssuer(Excerpt::quote(issuer)));
        }
        claims.check_time(Window {
            now,
            skew: self.trust.skew_seconds,
            lifetime_max: self.trust.lifetime_max_seconds,
        })?;
        claims.check_audience_form()?;
        let client = self.trust.binding.client(claims)?;
        // The rights are those of the administrator that the request runs as.
        Ok(Caller {
            principal: format!("jwt:{client}").into(),
            rights: Rights::Administer,
            run_as: RunAs::ScimAdmin,
        })
    }
}

impl From<Rejection> for Refusal {
    fn from(reason: Rejection) -> Self {
        Self::Rejected(reason)
    }
}

impl From<KeysUnavailable> for Refusal {
    fn from(keys: KeysUnavailable) -> Self {
        Self::Unavailable(keys)
    }
}

fn not_found(name: KeyName<'_>) -> Rejection {
    match name {
        KeyName::Id(_) | KeyName::Thumbprint(_) => Rejection::UnknownKey(show(name)),
        KeyName::Unnamed => Rejection::KeyNotNamed,
    }
}

fn show(name: KeyName<'_>) -> Excerpt {
    match name {
        KeyName::Id(text) | KeyName::Thumbprint(text) => Excerpt::quote(text),
        KeyName::Unnamed => Excerpt::plain("(the only one)"),
    }
}
