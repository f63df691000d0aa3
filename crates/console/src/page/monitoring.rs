//! Monitoring: how the server is, and what it counts.

use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::services::InfoTable;
use super::{Answers, Frame, UnexpectedAnswer, filters, written};
use crate::Request;

/// How often the browser asks again, where somebody wants that, in seconds.
const REFRESH: u32 = 10;

#[derive(Deserialize)]
pub(super) struct Health {
    state: String,
    reason: Option<String>,
    store: String,
    trouble: Option<String>,
    signing_keys: Option<SigningKeys>,
    introspection: Option<Introspection>,
    draining: bool,
}

#[derive(Deserialize)]
struct SigningKeys {
    state: String,
    age_seconds: Option<u64>,
}

#[derive(Deserialize)]
struct Introspection {
    state: String,
    failing_seconds: Option<u64>,
}

/// Something that an operator watches.
pub(super) struct Sign {
    pub(super) what: &'static str,
    pub(super) is_well: bool,
    pub(super) state: String,
    pub(super) meaning: String,
}

#[derive(Template)]
#[template(path = "monitoring.html")]
struct Monitoring<'v> {
    frame: Frame<'v>,
    signs: Vec<Sign>,
    metrics: InfoTable,
    interval: u32,
}

pub(super) fn needs() -> Vec<Request> {
    vec![Request::get("/health"), Request::post("/services/GetPerformanceMetrics", &json!({}))]
}

pub(super) fn show(frame: Frame<'_>, mut answers: Answers) -> Result<String, UnexpectedAnswer> {
    let refresh = frame.view.query.has("refresh").then_some(REFRESH);
    let health: Health = answers.next()?;
    let metrics = answers.next()?;
    let frame = Frame { refresh, ..frame };
    written(&Monitoring { frame, signs: health.signs(), metrics, interval: REFRESH })
}

impl Health {
    /// All that is watched.
    pub(super) fn signs(&self) -> Vec<Sign> {
        let sign = |what, is_well, state: &str, meaning: &str| Sign {
            what,
            is_well,
            state: state.to_owned(),
            meaning: meaning.to_owned(),
        };
        let mut signs = vec![match self.state.as_str() {
            "RUNNING" => sign("Subsystem", true, "RUNNING", "SCIM requests are served"),
            state => {
                let reason = self.reason.as_deref().unwrap_or("SCIM requests are not served");
                sign("Subsystem", false, state, reason)
            }
        }];
        signs.push(match &self.trouble {
            None => sign("Database", self.store == "ok", &self.store, "it takes what it is given"),
            Some(trouble) => sign("Database", false, &self.store, trouble),
        });
        if let Some(SigningKeys { state, age_seconds }) = &self.signing_keys {
            let age = || age_seconds.unwrap_or_default() / 60;
            let (is_well, meaning) = match state.as_str() {
                "ok" => (true, "tokens can be checked".to_owned()),
                "missing" => (false, "tokens are answered 503 until the keys come".to_owned()),
                _ => (false, format!("the keys are {} minutes old and serve on", age())),
            };
            signs.push(sign("Signing keys", is_well, state, &meaning));
        }
        if let Some(Introspection { state, failing_seconds }) = &self.introspection {
            let (is_well, meaning) = match failing_seconds {
                None => (true, "the authorization server answers".to_owned()),
                Some(seconds) => {
                    (false, format!("the authorization server is silent since {seconds} s"))
                }
            };
            signs.push(sign("Introspection", is_well, state, &meaning));
        }
        if self.draining {
            signs.push(sign("Server", false, "draining", "it ends when its requests are done"));
        }
        signs
    }

    /// What is not as it should be, beside the state of the subsystem.
    pub(super) fn troubles(&self) -> Vec<Sign> {
        self.signs().into_iter().filter(|it| !it.is_well && it.what != "Subsystem").collect()
    }
}
