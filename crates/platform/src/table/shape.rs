//! The tables and their shapes, under the names that the platform's services use.

use serde_json::{Value, json};

use crate::info_table::{BaseType, Field};

/// A configuration table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// What happens to sessions when the configuration changes.
    ProvisioningOptions,
    /// Users whom SCIM leaves alone.
    UserExclusions,
    /// What provisioned users begin with.
    UserDefaults,
    /// Groups that SCIM leaves alone.
    GroupExclusions,
    /// What provisioned groups begin with.
    GroupDefaults,
    /// Which group of the platform a group of the identity provider is.
    GroupMappings,
    /// What the platform's login may do, beside SCIM.
    LoginOptions,
    /// Users who administer the platform, beside its own.
    Administrators,
    /// What Provost decides beyond the platform's own tables.
    Policy,
    /// Where the platform's properties of a user come from, where not from the default place.
    PropertyMappings,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// The type of its values.
    pub base_type: BaseType,
    /// What it is for.
    pub description: &'static str,
    /// What a row has that does not say it.
    pub default: Default,
    /// The values that it may have, where they are few.
    pub one_of: &'static [&'static str],
    /// The largest number that it may have.
    pub max: u64,
}

/// What a row has that does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// The row must say it.
    None,
    /// A text.
    Text(&'static str),
    /// True or false.
    Flag(bool),
    /// A whole number.
    Count(u64),
    /// No tags.
    NoTags,
}

const TEXT: Column = Column {
    name: "",
    base_type: BaseType::String,
    description: "",
    default: Default::Text(""),
    one_of: &[],
    max: 0,
};

const fn text(name: &'static str, base_type: BaseType, description: &'static str) -> Column {
    Column { name, base_type, description, ..TEXT }
}

const fn key(name: &'static str, base_type: BaseType, description: &'static str) -> Column {
    Column { name, base_type, description, default: Default::None, ..TEXT }
}

const fn flag(name: &'static str, default: bool, description: &'static str) -> Column {
    let base_type = BaseType::Boolean;
    Column { name, base_type, description, default: Default::Flag(default), ..TEXT }
}

const fn tags(name: &'static str, description: &'static str) -> Column {
    Column { name, base_type: BaseType::Tags, description, default: Default::NoTags, ..TEXT }
}

const fn count(name: &'static str, max: u64, description: &'static str) -> Column {
    let base_type = BaseType::Integer;
    Column { name, base_type, description, default: Default::Count(0), max, ..TEXT }
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 10] = [
        Self::ProvisioningOptions,
        Self::UserExclusions,
        Self::UserDefaults,
        Self::GroupExclusions,
        Self::GroupDefaults,
        Self::GroupMappings,
        Self::LoginOptions,
        Self::Administrators,
        Self::Policy,
        Self::PropertyMappings,
    ];

    /// The table of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Its name; those of the platform are those of its data shapes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProvisioningOptions => "SCIMProvisioningOptions",
            Self::UserExclusions => "UserProvisioningExclusionList",
            Self::UserDefaults => "UserProvisioningDefaultSettings",
            Self::GroupExclusions => "GroupProvisioningExclusionList",
            Self::GroupDefaults => "GroupProvisioningDefaultSettings",
            Self::GroupMappings => "UserProvisioningUserGroupMappings",
            Self::LoginOptions => "UserProvisioningOptions",
            Self::Administrators => "AdministratorAccounts",
            Self::Policy => "ProvisioningPolicy",
            Self::PropertyMappings => "UserPropertyMappings",
        }
    }

    /// What it is for.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::ProvisioningOptions => "What happens to sessions when the configuration changes",
            Self::UserExclusions => "Users whom SCIM leaves alone",
            Self::UserDefaults => "What provisioned users begin with",
            Self::GroupExclusions => "Groups that SCIM leaves alone",
            Self::GroupDefaults => "What provisioned groups begin with",
            Self::GroupMappings => {
                "Which group of the platform a group of the identity provider is"
            }
            Self::LoginOptions => "What the platform's login may do, beside SCIM",
            Self::Administrators => {
                "Users who administer the platform: the last one who is enabled stays"
            }
            Self::Policy => "What is decided beyond the platform's own tables",
            Self::PropertyMappings => {
                "Where a property of the platform's users comes from, in place of the default"
            }
        }
    }

    /// Whether it has any number of rows; else it has one.
    #[must_use]
    pub const fn has_many_rows(self) -> bool {
        match self {
            Self::UserExclusions
            | Self::GroupExclusions
            | Self::GroupMappings
            | Self::Administrators
            | Self::PropertyMappings => true,
            Self::ProvisioningOptions
            | Self::UserDefaults
            | Self::GroupDefaults
            | Self::LoginOptions
            | Self::Policy => false,
        }
    }

    /// Its columns.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::ProvisioningOptions => {
                const {
                    &[flag(
                        "terminateUserSessionsOnConfigChange",
                        false,
                        "A saved configuration ends all sessions but those of excluded users",
                    )]
                }
            }
            Self::UserExclusions | Self::Administrators => {
                const { &[key("thingworxUserName", BaseType::Username, "The name of the user")] }
            }
            Self::UserDefaults => {
                const {
                    &[
                        text("userDefaultDescription", BaseType::String, "The description"),
                        text("userDefaultProjectName", BaseType::Projectname, "The project"),
                        text("userDefaultHomeMashupName", BaseType::Mashupname, "The home mashup"),
                        text(
                            "userDefaultMobileMashupName",
                            BaseType::Mashupname,
                            "The home mashup on mobile devices",
                        ),
                        tags("userDefaultTags", "The tags"),
                    ]
                }
            }
            Self::GroupExclusions => {
                const { &[key("thingworxGroupName", BaseType::Groupname, "The name of the group")] }
            }
            Self::GroupDefaults => {
                const {
                    &[
                        text("groupDefaultDescription", BaseType::String, "The description"),
                        text("groupDefaultProjectName", BaseType::Projectname, "The project"),
                        tags("groupDefaultTags", "The tags"),
                    ]
                }
            }
            Self::GroupMappings => {
                const {
                    &[
                        key(
                            "identityProviderGroupName",
                            BaseType::String,
                            "The displayName that the identity provider sends",
                        ),
                        key("twxGroupName", BaseType::String, "The name of the platform's group"),
                    ]
                }
            }
            Self::LoginOptions => {
                const {
                    &[
                        flag("userCreationEnabled", true, "A login may create the user"),
                        flag("userModificationEnabled", true, "A login may change the user"),
                    ]
                }
            }
            Self::Policy => POLICY,
            Self::PropertyMappings => {
                const {
                    &[
                        key(
                            "propertyName",
                            BaseType::String,
                            "The property of the platform's user",
                        ),
                        key(
                            "scimPath",
                            BaseType::String,
                            "The SCIM attribute, as in emails[type eq \"work\"].value",
                        ),
                    ]
                }
            }
        }
    }

    /// Its columns, as an InfoTable has them.
    #[must_use]
    pub fn fields(self) -> Vec<Field> {
        let field = |it: &Column| Field {
            name: it.name,
            description: it.description,
            base_type: it.base_type,
        };
        self.columns().iter().map(field).collect()
    }
}

const POLICY: &[Column] = &[
    Column {
        name: "localAccounts",
        base_type: BaseType::String,
        description: "What becomes of a local account that the identity provider has too: adopt, \
                      review or refuse",
        default: Default::Text("adopt"),
        one_of: &["adopt", "review", "refuse"],
        max: 0,
    },
    flag("applyDefaultsOnUpdate", false, "An update gives defaults to what has no value"),
    flag("immutableUserName", false, "A userName never changes"),
    flag("enforceNameRules", false, "Names of users obey the platform's rules"),
    count("userLimit", 100_000_000, "The most users that may be provisioned; 0 for any number"),
    count("groupLimit", 100_000_000, "The most groups that may be provisioned; 0 for any number"),
    count("keepDeletedDays", 3_650, "Deleted users and groups can be restored so long; 0 for not"),
    count("keepAuditDays", 36_500, "Rows of the audit trail stay so long; 0 for ever"),
];

impl Column {
    /// The value of a row that does not say it; `None` if it must.
    #[must_use]
    pub fn default_value(&self) -> Option<Value> {
        match self.default {
            Default::None => None,
            Default::Text(text) => Some(text.into()),
            Default::Flag(flag) => Some(flag.into()),
            Default::Count(count) => Some(count.into()),
            Default::NoTags => Some(json!([])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_its_name_and_has_columns_of_its_own() {
        for table in Table::ALL {
            assert_eq!(Table::named(table.name()), Some(table));
            let names: std::collections::BTreeSet<_> =
                table.columns().iter().map(|it| it.name).collect();
            assert_eq!(names.len(), table.columns().len(), "{table:?}");
            // A table of one row has it from the start.
            let has_defaults = table.columns().iter().all(|it| it.default_value().is_some());
            assert_eq!(has_defaults, !table.has_many_rows(), "{table:?}");
        }
        assert_eq!(Table::named("nothing"), None);
    }
}
