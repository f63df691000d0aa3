//! What the tables say, as plain data.

use serde_json::Value;

use super::configuration::{Configuration, text};
use super::row::Row;
use super::shape::Table;

/// What the configuration tables of a tenant say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioning {
    /// A saved configuration ends all sessions but those of excluded users.
    pub ends_sessions: bool,
    /// Users whom SCIM leaves alone.
    pub excluded_users: Vec<String>,
    /// Groups that SCIM leaves alone.
    pub excluded_groups: Vec<String>,
    /// What provisioned users begin with.
    pub user_defaults: Defaults,
    /// What provisioned groups begin with.
    pub group_defaults: Defaults,
    /// Which groups of the platform groups of the identity provider are.
    pub group_mappings: Vec<GroupMapping>,
    /// A login may create the user.
    pub login_creates: bool,
    /// A login may change the user.
    pub login_changes: bool,
    /// Users who administer the platform, beside its own.
    pub administrators: Vec<String>,
    /// What becomes of local accounts that the identity provider has too.
    pub local_accounts: Adoption,
    /// An update gives defaults to what has no value.
    pub defaults_on_update: bool,
    /// A `userName` never changes.
    pub immutable_user_name: bool,
    /// Names of users obey the platform's rules.
    pub name_rules: bool,
    /// The most users.
    pub user_limit: Option<u64>,
    /// The most groups.
    pub group_limit: Option<u64>,
    /// How many days deleted users and groups can be restored.
    pub keep_deleted_days: Option<u32>,
    /// How many days rows of the audit trail stay.
    pub keep_audit_days: Option<u32>,
    /// Where properties of the platform's users come from: name and SCIM path.
    pub property_mappings: Vec<(String, String)>,
}

/// What a provisioned user or group begins with; empty where nothing is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Defaults {
    /// The description.
    pub description: String,
    /// The project.
    pub project_name: String,
    /// The home mashup; users alone have one.
    pub home_mashup: String,
    /// The home mashup on mobile devices; users alone have one.
    pub mobile_mashup: String,
    /// The tags, each as `vocabulary:term`.
    pub tags: Vec<String>,
}

/// A group of the identity provider and the platform's group that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMapping {
    /// The `displayName` that the identity provider sends.
    pub identity_provider: String,
    /// The name of the platform's group.
    pub platform: String,
}

/// What becomes of a local account that the identity provider has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adoption {
    /// From its first write on it is provisioned.
    Adopt,
    /// An administrator decides.
    Review,
    /// It stays as it is.
    Refuse,
}

impl Provisioning {
    /// What a configuration says.
    #[must_use]
    pub fn of(configuration: &Configuration) -> Self {
        let names = |table: Table, column: &str| {
            let rows = configuration.rows(table).iter();
            rows.map(|row| text(row, column).to_owned()).collect::<Vec<_>>()
        };
        let one = |table: Table| configuration.rows(table).first().cloned().unwrap_or_default();
        let (login, policy) = (one(Table::LoginOptions), one(Table::Policy));
        let mapping = |row: &Row| GroupMapping {
            identity_provider: text(row, "identityProviderGroupName").to_owned(),
            platform: text(row, "twxGroupName").to_owned(),
        };
        let property =
            |row: &Row| (text(row, "propertyName").to_owned(), text(row, "scimPath").to_owned());
        let days = |column| count(&policy, column).and_then(|it| u32::try_from(it).ok());
        Self {
            ends_sessions: flag(
                &one(Table::ProvisioningOptions),
                "terminateUserSessionsOnConfigChange",
            ),
            excluded_users: names(Table::UserExclusions, "thingworxUserName"),
            excluded_groups: names(Table::GroupExclusions, "thingworxGroupName"),
            user_defaults: Defaults::of(&one(Table::UserDefaults), "userDefault"),
            group_defaults: Defaults::of(&one(Table::GroupDefaults), "groupDefault"),
            group_mappings: configuration.rows(Table::GroupMappings).iter().map(mapping).collect(),
            login_creates: flag(&login, "userCreationEnabled"),
            login_changes: flag(&login, "userModificationEnabled"),
            administrators: names(Table::Administrators, "thingworxUserName"),
            local_accounts: match text(&policy, "localAccounts") {
                "review" => Adoption::Review,
                "refuse" => Adoption::Refuse,
                _ => Adoption::Adopt,
            },
            defaults_on_update: flag(&policy, "applyDefaultsOnUpdate"),
            immutable_user_name: flag(&policy, "immutableUserName"),
            name_rules: flag(&policy, "enforceNameRules"),
            user_limit: count(&policy, "userLimit"),
            group_limit: count(&policy, "groupLimit"),
            keep_deleted_days: days("keepDeletedDays"),
            keep_audit_days: days("keepAuditDays"),
            property_mappings: configuration
                .rows(Table::PropertyMappings)
                .iter()
                .map(property)
                .collect(),
        }
    }
}

impl Defaults {
    fn of(row: &Row, prefix: &str) -> Self {
        let column = |name: &str| text(row, &format!("{prefix}{name}")).to_owned();
        let tags = row.get(&format!("{prefix}Tags")).and_then(Value::as_array);
        let tag = |tag: &Value| {
            let part = |name| tag.get(name).and_then(Value::as_str);
            Some(format!("{}:{}", part("vocabulary")?, part("vocabularyTerm")?))
        };
        Self {
            description: column("Description"),
            project_name: column("ProjectName"),
            home_mashup: column("HomeMashupName"),
            mobile_mashup: column("MobileMashupName"),
            tags: tags.into_iter().flatten().filter_map(tag).collect(),
        }
    }
}

fn flag(row: &Row, column: &str) -> bool {
    row.get(column).and_then(Value::as_bool).unwrap_or_default()
}

/// 0 stands for none.
fn count(row: &Row, column: &str) -> Option<u64> {
    row.get(column).and_then(Value::as_u64).filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::super::Change;
    use super::*;
    use serde_json::json;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table: each column once, and what it is read as")]
    fn each_table_is_read() {
        let change = |table, rows: Value| Change { table, rows: rows.as_array().unwrap().clone() };
        let configuration = Configuration::default()
            .with(&[
                change(
                    Table::ProvisioningOptions,
                    json!([{"terminateUserSessionsOnConfigChange": true}]),
                ),
                change(Table::UserExclusions, json!([{"thingworxUserName": "kiosk"}])),
                change(
                    Table::UserDefaults,
                    json!([{
                        "userDefaultDescription": "d", "userDefaultProjectName": "p",
                        "userDefaultHomeMashupName": "h", "userDefaultMobileMashupName": "m",
                        "userDefaultTags": "a:b",
                    }]),
                ),
                change(Table::GroupDefaults, json!([{"groupDefaultProjectName": "q"}])),
                change(
                    Table::GroupMappings,
                    json!([{"identityProviderGroupName": "e", "twxGroupName": "t"}]),
                ),
                change(Table::Administrators, json!([{"thingworxUserName": "ann"}])),
                change(Table::LoginOptions, json!([{"userModificationEnabled": false}])),
                change(
                    Table::Policy,
                    json!([{
                        "localAccounts": "review", "applyDefaultsOnUpdate": true,
                        "immutableUserName": true, "enforceNameRules": true, "userLimit": 5,
                        "keepDeletedDays": 30,
                    }]),
                ),
                change(
                    Table::PropertyMappings,
                    json!([{"propertyName": "title", "scimPath": "nickName"}]),
                ),
            ])
            .unwrap();
        insta::assert_debug_snapshot!(Provisioning::of(&configuration), @r#"
        Provisioning {
            ends_sessions: true,
            excluded_users: [
                "Administrator",
                "SuperUser",
                "System",
                "kiosk",
            ],
            excluded_groups: [
                "Administrators",
                "ComposerUsers",
                "Designers",
                "Developers",
                "Guests",
                "SecurityAdministrators",
                "SolutionCentralDevelopers",
                "SolutionCentralSiteAdministrators",
                "Users",
            ],
            user_defaults: Defaults {
                description: "d",
                project_name: "p",
                home_mashup: "h",
                mobile_mashup: "m",
                tags: [
                    "a:b",
                ],
            },
            group_defaults: Defaults {
                description: "",
                project_name: "q",
                home_mashup: "",
                mobile_mashup: "",
                tags: [],
            },
            group_mappings: [
                GroupMapping {
                    identity_provider: "e",
                    platform: "t",
                },
            ],
            login_creates: true,
            login_changes: false,
            administrators: [
                "ann",
            ],
            local_accounts: Review,
            defaults_on_update: true,
            immutable_user_name: true,
            name_rules: true,
            user_limit: Some(
                5,
            ),
            group_limit: None,
            keep_deleted_days: Some(
                30,
            ),
            keep_audit_days: None,
            property_mappings: [
                (
                    "title",
                    "nickName",
                ),
            ],
        }
        "#);
    }
}
