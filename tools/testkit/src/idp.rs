//! An identity provider that signs tokens for tests: its keys are served in process.

use std::sync::Arc;

use provost_auth::stand_in::StandIn;
use provost_auth::{
    Binding, Chain, FetchError, Fetching, JwtMethod, KeyCache, KeySource, Pace, TokenTimes,
    TrustedIssuer,
};
use provost_engine::Clock;
use serde_json::{Value, json};

use crate::clock::FrozenClock;

/// An issuer, the one client that it knows, and its keys.
pub struct Idp {
    key: StandIn,
    clock: FrozenClock,
}

/// The issuer's name.
pub const ISSUER: &str = "https://id.example/realm";
/// The client that tokens must name.
pub const CLIENT: &str = "provisioning-client";

/// Whether the keys can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// They can.
    Served,
    /// Whoever asks gets an error.
    Unreachable,
}

impl Idp {
    /// Makes an issuer with a fresh key, whose tokens are valid by a clock.
    ///
    /// # Panics
    /// If the system has no randomness.
    pub fn new(clock: FrozenClock) -> Self {
        Self { key: StandIn::generate().expect("the system has randomness"), clock }
    }

    /// A chain that accepts this issuer's tokens beside opaque ones; their requests run as
    /// Administrator. Its keys are fetched by a task of the runtime that this is called on.
    pub fn chain(&self, keys: Keys) -> Chain {
        self.chain_that_runs_as("Administrator", keys)
    }

    /// The same, with another user of the platform.
    pub fn chain_that_runs_as(&self, user: &str, keys: Keys) -> Chain {
        let binding = Binding::Claim { name: "azp".to_owned(), value: CLIENT.to_owned() };
        let clock = self.clock.clone();
        let source: Box<dyn KeySource> = match keys {
            Keys::Served => Box::new(self.key.clone()),
            Keys::Unreachable => Box::new(Unreachable),
        };
        let now = Box::new(move || clock.now_micros() / 1_000_000);
        let (cache, refresh) = KeyCache::new(source, Pace::default(), now);
        tokio::spawn(refresh.run());
        let issuer = TrustedIssuer::new(ISSUER, Arc::new(cache), binding, user);
        Chain::with_jwt(JwtMethod::new(vec![issuer], TokenTimes::default()))
    }

    /// The claims of a token that is accepted for an hour.
    pub fn claims(&self) -> Value {
        let now = self.clock.seconds();
        json!({"iss": ISSUER, "aud": "scim", "azp": CLIENT, "iat": now, "exp": now + 3_600})
    }

    /// Signs a token.
    ///
    /// # Panics
    /// If the cryptographic library refuses.
    pub fn sign(&self, claims: &Value) -> String {
        self.key.sign(claims).expect("a key that was generated signs")
    }

    /// A token that is accepted for an hour.
    pub fn token(&self) -> String {
        self.sign(&self.claims())
    }
}

struct Unreachable;

impl KeySource for Unreachable {
    fn place(&self) -> &str {
        "nowhere"
    }

    fn fetch(&self) -> Fetching<'_> {
        Box::pin(std::future::ready(Err(FetchError::Status(503))))
    }
}
