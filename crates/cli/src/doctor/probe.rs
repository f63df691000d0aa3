//! One request at a time: sent, read, judged, told.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::answer::Answer;
use super::base::Base;
use super::chart::Chart;
use super::{obstacle, verdict};
use crate::failure::Failure;
use crate::http::{self, Authorities};

/// Sends requests to a server, and tells of each.
pub(super) struct Probe {
    client: Client,
    base: Base,
    token: SecretString,
    chart: Chart,
    stopped: Arc<AtomicBool>,
}

/// A request, and what it must come to.
pub(super) struct Request<'a> {
    pub(super) what: &'a str,
    pub(super) method: Method,
    /// The path below the base, in segments.
    pub(super) path: &'a [&'a str],
    pub(super) query: Option<(&'a str, &'a str)>,
    pub(super) body: Option<Value>,
    pub(super) expected: &'a [u16],
}

/// What keeps an identity provider from working here.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No answer is to be had.
    Unreachable(String),
    /// There is one, and it is not as it should be.
    Wrong(String),
}

/// Nothing that depends on this request makes sense any more; why was told.
#[derive(Debug)]
pub(super) struct Halted;

/// How long one request may take, from connecting to the last byte.
pub(super) const TIME_MAX: Duration = Duration::from_secs(30);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(text) | Self::Wrong(text) => f.write_str(text),
        }
    }
}

impl<'a> Request<'a> {
    pub(super) fn get(what: &'a str, path: &'a [&'a str]) -> Self {
        let (query, body) = (None, None);
        Self { what, method: Method::GET, path, query, body, expected: &[200] }
    }

    pub(super) fn query(self, name: &'a str, value: &'a str) -> Self {
        Self { query: Some((name, value)), ..self }
    }
}

impl Probe {
    pub(super) fn new(
        base: Base,
        token: SecretString,
        authorities: Authorities,
    ) -> Result<Self, Failure> {
        let client = http::client(base.url(), authorities, TIME_MAX)?;
        Ok(Self { client, base, token, chart: Chart::default(), stopped: Arc::default() })
    }

    /// No request begins after the signal, but for those that clean up.
    pub(super) fn stop_at(&self, signal: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.stopped.clone();
        tokio::spawn(async move {
            signal.await;
            stopped.store(true, Ordering::Relaxed);
        });
    }

    pub(super) fn chart(&mut self) -> &mut Chart {
        &mut self.chart
    }

    pub(super) fn into_chart(self) -> Chart {
        self.chart
    }

    /// Sends a request with the token, and tells what came of it; gives the body of the answer.
    pub(super) async fn send(
        &mut self,
        request: Request<'_>,
        check: impl FnOnce(&Value) -> Result<(), String>,
    ) -> Result<Value, Halted> {
        if self.stopped.load(Ordering::Relaxed) {
            self.chart.interrupted();
            return Err(Halted);
        }
        if self.chart.is_broken() {
            return Err(Halted);
        }
        self.send_anyway(request, check).await
    }

    /// The same after a signal too, and where nobody reads any more: for cleaning up.
    pub(super) async fn send_anyway(
        &mut self,
        request: Request<'_>,
        check: impl FnOnce(&Value) -> Result<(), String>,
    ) -> Result<Value, Halted> {
        let (what, expected) = (request.what, request.expected);
        let started = Instant::now();
        let answer = match self.exchange(request, true).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.unanswered(what, started, &error)),
        };
        let body = answer.json().unwrap_or_default();
        let judged = verdict::judge(&answer, expected);
        let trouble = judged.or_else(|| check(&body).err()).map(|it| self.trouble(it));
        self.chart.answered(what, answer.status, answer.took, trouble.as_ref());
        match trouble {
            Some(_) => Err(Halted),
            None => Ok(body),
        }
    }

    /// Sends a request without the token, which must be refused.
    pub(super) async fn send_without_token(&mut self, request: Request<'_>) -> Result<(), Halted> {
        let what = request.what;
        let started = Instant::now();
        match self.exchange(request, false).await {
            Ok(answer) => {
                let trouble = verdict::judge_refusal(&answer).map(|it| self.trouble(it));
                self.chart.answered(what, answer.status, answer.took, trouble.as_ref());
                Ok(())
            }
            Err(error) => Err(self.unanswered(what, started, &error)),
        }
    }

    /// A server may send back what it got.
    fn trouble(&self, text: String) -> Trouble {
        Trouble::Wrong(text.replace(self.token.expose_secret(), "(the token)"))
    }

    fn unanswered(&mut self, what: &str, started: Instant, error: &reqwest::Error) -> Halted {
        let trouble = obstacle::explain(error, &self.base);
        self.chart.unanswered(what, started.elapsed(), &trouble);
        Halted
    }

    async fn exchange(&self, request: Request<'_>, with_token: bool) -> reqwest::Result<Answer> {
        let Request { method, path, query, body, .. } = request;
        let started = Instant::now();
        let mut request = self.client.request(method, self.base.at(path, query));
        if with_token {
            request = request.bearer_auth(self.token.expose_secret());
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/scim+json").body(body.to_string());
        }
        let answer = Answer::read(request.send().await?).await?;
        Ok(Answer { took: started.elapsed(), ..answer })
    }
}
