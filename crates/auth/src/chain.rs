//! The methods of authentication, in the order in which they are asked.

use ::http::HeaderMap;

use crate::caller::Caller;
use crate::credential::BearerToken;
use crate::jwt::refresh::KeysUnavailable;
use crate::method::bearer;
use crate::method::jwt::JwtMethod;
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

/// The methods of authentication. Their order is code: opaque tokens, known by their prefix, then
/// JWTs.
#[derive(Debug)]
pub struct Chain {
    jwt: Option<JwtMethod>,
}

impl Chain {
    /// Accepts opaque tokens alone.
    pub fn opaque_only() -> Self {
        Self { jwt: None }
    }

    /// Accepts opaque tokens and JWTs.
    pub fn with_jwt(jwt: JwtMethod) -> Self {
        Self { jwt: Some(jwt) }
    }

    /// Finds out who calls, at `now` in Unix seconds.
    pub async fn authenticate(&self, headers: &HeaderMap, tokens: &TokenList, now: i64) -> Answer {
        let token = match BearerToken::from_headers(headers) {
            Ok(Some(token)) => token,
            Ok(None) => return Answer::NotMine,
            Err(reason) => return Answer::Rejected(reason),
        };
        match bearer::authenticate(&token, tokens) {
            Answer::NotMine => {}
            answer @ (Answer::Rejected(_) | Answer::Accepted(_) | Answer::Unavailable(_)) => {
                return answer;
            }
        }
        match &self.jwt {
            Some(jwt) => jwt.authenticate(&token, now).await,
            None => Answer::Rejected(Rejection::NoIssuer),
        }
    }
}
