//! Tokens that say nothing themselves: the authorization server is asked about each (RFC 7662).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::http::header::ACCEPT;
use quick_cache::sync::Cache;
use reqwest::Client;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::answer::{Answer, Unavailable};
use crate::caller::{Caller, Rights, RunAs};
use crate::cause::causes;
use crate::credential::BearerToken;
use crate::http::{self, FetchLimits, KeyUrl, NoCertificates};
use crate::jwt::source::FetchError;
use crate::rejection::{Excerpt, Rejection};
use crate::token::sha256;
use crate::trace::Trace;

/// How many answers are remembered.
const REMEMBERED_MAX: usize = 10_000;
/// How long an answer is believed: a token that is revoked there is refused here as soon.
const ACTIVE_SECONDS: i64 = 60;
const INACTIVE_SECONDS: i64 = 5;
/// How many tokens are asked about at once.
const AT_ONCE_MAX: usize = 16;
/// When to come again while the authorization server does not answer.
const RETRY_SECONDS: u64 = 5;

/// An authorization server and what its answers must say.
#[derive(Debug)]
pub struct IntrospectionTrust {
    /// Its introspection endpoint.
    pub endpoint: KeyUrl,
    /// As which client it is asked.
    pub client_id: String,
    /// The secret of that client.
    pub client_secret: SecretString,
    /// The client that a token must belong to.
    pub accepted_client: String,
    /// The platform's administrator that requests run as; without it the one that an answer names.
    pub run_as: Option<Arc<str>>,
}

/// Accepts the tokens that an authorization server knows.
#[derive(Debug)]
pub struct IntrospectMethod {
    trust: IntrospectionTrust,
    client: Client,
    limits: FetchLimits,
    /// By the SHA-256 of the token.
    answers: Cache<[u8; 32], Remembered>,
    at_once: Semaphore,
    /// Since when it does not answer, in Unix seconds.
    failing_since: Mutex<Option<i64>>,
}

/// How well an authorization server answers, by the last question, for those who watch the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IntrospectionHealth {
    /// It answered, or nobody asked yet.
    Answering,
    /// It did not: tokens that no remembered answer is about are answered 503.
    Failing {
        /// Since when.
        seconds: u64,
    },
}

#[derive(Debug, Clone)]
struct Remembered {
    verdict: Verdict,
    until: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Active { client: String, username: Option<String>, expires_at: Option<i64> },
    Inactive,
}

// RFC 7662 §2.2; what else an answer holds says nothing here.
#[derive(Deserialize)]
struct Document {
    active: bool,
    client_id: Option<String>,
    username: Option<String>,
    exp: Option<f64>,
}

/// Why the authorization server did not say.
#[derive(Debug, thiserror::Error)]
enum NoVerdict {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the authorization server does not accept our clientId and clientSecret")]
    OurCredentials,
    #[error("the answer is none about a token")]
    NotAnAnswer(#[from] serde_json::Error),
}

impl IntrospectMethod {
    /// Asks this authorization server.
    ///
    /// # Errors
    /// An `https` URL needs the certificates that this machine trusts.
    pub fn new(trust: IntrospectionTrust) -> Result<Self, NoCertificates> {
        let limits = FetchLimits { timeout: Duration::from_secs(5), ..FetchLimits::default() };
        let client = http::client(&trust.endpoint, limits)?;
        let (answers, at_once) = (Cache::new(REMEMBERED_MAX), Semaphore::new(AT_ONCE_MAX));
        Ok(Self { trust, client, limits, answers, at_once, failing_since: Mutex::default() })
    }

    /// How well the authorization server answers at `now`, in Unix seconds.
    pub(crate) fn health(&self, now: i64) -> IntrospectionHealth {
        match *self.failing_since() {
            None => IntrospectionHealth::Answering,
            Some(since) => IntrospectionHealth::Failing { seconds: now.abs_diff(since) },
        }
    }

    /// Answers for every token.
    pub(crate) async fn authenticate(
        &self,
        token: &BearerToken<'_>,
        now: i64,
        trace: &mut Trace,
    ) -> Answer {
        let verdict = match self.verdict(token, now).await {
            Ok(verdict) => verdict,
            Err(reason) => {
                let place = self.trust.endpoint.shown();
                tracing::warn!(error = %causes(&reason), "{place} was asked about a token");
                let retry_after_seconds = RETRY_SECONDS;
                return Answer::Unavailable(Unavailable::AuthorizationServer {
                    retry_after_seconds,
                });
            }
        };
        trace.passed(|| format!("introspection: {} has answered", self.trust.endpoint.shown()));
        self.judge(verdict, now, trace).map_or_else(Answer::Rejected, Answer::Accepted)
    }

    fn judge(&self, verdict: Verdict, now: i64, trace: &mut Trace) -> Result<Caller, Rejection> {
        let Verdict::Active { client, username, expires_at } = verdict else {
            return Err(Rejection::Inactive);
        };
        if let Some(at) = expires_at.filter(|at| *at <= now) {
            return Err(Rejection::Expired { seconds: now.saturating_sub(at) });
        }
        trace.passed(|| "state: active, and not over".to_owned());
        if client != self.trust.accepted_client {
            return Err(Rejection::OtherCaller(Excerpt::quote(&client)));
        }
        trace.passed(|| format!("client: {client}"));
        let user = self.trust.run_as.clone().or(username.map(Arc::from));
        let user = user.ok_or(Rejection::NoUsername)?;
        Ok(Caller {
            principal: format!("client:{client}").into(),
            rights: Rights::Administer,
            run_as: RunAs::User(user),
            token: None,
        })
    }

    /// What the authorization server says, or said a moment ago. All who ask about one token at once
    /// wait for one answer.
    async fn verdict(&self, token: &BearerToken<'_>, now: i64) -> Result<Verdict, NoVerdict> {
        let key = sha256(token.as_str().as_bytes());
        // Who comes in between has put a newer answer there, or waits for one.
        self.answers.remove_if(&key, |remembered| remembered.until <= now);
        let remembered = self
            .answers
            .get_or_insert_async(&key, async {
                let verdict = self.ask(token).await;
                self.note(&verdict, now);
                let verdict = verdict?;
                let until = now.saturating_add(verdict.believed_seconds(now));
                Ok::<_, NoVerdict>(Remembered { verdict, until })
            })
            .await?;
        Ok(remembered.verdict)
    }

    fn note(&self, verdict: &Result<Verdict, NoVerdict>, now: i64) {
        let mut since = self.failing_since();
        *since = match verdict {
            Ok(_) => None,
            Err(_) => since.or(Some(now)),
        };
    }

    fn failing_since(&self) -> MutexGuard<'_, Option<i64>> {
        self.failing_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, token: &BearerToken<'_>) -> Result<Verdict, NoVerdict> {
        // The semaphore is never closed.
        let _permit = self.at_once.acquire().await;
        let IntrospectionTrust { endpoint, client_id, client_secret, .. } = &self.trust;
        // RFC 6749 §2.3.1: both are form-urlencoded before they are joined.
        let [id, secret] = [client_id.as_str(), client_secret.expose_secret()]
            .map(|it| form_urlencoded::byte_serialize(it.as_bytes()).collect::<String>());
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token.as_str())
            .append_pair("token_type_hint", "access_token")
            .finish();
        let request = self
            .client
            .post(endpoint.url().clone())
            .basic_auth(id, Some(secret))
            .header(ACCEPT, "application/json")
            .header(::http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let response = request.send().await.map_err(http::unreachable)?;
        let body = match http::body(response, self.limits).await {
            Err(FetchError::Status(401)) => return Err(NoVerdict::OurCredentials),
            answered => answered?,
        };
        Ok(Verdict::from(serde_json::from_slice::<Document>(&body)?))
    }
}

impl Verdict {
    fn believed_seconds(&self, now: i64) -> i64 {
        match self {
            Self::Inactive => INACTIVE_SECONDS,
            Self::Active { expires_at, .. } => {
                let left = expires_at.map_or(ACTIVE_SECONDS, |at| at.saturating_sub(now));
                left.clamp(0, ACTIVE_SECONDS)
            }
        }
    }
}

impl From<Document> for Verdict {
    fn from(Document { active, client_id, username, exp }: Document) -> Self {
        match active {
            false => Self::Inactive,
            true => Self::Active {
                client: client_id.unwrap_or_default(),
                username,
                // The conversion saturates.
                expires_at: exp.map(|at| at as i64),
            },
        }
    }
}
