//! One line in the log for each request: who asked for what, and how it ended.
//!
//! Operators build on it, so it is kept like an API. It never holds tokens, bodies, names of people,
//! ids of resources, or the values of a query.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use provost_scim::Deviation;
use provost_store::TenantId;
use tokio::time::Instant;
use tracing::{debug, error, info, warn};

use crate::error::Error;
use crate::log::SECURITY;

/// What is known of a request so far.
pub(crate) struct RequestLine {
    id: Box<str>,
    method: Method,
    begun: Instant,
    facts: Mutex<Facts>,
}

#[derive(Clone, Default)]
struct Facts {
    route: String,
    tenant: Option<TenantId>,
    caller: Box<str>,
    rules: Vec<Box<str>>,
    request_bytes: usize,
}

impl RequestLine {
    pub(crate) fn begin(id: Box<str>, method: Method) -> Self {
        Self { id, method, begun: Instant::now(), facts: Mutex::default() }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) const fn method(&self) -> &Method {
        &self.method
    }

    /// The path with names in place of its values.
    pub(crate) fn routed(&self, route: String) {
        self.facts().route = route;
    }

    pub(crate) fn called(&self, tenant: TenantId, caller: &str) {
        let mut facts = self.facts();
        facts.tenant = Some(tenant);
        facts.caller = caller.into();
    }

    /// Who asks, once that is known.
    pub(crate) fn caller(&self) -> Box<str> {
        self.facts().caller.clone()
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.facts().request_bytes = bytes;
    }

    /// A dialect rule fired.
    pub(crate) fn fired(&self, rule: &str) {
        let rules = &mut self.facts().rules;
        if !rules.iter().any(|it| **it == *rule) {
            rules.push(rule.into());
        }
    }

    /// Departures from the letter were tolerated; by name alone, for what they quote is foreign.
    pub(crate) fn tolerated(&self, deviations: &[Deviation]) {
        for deviation in deviations {
            self.fired(deviation.name());
            // It quotes what the client sent, which may be about a person.
            debug!(request.id = %self.id, "Tolerated: {deviation}");
        }
    }

    pub(crate) fn rules(&self) -> Vec<Box<str>> {
        self.facts().rules.clone()
    }

    /// Writes why the request has another answer than it asked for.
    pub(crate) fn failed(&self, reason: &Error) {
        let (id, reason_text) = (&self.id, reason.chain());
        match reason {
            // The detail quotes what the client sent, which may be about a person: the client has it,
            // and an operator who asks for it by the level.
            Error::Refused(refusal) => {
                info!(request.id = %id, "Refused: {}", refusal.kind);
                debug!(request.id = %id, "Refused: {}", refusal.detail);
            }
            // The door said why already.
            Error::BadCredential => {}
            Error::NoVerdict(_) => {
                warn!(target: SECURITY, { request.id = %id }, "Failed: {reason_text}")
            }
            Error::NoCredential | Error::Rights { .. } => {
                info!(target: SECURITY, { request.id = %id }, "Refused: {reason_text}");
            }
            reason if reason.is_clients() => info!(request.id = %id, "Refused: {reason_text}"),
            _ => error!(request.id = %id, "Failed: {reason_text}"),
        }
    }

    /// Writes the line.
    pub(crate) fn end(&self, status: StatusCode, response_bytes: u64) {
        let Facts { route, tenant, caller, rules, request_bytes } = self.facts().clone();
        let method = known(&self.method);
        let duration_ms = self.begun.elapsed().as_secs_f64() * 1_000.0;
        info!(
            request.id = %self.id,
            http.method = %method,
            http.route = %route,
            http.status = status.as_u16(),
            duration_ms = (duration_ms * 10.0).round() / 10.0,
            tenant.id = tenant.map(|it| it.0),
            caller = %caller,
            dialect.rules = %rules.join(","),
            request.bytes = request_bytes,
            response.bytes = response_bytes,
            "{method} {route} {}", status.as_u16()
        );
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A method by its name; clients may call one as they like, at any length.
fn known(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE"
        | "CONNECT") => known,
        _ => "OTHER",
    }
}
