//! The platform's own switches: `SCIMSettings`, and `EnableSSO` of `BasicSettings`.

use super::block::{Block, Setting};
use super::inputs::Inputs;
use super::kind::Switch;

/// Whether and how the SCIM subsystem runs (`PlatformSettingsConfig.SCIMSettings`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scim {
    /// The subsystem exists; otherwise it is DISABLED and the SCIM paths answer 404.
    pub enabled: bool,
    /// The subsystem starts with the server; otherwise somebody starts it.
    pub auto_start: bool,
    /// Test connections of a PingFederate server are answered without a warning in the log.
    pub ignore_pf_test_connections: bool,
}

pub(crate) fn read(block: &mut Block<'_, '_>, inputs: &Inputs) -> Scim {
    Scim {
        enabled: block.get_over(
            &Switch,
            Setting {
                name: "enableSCIM",
                default: false,
                why: "Nothing is provisioned until this is true: SCIM paths answer 404.",
            },
            inputs.given_variable("ENABLE_SCIM"),
        ),
        auto_start: block.get_over(
            &Switch,
            Setting {
                name: "autoStart",
                default: false,
                why: "If false, provisioning waits after each restart until somebody calls the \
                      service Start; SCIM paths answer 503 until then.",
            },
            inputs.given_variable("SCIM_AUTOSTART"),
        ),
        ignore_pf_test_connections: block.get(
            &Switch,
            Setting {
                name: "ignorePFTestConnections",
                default: true,
                why: "Accepted for PingFederate, whose test connections look up users that \
                      nobody has.",
            },
        ),
    }
}

pub(crate) fn read_sso_enabled(block: &mut Block<'_, '_>, inputs: &Inputs) -> bool {
    block.ignore(&BASIC_SETTINGS);
    block.get_over(
        &Switch,
        Setting {
            name: "EnableSSO",
            default: false,
            why: "SCIM is served only while single sign-on is on: SCIM paths answer 404 \
                  otherwise.",
        },
        inputs.given_variable("ENABLE_SSO"),
    )
}

/// What platform-settings.json may hold beside what is read here.
pub(crate) const OUTERMOST: [&str; 2] =
    ["PersistenceProviderPackageConfigs", "AuthorizationServersSettings"];

/// The other objects of `PlatformSettingsConfig`, as the platform documents them.
pub(crate) const PLATFORM_SETTINGS_CONFIG: [&str; 13] = [
    "AdministratorUserSettings",
    "ApplicationKeySettings",
    "AuthorizationServersSettings",
    "ClusteredModeSettings",
    "ContentTypeSettings",
    "DomainConfiguration",
    "ExtensionPackageImportPolicy",
    "HASettings",
    "LicensingConnectionSettings",
    "OrchestrationSettings",
    "PropertyTransformConfig",
    "ProxySettings",
    "SolutionCentralSettings",
];

/// The other names of `PlatformSettingsConfig.BasicSettings`, as the platform documents them.
const BASIC_SETTINGS: [&str; 22] = [
    "BackupStorage",
    "DatabaseLogRetentionPolicy",
    "DatabaseWriteRetryAttempts",
    "EnableBackup",
    "EnableClusteredMode",
    "EnableContentSecurityPolicyFilter",
    "EnableHA",
    "EnableSystemLogging",
    "FileRepositoryRoot",
    "FileTransferLockType",
    "HTTPRequestHeaderMaxLength",
    "HTTPRequestParameterMaxLength",
    "InternalAesCryptographicKeyLength",
    "MashupWebsocketConnectionAliveAfterTimeout",
    "MaxSearchItems",
    "MetricsLoggingFrequency",
    "MetricsLoggingLevel",
    "MetricsReportingEnabled",
    "NonceKeyTimeout",
    "ScriptTimeout",
    "SessionUpdateDelay",
    "Storage",
];
