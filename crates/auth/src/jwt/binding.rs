//! The client that a token must name.

use super::claims::Claims;
use super::requirement::caller;
use crate::rejection::{Excerpt, Rejection};

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
    /// Any client: who is accepted is for [`Requirements`](super::requirement::Requirements) to say.
    AnyClient,
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
            Self::AnyClient => Ok(caller(claims).filter(|name| is_fit(name)).unwrap_or("unnamed")),
        }
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
}

// Signed text, but still another's: what is unfit for a log word is passed over.
fn named_client<'c>(claims: &'c Claims, names: &[String]) -> Option<&'c str> {
    names.iter().find_map(|name| claims.get(name)).filter(|name| is_fit(name))
}

fn is_fit(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.bytes().all(|byte| byte.is_ascii_graphic())
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
    fn any_client_is_called_by_its_name() {
        check(&Binding::AnyClient, json!({"client_id": "sync"}), Ok("sync"));
        check(&Binding::AnyClient, json!({"client_id": "a b\n"}), Ok("unnamed"));
        check(&Binding::AnyClient, json!({}), Ok("unnamed"));
    }
}
