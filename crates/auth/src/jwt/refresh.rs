//! The key set in memory: one task fetches it, requests read it.
//!
//! A request whose key is there never waits. A request whose key is not there asks the task for a
//! fetch, if one is due, and waits a little for it; all that ask meanwhile wait for the same one.
//! A fetch that fails changes nothing: the last good set serves for a day.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::compact::KeyName;
use super::key_set::{Key, KeySet, KeySetError};
use super::source::{FetchError, KeySource};
use crate::cause::causes;

/// The clock: Unix seconds.
pub type Now = Box<dyn Fn() -> i64 + Send + Sync>;

/// How often keys are fetched, and how long they serve.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two fetches when all is well: so often that a key is rarely met before its set.
    pub refresh_seconds: u64,
    /// Between two fetches for unknown keys, or after one that failed while a set is there: anyone
    /// can send unknown key ids, and the issuer must not pay for it.
    pub again_seconds: u64,
    /// Between two fetches while there is no set at all: every request is refused meanwhile.
    pub cold_seconds: u64,
    /// How long a set serves from its fetch.
    pub keep_seconds: u64,
    /// How long a request waits for a fetch.
    pub wait: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            refresh_seconds: 60 * 60,
            again_seconds: 5 * 60,
            cold_seconds: 1,
            keep_seconds: 24 * 60 * 60,
            wait: Duration::from_secs(2),
        }
    }
}

/// There are no keys to judge a token with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signing keys are not at hand; ask again in {retry_after_seconds} s")]
pub struct KeysUnavailable {
    /// When to ask again, in whole seconds; at least 1.
    pub retry_after_seconds: u64,
}

/// How well the keys are, for those who watch the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyHealth {
    /// The last fetch brought a set.
    Fresh,
    /// The last fetch failed, and the set before it still serves.
    Outdated {
        /// The age of that set.
        age_seconds: u64,
    },
    /// There is no set, or it is too old: JWTs are answered 503.
    Missing,
}

/// The keys of one URL.
pub struct KeyCache {
    shared: Arc<Shared>,
    /// Changes with the end of each fetch.
    ended: watch::Receiver<()>,
}

/// The task that fetches the keys of a [`KeyCache`]. Without it there are none.
#[must_use = "no key is ever fetched unless `run` is spawned"]
pub struct KeyRefresh {
    shared: Arc<Shared>,
    ended: watch::Sender<()>,
    source: Box<dyn KeySource>,
    now: Now,
}

struct Shared {
    current: ArcSwapOption<Loaded>,
    attempts: Mutex<Attempts>,
    asked: Notify,
    pace: Pace,
}

struct Loaded {
    keys: KeySet,
    at: i64,
}

struct Attempts {
    /// A fetch is wanted or under way.
    wanted: bool,
    ended_at: Option<i64>,
    /// How many fetches failed since the last one that did not.
    failures: u64,
    unknown_key_at: Option<i64>,
}

impl KeyCache {
    /// Makes a cache and the task that fills it.
    pub fn new(source: Box<dyn KeySource>, pace: Pace, now: Now) -> (Self, KeyRefresh) {
        let shared = Arc::new(Shared {
            current: ArcSwapOption::empty(),
            // The task begins with a fetch: the first requests wait for that one.
            attempts: Mutex::new(Attempts {
                wanted: true,
                ended_at: None,
                failures: 0,
                unknown_key_at: None,
            }),
            asked: Notify::new(),
            pace,
        });
        let (sender, receiver) = watch::channel(());
        let cache = Self { shared: shared.clone(), ended: receiver };
        (cache, KeyRefresh { shared, ended: sender, source, now })
    }

    /// How well the keys are at `now`, in Unix seconds.
    pub fn health(&self, now: i64) -> KeyHealth {
        match self.shared.current(now) {
            None => KeyHealth::Missing,
            Some(loaded) if self.shared.attempts().failures > 0 => {
                KeyHealth::Outdated { age_seconds: now.abs_diff(loaded.at) }
            }
            Some(_) => KeyHealth::Fresh,
        }
    }

    /// The keys of a name: none, if the set does not hold it.
    pub(crate) async fn find(
        &self,
        name: KeyName<'_>,
        now: i64,
    ) -> Result<Vec<Arc<Key>>, KeysUnavailable> {
        if let Some(found) = self.at_hand(name, now) {
            return Ok(found);
        }
        let now = self.sit_out_pause(now).await;
        if let Some(mut ended) = self.ask(name, now)
            && timeout(self.shared.pace.wait, ended.changed()).await.is_err()
        {
            // The key may well be in what is on its way: no verdict yet.
            return Err(self.shared.unavailable(now));
        }
        match self.shared.current(now) {
            Some(loaded) => Ok(loaded.keys.find(name)),
            None => Err(self.shared.unavailable(now)),
        }
    }

    // Without any set, a request that comes right after a failed fetch waits for the next one to be
    // due: it is a second away, and refusing it would cost the client a whole retry.
    async fn sit_out_pause(&self, now: i64) -> i64 {
        if self.shared.current(now).is_some() {
            return now;
        }
        let ended_at = self.shared.attempts().ended_at;
        let pause = left(ended_at, self.shared.pace.cold_seconds, now);
        let pause = pause.min(self.shared.pace.wait.as_secs());
        sleep(Duration::from_secs(pause)).await;
        now.saturating_add(pause.try_into().unwrap_or(i64::MAX))
    }

    // What the set in memory says, where no fetch could say more.
    fn at_hand(&self, name: KeyName<'_>, now: i64) -> Option<Vec<Arc<Key>>> {
        let found = self.shared.current(now)?.keys.find(name);
        // A fetch does not give a name to a token that has none.
        (!found.is_empty() || name == KeyName::Unnamed).then_some(found)
    }

    // Joins the fetch under way, or begins one that is due.
    fn ask(&self, name: KeyName<'_>, now: i64) -> Option<watch::Receiver<()>> {
        let Shared { pace, .. } = *self.shared;
        let mut attempts = self.shared.attempts();
        // A fetch that ended since the caller looked has brought its set before it took the lock.
        if self.at_hand(name, now).is_some() {
            return None;
        }
        let warm = self.shared.current(now).is_some();
        if !attempts.wanted {
            let (last, pause) = match warm {
                true => (attempts.unknown_key_at, pace.again_seconds),
                false => (attempts.ended_at, pace.cold_seconds),
            };
            if left(last, pause, now) > 0 {
                return None;
            }
            attempts.wanted = true;
            self.shared.asked.notify_one();
        }
        if warm {
            attempts.unknown_key_at = Some(now);
        }
        // Still under the lock, so that the end of the fetch that was joined is not missed.
        let mut ended = self.ended.clone();
        ended.mark_unchanged();
        Some(ended)
    }
}

impl KeyRefresh {
    /// Fetches at once, then every hour, and whenever a request asks. Never ends: dropping it stops
    /// it, and the set it brought last serves on until it is too old.
    pub async fn run(self) {
        loop {
            let pause = self.attempt().await;
            tokio::select! {
                () = sleep(pause) => self.shared.attempts().wanted = true,
                () = self.shared.asked() => {}
            }
        }
    }

    // Fetches once; gives the pause until the next time.
    async fn attempt(&self) -> Duration {
        let answer = self.source.fetch().await.map_err(RefreshError::Fetch);
        let loaded = answer.and_then(|bytes| Ok(KeySet::load(&bytes)?));
        let failures = match &loaded {
            Ok(_) => 0,
            Err(_) => self.shared.attempts().failures.saturating_add(1),
        };
        self.report(&loaded, failures);
        let at = (self.now)();
        let Pace { refresh_seconds, again_seconds, cold_seconds, .. } = self.shared.pace;
        let pause = match loaded {
            Ok(keys) => {
                self.shared.current.store(Some(Arc::new(Loaded { keys, at })));
                refresh_seconds
            }
            Err(_) if self.shared.current(at).is_some() => again_seconds,
            Err(_) => cold_seconds,
        };
        let mut attempts = self.shared.attempts();
        attempts.wanted = false;
        attempts.failures = failures;
        attempts.ended_at = Some(at);
        self.ended.send_replace(());
        Duration::from_secs(pause)
    }

    /// An outage is told when it begins and then ever more seldom: it may last for days, with a
    /// fetch each second while there is no set.
    fn report(&self, outcome: &Result<KeySet, RefreshError>, failures: u64) {
        let place = self.source.place();
        match outcome {
            Ok(KeySet { dropped, .. }) => {
                tracing::info!(auth.keys_dropped = dropped, "Fetched the signing keys of {place}");
            }
            Err(error) if failures.is_power_of_two() => {
                tracing::warn!(
                    auth.failures = failures,
                    error = %causes(error),
                    "Could not fetch the signing keys of {place}"
                );
            }
            Err(_) => {}
        }
    }
}

impl Shared {
    // A set that is too old is as good as none.
    fn current(&self, now: i64) -> Option<Arc<Loaded>> {
        let loaded = self.current.load_full()?;
        let age = now.saturating_sub(loaded.at);
        (age < self.pace.keep_seconds.try_into().unwrap_or(i64::MAX)).then_some(loaded)
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn asked(&self) {
        loop {
            self.asked.notified().await;
            // A call that came while a fetch was about to begin anyway was answered by that one.
            if self.attempts().wanted {
                return;
            }
        }
    }

    fn unavailable(&self, now: i64) -> KeysUnavailable {
        let attempts = self.attempts();
        let pause = match attempts.wanted {
            true => self.pace.cold_seconds,
            false => left(attempts.ended_at, self.pace.cold_seconds, now),
        };
        KeysUnavailable { retry_after_seconds: pause.max(1) }
    }
}

/// What is left of a pause. A clock that was set back must not make it longer: any distance counts.
fn left(since: Option<i64>, pause_seconds: u64, now: i64) -> u64 {
    since.map_or(0, |since| pause_seconds.saturating_sub(now.abs_diff(since)))
}

#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(transparent)]
    Fetch(FetchError),
    #[error(transparent)]
    Load(#[from] KeySetError),
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCache").field("pace", &self.shared.pace).finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRefresh").field("place", &self.source.place()).finish_non_exhaustive()
    }
}
