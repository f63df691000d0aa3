//! The subsystem's services, as the platform offers them: `POST …/Services/<Name>` with the
//! parameters as a JSON object, answered by an InfoTable.

mod definition;
mod general;
mod parameter;
mod table;

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use provost_auth::{Caller, Rights};
use provost_platform::info_table::InfoTable;
use provost_platform::state::State;
use provost_scim::value::Mode;
use provost_store::Cause;
use serde_json::Value;
use tracing::info;

use crate::cause::cause;
use crate::context::{App, Call};
use crate::error::Error;
use crate::lifecycle::{Steering, steer};
use crate::request_line::RequestLine;
use crate::respond::{MediaType, Response, json};
use crate::tenant::Tenant;
use crate::worker::in_time;
use crate::{body, door};

use definition::Service;
pub(crate) use definition::{DEFINITIONS, Definition, Parameter};
pub(crate) use general::{DESCRIPTION, NAME};
use parameter::Parameters;

/// The platform's header for application keys, which are our tokens.
const APP_KEY: &str = "appKey";

/// The longest body: configuration tables.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A service that is asked for, once it is known who asks.
pub(crate) struct Invocation<'a> {
    pub(crate) app: &'a Arc<App>,
    pub(crate) tenant: &'a Tenant,
    pub(crate) line: &'a RequestLine,
    pub(crate) caller: &'a Caller,
    pub(crate) cause: Cause,
    pub(crate) parameters: Value,
}

/// What a service works with.
struct Asked<'a> {
    app: &'a Arc<App>,
    tenant: &'a Tenant,
    cause: Cause,
    parameters: Parameters,
}

/// Answers who asks for a service, in every state of the subsystem.
pub(crate) async fn answer(call: Call, definition: &'static Definition) -> Result<Response, Error> {
    let Call { app, line, tenant, peer, client, mut head, body } = call;
    accept_app_key(&mut head.headers);
    let from = door::From { peer: &peer, client: &client };
    let authenticating = door::authenticate(&app, &tenant, from, &head.headers, &line);
    let caller = in_time(&app, authenticating).await?;
    match definition.decides {
        true => door::check_operator(&caller)?,
        false => door::check_rights(&caller, Rights::Administer)?,
    }
    body::check_kind(&head.headers, &body, Mode::Lenient)?;
    let body = body::read_at_most(body, &app.limits, &tenant.bodies, BODY_BYTES_MAX).await?;
    line.received(body.bytes.len());
    let (parameters, _room) = match body.bytes.is_empty() {
        true => (Value::Null, None),
        false => {
            let (document, room) = body::document(body, &app.limits).await?;
            (document, Some(room))
        }
    };
    let cause = cause(&line, &caller, &client);
    let (app, tenant, line, caller) = (&app, &*tenant, &*line, &caller);
    let invocation = Invocation { app, tenant, line, caller, cause, parameters };
    let table = invoke(invocation, definition).await?;
    Ok(json(StatusCode::OK, MediaType::Json, &table))
}

/// Runs a service.
///
/// # Errors
/// Its parameters are wrong, or the subsystem, the configuration or the store cannot do it.
pub(crate) async fn invoke(
    invocation: Invocation<'_>,
    definition: &Definition,
) -> Result<InfoTable, Error> {
    let Invocation { app, tenant, line, caller, cause, parameters } = invocation;
    let parameters = Parameters::new(parameters)?;
    let asked = Asked { app, tenant, cause, parameters };
    let work = run(&asked, definition);
    match definition.steers() {
        // Stopping takes its own time.
        true => {
            let caller = &caller.principal;
            info!(request.id = %line.id(), caller = %caller, "{} asked for", definition.name);
            Box::pin(work).await
        }
        false => in_time(app, work).await,
    }
}

async fn run(asked: &Asked<'_>, definition: &Definition) -> Result<InfoTable, Error> {
    let subsystem = &asked.app.parts.subsystem;
    match definition.service {
        Service::Start => steered(asked, Steering::Start).await,
        Service::Stop => steered(asked, Steering::Stop).await,
        Service::Restart => steered(asked, Steering::Restart).await,
        Service::IsRunning => Ok(InfoTable::boolean(subsystem.state() == State::Running)),
        Service::GetSubsystemState => Ok(InfoTable::string(subsystem.state().name())),
        Service::GetPerformanceMetrics => general::metrics(asked).await,
        Service::ResetPerformanceMetrics => Ok(general::reset_metrics(asked)),
        Service::GetDescription => Ok(InfoTable::string(DESCRIPTION)),
        Service::GetSummary => Ok(general::summary(asked)),
        Service::GetMetadata => Ok(general::metadata()),
        Service::Get(table) => table::get(asked, table).await,
        Service::Set(table) => table::set(asked, table, definition.rows()).await,
        Service::GetConfigurationTables => Ok(table::list()),
        Service::GetConfigurationTable => table::get(asked, asked.parameters.table()?).await,
        Service::GetConfigurationTableRow => table::row(asked).await,
        Service::SetConfigurationTable | Service::SetMultiRowConfigurationTable => {
            table::set(asked, asked.parameters.table()?, definition.rows()).await
        }
        Service::SetConfigurationTableRows => table::set_rows(asked, definition.rows()).await,
        Service::DeleteConfigurationTableRows => table::delete_rows(asked, definition.rows()).await,
        Service::DeleteAllConfigurationTableRows => table::delete_all(asked).await,
        // What is set is saved.
        Service::SaveConfigurationTables => Ok(InfoTable::nothing()),
        Service::AddConfigurationTableDefinition => Err(table::no_definition()),
        Service::GetConfigurationChangeHistory => table::history(asked).await,
    }
}

async fn steered(asked: &Asked<'_>, steering: Steering) -> Result<InfoTable, Error> {
    steer(asked.app.clone(), asked.cause.clone(), steering).await?;
    Ok(InfoTable::nothing())
}

/// Takes an application key for a bearer token, where there is none.
fn accept_app_key(headers: &mut HeaderMap) {
    if headers.contains_key(AUTHORIZATION) {
        return;
    }
    let key = headers.get(APP_KEY).and_then(|it| it.to_str().ok());
    let value = key.and_then(|key| HeaderValue::from_str(&format!("Bearer {key}")).ok());
    if let Some(mut value) = value {
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
}
