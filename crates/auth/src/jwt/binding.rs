//! Whose tokens are accepted: the issuers, the times, and the clients that a token must name.

use super::claims::Claims;
use crate::rejection::{Excerpt, Rejection};

/// What a JWT must be. The one algorithm is RS256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtTrust {
    /// The issuers, compared character by character.
    pub issuers: Vec<String>,
    /// Which client the token must name.
    pub binding: Binding,
    /// How far the issuer's clock may be from ours, in seconds.
    pub skew_seconds: i64,
    /// How long a token may be valid from now, in seconds.
    pub lifetime_max_seconds: i64,
}

impl JwtTrust {
    /// Trusts one issuer, with a skew of 300 s and a cap of 24 h.
    pub fn new(issuer: impl Into<String>, binding: Binding) -> Self {
        Self {
            issuers: vec![issuer.into()],
            binding,
            skew_seconds: 300,
            lifetime_max_seconds: 24 * 60 * 60,
        }
    }
}

/// Which client a token must name. An issuer signs tokens for every application that it knows, so
/// without a binding each of them could call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// One named claim is `value`, or a list that has it.
    Claim {
        /// The claim's name.
        name: String,
        /// What it must hold.
        value: String,
    },
    /// One of several claims holds the client id, or the token is one of some known pairs.
    AnyOf {
        /// The client id.
        client_id: String,
        /// The claims that may hold it; the first of them that a token has names its client.
        claims: Vec<String>,
        /// Tokens that are accepted besides.
        also: Vec<Pair>,
    },
}

/// One client with one audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The claim that names the client.
    pub caller_claim: String,
    /// The client.
    pub caller: String,
    /// What the token must be for.
    pub audience: String,
}

impl Binding {
    /// Which callers are accepted, one line each, for the start-up log.
    pub fn accepted(&self) -> Vec<String> {
        match self {
            Self::Claim { name, value } => vec![format!("tokens whose claim {name} is {value}")],
            Self::AnyOf { client_id, claims, also } => {
                let first = format!("tokens with {client_id} in one of {}", claims.join(", "));
                std::iter::once(first).chain(also.iter().map(Pair::accepted)).collect()
            }
        }
    }

    /// What the binding does not protect from, one line each, for the start-up log.
    pub fn gaps(&self) -> Vec<String> {
        match self {
            Self::Claim { name, .. } if name == "aud" => vec![Self::any_client()],
            Self::Claim { name, .. } => {
                vec![format!("a token for another service is accepted too, if its {name} fits")]
            }
            Self::AnyOf { claims, also, .. } => {
                let for_us = claims.iter().any(|name| name == "aud").then(Self::any_client);
                let shared = also.iter().map(Pair::gap);
                for_us.into_iter().chain(shared).collect()
            }
        }
    }

    /// The client that a token names, if it is accepted.
    pub(crate) fn client<'a>(&'a self, claims: &'a Claims) -> Result<&'a str, Rejection> {
        match self {
            Self::Claim { name, value } => match claims.holds(name, value) {
                true => Ok(value),
                false => Err(refuse(claims, std::slice::from_ref(name))),
            },
            Self::AnyOf { client_id, claims: names, also } => {
                if let Some(pair) = also.iter().find(|pair| pair.is_named_by(claims)) {
                    return Ok(&pair.caller);
                }
                if names.iter().any(|name| claims.holds(name, client_id)) {
                    return Ok(named_client(claims, names).unwrap_or(client_id));
                }
                Err(match also.iter().find(|pair| pair.calls(claims)) {
                    Some(pair) => pair.refuse_audience(claims),
                    None => refuse(claims, names),
                })
            }
        }
    }

    fn any_client() -> String {
        "any application of the issuer that may ask for a token for this audience is accepted"
            .into()
    }
}

impl Pair {
    fn is_named_by(&self, claims: &Claims) -> bool {
        self.calls(claims) && claims.holds("aud", &self.audience)
    }

    fn calls(&self, claims: &Claims) -> bool {
        claims.get(&self.caller_claim) == Some(self.caller.as_str())
    }

    fn refuse_audience(&self, claims: &Claims) -> Rejection {
        Rejection::Audience {
            caller: Excerpt::plain(&self.caller),
            audience: Excerpt::plain(&claims.show("aud").unwrap_or_else(|| "none".to_owned())),
        }
    }

    fn accepted(&self) -> String {
        let Self { caller_claim, caller, audience } = self;
        format!("tokens whose claim {caller_claim} is {caller} and whose audience is {audience}")
    }

    fn gap(&self) -> String {
        let Self { caller, audience, .. } = self;
        format!("every job of {caller} for {audience} in this tenant is accepted, not one alone")
    }
}

// Signed text, but still another's: what is unfit for a log word is passed over.
fn named_client<'c>(claims: &'c Claims, names: &[String]) -> Option<&'c str> {
    let name = names.iter().find_map(|name| claims.get(name))?;
    let fit = !name.is_empty() && name.len() <= 128 && name.bytes().all(|b| b.is_ascii_graphic());
    fit.then_some(name)
}

fn refuse(claims: &Claims, names: &[String]) -> Rejection {
    let found: Vec<String> = names
        .iter()
        .filter_map(|name| claims.show(name).map(|value| format!("{name} {value}")))
        .collect();
    match found.is_empty() {
        true => Rejection::Client(Excerpt::plain(&format!("it has no {}", names.join(", ")))),
        false => Rejection::Client(Excerpt::plain(&found.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn any_of() -> Binding {
        Binding::AnyOf {
            client_id: "our-app".into(),
            claims: ["appid", "azp", "client_id", "aud"].map(String::from).into(),
            also: vec![Pair {
                caller_claim: "appid".into(),
                caller: "sync".into(),
                audience: "shared".into(),
            }],
        }
    }

    #[track_caller]
    fn check(binding: &Binding, claims: Value, want: Result<&str, &str>) {
        let parsed = Claims::parse(claims.to_string().as_bytes()).unwrap();
        let got = binding.client(&parsed).map_err(|reason| reason.to_string());
        assert_eq!(got, want.map_err(str::to_owned), "{claims}");
    }

    #[test]
    fn one_named_claim_must_hold_the_value() {
        let binding = Binding::Claim { name: "appid".into(), value: "our-app".into() };
        check(&binding, json!({"appid": "our-app"}), Ok("our-app"));
        check(&binding, json!({"appid": ["x", "our-app"]}), Ok("our-app"));
        let refused = "the client is not accepted: ";
        for (claims, reason) in [
            (json!({"appid": "our-app-x"}), "appid our-app-x"),
            (json!({"appid": "OUR-APP"}), "appid OUR-APP"),
            (json!({"appid": []}), "appid []"),
            (json!({"appid": {"our-app": 1}}), r#"appid {"our-app":1}"#),
            (json!({"azp": "our-app", "aud": "our-app"}), "it has no appid"),
        ] {
            check(&binding, claims, Err(&format!("{refused}{reason}")));
        }
    }

    #[test]
    fn client_id_may_be_in_any_of_the_claims() {
        for claim in ["appid", "azp", "client_id", "aud"] {
            check(&any_of(), json!({claim: "our-app"}), Ok("our-app"));
        }
        check(&any_of(), json!({"aud": ["x", "our-app"]}), Ok("our-app"));
        check(&any_of(), json!({"aud": "our-app", "azp": "cli"}), Ok("cli"));
        check(&any_of(), json!({"aud": "our-app", "azp": "a b\n"}), Ok("our-app"));
    }

    #[test]
    fn a_pair_needs_its_caller_and_its_audience() {
        check(&any_of(), json!({"appid": "sync", "aud": "shared"}), Ok("sync"));
        check(&any_of(), json!({"appid": "sync", "aud": ["x", "shared"]}), Ok("sync"));
        check(
            &any_of(),
            json!({"appid": "sync", "aud": "shared-x"}),
            Err("the client sync is accepted, but not for the audience of this token: shared-x"),
        );
        check(
            &any_of(),
            json!({"appid": "sync"}),
            Err("the client sync is accepted, but not for the audience of this token: none"),
        );
        check(
            &any_of(),
            json!({"azp": "sync", "aud": "shared"}),
            Err("the client is not accepted: azp sync, aud shared"),
        );
        check(
            &any_of(),
            json!({"appid": ["sync"], "aud": "shared"}),
            Err(r#"the client is not accepted: appid ["sync"], aud shared"#),
        );
        check(
            &any_of(),
            json!({"sub": "x"}),
            Err("the client is not accepted: it has no appid, azp, client_id, aud"),
        );
    }

    #[test]
    fn start_up_lines_name_callers_and_gaps() {
        assert_eq!(
            any_of().accepted(),
            [
                "tokens with our-app in one of appid, azp, client_id, aud",
                "tokens whose claim appid is sync and whose audience is shared",
            ],
        );
        assert_eq!(
            any_of().gaps(),
            [
                "any application of the issuer that may ask for a token for this audience is accepted",
                "every job of sync for shared in this tenant is accepted, not one alone",
            ],
        );
        let by_claim = Binding::Claim { name: "appid".into(), value: "our-app".into() };
        assert_eq!(by_claim.accepted(), ["tokens whose claim appid is our-app"]);
        assert_eq!(
            by_claim.gaps(),
            ["a token for another service is accepted too, if its appid fits"],
        );
    }
}
