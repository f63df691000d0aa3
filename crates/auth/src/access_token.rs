//! The access tokens that the token endpoint has given out, stored as one document.

use serde::{Deserialize, Serialize};

use crate::caller::Rights;
use crate::token::{PlainToken, RANDOM_BYTES, TokenHash, TokenId, TokenKind};
use crate::token_list::{TokenListError, TokenName, read_document};

/// How long an access token holds, in seconds. Identity providers expect one to six hours.
pub const ACCESS_SECONDS: i64 = 60 * 60;

/// How many access tokens of one client hold at once; the oldest goes for one more. A client that
/// asks for a token with each request is served, and fills no list.
const PER_CLIENT_MAX: usize = 100;

/// An access token is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub client: TokenName,
    /// With these rights.
    pub rights: Rights,
    /// The token that was its secret; a [`FederatedClient`](crate::FederatedClient) has none.
    pub secret: Option<TokenId>,
}

/// What is kept of an access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessRecord {
    /// Its hash.
    pub hash: TokenHash,
    /// The client that it was given to: a name of the list of tokens, or a federated client.
    pub client: TokenName,
    /// The secret that it was given for; without one, to a federated client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<TokenId>,
    /// What its bearer may do.
    pub rights: Rights,
    /// When it ends, in Unix seconds.
    pub expires_at: i64,
}

/// The access tokens that hold, oldest first; stored as one document.
#[derive(Debug, Clone, Default)]
pub struct AccessTokens(Vec<AccessRecord>);

impl AccessTokens {
    /// Reads a stored list.
    ///
    /// # Errors
    /// As for [`TokenList::from_json`](crate::TokenList::from_json).
    pub fn from_json(document: &[u8]) -> Result<Self, TokenListError> {
        read_document(document).map(Self)
    }

    /// The list as it is stored.
    pub fn to_json(&self) -> serde_json::Value {
        crate::token_list::write_document(&self.0)
    }

    /// Makes a token out of fresh randomness; takes off the list what is over.
    pub fn create(&mut self, grant: &Grant, now: i64, random: [u8; RANDOM_BYTES]) -> PlainToken {
        let Grant { client, rights, secret } = grant.clone();
        self.0.retain(|record| record.expires_at > now);
        let own = self.0.iter().filter(|record| record.client == client).count();
        let mut surplus = (own + 1).saturating_sub(PER_CLIENT_MAX);
        self.0.retain(|record| {
            let goes = surplus > 0 && record.client == client;
            surplus -= usize::from(goes);
            !goes
        });
        let plain = PlainToken::from_random(TokenKind::Access, random);
        let expires_at = now.saturating_add(ACCESS_SECONDS);
        self.0.push(AccessRecord { hash: plain.hash(), client, secret, rights, expires_at });
        plain
    }

    /// The record of a token, if it is on the list.
    pub fn find(&self, plain: &PlainToken) -> Option<&AccessRecord> {
        let hash = plain.hash();
        self.0.iter().find(|record| record.hash == hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(client: &str, rights: Rights) -> Grant {
        Grant { client: client.parse().unwrap(), rights, secret: None }
    }

    #[test]
    fn list_forgets_what_is_over_and_the_oldest_of_a_client_that_asks_too_often() {
        let mut list = AccessTokens::default();
        let random = |n: usize| [n as u8; 32];
        let other = list.create(&grant("other", Rights::Read), 0, random(200));
        let own: Vec<_> =
            (0..101).map(|n| list.create(&grant("a", Rights::Write), 0, random(n))).collect();
        assert!(list.find(&own[0]).is_none(), "101 are one too many");
        assert!(list.find(&own[1]).is_some() && list.find(&own[100]).is_some());
        assert_eq!(list.find(&other).unwrap().rights, Rights::Read);

        let stored = list.to_json().to_string();
        assert!(!stored.contains(own[1].expose()));
        let read = AccessTokens::from_json(stored.as_bytes()).unwrap();
        assert_eq!(read.find(&own[1]).unwrap().expires_at, ACCESS_SECONDS);

        let late = list.create(&grant("a", Rights::Write), ACCESS_SECONDS, random(201));
        assert!(list.find(&own[1]).is_none() && list.find(&other).is_none());
        assert!(list.find(&late).is_some());
    }
}
