//! The methods of authentication, in the order in which they are asked.

use ::http::HeaderMap;
use ::http::header::AUTHORIZATION;

use crate::access_token::Grant;
use crate::answer::{Answer, Issued};
use crate::caller::{Caller, RunAs};
use crate::certificate::{CertificateNames, CertificateTrust};
use crate::credential::BearerToken;
use crate::grant::{FederatedClient, GrantError, GrantRequest, grant};
use crate::jwt::refresh::KeyHealth;
use crate::method::bearer;
use crate::method::introspect::{IntrospectMethod, IntrospectionHealth};
use crate::method::jwt::JwtMethod;
use crate::rejection::{Excerpt, Rejection};
use crate::trace::Trace;

/// The methods of authentication. Their order is code: opaque tokens, known by their prefix, then
/// JWTs.
#[derive(Debug)]
pub struct Chain {
    jwt: Option<JwtMethod>,
    introspect: Option<IntrospectMethod>,
    federated: Vec<FederatedClient>,
    certificates: Option<CertificateTrust>,
}

impl Chain {
    /// Accepts opaque tokens alone.
    pub fn opaque_only() -> Self {
        Self { jwt: None, introspect: None, federated: Vec::new(), certificates: None }
    }

    /// Accepts opaque tokens and JWTs.
    pub fn with_jwt(jwt: JwtMethod) -> Self {
        Self { jwt: Some(jwt), ..Self::opaque_only() }
    }

    /// Asks an authorization server about tokens that are no JWTs, or about all where no issuer of
    /// JWTs is trusted.
    #[must_use]
    pub fn with_introspection(self, introspect: IntrospectMethod) -> Self {
        Self { introspect: Some(introspect), ..self }
    }

    /// Gives access tokens to these clients too.
    #[must_use]
    pub fn with_federated(self, federated: Vec<FederatedClient>) -> Self {
        Self { federated, ..self }
    }

    /// Asks for certificates of clients.
    #[must_use]
    pub fn with_certificates(self, certificates: CertificateTrust) -> Self {
        Self { certificates: Some(certificates), ..self }
    }

    /// Whether some clients send assertions in place of secrets.
    pub fn is_federated(&self) -> bool {
        !self.federated.is_empty()
    }

    /// Judges a request for an access token, at `now` in Unix seconds.
    ///
    /// # Errors
    /// See [`GrantError`].
    pub async fn grant(
        &self,
        request: &GrantRequest,
        issued: &Issued<'_>,
        now: i64,
    ) -> Result<Grant, GrantError> {
        grant(request, &self.federated, issued, now).await
    }

    /// How well the keys of JWTs are, where they are worst; `None` where no JWT is accepted.
    pub fn key_health(&self, now: i64) -> Option<KeyHealth> {
        let assertions = self.federated.iter().map(|client| &client.assertions);
        let methods = self.jwt.iter().chain(assertions);
        methods.filter_map(|method| method.key_health(now)).max()
    }

    /// How well the authorization server answers; `None` where none is asked.
    pub fn introspection_health(&self, now: i64) -> Option<IntrospectionHealth> {
        self.introspect.as_ref().map(|introspect| introspect.health(now))
    }

    /// Finds out who calls, at `now` in Unix seconds.
    pub async fn authenticate(&self, headers: &HeaderMap, issued: &Issued<'_>, now: i64) -> Answer {
        self.authenticate_with(headers, None, issued, now).await
    }

    async fn by_token(&self, headers: &HeaderMap, issued: &Issued<'_>, now: i64) -> Answer {
        match BearerToken::from_headers(headers) {
            Ok(Some(token)) => self.judge(&token, issued, now, &mut Trace::silent()).await,
            Ok(None) => Answer::NotMine,
            Err(reason) => Answer::Rejected(reason),
        }
    }

    /// The same, for a client that may have shown a certificate.
    pub async fn authenticate_with(
        &self,
        headers: &HeaderMap,
        certificate: Option<&CertificateNames>,
        issued: &Issued<'_>,
        now: i64,
    ) -> Answer {
        let has_token = headers.contains_key(AUTHORIZATION);
        match (&self.certificates, certificate) {
            (None, _) => {}
            // Who has a certificate alone is let in by it; who has a token too, by the token.
            (Some(CertificateTrust { sole: Some(_), .. }), _) if has_token => {}
            (Some(CertificateTrust { sole: Some(_), .. }), None) => {}
            (Some(CertificateTrust { sole: None, .. }), None) => {
                return if has_token {
                    Answer::Rejected(Rejection::NoCertificate)
                } else {
                    Answer::NotMine
                };
            }
            (Some(_), Some(names)) if names.not_after < now => {
                let seconds = now.saturating_sub(names.not_after);
                return Answer::Rejected(Rejection::CertificateExpired { seconds });
            }
            (Some(trust), Some(names)) => match (trust.accepted(names), trust.sole) {
                (Some(_), None) => {}
                (Some(name), Some(rights)) => {
                    let (principal, run_as) = (format!("certificate:{name}"), RunAs::Own);
                    // A principal is one word of the log.
                    let principal = principal.replace(char::is_whitespace, "_").into();
                    return Answer::Accepted(Caller { principal, rights, run_as, token: None });
                }
                (None, _) => {
                    let names = names.all().collect::<Vec<_>>().join(", ");
                    let names = Excerpt::quote(&names);
                    return Answer::Rejected(Rejection::CertificateName(names));
                }
            },
        }
        self.by_token(headers, issued, now).await
    }

    /// Says which checks a token passes, in their order, and what becomes of it: the decision of
    /// [`Self::authenticate`], for an operator who asks why.
    pub async fn explain(
        &self,
        token: &str,
        issued: &Issued<'_>,
        now: i64,
    ) -> (Vec<String>, Answer) {
        let token = match BearerToken::from_text(token) {
            Ok(token) => token,
            Err(reason) => return (Vec::new(), Answer::Rejected(reason)),
        };
        let mut trace = Trace::recording();
        if let Some(CertificateTrust { sole: None, .. }) = &self.certificates {
            trace.passed(|| "certificate: one is needed besides, and is not looked at here".into());
        }
        let answer = self.judge(&token, issued, now, &mut trace).await;
        (trace.into_steps(), answer)
    }

    async fn judge(
        &self,
        token: &BearerToken<'_>,
        issued: &Issued<'_>,
        now: i64,
        trace: &mut Trace,
    ) -> Answer {
        match bearer::authenticate(token, issued, &self.federated, now) {
            Answer::NotMine => {}
            answer @ (Answer::Rejected(_) | Answer::Accepted(_) | Answer::Unavailable(_)) => {
                trace.passed(|| "kind: an opaque token that was made here".to_owned());
                return answer;
            }
        }
        let is_jwt = token.as_str().split('.').count() == 3;
        match (&self.jwt, &self.introspect) {
            (Some(jwt), None) => {
                trace.passed(|| "kind: none that was made here, so a JWT".to_owned());
                jwt.authenticate(token, now, trace).await
            }
            (Some(jwt), Some(_)) if is_jwt => {
                trace.passed(|| "kind: a JWT".to_owned());
                jwt.authenticate(token, now, trace).await
            }
            (_, Some(introspect)) => {
                trace.passed(|| "kind: one for the authorization server".to_owned());
                introspect.authenticate(token, now, trace).await
            }
            (None, None) => Answer::Rejected(Rejection::NoIssuer),
        }
    }
}
