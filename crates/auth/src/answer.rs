//! What a method, or the chain of them, makes of a credential, and what was made here to compare it with.

use crate::access_token::AccessTokens;
use crate::caller::Caller;
use crate::jwt::refresh::KeysUnavailable;
use crate::rejection::Rejection;
use crate::token_list::TokenList;

/// What became of a request's credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A method: the credential is of another kind. The chain: there is no credential at all.
    NotMine,
    /// The credential does not hold, for this reason.
    Rejected(Rejection),
    /// The credential holds.
    Accepted(Caller),
    /// The credential could not be judged. That is 503 with `Retry-After`, never 401: an identity
    /// provider takes 401 for its own fault and stops.
    Unavailable(Unavailable),
}

/// What a credential could not be judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The keys of its issuer.
    #[error(transparent)]
    Keys(#[from] KeysUnavailable),
    /// The authorization server that is asked about it.
    #[error("the authorization server does not answer; ask again in {retry_after_seconds} s")]
    AuthorizationServer {
        /// When to ask again, in whole seconds.
        retry_after_seconds: u64,
    },
}

impl Unavailable {
    /// When to ask again, in whole seconds; at least 1.
    pub fn retry_after_seconds(&self) -> u64 {
        match self {
            Self::Keys(keys) => keys.retry_after_seconds,
            Self::AuthorizationServer { retry_after_seconds } => *retry_after_seconds,
        }
    }
}

/// The opaque tokens that were made here.
#[derive(Debug, Clone, Copy)]
pub struct Issued<'l> {
    /// Those of operators.
    pub tokens: &'l TokenList,
    /// Those of the token endpoint.
    pub access: &'l AccessTokens,
}
