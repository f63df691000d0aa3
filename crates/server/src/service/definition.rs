//! The subsystem's services: name, category, parameters and result of each, in one table.

use provost_platform::info_table::BaseType;
use provost_platform::table::Table;

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

/// What is said of a service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) service: Service,
    pub(crate) name: &'static str,
    pub(crate) category: &'static str,
    pub(crate) description: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) result: BaseType,
    /// It decides what others may do.
    pub(crate) decides: bool,
}

/// What a service is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) base_type: BaseType,
    pub(crate) description: &'static str,
    pub(crate) is_required: bool,
}

// The categories.
const LIFECYCLE: &str = "Lifecycle";
const MONITORING: &str = "Monitoring";
const METRICS: &str = "Metrics";
const SCIM: &str = "SCIM";
const CONFIGURATION: &str = "Configuration";
const GENERAL: &str = "General";

const fn parameter(
    name: &'static str,
    base_type: BaseType,
    is_required: bool,
    description: &'static str,
) -> Parameter {
    Parameter { name, base_type, description, is_required }
}

const TABLE_NAME: Parameter =
    parameter("tableName", BaseType::String, true, "The name of the table");
const KEY: Parameter =
    parameter("key", BaseType::String, false, "The value of the first column of the row");
const INDEX: Parameter =
    parameter("index", BaseType::Integer, false, "The place of the row, from 0, without a key");
const REASON: Parameter =
    parameter("changeReason", BaseType::String, false, "Why, as the history says");

/// A service that shows.
const fn shows(
    service: Service,
    (category, name): (&'static str, &'static str),
    parameters: &'static [Parameter],
    result: BaseType,
    description: &'static str,
) -> Definition {
    Definition { service, name, category, description, parameters, result, decides: false }
}

/// A service that does something.
const fn does(
    service: Service,
    (category, name): (&'static str, &'static str),
    parameters: &'static [Parameter],
    description: &'static str,
) -> Definition {
    let decides = !service.steers();
    let result = BaseType::Nothing;
    Definition { service, name, category, description, parameters, result, decides }
}

const fn rows(name: &'static str) -> Parameter {
    parameter(name, BaseType::Infotable, true, "The rows: an InfoTable, or an array of objects")
}

/// All services.
pub(crate) static DEFINITIONS: [Definition; 33] = [
    does(Service::Start, (LIFECYCLE, "Start"), &[], "Starts the subsystem: SCIM is served"),
    does(
        Service::Stop,
        (LIFECYCLE, "Stop"),
        &[],
        "Stops the subsystem when the requests in work are done",
    ),
    does(Service::Restart, (LIFECYCLE, "Restart"), &[], "Stops the subsystem and starts it"),
    shows(
        Service::IsRunning,
        (MONITORING, "IsRunning"),
        &[],
        BaseType::Boolean,
        "Whether SCIM is served",
    ),
    shows(
        Service::GetSubsystemState,
        (MONITORING, "GetSubsystemState"),
        &[],
        BaseType::String,
        "The state of the subsystem",
    ),
    shows(
        Service::GetPerformanceMetrics,
        (METRICS, "GetPerformanceMetrics"),
        &[],
        BaseType::Infotable,
        "What is counted",
    ),
    does(
        Service::ResetPerformanceMetrics,
        (METRICS, "ResetPerformanceMetrics"),
        &[],
        "Counts from 0 again",
    ),
    shows(
        Service::Get(Table::ProvisioningOptions),
        (SCIM, "GetProvisioningOptions"),
        &[],
        BaseType::Infotable,
        "Shows what happens to sessions when the configuration changes",
    ),
    does(
        Service::Set(Table::ProvisioningOptions),
        (SCIM, "SetProvisioningOptions"),
        &[rows("provisioningOptions"), REASON],
        "Sets what happens to sessions when the configuration changes",
    ),
    shows(
        Service::Get(Table::UserExclusions),
        (SCIM, "GetUserProvisioningExclusionList"),
        &[],
        BaseType::Infotable,
        "Shows the users whom SCIM leaves alone",
    ),
    does(
        Service::Set(Table::UserExclusions),
        (SCIM, "SetUserProvisioningExclusionList"),
        &[rows("users"), REASON],
        "Sets the users whom SCIM leaves alone",
    ),
    shows(
        Service::Get(Table::GroupExclusions),
        (SCIM, "GetGroupProvisioningExclusionList"),
        &[],
        BaseType::Infotable,
        "Shows the groups that SCIM leaves alone",
    ),
    does(
        Service::Set(Table::GroupExclusions),
        (SCIM, "SetGroupProvisioningExclusionList"),
        &[rows("groups"), REASON],
        "Sets the groups that SCIM leaves alone",
    ),
    shows(
        Service::Get(Table::UserDefaults),
        (SCIM, "GetUserProvisioningDefaults"),
        &[],
        BaseType::Infotable,
        "Shows what provisioned users begin with",
    ),
    does(
        Service::Set(Table::UserDefaults),
        (SCIM, "SetUserProvisioningDefaults"),
        &[rows("userDefaults"), REASON],
        "Sets what provisioned users begin with",
    ),
    shows(
        Service::Get(Table::GroupDefaults),
        (SCIM, "GetGroupProvisioningDefaults"),
        &[],
        BaseType::Infotable,
        "Shows what provisioned groups begin with",
    ),
    does(
        Service::Set(Table::GroupDefaults),
        (SCIM, "SetGroupProvisioningDefaults"),
        &[rows("groupDefaults"), REASON],
        "Sets what provisioned groups begin with",
    ),
    shows(
        Service::Get(Table::GroupMappings),
        (SCIM, "GetProvisioningUserGroupMappings"),
        &[],
        BaseType::Infotable,
        "Shows which group of the platform a group of the identity provider is",
    ),
    does(
        Service::Set(Table::GroupMappings),
        (SCIM, "SetProvisioningUserGroupMappings"),
        &[rows("groupMappings"), REASON],
        "Sets which group of the platform a group of the identity provider is",
    ),
    shows(
        Service::GetConfigurationTables,
        (CONFIGURATION, "GetConfigurationTables"),
        &[],
        BaseType::Infotable,
        "The tables that there are",
    ),
    shows(
        Service::GetConfigurationTable,
        (CONFIGURATION, "GetConfigurationTable"),
        &[TABLE_NAME],
        BaseType::Infotable,
        "The rows of a table",
    ),
    shows(
        Service::GetConfigurationTableRow,
        (CONFIGURATION, "GetConfigurationTableRow"),
        &[TABLE_NAME, KEY, INDEX],
        BaseType::Infotable,
        "One row of a table",
    ),
    does(
        Service::SetConfigurationTable,
        (CONFIGURATION, "SetConfigurationTable"),
        &[TABLE_NAME, rows("configurationTable"), REASON],
        "Sets the rows of a table",
    ),
    does(
        Service::SetMultiRowConfigurationTable,
        (CONFIGURATION, "SetMultiRowConfigurationTable"),
        &[TABLE_NAME, rows("configurationTable"), REASON],
        "Sets the rows of a table",
    ),
    does(
        Service::SetConfigurationTableRows,
        (CONFIGURATION, "SetConfigurationTableRows"),
        &[TABLE_NAME, rows("values"), REASON],
        "Sets rows, each in place of the one with the same first column",
    ),
    does(
        Service::DeleteConfigurationTableRows,
        (CONFIGURATION, "DeleteConfigurationTableRows"),
        &[TABLE_NAME, rows("values"), REASON],
        "Removes the rows with the same first column",
    ),
    does(
        Service::DeleteAllConfigurationTableRows,
        (CONFIGURATION, "DeleteAllConfigurationTableRows"),
        &[TABLE_NAME, REASON],
        "Removes all rows; a table of one row has its defaults again",
    ),
    does(
        Service::SaveConfigurationTables,
        (CONFIGURATION, "SaveConfigurationTables"),
        &[],
        "Does nothing: what is set is saved",
    ),
    does(
        Service::AddConfigurationTableDefinition,
        (CONFIGURATION, "AddConfigurationTableDefinition"),
        &[],
        "Is refused: the tables are fixed",
    ),
    shows(
        Service::GetConfigurationChangeHistory,
        (CONFIGURATION, "GetConfigurationChangeHistory"),
        &[],
        BaseType::Infotable,
        "Who changed which table, when and why",
    ),
    shows(
        Service::GetDescription,
        (GENERAL, "GetDescription"),
        &[],
        BaseType::String,
        "What the subsystem is",
    ),
    shows(
        Service::GetSummary,
        (GENERAL, "GetSummary"),
        &[],
        BaseType::Infotable,
        "Name, description and state",
    ),
    shows(
        Service::GetMetadata,
        (GENERAL, "GetMetadata"),
        &[],
        BaseType::Infotable,
        "The services and the tables",
    ),
];

impl Service {
    const fn steers(self) -> bool {
        matches!(self, Self::Start | Self::Stop | Self::Restart)
    }
}

impl Definition {
    /// Whether it starts or stops the subsystem.
    pub(super) const fn steers(&self) -> bool {
        self.service.steers()
    }

    /// The service of a name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        DEFINITIONS.iter().find(|it| it.name == name)
    }

    /// The name of the parameter that holds rows.
    pub(super) fn rows(&self) -> &'static str {
        let rows = self.parameters.iter().find(|it| it.base_type == BaseType::Infotable);
        rows.map_or("", |it| it.name)
    }
}
