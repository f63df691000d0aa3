//! The token endpoint (RFC 6749 §3.2): a client proves who it is, and gets a token for an hour.

use std::convert::Infallible;

use http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use provost_auth::{ACCESS_SECONDS, AccessTokens, Grant, GrantError, GrantRequest, system_random};
use provost_store::{AuditOutcome, Cause, Entry, Target};
use serde_json::{Value, json};
use tracing::info;

use crate::client::Client;
use crate::context::{App, Call};
use crate::error::Error;
use crate::issued::change_with;
use crate::log::SECURITY;
use crate::request_line::RequestLine;
use crate::respond::{MediaType, Response, json};
use crate::tenant::Tenant;
use crate::worker::in_time;
use crate::{body, door};

/// The longest form: an assertion of 8 KiB, escaped, and the rest.
const FORM_BYTES_MAX: usize = 32 * 1024;

/// Why there is no access token.
enum Refused {
    /// As RFC 6749 §5.2 has it.
    Grant { error: GrantError, in_header: bool },
    /// As all of our answers have it.
    Other(Error),
}

/// Answers a request for an access token.
pub(crate) async fn answer(call: Call) -> Result<Response, Error> {
    let Call { app, line, tenant, client, head, body, .. } = call;
    door::check_enabled(&app)?;
    let response = match body::is_form(&head.headers) {
        false => {
            let reason = "the Content-Type is not application/x-www-form-urlencoded";
            refusal(StatusCode::BAD_REQUEST, "invalid_request", reason)
        }
        true => {
            let form =
                body::read_at_most(body, &app.limits, &app.forms, FORM_BYTES_MAX).await?.bytes;
            line.received(form.len());
            match in_time(&app, async {
                Ok(give(&app, &tenant, &client, &line, &head.headers, &form).await)
            })
            .await?
            {
                Ok(response) => response,
                Err(Refused::Grant { error, in_header }) => refused(&line, &error, in_header),
                Err(Refused::Other(error)) => return Err(error),
            }
        }
    };
    Ok(unstored(response))
}

async fn give(
    app: &App,
    tenant: &Tenant,
    from: &Client,
    line: &RequestLine,
    headers: &HeaderMap,
    form: &[u8],
) -> Result<Response, Refused> {
    let in_header = headers.contains_key(http::header::AUTHORIZATION);
    let refuse = |error| Refused::Grant { error, in_header };
    let request = GrantRequest::parse(headers, form).map_err(refuse)?;
    // A secret is looked up; an assertion costs as much as any other token.
    if let Some(assertion) = request.assertion_id() {
        app.rates.check_token(from, &assertion)?;
    }
    let store = &*app.parts.engine.store;
    let lists = tenant.issued.lists_of_clients(store, tenant.id).await.map_err(Error::from)?;
    let now = app.now_seconds();
    let granted = tenant.chain.grant(&request, &lists.issued(), now).await;
    let grant = granted.map_err(refuse)?;
    if let Some(assertion) = request.assertion_id() {
        app.rates.know(assertion);
    }
    // Each that is given out is a write.
    app.rates.check_tenant(from, &tenant.rate)?;
    let _flight = tenant.flights.enter().ok_or(Error::TooManyRequests)?;
    let random = system_random().map_err(|_| Error::NoRandomness)?;
    line.called(tenant.id, &format!("client:{}", grant.client));
    let entry = Entry {
        at: app.parts.engine.clock.now_micros(),
        category: "Token".into(),
        action: "granted".into(),
        outcome: AuditOutcome::Done,
        cause: Cause {
            request: line.id().into(),
            caller: line.caller(),
            source: Some(from.address.to_string().into()),
            ..Cause::default()
        },
        target: Target::named(&grant.client.to_string()),
        detail: Default::default(),
    };
    let entries = [entry];
    let made = change_with::<AccessTokens, _, Infallible>(store, tenant.id, &entries, |list| {
        Ok(list.create(&grant, now, random))
    });
    let token = made.await.map_err(Error::from_change)?;
    let Grant { client, rights, secret } = grant;
    if let Some(secret) = &secret {
        door::used(app, tenant, secret, &lists, line).await;
    }
    info!(target: SECURITY, { request.id = %line.id(), token.id = %token.hash().id() }, "An access token for {client}");
    let body = json!({
        "access_token": token.expose(),
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "scope": format!("scim.{}", rights.word()),
    });
    Ok(json(StatusCode::OK, MediaType::Json, &body))
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// The client reads what kind of error it is, and the log why (RFC 6749 §5.2).
fn refused(line: &RequestLine, error: &GrantError, in_header: bool) -> Response {
    let id = line.id();
    info!(target: SECURITY, { request.id = %id }, "No access token: {error}");
    let bad = StatusCode::BAD_REQUEST;
    match error {
        GrantError::Request(_) => refusal(bad, "invalid_request", &error.to_string()),
        GrantError::GrantType(_) => refusal(bad, "unsupported_grant_type", &error.to_string()),
        GrantError::Scope { .. } => refusal(bad, "invalid_scope", &error.to_string()),
        GrantError::Client(_) => {
            let reason = format!("the client is not accepted; the log has the reason at {id}");
            let mut response = refusal(StatusCode::UNAUTHORIZED, "invalid_client", &reason);
            if in_header {
                let scheme = HeaderValue::from_static("Basic realm=\"scim\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
            }
            response
        }
        GrantError::Unavailable(cause) => {
            let reason = format!("the assertion cannot be checked at the moment; request {id}");
            let unavailable = StatusCode::SERVICE_UNAVAILABLE;
            let mut response = refusal(unavailable, "temporarily_unavailable", &reason);
            response.headers_mut().insert(RETRY_AFTER, cause.retry_after_seconds().into());
            response
        }
    }
}

fn refusal(status: StatusCode, error: &str, reason: &str) -> Response {
    // RFC 6749 §5.2: printable ASCII without quotation marks and backslashes.
    let fit = |c: char| match c {
        '"' | '\\' => '\'',
        ' '..='~' => c,
        _ => '?',
    };
    let reason: String = reason.chars().map(fit).collect();
    let body: Value = json!({"error": error, "error_description": reason});
    json(status, MediaType::Json, &body)
}

/// RFC 6749 §5.1: nothing that holds a token is kept on its way.
fn unstored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
