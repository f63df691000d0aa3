//! Opaque bearer tokens, looked up on the list of those that were made here.

use crate::caller::{Caller, RunAs};
use crate::chain::Answer;
use crate::credential::BearerToken;
use crate::rejection::Rejection;
use crate::token::PlainToken;
use crate::token_list::TokenList;

/// Answers for what begins like an opaque token.
pub(crate) fn authenticate(token: &BearerToken<'_>, tokens: &TokenList) -> Answer {
    if !PlainToken::has_prefix(token.as_str()) {
        return Answer::NotMine;
    }
    let Some(plain) = PlainToken::parse(token.as_str()) else {
        return Answer::Rejected(Rejection::Damaged);
    };
    match tokens.find(&plain) {
        None => Answer::Rejected(Rejection::NotListed),
        Some(record) => Answer::Accepted(Caller {
            principal: format!("token:{}", record.name).into(),
            rights: record.rights,
            run_as: RunAs::Own,
        }),
    }
}
