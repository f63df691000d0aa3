//! The door: state of the subsystem, credential, rights. Nothing of a body is read before it.

use std::convert::Infallible;

use http::HeaderMap;
use provost_auth::{Answer, BearerToken, Caller, Rights, RunAs, TokenId, TokenList};
use provost_engine::{self as engine, Context};
use provost_platform::principal::{RunAsError, run_as};
use provost_platform::state::State;
use provost_scim::Error as Refusal;
use provost_store::{AuditOutcome, Cause, Entry, Target};
use tracing::{info, warn};

use crate::cause::cause;
use crate::client::{Client, Peer};
use crate::context::App;
use crate::error::Error;
use crate::flight::Flight;
use crate::issued::{Lists, change_and_tell};
use crate::log::SECURITY;
use crate::request_line::RequestLine;
use crate::tenant::Tenant;

/// Whether there is a subsystem at all.
pub(crate) fn check_enabled(app: &App) -> Result<(), Error> {
    match app.parts.subsystem.state() {
        State::Disabled => Err(Refusal::not_found("SCIM is DISABLED on this server").into()),
        State::Running | State::Starting | State::Stopped | State::Error | State::Stopping => {
            Ok(())
        }
    }
}

/// Whether SCIM is served at this moment.
pub(crate) fn check_state(app: &App) -> Result<(), Error> {
    check_enabled(app)?;
    match app.parts.subsystem.state() {
        State::Running => Ok(()),
        state => Err(Error::NotServing(state)),
    }
}

/// Counts a request in, so that a stop waits for it.
pub(crate) fn enter(app: &App, tenant: &Tenant) -> Result<Flight, Error> {
    let flight = tenant.flights.enter();
    // A stop that began meanwhile has seen no flight of this request.
    check_state(app)?;
    flight.ok_or(Error::TooManyRequests)
}

/// Where a request comes from.
#[derive(Clone, Copy)]
pub(crate) struct From<'c> {
    pub(crate) peer: &'c Peer,
    pub(crate) client: &'c Client,
}

/// Who calls.
pub(crate) async fn authenticate(
    app: &App,
    tenant: &Tenant,
    from: From<'_>,
    headers: &HeaderMap,
    line: &RequestLine,
) -> Result<Caller, Error> {
    let store = &*app.parts.engine.store;
    let token = BearerToken::from_headers(headers).ok().flatten();
    // What was made here is looked up, which costs next to nothing.
    if let Some(token) = token.filter(|token| token.kind().is_none()) {
        app.rates.check_token(from.client, &token.fingerprint())?;
    }
    let lists = tenant.issued.lists_for(token, store, tenant.id).await?;
    let caller = judge(app, tenant, from.peer, headers, &lists, line).await?;
    line.called(tenant.id, &caller.principal);
    if let Some(token) = &token {
        app.rates.know(token.fingerprint());
    }
    app.rates.check_tenant(from.client, &tenant.rate)?;
    check_run_as(app, from, &caller, line).await?;
    switched(app, tenant, from, &caller, line).await;
    if let Some(token) = &caller.token {
        used(app, tenant, token, &lists, line).await;
    }
    Ok(caller)
}

/// A token of an operator was accepted.
pub(crate) async fn used(
    app: &App,
    tenant: &Tenant,
    token: &TokenId,
    lists: &Lists,
    line: &RequestLine,
) {
    tenant.uses.note(token, &lists.tokens, app.now_seconds());
    retire_others(app, tenant, token, lists, line).await;
}

/// With the first use of a new token the old ones of its name end after a time. If that cannot be
/// written now, it is with the next use.
async fn retire_others(
    app: &App,
    tenant: &Tenant,
    token: &TokenId,
    lists: &Lists,
    line: &RequestLine,
) {
    if !lists.tokens.retires_others(token) {
        return;
    }
    let now = app.now_seconds();
    let store = &*app.parts.engine.store;
    let entry = Entry {
        at: app.parts.engine.clock.now_micros(),
        category: "Token".into(),
        action: "retired".into(),
        outcome: AuditOutcome::Done,
        cause: Cause { request: line.id().into(), caller: line.caller(), ..Cause::default() },
        target: Target { id: token.to_string().into(), name: line.caller() },
        detail: Default::default(),
    };
    let changed = change_and_tell::<TokenList, _, Infallible>(store, tenant.id, |list| {
        let is_first = list.used(token, now);
        // Another request with it may have been quicker.
        let told = is_first.then(|| entry.clone());
        Ok((is_first, told.into_iter().collect()))
    });
    match changed.await {
        Ok(true) => {
            info!(target: SECURITY, { request.id = %line.id(), token.id = %token }, "A new token is in use: the others of its name end soon")
        }
        Ok(false) => {}
        Err(error) => warn!(request.id = %line.id(), "Could not retire old tokens: {error}"),
    }
}

/// A caller takes the rights of a user of the platform: that is in the audit trail, once an hour for
/// each; the rows of what it does name both.
async fn switched(app: &App, tenant: &Tenant, from: From<'_>, caller: &Caller, line: &RequestLine) {
    let RunAs::User(name) = &caller.run_as else { return };
    let now = app.now_seconds();
    if !tenant.switches.is_due(&caller.principal, now) {
        return;
    }
    let entry = Entry {
        at: app.parts.engine.clock.now_micros(),
        category: "SecurityContext".into(),
        action: "switched".into(),
        outcome: AuditOutcome::Done,
        cause: cause(line, caller, from.client),
        target: Target::named(name),
        detail: Default::default(),
    };
    match app.parts.engine.store.record(tenant.id, vec![entry]).await {
        Ok(()) => tenant.switches.told(&caller.principal, now),
        // It is said with the next request.
        Err(error) => {
            let id = line.id();
            warn!(request.id = %id, "The audit trail lacks that {} runs as {name}: {error}", caller.principal);
        }
    }
}

/// Whether a caller may do what it asks for.
pub(crate) fn check_rights(caller: &Caller, needed: Rights) -> Result<(), Error> {
    if caller.rights >= needed {
        return Ok(());
    }
    Err(Error::Rights { has: caller.rights, needed })
}

/// Whether a caller may decide what others may do: an administrator with a credential that was made
/// here. What an identity provider sends is bound by such decisions, and makes none.
pub(crate) fn check_operator(caller: &Caller) -> Result<(), Error> {
    check_rights(caller, Rights::Administer)?;
    match caller.run_as {
        RunAs::Own => Ok(()),
        RunAs::User(_) => Err(Refusal::forbidden(
            "this needs a token that was made here (`provost token create --admin`): the credential of \
             an identity provider does not decide what binds it",
        )
        .into()),
    }
}

async fn judge(
    app: &App,
    tenant: &Tenant,
    peer: &Peer,
    headers: &HeaderMap,
    lists: &Lists,
    line: &RequestLine,
) -> Result<Caller, Error> {
    let (issued, now) = (lists.issued(), app.now_seconds());
    let certificate = peer.certificate.as_deref();
    match tenant.chain.authenticate_with(headers, certificate, &issued, now).await {
        Answer::Accepted(caller) => Ok(caller),
        Answer::NotMine => Err(Error::NoCredential),
        Answer::Rejected(reason) => {
            let token = BearerToken::from_headers(headers).ok().flatten();
            let fingerprint = token.map(|it| it.fingerprint().to_string()).unwrap_or_default();
            info!(target: SECURITY, { request.id = %line.id(), token.fingerprint = %fingerprint }, "Token refused: {reason}");
            Err(Error::BadCredential)
        }
        Answer::Unavailable(reason) => Err(Error::NoVerdict(reason)),
    }
}

/// A request takes the rights of the platform's user that the settings name, or an authorization
/// server: is it one who has any? The platform's own are known; of others the tables say so.
async fn check_run_as(
    app: &App,
    from: From<'_>,
    caller: &Caller,
    line: &RequestLine,
) -> Result<(), Error> {
    let name: &str = match &caller.run_as {
        RunAs::Own => return Ok(()),
        RunAs::User(name) => name,
    };
    let reason = match run_as(name) {
        Ok(_) => return Ok(()),
        Err(RunAsError::Unknown) => {
            match is_administrator(app, cause(line, caller, from.client), name).await? {
                true => return Ok(()),
                false => "the table AdministratorAccounts has no enabled user of this name".into(),
            }
        }
        Err(reason) => reason.to_string(),
    };
    warn!(target: SECURITY, { request.id = %line.id(), scim_admin_name = name }, "Nobody to run as: {reason}");
    Err(Refusal::forbidden("requests cannot run as the configured scimAdminName").into())
}

/// Whether somebody is an administrator by the tables of the platform's own tenant, and enabled there.
pub(crate) async fn is_administrator(app: &App, cause: Cause, name: &str) -> Result<bool, Error> {
    let own = &app.tenants.own;
    let governed = own.governance.get(app, own.id).await?;
    let cx = Context {
        engine: &app.parts.engine,
        policy: &governed.policy,
        tenant: own.id,
        cause,
        base: "",
    };
    Ok(engine::is_administrator(&cx, name).await?)
}
