//! From settings to the ways to authenticate.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use provost_auth::{
    Binding, CertificateTrust, Chain, FederatedClient, FetchLimits, HttpKeySource,
    IntrospectMethod, IntrospectionTrust, JwtMethod, KeyCache, KeyPlace, KeyRefresh, Pace, Pair,
    Requirements, Rights, TokenTimes, TrustedIssuer,
};
use provost_platform::client_binding::ClientBinding;
use provost_platform::setting::{
    self, ClientCertificates, Introspection, Issuer, Jwt, Settings, TenantCertificates, Trust,
};
use provost_platform::tenant_name::TenantName;
use provost_server::tenant::TenantParts;
use url::Url;

use crate::clock::now;
use crate::failure::Failure;

/// The ways to authenticate.
pub(crate) struct Trusted {
    /// In the platform's own tenant.
    pub(crate) chain: Chain,
    /// In tenants that the settings name.
    pub(crate) tenants: HashMap<TenantName, TenantParts>,
    /// The certificate that clients of all further tenants must show besides their tokens.
    pub(crate) certificates: Option<CertificateTrust>,
    /// The tasks that fetch the keys that all of them need.
    pub(crate) refreshes: Vec<KeyRefresh>,
}

/// What the settings say of who is let in.
pub(crate) fn trusted(settings: &Settings) -> Result<Trusted, Failure> {
    let provost = &settings.provost;
    let jwt = &provost.jwt;
    let mut keys = Keys { jwt, caches: HashMap::new(), refreshes: Vec::new() };
    let mut issuers = Vec::new();
    if let Some(trust) = &settings.trust {
        issuers.push(of_platform(trust, jwt, &mut keys)?);
    }
    for issuer in &jwt.issuers {
        issuers.push(further(issuer, &mut keys)?);
    }
    let chain = chain(issuers, &provost.federated_clients, &mut keys)?;
    let chain = with_introspection(chain, settings.introspection.as_ref())?;
    let client = provost.tls.as_ref().and_then(|tls| tls.client.as_ref());
    let certificates = client.map(certificates);
    let chain = with_certificates(chain, certificates.clone());
    // One that is a credential by itself is one of the platform's own tenant.
    let certificates = certificates.filter(|it| it.sole.is_none());
    let mut tenants = HashMap::new();
    for (name, tenant) in &provost.tenants {
        let mut issuers = Vec::new();
        for issuer in &tenant.issuers {
            issuers.push(further(issuer, &mut keys)?);
        }
        let chain = self::chain(issuers, &tenant.federated_clients, &mut keys)?;
        let chain = with_introspection(chain, tenant.introspection.as_ref())?;
        let certificates = match &tenant.certificates {
            TenantCertificates::AsInThePlatforms => certificates.clone(),
            TenantCertificates::Off => None,
            TenantCertificates::Own(own) => Some(self::certificates(own)),
        };
        let chain = with_certificates(chain, certificates);
        tenants.insert(name.clone(), TenantParts { chain, limits: tenant.limits });
    }
    Ok(Trusted { chain, tenants, certificates, refreshes: keys.refreshes })
}

fn with_introspection(chain: Chain, asked: Option<&Introspection>) -> Result<Chain, Failure> {
    Ok(match asked {
        Some(asked) => chain.with_introspection(introspect(asked)?),
        None => chain,
    })
}

pub(crate) fn with_certificates(chain: Chain, certificates: Option<CertificateTrust>) -> Chain {
    match certificates {
        Some(certificates) => chain.with_certificates(certificates),
        None => chain,
    }
}

fn certificates(client: &ClientCertificates) -> CertificateTrust {
    CertificateTrust { names: client.names.clone(), sole: client.sole.map(rights) }
}

/// The ways to authenticate with what these issuers sign, and with what was made here.
fn chain(
    issuers: Vec<TrustedIssuer>,
    clients: &[setting::FederatedClient],
    keys: &mut Keys<'_>,
) -> Result<Chain, Failure> {
    let times = TokenTimes {
        skew_seconds: seconds(keys.jwt.skew),
        lifetime_max_seconds: seconds(keys.jwt.lifetime_max),
    };
    let mut federated = Vec::new();
    for client in clients {
        federated.push(federated_client(client, times, keys)?);
    }
    let chain = match issuers.is_empty() {
        true => Chain::opaque_only(),
        false => Chain::with_jwt(JwtMethod::new(issuers, times)),
    };
    Ok(chain.with_federated(federated))
}

fn rights(rights: setting::ClientRights) -> Rights {
    match rights {
        setting::ClientRights::Read => Rights::Read,
        setting::ClientRights::Write => Rights::Write,
        setting::ClientRights::Admin => Rights::Administer,
    }
}

fn introspect(settings: &Introspection) -> Result<IntrospectMethod, Failure> {
    let endpoint = settings.endpoint.as_str().parse();
    let trust = IntrospectionTrust {
        endpoint: endpoint.map_err(Failure::unable("use checkTokenEndpointUrl"))?,
        client_id: settings.client_id.clone(),
        client_secret: settings.client_secret.clone(),
        accepted_client: settings.accepted_client.clone(),
        run_as: settings.admin_name.as_deref().map(Arc::from),
    };
    IntrospectMethod::new(trust).map_err(Failure::unable("ask about tokens"))
}

fn federated_client(
    client: &setting::FederatedClient,
    times: TokenTimes,
    keys: &mut Keys<'_>,
) -> Result<FederatedClient, Failure> {
    let requirements = Requirements {
        audiences: client.audiences.clone(),
        subjects: vec![client.subject.clone()],
        ..Requirements::default()
    };
    let keys = keys.at(&client.keys, &client.issuer)?;
    // The token that is given for an assertion runs as nobody of the platform.
    let issuer = TrustedIssuer::new(client.issuer.clone(), keys, Binding::AnyClient, "");
    let issuers = vec![TrustedIssuer { requirements, ..issuer }];
    let name = client.client_id.parse();
    Ok(FederatedClient {
        name: name.map_err(Failure::unable("use the name of a federated client"))?,
        rights: rights(client.rights),
        assertions: JwtMethod::new(issuers, times),
    })
}

/// The issuer of `SCIMAccessTokenServicesSettings`.
fn of_platform(trust: &Trust, jwt: &Jwt, keys: &mut Keys<'_>) -> Result<TrustedIssuer, Failure> {
    Ok(TrustedIssuer {
        issuer: trust.issuer.clone(),
        keys: keys.at(&trust.keys, &trust.issuer)?,
        binding: binding(&trust.client_binding()),
        requirements: requirements(&jwt.requirements),
        run_as: trust.admin_name.as_str().into(),
    })
}

fn further(issuer: &Issuer, keys: &mut Keys<'_>) -> Result<TrustedIssuer, Failure> {
    Ok(TrustedIssuer {
        issuer: issuer.issuer.clone(),
        keys: keys.at(&issuer.keys, &issuer.issuer)?,
        binding: Binding::AnyClient,
        requirements: requirements(&issuer.requirements),
        run_as: issuer.admin_name.as_str().into(),
    })
}

/// The key sets, one of each place: issuers that share a place share its fetches too.
struct Keys<'s> {
    jwt: &'s Jwt,
    caches: HashMap<Url, Arc<KeyCache>>,
    refreshes: Vec<KeyRefresh>,
}

impl Keys<'_> {
    fn at(&mut self, place: &setting::KeyPlace, issuer: &str) -> Result<Arc<KeyCache>, Failure> {
        if let setting::KeyPlace::Keys(url) = place
            && let Some(cache) = self.caches.get(url)
        {
            return Ok(cache.clone());
        }
        let cache = Arc::new(self.make(place, issuer)?);
        if let setting::KeyPlace::Keys(url) = place {
            self.caches.insert(url.clone(), cache.clone());
        }
        Ok(cache)
    }

    fn make(&mut self, place: &setting::KeyPlace, issuer: &str) -> Result<KeyCache, Failure> {
        let url = place.url().as_str().parse();
        let url = url.map_err(Failure::unable("use the place of an issuer's keys"))?;
        let place = match place {
            setting::KeyPlace::Keys(_) => KeyPlace::Keys(url),
            setting::KeyPlace::Metadata(_) => KeyPlace::Metadata {
                url,
                issuer: issuer.to_owned(),
                hosts: self.jwt.key_hosts.clone(),
            },
        };
        let source = HttpKeySource::new(place, FetchLimits::default());
        let source = source.map_err(Failure::unable("fetch signing keys"))?;
        let again_seconds = self.jwt.unknown_key_refresh.as_secs();
        let pace = Pace { again_seconds, ..Pace::default() };
        let (cache, refresh) = KeyCache::new(Box::new(source), pace, Box::new(now));
        self.refreshes.push(refresh);
        Ok(cache)
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

fn requirements(asked: &setting::Requirements) -> Requirements {
    let setting::Requirements { audiences, callers, object_ids, roles, app_only } = asked.clone();
    Requirements { audiences, callers, object_ids, subjects: Vec::new(), roles, app_only }
}

fn binding(binding: &ClientBinding) -> Binding {
    match &binding.claim {
        Some(claim) => Binding::Claim { name: claim.name.clone(), value: claim.value.clone() },
        None => Binding::AnyOf {
            client_id: binding.client_id.clone(),
            claims: binding.any_of.iter().map(ToString::to_string).collect(),
            also: binding
                .pairs
                .iter()
                .map(|it| Pair {
                    caller_claim: it.caller_claim.into(),
                    caller: it.caller.into(),
                    audience: it.audience.into(),
                })
                .collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use provost_auth::{AccessTokens, Issued, TokenList};
    use provost_platform::setting::{Flags, Inputs, load};
    use serde_json::json;

    use super::*;

    /// Whether a token for a tenant needs a certificate besides, by what the platform's own tenant
    /// and this one say of certificates.
    async fn needs_certificate(platform: &str, tenant: Option<&str>) -> bool {
        let tenant = tenant.map_or(
            json!({}),
            |usage| json!({"clientCertificates": usage, "clientNames": ["acme.example"]}),
        );
        let text = json!({"PlatformSettingsConfig": {"ProvostSettings": {
            "tls": {
                "certificateFile": "a", "keyFile": "b", "clientCaFile": "c",
                "clientCertificates": platform, "clientNames": ["sync.example"],
            },
            "tenants": {"acme": tenant},
        }}});
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        std::fs::write(&file, text.to_string()).unwrap();
        let flags = Flags { platform_settings: Some(file), ..Flags::default() };
        let inputs = Inputs { flags, folder: folder.path().to_owned(), ..Inputs::default() };
        let settings = load(&inputs).into_settings().unwrap();
        let trusted = trusted(&settings).unwrap_or_else(|_| panic!("usable"));
        let chain = &trusted.tenants[&"acme".parse().unwrap()].chain;
        let (tokens, access) = (TokenList::default(), AccessTokens::default());
        let issued = Issued { tokens: &tokens, access: &access };
        let (steps, _) = chain.explain("token", &issued, 0).await;
        steps.iter().any(|step| step.starts_with("certificate: one is needed besides"))
    }

    #[tokio::test]
    async fn a_tenant_that_says_nothing_asks_for_the_certificates_that_the_platforms_own_asks_for()
    {
        for (platform, tenant, want) in [
            ("additional", None, true),
            ("additional", Some("off"), false),
            ("additional", Some("additional"), true),
            ("additional", Some("sole"), false),
            ("sole", None, false),
            ("sole", Some("additional"), true),
            ("off", None, false),
            ("off", Some("additional"), true),
        ] {
            let needs = needs_certificate(platform, tenant).await;
            assert_eq!(needs, want, "{platform}, {tenant:?}");
        }
    }
}
