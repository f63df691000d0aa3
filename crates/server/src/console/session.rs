//! Who is signed in: a session stands for the token that began it, and ends with it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use provost_auth::system_random;
use provost_store::TenantId;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::error::Error;

/// A session ends after so many seconds without a request, and after so many in all.
const IDLE_SECONDS: i64 = 30 * 60;
const LIFE_SECONDS: i64 = 12 * 60 * 60;

/// How many a tenant has at most; the one that was used the longest ago goes.
const SESSIONS_MAX: usize = 100;

/// All sessions of a server, which end with it.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<Box<str>, Session>>);

struct Session {
    tenant: TenantId,
    token: SecretString,
    csrf: Box<str>,
    notice: Option<String>,
    begun_at: i64,
    seen_at: i64,
}

/// A session as a request finds it.
pub(crate) struct Found {
    /// Its name, which only the browser knows.
    pub(crate) key: Box<str>,
    /// The token that it stands for: each request is judged as if it came with it.
    pub(crate) token: SecretString,
    /// What forms give back.
    pub(crate) csrf: Box<str>,
}

impl Sessions {
    /// Begins a session; gives its name.
    pub(crate) fn begin(
        &self,
        tenant: TenantId,
        token: SecretString,
        now: i64,
    ) -> Result<Box<str>, Error> {
        let (key, csrf) = (random()?, random()?);
        let session = Session { tenant, token, csrf, notice: None, begun_at: now, seen_at: now };
        let mut sessions = self.lock();
        sessions.retain(|_, it| !it.is_over(now));
        // No tenant signs anybody of another one out.
        let own = || sessions.iter().filter(|(_, it)| it.tenant == tenant);
        if own().count() >= SESSIONS_MAX {
            let oldest = own().min_by_key(|(_, it)| it.seen_at).map(|(key, _)| key.clone());
            oldest.and_then(|it| sessions.remove(&it));
        }
        sessions.insert(key.clone(), session);
        Ok(key)
    }

    /// The session of a name, in a tenant.
    pub(crate) fn find(&self, key: &str, tenant: TenantId, now: i64) -> Option<Found> {
        let mut sessions = self.lock();
        if sessions.get(key)?.is_over(now) {
            sessions.remove(key);
        }
        let session = sessions.get(key).filter(|it| it.tenant == tenant)?;
        let (token, csrf) = (session.token.clone(), session.csrf.clone());
        Some(Found { key: key.into(), token, csrf })
    }

    /// Somebody does something: the session goes on for a while.
    pub(crate) fn touch(&self, key: &str, now: i64) {
        if let Some(session) = self.lock().get_mut(key) {
            session.seen_at = now;
        }
    }

    /// Forgets those that are over, with their tokens.
    pub(crate) fn forget(&self, now: i64) {
        self.lock().retain(|_, it| !it.is_over(now));
    }

    /// Ends a session.
    pub(crate) fn end(&self, key: &str) {
        self.lock().remove(key);
    }

    /// What the next page says.
    pub(crate) fn tell(&self, key: &str, notice: String) {
        if let Some(session) = self.lock().get_mut(key) {
            session.notice = Some(notice);
        }
    }

    /// What is to be said, once.
    pub(crate) fn take_notice(&self, key: &str) -> Option<String> {
        self.lock().get_mut(key)?.notice.take()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn is_over(&self, now: i64) -> bool {
        now - self.seen_at >= IDLE_SECONDS || now - self.begun_at >= LIFE_SECONDS
    }
}

impl Found {
    /// Whether a form was made for this session.
    pub(crate) fn made(&self, csrf: &str) -> bool {
        self.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }

    pub(crate) fn token(&self) -> &str {
        self.token.expose_secret()
    }
}

fn random() -> Result<Box<str>, Error> {
    let bytes = system_random().map_err(|_| Error::NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId(1);

    fn begun(sessions: &Sessions, now: i64) -> Box<str> {
        sessions.begin(TENANT, "secret".to_owned().into(), now).unwrap()
    }

    #[test]
    fn a_session_is_found_in_its_tenant_until_it_is_over() {
        let sessions = Sessions::default();
        let key = begun(&sessions, 0);
        assert!(sessions.find(&key, TenantId(2), 1).is_none());
        assert!(sessions.find("other", TENANT, 1).is_none());
        let found = sessions.find(&key, TENANT, 1).unwrap();
        assert!(found.made(&found.csrf) && !found.made("") && !found.made(&key));
        // Who does something keeps it, for a time.
        for now in (1..LIFE_SECONDS).step_by(IDLE_SECONDS as usize - 1) {
            assert!(sessions.find(&key, TENANT, now).is_some(), "{now}");
            sessions.touch(&key, now);
        }
        assert!(sessions.find(&key, TENANT, LIFE_SECONDS).is_none());
        let idle = begun(&sessions, 0);
        assert!(sessions.find(&idle, TENANT, IDLE_SECONDS - 1).is_some(), "a look is nothing done");
        assert!(sessions.find(&idle, TENANT, IDLE_SECONDS).is_none());
        assert!(sessions.lock().is_empty(), "no token of one that is over is kept");
        let ended = begun(&sessions, 0);
        sessions.end(&ended);
        assert!(sessions.find(&ended, TENANT, 0).is_none());
        begun(&sessions, 0);
        sessions.forget(IDLE_SECONDS);
        assert!(sessions.lock().is_empty());
    }

    #[test]
    fn a_notice_is_told_once() {
        let sessions = Sessions::default();
        let key = begun(&sessions, 0);
        sessions.tell(&key, "done".to_owned());
        assert_eq!(sessions.take_notice(&key).as_deref(), Some("done"));
        assert_eq!(sessions.take_notice(&key), None);
    }

    #[test]
    fn the_one_of_the_tenant_that_was_used_the_longest_ago_makes_room() {
        let sessions = Sessions::default();
        let other = sessions.begin(TenantId(2), "secret".to_owned().into(), 0).unwrap();
        let first = begun(&sessions, 0);
        let others: Vec<_> = (1..SESSIONS_MAX).map(|_| begun(&sessions, 1)).collect();
        sessions.touch(&first, 2);
        begun(&sessions, 3);
        assert!(sessions.find(&first, TENANT, 3).is_some());
        let gone = others.iter().filter(|it| sessions.find(it, TENANT, 3).is_none()).count();
        assert_eq!(gone, 1);
        assert!(sessions.find(&other, TenantId(2), 3).is_some(), "another tenant's stays");
    }
}
