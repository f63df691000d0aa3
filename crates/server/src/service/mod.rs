//! The subsystem's services, as the platform offers them: `POST …/Services/<Name>` with the
//! parameters as a JSON object, answered by an InfoTable.

mod general;
mod parameter;
mod table;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use provost_auth::Rights;
use provost_platform::info_table::InfoTable;
use provost_platform::state::State;
use provost_platform::table::Table;
use provost_scim::value::Mode;
use provost_store::Cause;
use serde_json::Value;
use tracing::info;

use crate::cause::cause;
use crate::context::{App, Call};
use crate::error::Error;
use crate::lifecycle::{Steering, steer};
use crate::respond::{MediaType, Response, json};
use crate::tenant::Tenant;
use crate::worker::in_time;
use crate::{body, door};

use parameter::Parameters;

/// The platform's header for application keys, which are our tokens.
const APP_KEY: &str = "appKey";

/// The longest body: configuration tables.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Start,
    Stop,
    Restart,
    IsRunning,
    GetSubsystemState,
    GetPerformanceMetrics,
    ResetPerformanceMetrics,
    /// The rows of a table, under the name that the platform has for it.
    Get(Table),
    /// The same, to set them.
    Set(Table),
    GetConfigurationTables,
    GetConfigurationTable,
    GetConfigurationTableRow,
    SetConfigurationTable,
    SetMultiRowConfigurationTable,
    SetConfigurationTableRows,
    DeleteConfigurationTableRows,
    DeleteAllConfigurationTableRows,
    SaveConfigurationTables,
    AddConfigurationTableDefinition,
    GetConfigurationChangeHistory,
    GetDescription,
    GetSummary,
    GetMetadata,
}

/// Tables that have services of their own: table, service to get, service to set, parameter.
const TABLES: [(Table, &str, &str, &str); 6] = [
    (
        Table::ProvisioningOptions,
        "GetProvisioningOptions",
        "SetProvisioningOptions",
        "provisioningOptions",
    ),
    (
        Table::UserExclusions,
        "GetUserProvisioningExclusionList",
        "SetUserProvisioningExclusionList",
        "users",
    ),
    (
        Table::GroupExclusions,
        "GetGroupProvisioningExclusionList",
        "SetGroupProvisioningExclusionList",
        "groups",
    ),
    (
        Table::UserDefaults,
        "GetUserProvisioningDefaults",
        "SetUserProvisioningDefaults",
        "userDefaults",
    ),
    (
        Table::GroupDefaults,
        "GetGroupProvisioningDefaults",
        "SetGroupProvisioningDefaults",
        "groupDefaults",
    ),
    (
        Table::GroupMappings,
        "GetProvisioningUserGroupMappings",
        "SetProvisioningUserGroupMappings",
        "groupMappings",
    ),
];

impl Service {
    const OTHERS: [Self; 21] = [
        Self::Start,
        Self::Stop,
        Self::Restart,
        Self::IsRunning,
        Self::GetSubsystemState,
        Self::GetPerformanceMetrics,
        Self::ResetPerformanceMetrics,
        Self::GetConfigurationTables,
        Self::GetConfigurationTable,
        Self::GetConfigurationTableRow,
        Self::SetConfigurationTable,
        Self::SetMultiRowConfigurationTable,
        Self::SetConfigurationTableRows,
        Self::DeleteConfigurationTableRows,
        Self::DeleteAllConfigurationTableRows,
        Self::SaveConfigurationTables,
        Self::AddConfigurationTableDefinition,
        Self::GetConfigurationChangeHistory,
        Self::GetDescription,
        Self::GetSummary,
        Self::GetMetadata,
    ];

    /// All services.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let of_tables = TABLES.into_iter().flat_map(|(it, ..)| [Self::Get(it), Self::Set(it)]);
        Self::OTHERS.into_iter().chain(of_tables)
    }

    /// Whether it decides what others may do.
    const fn decides(self) -> bool {
        match self {
            Self::Set(_)
            | Self::SetConfigurationTable
            | Self::SetMultiRowConfigurationTable
            | Self::SetConfigurationTableRows
            | Self::DeleteConfigurationTableRows
            | Self::DeleteAllConfigurationTableRows
            | Self::SaveConfigurationTables
            | Self::AddConfigurationTableDefinition
            | Self::ResetPerformanceMetrics => true,
            Self::Start
            | Self::Stop
            | Self::Restart
            | Self::IsRunning
            | Self::GetSubsystemState
            | Self::GetPerformanceMetrics
            | Self::Get(_)
            | Self::GetConfigurationTables
            | Self::GetConfigurationTable
            | Self::GetConfigurationTableRow
            | Self::GetConfigurationChangeHistory
            | Self::GetDescription
            | Self::GetSummary
            | Self::GetMetadata => false,
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().find(|it| it.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        let of = |table| TABLES.into_iter().find(|(it, ..)| *it == table);
        match self {
            Self::Start => "Start",
            Self::Stop => "Stop",
            Self::Restart => "Restart",
            Self::IsRunning => "IsRunning",
            Self::GetSubsystemState => "GetSubsystemState",
            Self::GetPerformanceMetrics => "GetPerformanceMetrics",
            Self::ResetPerformanceMetrics => "ResetPerformanceMetrics",
            Self::Get(table) => of(table).map_or("", |(_, get, ..)| get),
            Self::Set(table) => of(table).map_or("", |(_, _, set, _)| set),
            Self::GetConfigurationTables => "GetConfigurationTables",
            Self::GetConfigurationTable => "GetConfigurationTable",
            Self::GetConfigurationTableRow => "GetConfigurationTableRow",
            Self::SetConfigurationTable => "SetConfigurationTable",
            Self::SetMultiRowConfigurationTable => "SetMultiRowConfigurationTable",
            Self::SetConfigurationTableRows => "SetConfigurationTableRows",
            Self::DeleteConfigurationTableRows => "DeleteConfigurationTableRows",
            Self::DeleteAllConfigurationTableRows => "DeleteAllConfigurationTableRows",
            Self::SaveConfigurationTables => "SaveConfigurationTables",
            Self::AddConfigurationTableDefinition => "AddConfigurationTableDefinition",
            Self::GetConfigurationChangeHistory => "GetConfigurationChangeHistory",
            Self::GetDescription => "GetDescription",
            Self::GetSummary => "GetSummary",
            Self::GetMetadata => "GetMetadata",
        }
    }
}

/// What a service works with.
struct Asked<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    cause: Cause,
    parameters: Parameters,
}

/// Runs a service, in every state of the subsystem.
pub(crate) async fn answer(call: Call, service: Service) -> Result<Response, Error> {
    let Call { app, line, tenant, peer, client, mut head, body } = call;
    accept_app_key(&mut head.headers);
    let from = door::From { peer: &peer, client: &client };
    let authenticating = door::authenticate(&app, &tenant, from, &head.headers, &line);
    let caller = in_time(&app, authenticating).await?;
    match service.decides() {
        true => door::check_operator(&caller)?,
        false => door::check_rights(&caller, Rights::Administer)?,
    }
    body::check_kind(&head.headers, &body, Mode::Lenient)?;
    let body = body::read_at_most(body, &app.limits, &tenant.bodies, BODY_BYTES_MAX).await?;
    line.received(body.bytes.len());
    let (document, _room) = match body.bytes.is_empty() {
        true => (Value::Null, None),
        false => {
            let (document, room) = body::document(body, &app.limits).await?;
            (document, Some(room))
        }
    };
    let (parameters, cause) = (Parameters::new(document)?, cause(&line, &caller, &client));
    let steering = match service {
        Service::Start => Some(Steering::Start),
        Service::Stop => Some(Steering::Stop),
        Service::Restart => Some(Steering::Restart),
        _ => None,
    };
    if let Some(steering) = steering {
        info!(request.id = %line.id(), caller = %caller.principal, "{} asked for", service.name());
        steer(app, cause, steering).await?;
        return Ok(json(StatusCode::OK, MediaType::Json, &InfoTable::nothing()));
    }
    let asked = Asked { app: &app, tenant: &tenant, cause, parameters };
    let table = in_time(&app, run(&asked, service)).await?;
    Ok(json(StatusCode::OK, MediaType::Json, &table))
}

async fn run(asked: &Asked<'_>, service: Service) -> Result<InfoTable, Error> {
    let subsystem = &asked.app.parts.subsystem;
    match service {
        Service::IsRunning => Ok(InfoTable::boolean(subsystem.state() == State::Running)),
        Service::GetSubsystemState => Ok(InfoTable::string(subsystem.state().name())),
        Service::GetPerformanceMetrics => general::metrics(asked).await,
        Service::ResetPerformanceMetrics => Ok(general::reset_metrics(asked)),
        Service::GetDescription => Ok(InfoTable::string(general::DESCRIPTION)),
        Service::GetSummary => Ok(general::summary(asked)),
        Service::GetMetadata => Ok(general::metadata()),
        Service::Get(table) => table::get(asked, table).await,
        Service::Set(table) => {
            let name = TABLES.into_iter().find(|(it, ..)| *it == table).map(|(.., name)| name);
            table::set(asked, table, name.unwrap_or_default()).await
        }
        Service::GetConfigurationTables => Ok(table::list()),
        Service::GetConfigurationTable => table::get(asked, asked.parameters.table()?).await,
        Service::GetConfigurationTableRow => table::row(asked).await,
        Service::SetConfigurationTable | Service::SetMultiRowConfigurationTable => {
            table::set(asked, asked.parameters.table()?, "configurationTable").await
        }
        Service::SetConfigurationTableRows => table::set_rows(asked).await,
        Service::DeleteConfigurationTableRows => table::delete_rows(asked).await,
        Service::DeleteAllConfigurationTableRows => table::delete_all(asked).await,
        // What is set is saved.
        Service::SaveConfigurationTables => Ok(InfoTable::nothing()),
        Service::AddConfigurationTableDefinition => Err(table::no_definition()),
        Service::GetConfigurationChangeHistory => table::history(asked).await,
        Service::Start | Service::Stop | Service::Restart => Ok(InfoTable::nothing()),
    }
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
