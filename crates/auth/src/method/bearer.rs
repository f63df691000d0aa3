//! Opaque bearer tokens, looked up on the lists of those that were made here.

use crate::answer::{Answer, Issued};
use crate::caller::{Caller, RunAs};
use crate::credential::BearerToken;
use crate::grant::FederatedClient;
use crate::rejection::Rejection;
use crate::token::{PlainToken, TokenKind};
use crate::token_list::TokenList;

/// Answers for what begins like an opaque token.
pub(crate) fn authenticate(
    token: &BearerToken<'_>,
    issued: &Issued<'_>,
    federated: &[FederatedClient],
    now: i64,
) -> Answer {
    if !PlainToken::has_prefix(token.as_str()) {
        return Answer::NotMine;
    }
    let Some(plain) = PlainToken::parse(token.as_str()) else {
        return Answer::Rejected(Rejection::Damaged);
    };
    let caller = match plain.kind() {
        TokenKind::Client => client(&plain, issued.tokens, now),
        TokenKind::Access => access(&plain, issued, federated, now),
    };
    caller.map_or_else(Answer::Rejected, Answer::Accepted)
}

fn client(plain: &PlainToken, tokens: &TokenList, now: i64) -> Result<Caller, Rejection> {
    let record = tokens.find(plain).ok_or(Rejection::NotListed)?;
    if let Some(seconds) = record.expired_for(now) {
        return Err(Rejection::TokenExpired { seconds });
    }
    Ok(Caller {
        principal: format!("token:{}", record.name).into(),
        rights: record.rights,
        run_as: RunAs::Own,
        token: Some(record.hash.id()),
    })
}

fn access(
    plain: &PlainToken,
    issued: &Issued<'_>,
    federated: &[FederatedClient],
    now: i64,
) -> Result<Caller, Rejection> {
    let found = issued.access.find(plain).ok_or(Rejection::NotListed)?;
    if found.expires_at <= now {
        return Err(Rejection::TokenExpired { seconds: now.saturating_sub(found.expires_at) });
    }
    // It holds no longer than what it was given for, and carries no more.
    let rights = match &found.secret {
        // The very secret that it was given for: another of the name is no reason to go on.
        Some(secret) => issued.tokens.holding_id(secret, now).map(|client| client.rights),
        None => federated.iter().find(|it| it.name == found.client).map(|client| client.rights),
    };
    let rights = rights.ok_or(Rejection::ClientGone)?;
    Ok(Caller {
        principal: format!("client:{}", found.client).into(),
        rights: found.rights.min(rights),
        run_as: RunAs::Own,
        token: None,
    })
}
