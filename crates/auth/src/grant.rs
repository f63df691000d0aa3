//! The client credentials grant (RFC 6749 §4.4): a client proves who it is, and gets an access token.
//!
//! A client proves it by a token that an operator made for it, which is its secret here and its name
//! the client id; or by an assertion that a trusted issuer signed for it (RFC 7523 §2.2).

use std::collections::HashMap;

use ::http::header::AUTHORIZATION;
use ::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::access_token::Grant;
use crate::answer::{Answer, Issued, Unavailable};
use crate::caller::Rights;
use crate::credential::BearerToken;
use crate::method::jwt::JwtMethod;
use crate::rejection::{Excerpt, Rejection};
use crate::token::{PlainToken, TokenId, TokenKind};
use crate::token_list::TokenName;
use crate::trace::Trace;

/// The type of assertions that are read (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client whose assertions an issuer signs, in place of a secret.
#[derive(Debug)]
pub struct FederatedClient {
    /// Its client id.
    pub name: TokenName,
    /// What it may do.
    pub rights: Rights,
    /// How its assertions are judged.
    pub assertions: JwtMethod,
}

/// A request for an access token, taken apart.
#[derive(Debug)]
pub struct GrantRequest {
    scope: Option<String>,
    proof: Proof,
    /// The client authenticated in the `Authorization` header.
    pub in_header: bool,
}

#[derive(Debug)]
enum Proof {
    Secret { id: String, secret: SecretString },
    Assertion { id: Option<String>, assertion: SecretString },
}

/// Why there is no access token (RFC 6749 §5.2).
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// `invalid_request`: broken, doubled or missing parameters.
    #[error("{0}")]
    Request(Excerpt),
    /// `unsupported_grant_type`
    #[error("the grant type is {0}; client_credentials is offered")]
    GrantType(Excerpt),
    /// `invalid_client`: the reason is for the log alone.
    #[error("{0}")]
    Client(ClientError),
    /// `invalid_scope`: nothing that was asked for is offered to this client.
    #[error("the client has the rights {has}, and none of the scope {asked}")]
    Scope {
        /// What it has.
        has: &'static str,
        /// What it asked for.
        asked: Excerpt,
    },
    /// The assertion cannot be judged now: 503.
    #[error(transparent)]
    Unavailable(Unavailable),
}

/// Why a client is not who it says, for the log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// No such client, or not its secret: told apart by nobody but whoever reads the list of tokens.
    #[error("the secret is not one of the client {0}")]
    Secret(Excerpt),
    /// Its secret is over.
    #[error("the secret of the client {0} expired {1} s ago")]
    Expired(TokenName, i64),
    /// No client of this id sends assertions.
    #[error("no client {0} is configured to send assertions")]
    NoFederation(Excerpt),
    /// Another kind of assertion.
    #[error("the assertion type is {0}, not {ASSERTION_TYPE}")]
    AssertionType(Excerpt),
    /// The assertion does not hold.
    #[error("the assertion does not hold: {0}")]
    Assertion(Rejection),
}

impl GrantRequest {
    /// Reads the form of a token request and its `Authorization` header (RFC 6749 §2.3.1, §3.2).
    ///
    /// # Errors
    /// Says what is wrong with the request.
    pub fn parse(headers: &HeaderMap, form: &[u8]) -> Result<Self, GrantError> {
        let mut form = read_form(form)?;
        let basic = match headers.get(AUTHORIZATION) {
            Some(value) => Some(read_basic(value).ok_or_else(|| {
                malformed("the Authorization header holds no credentials of the scheme Basic")
            })?),
            None => None,
        };
        let grant_type = form.remove("grant_type").ok_or_else(|| missing("grant_type"))?;
        if grant_type != "client_credentials" {
            return Err(GrantError::GrantType(Excerpt::quote(&grant_type)));
        }
        let scope = form.remove("scope");
        let in_header = basic.is_some();
        Ok(Self { scope, proof: proof(basic, form)?, in_header })
    }
}

impl GrantRequest {
    /// The id of the assertion, if the client's proof is one.
    pub fn assertion_id(&self) -> Option<TokenId> {
        match &self.proof {
            Proof::Secret { .. } => None,
            Proof::Assertion { assertion, .. } => Some(TokenId::of(assertion.expose_secret())),
        }
    }
}

/// The client's proof, which must be one.
fn proof(
    basic: Option<(String, String)>,
    mut form: HashMap<String, String>,
) -> Result<Proof, GrantError> {
    let in_form = (form.remove("client_id"), form.remove("client_secret"));
    let kind = form.remove("client_assertion_type");
    let assertion = form.remove("client_assertion");
    if let (None, None) = (&kind, &assertion) {
        let (id, secret) = match (basic, in_form) {
            (Some(basic), (None, None)) => basic,
            // Some clients say it twice; what counts is that they say the same.
            (Some((id, secret)), (form_id, form_secret)) => {
                let is_same =
                    form_id.is_none_or(|it| it == id) && form_secret.is_none_or(|it| it == secret);
                match is_same {
                    true => (id, secret),
                    false => return Err(malformed("header and form name different clients")),
                }
            }
            (None, (id, secret)) => (
                id.ok_or_else(|| missing("client_id"))?,
                secret.ok_or_else(|| missing("client_secret"))?,
            ),
        };
        return Ok(Proof::Secret { id, secret: secret.into() });
    }
    if basic.is_some() || in_form.1.is_some() {
        return Err(malformed("a secret and an assertion are two proofs; send one"));
    }
    let kind = kind.ok_or_else(|| missing("client_assertion_type"))?;
    if kind != ASSERTION_TYPE {
        return Err(GrantError::Client(ClientError::AssertionType(Excerpt::quote(&kind))));
    }
    let assertion = assertion.ok_or_else(|| missing("client_assertion"))?;
    Ok(Proof::Assertion { id: in_form.0, assertion: assertion.into() })
}

/// Judges a request.
pub(crate) async fn grant(
    request: &GrantRequest,
    federated: &[FederatedClient],
    issued: &Issued<'_>,
    now: i64,
) -> Result<Grant, GrantError> {
    let grant = match &request.proof {
        Proof::Secret { id, secret } => by_secret(id, secret.expose_secret(), issued, now)?,
        Proof::Assertion { id, assertion } => {
            by_assertion(id.as_deref(), assertion.expose_secret(), federated, now).await?
        }
    };
    let rights = scoped(request.scope.as_deref(), grant.rights)?;
    Ok(Grant { rights, ..grant })
}

fn by_secret(id: &str, secret: &str, issued: &Issued<'_>, now: i64) -> Result<Grant, GrantError> {
    let refuse = |reason| Err(GrantError::Client(reason));
    let plain = PlainToken::parse(secret).filter(|plain| plain.kind() == TokenKind::Client);
    let found = plain.as_ref().and_then(|plain| issued.tokens.find(plain));
    let Some(record) = found.filter(|record| record.name.as_str() == id) else {
        return refuse(ClientError::Secret(show(id)));
    };
    if let Some(seconds) = record.expired_for(now) {
        return refuse(ClientError::Expired(record.name.clone(), seconds));
    }
    let (client, secret) = (record.name.clone(), Some(record.hash.id()));
    Ok(Grant { client, rights: record.rights, secret })
}

async fn by_assertion(
    id: Option<&str>,
    assertion: &str,
    federated: &[FederatedClient],
    now: i64,
) -> Result<Grant, GrantError> {
    let refuse = |reason| GrantError::Client(ClientError::Assertion(reason));
    let token = BearerToken::from_text(assertion).map_err(refuse)?;
    let asked = |it: &&FederatedClient| id.is_none_or(|id| it.name.as_str() == id);
    let mut last = GrantError::Client(ClientError::NoFederation(show(id.unwrap_or_default())));
    // RFC 7523 §3: the client id may be left to the assertion's subject.
    for client in federated.iter().filter(asked) {
        match client.assertions.authenticate(&token, now, &mut Trace::silent()).await {
            Answer::Accepted(_) => {
                let (name, rights) = (client.name.clone(), client.rights);
                return Ok(Grant { client: name, rights, secret: None });
            }
            // Another client of this id may have keys that are there.
            Answer::Unavailable(reason) => last = GrantError::Unavailable(reason),
            Answer::Rejected(reason) => last = refuse(reason),
            Answer::NotMine => {}
        }
    }
    Err(last)
}

/// A client id for the log. People mix up fields: what looks like a secret, or like no name, is shown
/// by its fingerprint.
fn show(id: &str) -> Excerpt {
    match id.parse::<TokenName>() {
        Ok(name) if !PlainToken::has_prefix(id) => Excerpt::quote(name.as_str()),
        Ok(_) | Err(_) => Excerpt::plain(&format!("(sha256:{})", TokenId::of(id))),
    }
}

/// What is granted of what is asked for (RFC 6749 §3.3): scopes of ours narrow the client's rights,
/// and others, which clients' forms make people fill in, say nothing.
fn scoped(scope: Option<&str>, has: Rights) -> Result<Rights, GrantError> {
    let scope = scope.unwrap_or_default();
    let ours = |word: &str| word.strip_prefix("scim.").and_then(|word| word.parse().ok());
    let asked: Vec<Rights> = scope.split_ascii_whitespace().filter_map(ours).collect();
    let Some(most) = asked.iter().max() else { return Ok(has) };
    match asked.iter().any(|rights| *rights <= has) {
        true => Ok(has.min(*most)),
        false => Err(GrantError::Scope { has: has.word(), asked: Excerpt::quote(scope) }),
    }
}

/// Parameters that are there twice are refused, and those without a value count as absent (RFC 6749
/// §3.2).
fn read_form(form: &[u8]) -> Result<HashMap<String, String>, GrantError> {
    let mut parameters = HashMap::new();
    for (name, value) in form_urlencoded::parse(form).filter(|(_, value)| !value.is_empty()) {
        if parameters.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            let name = Excerpt::quote(&name);
            return Err(malformed(&format!("the parameter {name} is there twice")));
        }
    }
    Ok(parameters)
}

// RFC 6749 §2.3.1: id and secret are form-urlencoded before they are joined by a colon.
fn read_basic(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, credentials) = value.to_str().ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    Some((decode(id), decode(secret)))
}

fn decode(text: &str) -> String {
    // Neither = nor & is left of what was encoded, so the text is one name without a value.
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn malformed(reason: &str) -> GrantError {
    GrantError::Request(Excerpt::plain(reason))
}

fn missing(name: &str) -> GrantError {
    malformed(&format!("the parameter {name} is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_token::AccessTokens;
    use crate::token_list::{Life, TokenList};

    const NOW: i64 = 1_000;

    fn headers(basic: Option<&str>) -> HeaderMap {
        let value = basic.map(|it| format!("Basic {}", STANDARD.encode(it)));
        let value = value.map(|it| HeaderValue::from_str(&it).unwrap());
        HeaderMap::from_iter(value.map(|it| (AUTHORIZATION, it)))
    }

    async fn ask(basic: Option<&str>, form: &str) -> Result<Grant, String> {
        let mut tokens = TokenList::default();
        let life = Life { created_at: 0, expires_at: None };
        tokens.create("sync".parse().unwrap(), Rights::Write, life, [1; 32]).unwrap();
        let old = Life { created_at: 0, expires_at: Some(NOW - 5) };
        tokens.create("old".parse().unwrap(), Rights::Write, old, [2; 32]).unwrap();
        let issued = Issued { tokens: &tokens, access: &AccessTokens::default() };
        let request = GrantRequest::parse(&headers(basic), form.as_bytes());
        let request = request.map_err(|it| it.to_string())?;
        grant(&request, &[], &issued, NOW).await.map_err(|it| it.to_string())
    }

    fn secret(n: u8) -> String {
        PlainToken::from_random(TokenKind::Client, [n; 32]).expose().to_owned()
    }

    #[track_caller]
    fn check(got: Result<Grant, String>, want: Result<Rights, &str>) {
        assert_eq!(got.map(|it| it.rights), want.map_err(str::to_owned));
    }

    const TYPE: &str = "grant_type=client_credentials";

    #[tokio::test]
    async fn a_secret_is_in_the_header_in_the_form_or_the_same_in_both() {
        let good = secret(1);
        let basic = format!("sync:{good}");
        let form = format!("{TYPE}&client_id=sync&client_secret={good}");
        check(ask(Some(&basic), TYPE).await, Ok(Rights::Write));
        check(ask(None, &form).await, Ok(Rights::Write));
        check(ask(Some(&basic), &form).await, Ok(Rights::Write));
        check(ask(Some("%73ync:x"), &form).await, Err("header and form name different clients"));
        let encoded = format!("%73ync:{}", good.replace('_', "%5F"));
        check(ask(Some(&encoded), TYPE).await, Ok(Rights::Write));
    }

    #[tokio::test]
    async fn a_client_is_known_by_its_own_secret_alone() {
        let [good, old] = [1, 2].map(secret);
        for (id, secret) in [("sync", "nope"), ("nobody", good.as_str()), ("sync", old.as_str())] {
            let form = format!("{TYPE}&client_id={id}&client_secret={secret}");
            let want = format!("the secret is not one of the client \"{id}\"");
            check(ask(None, &form).await, Err(&want));
        }
        let access = PlainToken::from_random(TokenKind::Access, [1; 32]);
        let form = format!("{TYPE}&client_id=sync&client_secret={}", access.expose());
        check(ask(None, &form).await, Err("the secret is not one of the client \"sync\""));
        let form = format!("{TYPE}&client_id=old&client_secret={old}");
        check(ask(None, &form).await, Err("the secret of the client old expired 5 s ago"));
    }

    #[tokio::test]
    async fn a_secret_in_the_field_of_the_client_is_not_shown() {
        let secret = secret(1);
        let form = format!("{TYPE}&client_id={secret}&client_secret=x");
        let refused = ask(None, &form).await.unwrap_err();
        assert_eq!(
            refused,
            format!("the secret is not one of the client (sha256:{})", TokenId::of(&secret))
        );
    }

    #[tokio::test]
    async fn requests_are_whole() {
        for (form, want) in [
            ("", "the parameter grant_type is missing"),
            ("grant_type=", "the parameter grant_type is missing"),
            (
                "grant_type=password",
                "the grant type is \"password\"; client_credentials is offered",
            ),
            (TYPE, "the parameter client_id is missing"),
            ("grant_type=client_credentials&client_id=a", "the parameter client_secret is missing"),
            (
                "grant_type=client_credentials&scope=a&scope=b",
                "the parameter \"scope\" is there twice",
            ),
            (
                "grant_type=client_credentials&client_assertion=x",
                "the parameter client_assertion_type is missing",
            ),
            (
                "grant_type=client_credentials&client_assertion=x&client_assertion_type=y&client_secret=z",
                "a secret and an assertion are two proofs; send one",
            ),
        ] {
            check(ask(None, form).await, Err(want));
        }
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer x"))]);
        let refused = GrantRequest::parse(&headers, TYPE.as_bytes()).unwrap_err().to_string();
        assert_eq!(refused, "the Authorization header holds no credentials of the scheme Basic");
    }

    #[tokio::test]
    async fn scopes_narrow_and_never_widen() {
        let form = format!("{TYPE}&client_id=sync&client_secret={}&scope=", secret(1));
        for (scope, want) in [
            ("", Ok(Rights::Write)),
            ("scim", Ok(Rights::Write)),
            ("api%3A%2F%2Fx%2F.default", Ok(Rights::Write)),
            ("scim.read", Ok(Rights::Read)),
            ("scim.read+scim.write", Ok(Rights::Write)),
            ("scim.read+scim.admin", Ok(Rights::Write)),
            (
                "scim.admin",
                Err("the client has the rights write, and none of the scope \"scim.admin\""),
            ),
        ] {
            check(ask(None, &format!("{form}{scope}")).await, want);
        }
    }

    #[test]
    fn nothing_prints_a_secret() {
        let form = format!("{TYPE}&client_id=sync&client_secret={}", secret(1));
        let request = GrantRequest::parse(&HeaderMap::new(), form.as_bytes()).unwrap();
        assert!(!format!("{request:?}").contains("pvt_"), "{request:?}");
    }
}
