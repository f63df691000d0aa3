//! JWTs of a trusted issuer: form, header, issuer, key, signature, claims, client, in this order.

use crate::answer::Answer;
use crate::caller::{Caller, Rights, RunAs};
use crate::credential::BearerToken;
use crate::jwt::claims::{Claims, Window};
use crate::jwt::compact::{Compact, KeyName};
use crate::jwt::key_set::Key;
use crate::jwt::refresh::{KeyHealth, KeysUnavailable};
use crate::jwt::trust::{TokenTimes, TrustedIssuer, issuer_of};
use crate::rejection::{Excerpt, Rejection};
use crate::trace::Trace;

/// Accepts the JWTs of some issuers, signed by their keys.
#[derive(Debug)]
pub struct JwtMethod {
    issuers: Vec<TrustedIssuer>,
    times: TokenTimes,
}

enum Refusal {
    Rejected(Rejection),
    Unavailable(KeysUnavailable),
}

impl JwtMethod {
    /// Trusts these issuers.
    pub fn new(issuers: Vec<TrustedIssuer>, times: TokenTimes) -> Self {
        Self { issuers, times }
    }

    /// How well the keys are, where they are worst.
    pub(crate) fn key_health(&self, now: i64) -> Option<KeyHealth> {
        self.issuers.iter().map(|trusted| trusted.keys.health(now)).max()
    }

    /// Answers for every token.
    pub(crate) async fn authenticate(
        &self,
        token: &BearerToken<'_>,
        now: i64,
        trace: &mut Trace,
    ) -> Answer {
        match self.check(token, now, trace).await {
            Ok(caller) => Answer::Accepted(caller),
            Err(Refusal::Rejected(reason)) => Answer::Rejected(reason),
            Err(Refusal::Unavailable(keys)) => Answer::Unavailable(keys.into()),
        }
    }

    async fn check(
        &self,
        token: &BearerToken<'_>,
        now: i64,
        trace: &mut Trace,
    ) -> Result<Caller, Refusal> {
        let token = Compact::parse(token.as_str())?;
        trace.passed(|| "form: three segments, each in canonical base64url".to_owned());
        let name = token.check_header()?;
        trace.passed(|| format!("header: RS256, nothing critical, key {}", show(name)));
        let claims = Claims::parse(&token.payload)?;
        let issuer = issuer_of(&claims, &self.issuers)?;
        trace.passed(|| format!("issuer: {} is trusted", issuer.issuer));
        let candidates = issuer.keys.find(name, now).await?;
        if candidates.is_empty() {
            return Err(not_found(name).into());
        }
        let signed = candidates.iter().find(|key| key.signed(&token));
        let key = signed.ok_or_else(|| Rejection::Signature(show(name)))?;
        trace.passed(|| format!("signature: by key {}", show(name)));
        Ok(self.check_claims(issuer, &claims, key, now, trace)?)
    }

    fn check_claims(
        &self,
        issuer: &TrustedIssuer,
        claims: &Claims,
        key: &Key,
        now: i64,
        trace: &mut Trace,
    ) -> Result<Caller, Rejection> {
        let tenant = claims.tenant(&issuer.issuer)?;
        if !key.belongs_to(&issuer.issuer, tenant) {
            return Err(Rejection::KeyIssuer(Excerpt::quote(&issuer.issuer)));
        }
        trace.passed(|| match tenant {
            Some(tenant) => format!("tenant: {tenant}, and the key is one of its"),
            None => "tenant: the issuer has none".to_owned(),
        });
        claims.check_time(Window {
            now,
            skew: self.times.skew_seconds,
            lifetime_max: self.times.lifetime_max_seconds,
        })?;
        trace.passed(|| "times: begun, not over, not too far away".to_owned());
        claims.check_audience_form()?;
        let client = issuer.binding.client(claims)?;
        trace.passed(|| format!("client: {client}"));
        issuer.requirements.check(claims)?;
        trace.passed(|| "requirements: audience, caller, object, roles, application".to_owned());
        // The rights are those of the administrator that the request runs as.
        Ok(Caller {
            principal: format!("jwt:{client}").into(),
            rights: Rights::Administer,
            run_as: RunAs::User(issuer.run_as.clone()),
            token: None,
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
