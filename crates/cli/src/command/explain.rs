//! `provost token explain`: which check accepts or refuses a token under these settings.

use std::process::ExitCode;

use provost_auth::{AccessTokens, Answer, Caller, Chain, Issued, RunAs, TokenId, TokenList};
use provost_platform::principal::{self, RunAsError};
use provost_platform::setting::{Flags, Inputs, load};
use provost_platform::tenant_name::TenantName;
use provost_server::issued::read;
use secrecy::ExposeSecret as _;

use super::tenants;
use crate::clock::now;
use crate::failure::Failure;
use crate::trust::{self, Trusted};
use crate::{credential, output, wiring};

pub(crate) async fn run(flags: Flags, tenant: Option<TenantName>) -> Result<ExitCode, Failure> {
    let inputs =
        Inputs::of_process(flags.clone()).map_err(Failure::unable("find the working directory"))?;
    let settings = load(&inputs).into_settings().map_err(|report| Failure::settings(&report))?;
    let Trusted { chain, mut tenants, certificates, refreshes } = trust::trusted(&settings)?;
    let refreshes: Vec<_> = refreshes.into_iter().map(|it| tokio::spawn(it.run())).collect();
    let token = credential::from_input()?;
    let token = token.expose_secret();
    let chain = match tenant.as_ref().map(|name| tenants.remove(name)) {
        None => chain,
        Some(Some(named)) => named.chain,
        // A tenant that the settings do not name accepts what was made for it.
        Some(None) => trust::with_certificates(Chain::opaque_only(), certificates),
    };
    let (tokens, access) = lists(flags, tenant.as_ref()).await?;
    let issued = Issued { tokens: &tokens, access: &access };
    let (steps, answer) = chain.explain(token, &issued, now()).await;
    refreshes.iter().for_each(tokio::task::JoinHandle::abort);
    output::print(format_args!("token {}, {} bytes\n", TokenId::of(token), token.len()))?;
    for step in steps {
        output::print(format_args!("  passed  {step}\n"))?;
    }
    let (line, code) = verdict(&answer);
    output::print(format_args!("{line}\n"))?;
    Ok(ExitCode::from(code))
}

/// The tokens that were made here; none where there is no database yet.
async fn lists(
    flags: Flags,
    tenant: Option<&TenantName>,
) -> Result<(TokenList, AccessTokens), Failure> {
    let place = wiring::Place::of(flags)?;
    if !provost_sqlite::is_there(&place.data) {
        return Ok((TokenList::default(), AccessTokens::default()));
    }
    let store = wiring::open_beside(&place)?;
    let tenant = tenants::id(&store, tenant).await?;
    let tokens = read(&store, tenant).await.map_err(Failure::unable("read the tokens"))?;
    let access = read(&store, tenant).await.map_err(Failure::unable("read the tokens"))?;
    Ok((tokens, access))
}

/// The last line and the exit code: 0 accepted, 1 refused, 3 for want of keys.
fn verdict(answer: &Answer) -> (String, u8) {
    match answer {
        Answer::Accepted(caller) => run_as(caller),
        Answer::Rejected(reason) => (format!("  REFUSED {reason}\n401: the token is refused"), 1),
        Answer::NotMine => ("401: nobody knows this kind of token".to_owned(), 1),
        Answer::Unavailable(reason) => (format!("  STOPPED {reason}\n503: no verdict"), 3),
    }
}

fn run_as(caller: &Caller) -> (String, u8) {
    let Caller { principal, rights, .. } = caller;
    let rights = rights.word();
    match &caller.run_as {
        RunAs::Own => (format!("accepted: {principal}, with the rights {rights}"), 0),
        RunAs::User(name) => match principal::run_as(name) {
            Ok(_) => {
                (format!("accepted: {principal}, with the rights {rights}, running as {name}"), 0)
            }
            Err(RunAsError::Unknown) => (
                format!(
                    "accepted: {principal}, with the rights {rights}, running as {name}, if the \
                     table AdministratorAccounts names this user, who must be enabled; else 403"
                ),
                0,
            ),
            Err(reason) => {
                (format!("  REFUSED running as {name}: {reason}\n403: nobody to run as"), 1)
            }
        },
    }
}
