//! Who is calling: bearer JWTs, opaque tokens, and access tokens for clients that prove themselves.
//!
//! ```text
//! headers ─ BearerToken ─┬─ pvt_… ─ method::bearer ─ TokenList ─────────────────┐
//!                        └─ other ─ method::jwt ─ compact, key set, claims ─────┴─ Answer
//! ```
//!
//! [`Chain::authenticate`] gives one [`Answer`]. A [`Rejection`] is for the log: its text names the
//! reason and never holds the token. What the client reads is chosen by the server, and is generic.
//!
//! ```
//! use http::{HeaderMap, HeaderValue, header};
//! use provost_auth::{AccessTokens, Answer, Chain, Issued, Life, Rights, TokenList, system_random};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = 1_800_000_000;
//! let mut tokens = TokenList::default();
//! let life = Life { created_at: now, expires_at: None };
//! let token = tokens.create("sync".parse()?, Rights::Write, life, system_random()?)?;
//!
//! let mut headers = HeaderMap::new();
//! let credential = format!("Bearer {}", token.expose());
//! headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&credential)?);
//! let issued = Issued { tokens: &tokens, access: &AccessTokens::default() };
//! let answer = Chain::opaque_only().authenticate(&headers, &issued, now).await;
//! assert!(matches!(answer, Answer::Accepted(caller) if &*caller.principal == "token:sync"));
//! # Ok(())
//! # }
//! ```
//!
//! Time is an argument everywhere, in Unix seconds. Keys are fetched by one background task,
//! [`KeyRefresh::run`]; requests read what it last brought and seldom wait for it.

#![warn(missing_docs)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod stand_in;

mod access_token;
mod answer;
mod caller;
mod cause;
mod certificate;
mod chain;
mod credential;
mod grant;
mod http;
mod jwt;
mod method;
mod password;
mod rejection;
mod token;
mod token_list;
mod trace;

pub use access_token::{ACCESS_SECONDS, AccessRecord, AccessTokens, Grant};
pub use answer::{Answer, Issued, Unavailable};
pub use caller::{Caller, Rights, RightsError, RunAs};
pub use certificate::{CertificateNames, CertificateTrust, next_revocation_list_at};
pub use chain::Chain;
pub use credential::BearerToken;
pub use grant::{ClientError, FederatedClient, GrantError, GrantRequest};
pub use http::{FetchLimits, HttpKeySource, KeyPlace, KeyUrl, KeyUrlError, NoCertificates};
pub use jwt::binding::{Binding, Pair};
pub use jwt::refresh::{KeyCache, KeyHealth, KeyRefresh, KeysUnavailable, Now, Pace};
pub use jwt::requirement::Requirements;
pub use jwt::source::{FetchError, Fetching, KeySource, MetadataError};
pub use jwt::trust::{TokenTimes, TrustedIssuer};
pub use method::introspect::{IntrospectMethod, IntrospectionHealth, IntrospectionTrust};
pub use method::jwt::JwtMethod;
pub use password::{PasswordHash, PasswordHashError};
pub use rejection::{Excerpt, Part, Rejection};
pub use token::{PlainToken, RandomUnavailable, TokenHash, TokenId, TokenKind, system_random};
pub use token_list::{
    Life, NoToken, TokenList, TokenListError, TokenName, TokenNameError, TokenRecord,
};
