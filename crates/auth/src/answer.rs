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
    /// The credential could not be judged: there are no keys to judge it with. That is 503 with
    /// `Retry-After`, never 401: an identity provider takes 401 for its own fault and stops.
    Unavailable(KeysUnavailable),
}

/// The opaque tokens that were made here.
#[derive(Debug, Clone, Copy)]
pub struct Issued<'l> {
    /// Those of operators.
    pub tokens: &'l TokenList,
    /// Those of the token endpoint.
    pub access: &'l AccessTokens,
}
