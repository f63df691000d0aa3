//! The door: state of the subsystem, credential, rights. Nothing of a body is read before it.

use http::HeaderMap;
use provost_auth::{Answer, BearerToken, Caller, Rights, RunAs, TokenList};
use provost_platform::principal::run_as;
use provost_platform::state::State;
use provost_scim::Error as Refusal;
use tracing::{info, warn};

use crate::context::App;
use crate::error::Error;
use crate::flight::Flight;
use crate::request_line::RequestLine;

/// Whether SCIM is served at this moment.
pub(crate) fn check_state(app: &App) -> Result<(), Error> {
    match app.parts.subsystem.state() {
        State::Running => Ok(()),
        State::Disabled => Err(Refusal::not_found("SCIM is DISABLED on this server").into()),
        state @ (State::Starting | State::Stopped | State::Error | State::Stopping) => {
            Err(Error::NotServing(state))
        }
    }
}

/// Counts a request in, so that a stop waits for it.
pub(crate) fn enter(app: &App) -> Result<Flight, Error> {
    let flight = app.flights.enter();
    // A stop that began meanwhile has seen no flight of this request.
    check_state(app)?;
    flight.ok_or(Error::TooManyRequests)
}

/// Who calls.
pub(crate) async fn authenticate(
    app: &App,
    headers: &HeaderMap,
    line: &RequestLine,
) -> Result<Caller, Error> {
    let tokens = match carries_opaque_token(headers) {
        true => app.tokens.get(&*app.parts.engine.store, app.parts.tenant).await?,
        false => Default::default(),
    };
    let caller = judge(app, headers, &tokens, line).await?;
    line.called(app.parts.tenant, &caller.principal);
    check_run_as(&caller, line)?;
    Ok(caller)
}

/// Whether a caller may use the subsystem's services.
pub(crate) fn check_administrator(caller: &Caller) -> Result<(), Error> {
    match caller.rights {
        Rights::Administer => Ok(()),
        Rights::Provision => {
            Err(Refusal::forbidden("the token provisions; a service needs a token that administers (`provost token create --admin`)").into())
        }
    }
}

async fn judge(
    app: &App,
    headers: &HeaderMap,
    tokens: &TokenList,
    line: &RequestLine,
) -> Result<Caller, Error> {
    match app.parts.chain.authenticate(headers, tokens, app.now_seconds()).await {
        Answer::Accepted(caller) => Ok(caller),
        Answer::NotMine => Err(Error::NoCredential),
        Answer::Rejected(reason) => {
            let token = BearerToken::from_headers(headers).ok().flatten();
            let fingerprint = token.map(|it| it.fingerprint()).unwrap_or_default();
            info!(request.id = %line.id(), token.fingerprint = %fingerprint, "Token refused: {reason}");
            Err(Error::BadCredential)
        }
        Answer::Unavailable(keys) => {
            Err(Error::NoKeys { retry_after_seconds: keys.retry_after_seconds })
        }
    }
}

/// A request takes the rights of the platform's user that the settings name: is it one who has any?
fn check_run_as(caller: &Caller, line: &RequestLine) -> Result<(), Error> {
    let name: &str = match &caller.run_as {
        RunAs::Own => return Ok(()),
        RunAs::User(name) => name,
    };
    match run_as(name) {
        Ok(_) => Ok(()),
        Err(reason) => {
            warn!(request.id = %line.id(), scim_admin_name = name, "Nobody to run as: {reason}");
            Err(Refusal::forbidden("requests cannot run as the configured scimAdminName").into())
        }
    }
}

/// Whether the list of tokens is needed. What is no opaque token costs no look into the store.
fn carries_opaque_token(headers: &HeaderMap) -> bool {
    BearerToken::from_headers(headers).ok().flatten().is_some_and(|it| it.is_opaque())
}
