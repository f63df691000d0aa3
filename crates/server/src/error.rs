//! From what went wrong to the answer: the one mapping outside of `scim::error` (RFC 7644 §3.12).

use std::convert::Infallible;

use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use provost_auth::{Rights, Unavailable};
use provost_console::UnexpectedAnswer;
use provost_platform::state::{Refused, State};
use provost_platform::table::ConfigurationError;
use provost_scim::error::{Error as Refusal, ErrorKind, quote};
use provost_scim::urn;
use serde_json::{Value, json};

use crate::issued::{ChangeError, NoList};
use crate::request_line::RequestLine;
use crate::tenant::TenantError;

/// Why a request has another answer than it asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The client asked for what cannot be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The endpoint offers only these methods.
    #[error("the method is not offered here")]
    MethodNotAllowed(&'static [&'static str]),
    /// There is no credential.
    #[error("no credential")]
    NoCredential,
    /// The credential does not hold.
    #[error("the credential does not hold")]
    BadCredential,
    /// The credential holds, and does not carry so far.
    #[error("the token has the rights {}; this needs {}", has.word(), needed.word())]
    Rights { has: Rights, needed: Rights },
    /// What the credential is judged by is not there.
    #[error("the token cannot be judged")]
    NoVerdict(#[source] Unavailable),
    /// A list cannot be read.
    #[error(transparent)]
    NoList(#[from] NoList),
    /// A list cannot be written.
    #[error("could not write the {what}")]
    NotWritten {
        what: &'static str,
        #[source]
        cause: provost_store::Error,
    },
    /// Others were quicker each time.
    #[error("others keep changing the {0}")]
    Contended(&'static str),
    /// The system has no randomness to give.
    #[error("the system's random source failed")]
    NoRandomness,
    /// SCIM is not served in this state.
    #[error("the SCIM subsystem is {0}")]
    NotServing(State),
    /// Too many requests are in work.
    #[error("too many requests are in work")]
    TooManyRequests,
    /// The tenant is paused.
    #[error("the tenant is paused")]
    TenantPaused,
    /// What is stored of the tenant cannot be read.
    #[error("could not read what is stored of the tenant")]
    NoTenant(#[source] provost_store::Error),
    /// The configuration tables cannot be read or written.
    #[error("could not read or write the configuration")]
    NoConfiguration(#[source] provost_store::Error),
    /// The stored configuration is of no use.
    #[error(transparent)]
    Configuration(ConfigurationError),
    /// The audit trail cannot be read or written.
    #[error("could not read or write the audit trail")]
    NoAudit(#[source] provost_store::Error),
    /// What an operator asked for cannot be.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// Requests come more often than they may.
    #[error("requests come more often than they may")]
    TooOften { retry_after_seconds: u64 },
    /// The subsystem cannot do what was asked.
    #[error(transparent)]
    Conflict(#[from] Refused),
    /// The engine or the store failed.
    #[error("the operation failed")]
    Failed(#[source] provost_engine::Error),
    /// The answer took too long.
    #[error("the request took longer than it may")]
    Deadline,
    /// A page of the console cannot be made: a defect.
    #[error("a page could not be made")]
    NoPage(#[source] UnexpectedAnswer),
    /// A defect.
    #[error("the request ended in a panic")]
    Panicked,
}

/// An error as it is answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Value,
}

/// When to come again, in seconds.
const SOON: u64 = 1;
const LATER: u64 = 30;

impl From<provost_engine::Error> for Error {
    fn from(error: provost_engine::Error) -> Self {
        match error {
            provost_engine::Error::Refused(refusal) => Self::Refused(refusal),
            other @ (provost_engine::Error::Busy
            | provost_engine::Error::Unavailable { .. }
            | provost_engine::Error::Corrupt(_)) => Self::Failed(other),
        }
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<ConfigurationError> for Error {
    /// What a client asks for wrongly is its own to read: it may be about people.
    fn from(error: ConfigurationError) -> Self {
        match error {
            damaged @ ConfigurationError::Damaged(_) => Self::Configuration(damaged),
            wrong => Self::Refused(Refusal::invalid_value(wrong.to_string())),
        }
    }
}

impl Error {
    /// Why a list was not changed.
    pub(crate) fn from_change<E: Into<Self>>(error: ChangeError<E>) -> Self {
        match error {
            ChangeError::Refused(reason) => reason.into(),
            ChangeError::Read(reason) => Self::NoList(reason),
            ChangeError::Write { what, cause } => Self::NotWritten { what, cause },
            ChangeError::Contended(what) => Self::Contended(what),
        }
    }

    /// The answer; what is our fault names only the request, and the state, which `/health` tells.
    pub(crate) fn answer(&self, line: &RequestLine) -> Answer {
        let id = line.id();
        match self {
            Self::Refused(refusal) => Answer::new(refusal),
            Self::MethodNotAllowed(offered) => {
                let allow = allow(offered);
                let method = quote(line.method().as_str());
                let detail = format!("the method {method} is not offered here; offered: {allow}");
                Answer::new(&Refusal::new(ErrorKind::MethodNotAllowed, detail)).with(ALLOW, allow)
            }
            Self::NoCredential => {
                let detail = "a bearer token is needed in the Authorization header";
                Answer::new(&Refusal::new(ErrorKind::Unauthorized, detail))
                    .with(WWW_AUTHENTICATE, "Bearer realm=\"scim\"")
            }
            Self::BadCredential => {
                let detail = format!("the token is not accepted; the log has the reason at {id}");
                Answer::new(&Refusal::new(ErrorKind::Unauthorized, detail))
                    .with(WWW_AUTHENTICATE, "Bearer realm=\"scim\", error=\"invalid_token\"")
            }
            Self::Rights { needed, .. } => {
                let needed = needed.word();
                let detail = format!("{self} (`provost token create --rights {needed}`)");
                let challenge = format!(
                    "Bearer realm=\"scim\", error=\"insufficient_scope\", scope=\"scim.{needed}\""
                );
                Answer::new(&Refusal::forbidden(detail)).with(WWW_AUTHENTICATE, challenge)
            }
            Self::NoVerdict(reason) => {
                let what = match reason {
                    Unavailable::Keys(_) => {
                        "the keys that tokens are checked with cannot be fetched"
                    }
                    Unavailable::AuthorizationServer { .. } => {
                        "the authorization server that knows the tokens does not answer"
                    }
                };
                let detail = format!("{what} at the moment; request {id}");
                Answer::new(&Refusal::new(ErrorKind::Unavailable, detail))
                    .with(RETRY_AFTER, reason.retry_after_seconds())
            }
            Self::NotServing(state) => {
                let detail = format!("the SCIM subsystem is {state}; request {id}");
                Answer::new(&Refusal::new(ErrorKind::Unavailable, detail))
                    .with(RETRY_AFTER, pause(*state))
            }
            Self::TooManyRequests => {
                let detail = "too many requests are in work at once";
                Answer::new(&Refusal::new(ErrorKind::TooManyRequests, detail))
                    .with(RETRY_AFTER, SOON)
            }
            Self::TenantPaused => {
                Answer::new(&Refusal::new(ErrorKind::Unavailable, "the tenant is paused"))
                    .with(RETRY_AFTER, LATER)
            }
            Self::Tenant(TenantError::NoSuchTenant(name)) => {
                Answer::new(&Refusal::not_found(format!("there is no tenant named {name}")))
            }
            Self::Tenant(refused @ TenantError::NameTaken(_)) => {
                Answer::conflict(&refused.to_string())
            }
            Self::Configuration(damaged) => {
                let detail = format!("{damaged}; request {id}");
                Answer::new(&Refusal::new(ErrorKind::Internal, detail))
            }
            Self::NoAudit(provost_store::Error::TooBroad) => {
                let detail = "the query would look at too many rows; ask for a shorter time";
                Answer::new(&Refusal::new(ErrorKind::TooMany, detail))
            }
            Self::TooOften { retry_after_seconds } => {
                let detail = "requests come more often than the limits allow; come again later";
                Answer::new(&Refusal::new(ErrorKind::TooManyRequests, detail))
                    .with(RETRY_AFTER, *retry_after_seconds)
            }
            Self::Conflict(refused) => Answer::conflict(&refused.to_string()),
            Self::NoList(NoList::Store { .. })
            | Self::NotWritten { .. }
            | Self::Contended(_)
            | Self::NoRandomness
            | Self::NoTenant(_)
            | Self::NoConfiguration(_)
            | Self::NoAudit(_)
            | Self::Deadline => Answer::unavailable(id, SOON),
            Self::Failed(
                provost_engine::Error::Busy | provost_engine::Error::Unavailable { .. },
            ) => Answer::unavailable(id, SOON),
            Self::NoList(NoList::List { .. })
            | Self::Failed(provost_engine::Error::Corrupt(_) | provost_engine::Error::Refused(_))
            | Self::NoPage(_)
            | Self::Panicked => {
                Answer::new(&Refusal::new(ErrorKind::Internal, format!("request {id}")))
            }
        }
    }

    /// Whether it is the client's fault; ours is what an operator must look at.
    pub(crate) const fn is_clients(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::MethodNotAllowed(_)
            | Self::NoCredential
            | Self::BadCredential
            | Self::Rights { .. }
            | Self::NotServing(_)
            | Self::TooManyRequests
            | Self::TooOften { .. }
            | Self::TenantPaused
            | Self::Tenant(_)
            | Self::Conflict(_) => true,
            Self::NoVerdict(_)
            | Self::NoList(_)
            | Self::NotWritten { .. }
            | Self::Contended(_)
            | Self::NoRandomness
            | Self::NoTenant(_)
            | Self::NoConfiguration(_)
            | Self::Configuration(_)
            | Self::NoAudit(_)
            | Self::Failed(_)
            | Self::Deadline
            | Self::NoPage(_)
            | Self::Panicked => false,
        }
    }

    /// The error and its causes, as the log has them.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl Answer {
    fn new(refusal: &Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.kind.status());
        Self {
            status: status.expect("the table of errors holds HTTP statuses"),
            headers: Vec::new(),
            body: serde_json::to_value(refusal).expect("an error prints as JSON"),
        }
    }

    fn unavailable(id: &str, retry_after_seconds: u64) -> Self {
        Self::new(&Refusal::new(ErrorKind::Unavailable, format!("request {id}")))
            .with(RETRY_AFTER, retry_after_seconds)
    }

    /// No `scimType` of RFC 7644 table 9 says that a service cannot run in a state.
    fn conflict(detail: &str) -> Self {
        let body = json!({"schemas": [urn::ERROR], "status": "409", "detail": detail});
        Self { status: StatusCode::CONFLICT, headers: Vec::new(), body }
    }

    fn with(mut self, name: HeaderName, value: impl ToString) -> Self {
        let value = HeaderValue::from_str(&value.to_string());
        self.headers.push((name, value.expect("our header values are printable ASCII")));
        self
    }
}

/// `Allow` (RFC 9110 §10.2.1): where there is GET, there is HEAD.
fn allow(methods: &[&str]) -> String {
    let head = methods.contains(&"GET").then_some("HEAD");
    methods.iter().copied().chain(head).collect::<Vec<_>>().join(", ")
}

fn pause(state: State) -> u64 {
    match state {
        State::Starting | State::Stopping | State::Running => SOON,
        State::Stopped | State::Error | State::Disabled => LATER,
    }
}
