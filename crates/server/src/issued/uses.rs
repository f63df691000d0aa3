//! When each token was last used: noted in memory, written once in a while.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use provost_auth::{TokenId, TokenList, TokenListError};
use provost_store::{Store, TenantId};
use serde_json::{Value, json};
use tracing::warn;

use super::{Listed, change};

/// From so many seconds before its end on, the log warns of a token that is used, once a day.
const WARN_SECONDS: i64 = 14 * 24 * 60 * 60;
const DAY: i64 = 24 * 60 * 60;

/// When each token was last used, in Unix seconds, as it is stored: up to a minute late.
#[derive(Debug, Default)]
pub struct LastUses(BTreeMap<TokenId, i64>);

impl LastUses {
    /// When a token was last used, in Unix seconds.
    pub fn of(&self, token: &TokenId) -> Option<i64> {
        self.0.get(token).copied()
    }

    fn note(&mut self, token: TokenId, at: i64) {
        let last = self.0.entry(token).or_insert(at);
        *last = at.max(*last);
    }
}

impl Listed for LastUses {
    const DOCUMENT: &'static str = "token-uses";

    fn from_document(document: &[u8]) -> Result<Self, TokenListError> {
        serde_json::from_slice(document)
            .and_then(|mut value: Value| serde_json::from_value(value["last_used"].take()))
            .map(Self)
            .map_err(TokenListError::Damaged)
    }

    fn to_document(&self) -> Value {
        json!({ "last_used": self.0 })
    }
}

/// The uses that are not written yet.
#[derive(Default)]
pub(crate) struct TokenUses {
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    last: HashMap<TokenId, i64>,
    warned: HashMap<TokenId, i64>,
}

impl TokenUses {
    /// A token was accepted.
    pub(crate) fn note(&self, token: &TokenId, tokens: &TokenList, now: i64) {
        let mut noted = self.noted();
        noted.last.insert(token.clone(), now);
        let Some(record) = tokens.records().iter().find(|it| it.hash.id() == *token) else {
            return;
        };
        let Some(left) = record.expires_at.map(|at| at.saturating_sub(now)) else { return };
        let is_due = noted.warned.get(token).is_none_or(|at| now.saturating_sub(*at) >= DAY);
        if left < WARN_SECONDS && is_due {
            noted.warned.insert(token.clone(), now);
            let (name, hours) = (&record.name, left / 3_600);
            warn!(token.id = %token, "The token {name} ends in {hours} hours: rotate it");
        }
    }

    /// Writes what was noted since the last time; what cannot be written waits for the next.
    pub(crate) async fn write(&self, store: &dyn Store, tenant: TenantId) {
        let noted = std::mem::take(&mut self.noted().last);
        if noted.is_empty() {
            return;
        }
        let written = change::<LastUses, _, Infallible>(store, tenant, |uses| {
            noted.iter().for_each(|(token, at)| uses.note(token.clone(), *at));
            Ok(())
        });
        if let Err(error) = written.await {
            warn!("Could not write when tokens were used: {error}");
            let mut again = self.noted();
            for (token, at) in noted {
                again.last.entry(token).or_insert(at);
            }
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
