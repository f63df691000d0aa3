//! The stand-in identity provider: keys of its own, and the token that it sends.

use std::net::SocketAddr;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use provost_auth::stand_in::StandIn;
use provost_platform::client_binding::ClientBinding;
use serde_json::json;
use uuid::Uuid;

use crate::clock::now;
use crate::failure::Failure;

/// Where the keys are, below the provider's address.
const KEYS: &str = "/common/discovery/keys";

/// A provider that serves its keys while this lives.
pub(crate) struct Provider {
    keys: StandIn,
    address: SocketAddr,
    /// The directory whose users are provisioned.
    tenant: Uuid,
    /// The application's client id.
    pub(crate) client_id: Uuid,
}

impl Provider {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let keys = StandIn::generate().map_err(Failure::unable("make a signing key"))?;
        let document = keys.jwks().to_string();
        let answer = move || {
            let document = document.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], document) }
        };
        let app = Router::new().route(KEYS, get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.map_err(Failure::unable("listen"))?;
        let address = listener.local_addr().map_err(Failure::unable("listen"))?;
        tokio::spawn(async { axum::serve(listener, app).await });
        Ok(Self { keys, address, tenant: Uuid::new_v4(), client_id: Uuid::new_v4() })
    }

    /// The issuer of its tokens, as the seed's settings have it: with a slash at its end.
    pub(crate) fn issuer(&self) -> String {
        format!("https://sts.windows.net/{}/", self.tenant)
    }

    /// The URL of its keys.
    pub(crate) fn key_url(&self) -> String {
        format!("http://{}{KEYS}", self.address)
    }

    /// The token that is sent while the Secret Token field is empty.
    pub(crate) fn token(&self) -> Result<String, Failure> {
        let binding = ClientBinding::new(&self.client_id.to_string(), None);
        let pair = binding.pairs.first().expect("the platform knows the usual caller");
        let now = now();
        let (issuer, caller) = (self.issuer(), Uuid::new_v4());
        let claims = json!({
            "iss": issuer, "idp": issuer, "tid": self.tenant, "aud": pair.audience,
            pair.caller_claim: pair.caller, "appidacr": "2", "oid": caller, "sub": caller,
            "iat": now, "nbf": now, "exp": now + 3_900, "ver": "1.0",
        });
        self.keys.sign(&claims).map_err(Failure::unable("sign a token"))
    }
}
