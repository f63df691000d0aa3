//! When each token was last used: noted in memory, written once in a while.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use provost_auth::{TokenId, TokenList, TokenListError};
use provost_store::{Store, TenantId};
use serde_json::{Value, json};
use tracing::warn;

use crate::log::SECURITY;

use super::{ChangeError, Listed, change, read};

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

    /// Forgets tokens that are gone.
    fn keep(&mut self, there: &BTreeSet<TokenId>) {
        self.0.retain(|token, _| there.contains(token));
    }
}

impl Listed for LastUses {
    const DOCUMENT: &'static str = "token-uses";
    const WHAT: &'static str = "list of last uses";

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
            warn!(target: SECURITY, { token.id = %token }, "The token {name} ends in {hours} hours: rotate it");
        }
    }

    /// Writes what was noted since the last time; what cannot be written waits for the next.
    pub(crate) async fn write(&self, store: &dyn Store, tenant: TenantId) {
        let noted = std::mem::take(&mut self.noted().last);
        if noted.is_empty() {
            return;
        }
        if let Err(error) = self.put(&noted, store, tenant).await {
            warn!("Could not write when tokens were used: {error}");
            let mut again = self.noted();
            for (token, at) in noted {
                again.last.entry(token).or_insert(at);
            }
        }
    }

    async fn put(
        &self,
        noted: &HashMap<TokenId, i64>,
        store: &dyn Store,
        tenant: TenantId,
    ) -> Result<(), ChangeError<Infallible>> {
        let tokens: TokenList = read(store, tenant).await?;
        let there: BTreeSet<_> = tokens.records().iter().map(|it| it.hash.id()).collect();
        self.noted().warned.retain(|token, _| there.contains(token));
        let put = change(store, tenant, |uses: &mut LastUses| {
            noted.iter().for_each(|(token, at)| uses.note(token.clone(), *at));
            uses.keep(&there);
            Ok(())
        });
        put.await
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use provost_auth::{Life, Rights};
    use provost_scim::schema::{Options, Schemas};
    use provost_store::memory::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn the_uses_of_a_token_that_is_gone_are_forgotten_with_the_next_write() {
        let store = MemoryStore::new(Arc::new(Schemas::builtin(&Options::default())));
        let tenant = store.tenant("default".into()).await.unwrap();
        let life = Life { created_at: 0, expires_at: None };
        let create = |list: &mut TokenList| {
            let [a, b] = ["a", "b"].map(|name| name.parse().unwrap());
            let a = list.create(a, Rights::Read, life, [1; 32])?;
            Ok::<_, provost_auth::NoToken>([a, list.create(b, Rights::Read, life, [2; 32])?])
        };
        let [a, b] = change(&store, tenant, create).await.unwrap().map(|it| it.hash().id());
        let uses = TokenUses::default();
        let note = async |token: &TokenId, at| {
            let tokens = read(&store, tenant).await.unwrap();
            uses.note(token, &tokens, at);
            uses.write(&store, tenant).await;
            let written: LastUses = read(&store, tenant).await.unwrap();
            (written.of(&a), written.of(&b))
        };
        assert_eq!(note(&a, 1).await, (Some(1), None));
        assert_eq!(note(&b, 2).await, (Some(1), Some(2)));
        let revoke =
            |list: &mut TokenList| Ok::<_, Infallible>(list.revoke(&"a".parse().unwrap(), None));
        change(&store, tenant, revoke).await.unwrap();
        assert_eq!(note(&b, 3).await, (None, Some(3)));
    }
}
