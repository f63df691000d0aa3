//! Which tokens of a trusted issuer may provision: the identity provider's constants, as data.

/// The tokens that are accepted: all of `claim` if it is there, else any of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientBinding {
    /// The one claim that must be there with this value; then nothing else counts.
    pub claim: Option<RequiredClaim>,
    /// The client that a token belongs to if one of `any_of` holds it.
    pub client_id: String,
    /// The claims in which the client may stand; `aud` may be an array.
    pub any_of: &'static [&'static str],
    /// Callers that are accepted with one audience each, if `tid` is the issuer's tenant.
    pub pairs: &'static [CallerPair],
}

/// A claim and the value that it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredClaim {
    /// The claim's name.
    pub name: String,
    /// Its value; an array holds it.
    pub value: String,
}

/// A caller that is accepted for one audience.
#[derive(Debug, PartialEq, Eq)]
pub struct CallerPair {
    /// The claim that names the caller.
    pub caller_claim: &'static str,
    /// The caller.
    pub caller: &'static str,
    /// The audience that must stand in `aud`.
    pub audience: &'static str,
}

/// What the start-up log says of a binding, a sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Who is accepted.
    pub accepted: Vec<String>,
    /// What that does not protect from.
    pub unprotected: Vec<String>,
}

impl ClientBinding {
    /// The binding to a client, by the named claim or else by the usual ones.
    #[must_use]
    pub fn new(client_id: &str, claim: Option<&str>) -> Self {
        let value = client_id.to_owned();
        let Some(name) = claim else {
            return Self { claim: None, client_id: value, any_of: &CLAIMS, pairs: &PAIRS };
        };
        let claim = Some(RequiredClaim { name: name.to_owned(), value: value.clone() });
        Self { claim, client_id: value, any_of: &[], pairs: &[] }
    }

    /// Who is accepted, and what this binding does not protect from.
    #[must_use]
    pub fn explain(&self, issuer: &str) -> Explanation {
        if let Some(RequiredClaim { name, value }) = &self.claim {
            return Explanation {
                accepted: vec![format!(
                    "accepted: tokens of {issuer} whose claim `{name}` is {value}"
                )],
                unprotected: vec![format!(
                    "not protected from: whoever else {issuer} gives a token with this `{name}`"
                )],
            };
        }
        let client = &self.client_id;
        let claims = self.any_of.join("`, `");
        let mut accepted =
            vec![format!("accepted: tokens of {issuer} with {client} in one of `{claims}`")];
        let mut unprotected = vec![format!(
            "not protected from: other applications and users that {issuer} gives a token whose \
             audience is {client}, since `aud` says whom a token is for and not who asks"
        )];
        for CallerPair { caller_claim, caller, audience } in self.pairs {
            accepted.push(format!(
                "accepted: tokens of {issuer} with `{caller_claim}` {caller} and `aud` {audience}, \
                 which Microsoft Entra ID sends while its Secret Token field is empty"
            ));
            unprotected.push(format!(
                "not protected from: whoever may set up provisioning in the tenant of {issuer}: \
                 this token is the same for all its enterprise applications; to close that, name the \
                 object ID of yours in ProvostSettings.jwt.objectIds, or enter a token of `provost \
                 token create` as Secret Token and take the block \
                 SCIMAccessTokenServicesSettings out"
            ));
        }
        Explanation { accepted, unprotected }
    }
}

/// The issuer as its form is usually written, if it differs in its last slash only.
///
/// Version 1 tokens: `https://sts.windows.net/{tenant}/`, with the slash; version 2 tokens:
/// `https://login.microsoftonline.com/{tenant}/v2.0`, without (Microsoft identity platform,
/// "Access token claims reference", claim `iss`).
pub(crate) fn issuer_with_the_usual_slash(issuer: &str) -> Option<String> {
    if issuer.starts_with("https://sts.windows.net/") && !issuer.ends_with('/') {
        return Some(format!("{issuer}/"));
    }
    let is_version_2 = issuer.starts_with("https://login.microsoftonline.com/");
    let usual = issuer.strip_suffix('/').filter(|rest| is_version_2 && rest.ends_with("/v2.0"))?;
    Some(usual.to_owned())
}

/// Where a client's id may stand: `appid` in version 1 and `azp` in version 2 tokens of Microsoft
/// Entra ID ("Access token claims reference"), `client_id` elsewhere (RFC 9068 §2.2), `aud` if
/// the application exposes an API of its own.
const CLAIMS: [&str; 4] = ["appid", "azp", "client_id", "aud"];

/// The token that Microsoft Entra ID sends while the Secret Token field is empty.
///
/// The caller is Microsoft.Azure.SyncFabric (a token recorded in 2017; the scimgateway project
/// requires the same in 2026). The audience is the template of all applications that are not from
/// the gallery (Microsoft, "Develop and plan provisioning for a SCIM endpoint"; the settings of
/// its SCIM reference code).
const PAIRS: [CallerPair; 1] = [CallerPair {
    caller_claim: "appid",
    caller: "00000014-0000-0000-c000-000000000000",
    audience: "8adf8e6e-67b2-4cf2-a259-e3dc5476c621",
}];

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "3f2a2ad0-9f3b-4ed3-9b0c-0a4d3ce2f1aa";

    #[test]
    fn a_named_claim_is_the_only_one_that_counts() {
        let binding = ClientBinding::new("client", Some("appid"));
        let claim = RequiredClaim { name: "appid".to_owned(), value: "client".to_owned() };
        assert_eq!(binding.claim, Some(claim));
        assert!(binding.any_of.is_empty() && binding.pairs.is_empty());
    }

    #[test]
    fn without_a_named_claim_the_usual_ones_and_the_empty_secret_token_count() {
        let binding = ClientBinding::new("client", None);
        assert_eq!(binding.claim, None);
        assert_eq!(binding.any_of, ["appid", "azp", "client_id", "aud"]);
        let [pair] = binding.pairs else { panic!("one pair") };
        assert_eq!(pair.caller, "00000014-0000-0000-c000-000000000000");
        assert_eq!(pair.audience, "8adf8e6e-67b2-4cf2-a259-e3dc5476c621");
    }

    #[test]
    fn the_log_names_every_accepted_caller_and_every_gap() {
        let explained = ClientBinding::new("client", None).explain("https://issuer/");
        assert_eq!(explained.accepted.len(), 2);
        assert!(
            explained.accepted[0].contains("client in one of `appid`, `azp`, `client_id`, `aud`")
        );
        assert!(explained.accepted[1].contains("00000014-0000-0000-c000-000000000000"));
        assert!(explained.unprotected[0].contains("not who asks"));
        assert!(explained.unprotected[1].contains("jwt.objectIds"));

        let narrow = ClientBinding::new("client", Some("azp")).explain("https://issuer/");
        assert_eq!(
            narrow.accepted,
            ["accepted: tokens of https://issuer/ whose claim `azp` is client"]
        );
        assert_eq!(narrow.unprotected.len(), 1);
    }

    #[test]
    fn an_issuer_whose_last_slash_is_unusual_is_told_the_usual_form() {
        #[track_caller]
        fn check(issuer: &str, usual: Option<&str>) {
            let issuer = issuer.replace("TENANT", TENANT);
            let usual = usual.map(|usual| usual.replace("TENANT", TENANT));
            assert_eq!(issuer_with_the_usual_slash(&issuer), usual);
        }
        check("https://sts.windows.net/TENANT", Some("https://sts.windows.net/TENANT/"));
        check("https://sts.windows.net/TENANT/", None);
        check(
            "https://login.microsoftonline.com/TENANT/v2.0/",
            Some("https://login.microsoftonline.com/TENANT/v2.0"),
        );
        check("https://login.microsoftonline.com/TENANT/v2.0", None);
        check("https://idp.example.com", None);
        check("https://idp.example.com/", None);
    }
}
