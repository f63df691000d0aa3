//! All configuration tables of a tenant, checked as a whole.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use provost_scim::value::caseless;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::row::{self, Row};
use super::shape::Table;
use crate::principal;

/// The name of the document that holds it.
pub const DOCUMENT: &str = "configuration";

/// How large a configuration may be, as JSON.
pub const BYTES_MAX: usize = 1024 * 1024;

const FORMAT: u32 = 1;

/// How many rows a table may have.
const ROWS_MAX: usize = 10_000;

/// The configuration tables of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    rows: BTreeMap<Table, Vec<Row>>,
}

/// What becomes of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The table.
    pub table: Table,
    /// The rows that it has then.
    pub rows: Vec<Value>,
}

/// Why a configuration is not taken; it stays as it was.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// A row is wrong.
    #[error("{}{}", Self::place(*table, *row, column), reason)]
    Row {
        /// Its table.
        table: Table,
        /// Its place in the table, from 1.
        row: usize,
        /// The column, or nothing.
        column: String,
        /// What is wrong.
        reason: String,
    },
    /// A table has another number of rows than it may have.
    #[error("the table {} has {found} rows; it {allowed}", table.name())]
    Rows {
        /// The table.
        table: Table,
        /// How many there are.
        found: usize,
        /// How many there may be.
        allowed: String,
    },
    /// All tables together are too large.
    #[error("the configuration would have more than {BYTES_MAX} bytes")]
    TooLarge,
    /// What is stored cannot be read.
    #[error("the stored configuration cannot be read: {0}")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Document {
    format: u32,
    tables: BTreeMap<String, Vec<Value>>,
}

impl Default for Configuration {
    fn default() -> Self {
        let tables = Table::ALL.into_iter();
        let rows = tables.map(|table| {
            let first = (!table.has_many_rows())
                .then(|| row::read(table, &json!({})).expect("each column has a default"));
            (table, first.into_iter().collect())
        });
        let mut configuration = Self { rows: rows.collect() };
        configuration.complete();
        configuration
    }
}

impl Configuration {
    /// The rows of a table.
    #[must_use]
    pub fn rows(&self, table: Table) -> &[Row] {
        self.rows.get(&table).map(Vec::as_slice).unwrap_or_default()
    }

    /// The configuration after some changes, each of which gives a table other rows.
    ///
    /// # Errors
    /// The first thing that is wrong with the whole.
    pub fn with(&self, changes: &[Change]) -> Result<Self, ConfigurationError> {
        let changed = self.changed(changes)?;
        if changed.to_document().len() > BYTES_MAX {
            return Err(ConfigurationError::TooLarge);
        }
        Ok(changed)
    }

    fn changed(&self, changes: &[Change]) -> Result<Self, ConfigurationError> {
        let mut changed = self.clone();
        for Change { table, rows } in changes {
            check_rows(*table, rows.len())?;
            changed.rows.insert(*table, read_rows(*table, rows)?);
            // Rows have the numbers that they were given under as long as none is added.
            changed.check_once(*table)?;
        }
        changed.complete();
        for table in Table::ALL {
            check_rows(table, changed.rows(table).len())?;
        }
        changed.check_mappings()?;
        Ok(changed)
    }

    /// The tables whose rows differ.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Table> {
        Table::ALL.into_iter().filter(|it| self.rows(*it) != other.rows(*it)).collect()
    }

    /// As it is stored.
    #[must_use]
    pub fn to_document(&self) -> String {
        let tables = self.rows.iter().map(|(table, rows)| (table.name(), rows));
        let tables: BTreeMap<&str, &Vec<Row>> = tables.collect();
        json!({"format": FORMAT, "tables": tables}).to_string()
    }

    /// Reads what is stored. Tables and columns that came later have their defaults.
    ///
    /// # Errors
    /// It is of another format, or damaged.
    pub fn from_document(document: &[u8]) -> Result<Self, ConfigurationError> {
        let damaged = |reason: String| ConfigurationError::Damaged(reason);
        let Document { format, tables } =
            serde_json::from_slice(document).map_err(|error| damaged(error.to_string()))?;
        if format != FORMAT {
            return Err(damaged(format!("it has format {format}; this release reads {FORMAT}")));
        }
        let mut found = Self::default();
        for (name, rows) in tables {
            let table =
                Table::named(&name).ok_or_else(|| damaged(format!("there is no table {name}")))?;
            let rows = read_rows(table, &rows).map_err(|error| damaged(error.to_string()))?;
            found.rows.insert(table, rows);
        }
        // It was checked when it was written: a later release that asks for more must not shut out
        // those who could mend it.
        found.complete();
        Ok(found)
    }

    /// The platform's own users and groups are excluded whatever the lists say.
    fn complete(&mut self) {
        let users: Vec<&str> = principal::USERS.iter().map(|it| it.name).collect();
        for (table, names) in
            [(Table::UserExclusions, users), (Table::GroupExclusions, principal::GROUPS.to_vec())]
        {
            let column = table.columns().first().map(|it| it.name).unwrap_or_default();
            let rows = self.rows.entry(table).or_default();
            let listed: BTreeSet<Cow<'_, str>> =
                rows.iter().map(|row| caseless(text(row, column))).collect();
            let missing = names.into_iter().filter(|it| !listed.contains(&caseless(it)));
            let missing: Vec<Row> = missing
                .map(|name| Row::from_iter([(column.to_owned(), Value::from(name))]))
                .collect();
            rows.splice(0..0, missing);
        }
    }

    /// Nothing may be mapped to a group that SCIM leaves alone.
    fn check_mappings(&self) -> Result<(), ConfigurationError> {
        let excluded: BTreeSet<Cow<'_, str>> = self
            .rows(Table::GroupExclusions)
            .iter()
            .map(|row| caseless(text(row, "thingworxGroupName")))
            .collect();
        for (index, row) in self.rows(Table::GroupMappings).iter().enumerate() {
            let target = text(row, "twxGroupName");
            if excluded.contains(&caseless(target)) {
                let list = Table::GroupExclusions.name();
                let reason = format!("{target} is in {list}: nothing may be mapped to it");
                return Err(wrong(Table::GroupMappings, index, "twxGroupName", reason));
            }
        }
        Ok(())
    }

    /// No two rows of a table have one value in a column that says what a row is about, also if only by
    /// letter case.
    fn check_once(&self, table: Table) -> Result<(), ConfigurationError> {
        // The first column does, and no two groups are mapped to one.
        let columns = match table {
            Table::GroupMappings => table.columns(),
            table if table.has_many_rows() => table.columns().get(..1).unwrap_or_default(),
            _ => &[],
        };
        for column in columns {
            let mut seen = BTreeSet::new();
            for (index, row) in self.rows(table).iter().enumerate() {
                let value = text(row, column.name);
                if !seen.insert(caseless(value)) {
                    let reason = format!("{value} is there twice");
                    return Err(wrong(table, index, column.name, reason));
                }
            }
        }
        Ok(())
    }
}

impl ConfigurationError {
    fn place(table: Table, row: usize, column: &str) -> String {
        match column {
            "" => format!("{}, row {row}: ", table.name()),
            column => format!("{}, row {row}, {column}: ", table.name()),
        }
    }
}

/// Whether a table may have a number of rows.
///
/// # Errors
/// [`ConfigurationError::Rows`] if it may not.
pub fn check_rows(table: Table, found: usize) -> Result<(), ConfigurationError> {
    let allowed = match table.has_many_rows() {
        true if found > ROWS_MAX => format!("may have {ROWS_MAX}"),
        false if found > 1 => "has one".to_owned(),
        true | false => return Ok(()),
    };
    Err(ConfigurationError::Rows { table, found, allowed })
}

fn read_rows(table: Table, given: &[Value]) -> Result<Vec<Row>, ConfigurationError> {
    // Without its row a table has the defaults again.
    let default = [json!({})];
    let given = if table.has_many_rows() || !given.is_empty() { given } else { &default };
    let read = |(index, given): (usize, &Value)| {
        row::read(table, given).map_err(|(column, reason)| wrong(table, index, &column, reason))
    };
    given.iter().enumerate().map(read).collect()
}

fn wrong(table: Table, index: usize, column: &str, reason: String) -> ConfigurationError {
    ConfigurationError::Row { table, row: index + 1, column: column.to_owned(), reason }
}

/// The text in a column; each row has been read.
pub(super) fn text<'r>(row: &'r Row, column: &str) -> &'r str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(table: Table, rows: Value) -> Result<Configuration, String> {
        let rows = rows.as_array().unwrap().clone();
        Configuration::default().with(&[Change { table, rows }]).map_err(|it| it.to_string())
    }

    #[track_caller]
    fn refused(table: Table, rows: Value, expected: &str) {
        assert_eq!(with(table, rows).unwrap_err(), expected);
    }

    #[test]
    fn the_platforms_own_are_always_excluded() {
        let names = |configuration: &Configuration| {
            let rows = configuration.rows(Table::UserExclusions).iter();
            rows.map(|row| text(row, "thingworxUserName").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&Configuration::default()), ["Administrator", "SuperUser", "System"]);
        let given = json!([{"thingworxUserName": "kiosk"}, {"thingworxUserName": "superuser"}]);
        let listed = with(Table::UserExclusions, given).unwrap();
        assert_eq!(names(&listed), ["Administrator", "System", "kiosk", "superuser"]);
        let groups = with(Table::GroupExclusions, json!([])).unwrap();
        assert_eq!(groups.rows(Table::GroupExclusions).len(), principal::GROUPS.len());
    }

    #[test]
    fn what_is_taken_is_read_again() {
        let user = |number: usize| json!({"thingworxUserName": format!("user{number}")});
        let rows = |count| Value::from((0..count).map(user).collect::<Vec<_>>());
        let own = Configuration::default().rows(Table::UserExclusions).len();
        // With the platform's own there would be more than there may be.
        for count in [ROWS_MAX + 1, ROWS_MAX, ROWS_MAX - own + 1] {
            let found = with(Table::UserExclusions, rows(count)).unwrap_err();
            assert!(found.contains("it may have 10000"), "{found}");
        }
        let taken = with(Table::UserExclusions, rows(ROWS_MAX - own)).unwrap();
        assert_eq!(taken.rows(Table::UserExclusions).len(), ROWS_MAX);
        let document = taken.to_document();
        assert_eq!(Configuration::from_document(document.as_bytes()).unwrap(), taken);
    }

    #[test]
    fn what_an_older_release_took_is_no_damage() {
        let twice = json!([{"thingworxUserName": "ann"}, {"thingworxUserName": "ANN"}]);
        let tables = json!({"AdministratorAccounts": twice});
        let document = json!({"format": FORMAT, "tables": tables}).to_string();
        let found = Configuration::from_document(document.as_bytes()).unwrap();
        assert_eq!(found.rows(Table::Administrators).len(), 2);
        let change = Change { table: Table::LoginOptions, rows: Vec::new() };
        assert_eq!(found.with(&[change]).unwrap(), found, "another table can be changed");
    }

    #[test]
    fn what_contradicts_is_refused_as_a_whole() {
        let mapping =
            |from: &str, to: &str| json!({"identityProviderGroupName": from, "twxGroupName": to});
        refused(
            Table::GroupMappings,
            json!([mapping("a", "x"), mapping("A", "y")]),
            "UserProvisioningUserGroupMappings, row 2, identityProviderGroupName: A is there twice",
        );
        // Two ways to write one letter.
        refused(
            Table::UserExclusions,
            json!([{"thingworxUserName": "Jos\u{e9}"}, {"thingworxUserName": "JOSE\u{301}"}]),
            "UserProvisioningExclusionList, row 2, thingworxUserName: JOSE\u{301} is there twice",
        );
        refused(
            Table::GroupMappings,
            json!([mapping("a", "x"), mapping("b", "X")]),
            "UserProvisioningUserGroupMappings, row 2, twxGroupName: X is there twice",
        );
        refused(
            Table::GroupMappings,
            json!([mapping("admins", "administrators")]),
            "UserProvisioningUserGroupMappings, row 1, twxGroupName: administrators is in \
             GroupProvisioningExclusionList: nothing may be mapped to it",
        );
        refused(
            Table::LoginOptions,
            json!([{}, {}]),
            "the table UserProvisioningOptions has 2 rows; it has one",
        );
        refused(
            Table::UserExclusions,
            json!([{"thingworxUserName": "a"}, 5]),
            "UserProvisioningExclusionList, row 2: a row is a JSON object",
        );
        let long = "x".repeat(1_000);
        let rows = (0..2_000).map(|n| json!({"thingworxUserName": format!("{n}{long}")}));
        refused(
            Table::UserExclusions,
            rows.collect(),
            "the configuration would have more than 1048576 bytes",
        );
    }

    #[test]
    fn a_change_of_one_list_is_checked_against_the_others() {
        let mapped = json!([{"identityProviderGroupName": "a", "twxGroupName": "Crew"}]);
        let mapped = with(Table::GroupMappings, mapped).unwrap();
        let rows = vec![json!({"thingworxGroupName": "crew"})];
        let exclusion = Change { table: Table::GroupExclusions, rows };
        let error = mapped.with(&[exclusion]).unwrap_err();
        assert!(error.to_string().contains("Crew is in GroupProvisioningExclusionList"), "{error}");
    }

    #[test]
    fn it_comes_back_as_it_was_stored() {
        let changed = with(Table::Policy, json!([{"userLimit": 7}])).unwrap();
        let read = Configuration::from_document(changed.to_document().as_bytes()).unwrap();
        assert_eq!(read, changed);
        assert_eq!(read.differences(&Configuration::default()), [Table::Policy]);
        let earlier = br#"{"format": 1, "tables": {"ProvisioningPolicy": [{"userLimit": 7}]}}"#;
        assert_eq!(Configuration::from_document(earlier).unwrap(), changed);
        for damaged in
            ["", "{}", r#"{"format": 2, "tables": {}}"#, r#"{"format": 1, "tables": {"x": []}}"#]
        {
            let read = Configuration::from_document(damaged.as_bytes());
            assert!(matches!(read, Err(ConfigurationError::Damaged(_))), "{damaged}");
        }
    }

    #[test]
    fn a_table_of_one_row_without_it_has_the_defaults() {
        let empty = with(Table::Policy, json!([])).unwrap();
        assert_eq!(empty, Configuration::default());
    }
}
