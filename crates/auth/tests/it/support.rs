//! A scripted key source, a clock that is set by hand, and a chain on top of both.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use ::http::header::AUTHORIZATION;
use ::http::{HeaderMap, HeaderValue};
use provost_auth::stand_in::StandIn;
use provost_auth::{
    AccessTokens, Answer, Binding, Chain, FetchError, Fetching, Issued, JwtMethod, KeyCache,
    KeySource, Pace, TokenList, TokenTimes, TrustedIssuer,
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub(crate) const START: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://id.example/realm";

/// What the key source does when it is asked.
#[derive(Clone)]
pub(crate) enum Script {
    Keys(Value),
    Bytes(&'static str),
    Status(u16),
    TooLarge,
    /// Answers, after this long.
    Slow(Duration, Value),
}

#[derive(Clone)]
pub(crate) struct Scripted {
    script: Arc<Mutex<Script>>,
    fetches: Arc<AtomicUsize>,
}

impl Scripted {
    pub(crate) fn set(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    pub(crate) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    async fn answer(&self) -> Result<Vec<u8>, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let script = self.script.lock().unwrap().clone();
        match script {
            Script::Keys(keys) => Ok(keys.to_string().into_bytes()),
            Script::Bytes(text) => Ok(text.as_bytes().to_vec()),
            Script::Status(status) => Err(FetchError::Status(status)),
            Script::TooLarge => Err(FetchError::TooLarge { max_bytes: 1 }),
            Script::Slow(delay, keys) => {
                tokio::time::sleep(delay).await;
                Ok(keys.to_string().into_bytes())
            }
        }
    }
}

impl KeySource for Scripted {
    fn place(&self) -> &str {
        "the script"
    }

    fn fetch(&self) -> Fetching<'_> {
        Box::pin(self.answer())
    }
}

/// A chain whose keys and clock are set by hand. Tokio's clock must be paused.
pub(crate) struct World {
    pub(crate) chain: Arc<Chain>,
    pub(crate) cache: Arc<KeyCache>,
    pub(crate) source: Scripted,
    pub(crate) task: JoinHandle<()>,
    now: Arc<AtomicI64>,
}

impl World {
    pub(crate) fn new(
        trust: impl FnOnce(Arc<KeyCache>) -> Vec<TrustedIssuer>,
        script: Script,
        start: i64,
    ) -> Self {
        let source = Scripted { script: Arc::new(Mutex::new(script)), fetches: Arc::default() };
        let now = Arc::new(AtomicI64::new(start));
        let clock = now.clone();
        let (cache, refresh) = KeyCache::new(
            Box::new(source.clone()),
            Pace::default(),
            Box::new(move || clock.load(Ordering::SeqCst)),
        );
        let cache = Arc::new(cache);
        let jwt = JwtMethod::new(trust(cache.clone()), TokenTimes::default());
        let chain = Arc::new(Chain::with_jwt(jwt));
        Self { chain, cache, source, task: tokio::spawn(refresh.run()), now }
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    /// Lets time pass, for the wall clock and for whoever sleeps.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.set_clock(self.now() + i64::try_from(seconds).unwrap());
        tokio::time::advance(Duration::from_secs(seconds)).await;
        self.settle().await;
    }

    /// Sets the wall clock alone, as an operator would.
    pub(crate) fn set_clock(&self, now: i64) {
        self.now.store(now, Ordering::SeqCst);
    }

    /// Lets the background task do what is due.
    pub(crate) async fn settle(&self) {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn ask(&self, headers: &HeaderMap) -> Answer {
        self.chain.authenticate(headers, &NONE.issued(), self.now()).await
    }

    /// The answer, and whether it took any time.
    pub(crate) async fn ask_timed(&self, headers: &HeaderMap) -> (Answer, Duration) {
        let begin = tokio::time::Instant::now();
        let answer = self.ask(headers).await;
        (answer, begin.elapsed())
    }
}

/// Lists of tokens that were made here.
pub(crate) struct Lists {
    pub(crate) tokens: TokenList,
    pub(crate) access: AccessTokens,
}

impl Lists {
    pub(crate) fn issued(&self) -> Issued<'_> {
        Issued { tokens: &self.tokens, access: &self.access }
    }
}

/// No token was made here.
pub(crate) static NONE: LazyLock<Lists> =
    LazyLock::new(|| Lists { tokens: TokenList::default(), access: AccessTokens::default() });

pub(crate) fn trust(keys: Arc<KeyCache>) -> Vec<TrustedIssuer> {
    let binding = Binding::Claim { name: "azp".into(), value: "our-app".into() };
    vec![TrustedIssuer::new(ISSUER, keys, binding, "Administrator")]
}

pub(crate) fn claims(now: i64) -> Value {
    json!({"iss": ISSUER, "azp": "our-app", "aud": "us", "iat": now, "exp": now + 3600})
}

pub(crate) fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

/// A token of the stand-in that is good at `now`.
pub(crate) fn good(issuer: &StandIn, now: i64) -> HeaderMap {
    bearer(&issuer.sign(&claims(now)).unwrap())
}

/// One line for a table.
pub(crate) fn show(answer: &Answer) -> String {
    match answer {
        Answer::NotMine => "no credential".to_owned(),
        Answer::Rejected(reason) => format!("rejected: {reason}"),
        Answer::Accepted(caller) => format!("accepted: {}", caller.principal),
        Answer::Unavailable(keys) => format!("unavailable: {keys}"),
    }
}
