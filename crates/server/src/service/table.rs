//! Services that show and change configuration tables.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::num::NonZeroU16;

use jiff::Timestamp;
use provost_platform::info_table::{BaseType, Field, InfoTable};
use provost_platform::table::{Change, Configuration, Row, Table, check_rows};
use provost_scim::Error as Refusal;
use provost_scim::value::caseless;
use provost_store::AuditQuery;
use serde_json::Value;

use super::Asked;
use crate::configuration::{CATEGORY, Governed, change};
use crate::error::Error;

/// How many changes the history shows.
const HISTORY: NonZeroU16 = NonZeroU16::new(500).expect("is not 0");

/// The rows of a table.
pub(super) async fn get(asked: &Asked<'_>, table: Table) -> Result<InfoTable, Error> {
    let governed = asked.tenant.governance.get(asked.app, asked.tenant.id).await?;
    Ok(shown(table, governed.configuration.rows(table)))
}

/// One row, by the value of the table's first column or by its place, from 0.
pub(super) async fn row(asked: &Asked<'_>) -> Result<InfoTable, Error> {
    let table = asked.parameters.table()?;
    let governed = asked.tenant.governance.get(asked.app, asked.tenant.id).await?;
    let rows = governed.configuration.rows(table);
    let found = match (asked.parameters.text("key")?, asked.parameters.number("index")?) {
        (Some(key), _) => rows.iter().find(|row| key_of(table, row) == Some(caseless(key.trim()))),
        (None, Some(index)) => usize::try_from(index).ok().and_then(|it| rows.get(it)),
        (None, None) => rows.first(),
    };
    Ok(shown(table, found.map(std::slice::from_ref).unwrap_or_default()))
}

/// The tables, and how many rows each may have.
pub(super) fn list() -> InfoTable {
    let field = |name, base_type, description| Field { name, description, base_type };
    let table = InfoTable::new(vec![
        field("name", BaseType::String, "The name of the table"),
        field("description", BaseType::String, "What it is for"),
        field("isMultiRow", BaseType::Boolean, "Whether it has any number of rows"),
    ]);
    Table::ALL.into_iter().fold(table, |table, it| {
        let (name, description) = (it.name().into(), it.description().into());
        table.with_row(vec![name, description, it.has_many_rows().into()])
    })
}

/// Other rows for a table.
pub(super) async fn set(
    asked: &Asked<'_>,
    table: Table,
    parameter: &str,
) -> Result<InfoTable, Error> {
    let rows = asked.parameters.rows(parameter)?;
    changed(asked, |_| Ok(vec![Change { table, rows: rows.clone() }])).await
}

/// Rows in place of those with the same value in the first column, and further ones.
pub(super) async fn set_rows(asked: &Asked<'_>, parameter: &str) -> Result<InfoTable, Error> {
    let table = asked.parameters.table()?;
    let given = asked.parameters.rows(parameter)?;
    check_rows(table, given.len())?;
    changed(asked, |configuration| {
        let mut rows: Vec<Value> = match table.has_many_rows() {
            true => values(configuration.rows(table)),
            false => Vec::new(),
        };
        let key = |row: &Value| row.as_object().and_then(|row| key_of(table, row)).map(Box::from);
        let mut places: HashMap<Box<str>, usize> =
            rows.iter().enumerate().filter_map(|(place, row)| Some((key(row)?, place))).collect();
        for row in &given {
            match key(row).map(|key| places.entry(key)) {
                Some(Entry::Occupied(place)) => rows[*place.get()] = row.clone(),
                Some(Entry::Vacant(place)) => {
                    place.insert(rows.len());
                    rows.push(row.clone());
                }
                None => rows.push(row.clone()),
            }
        }
        Ok(vec![Change { table, rows }])
    })
    .await
}

/// Without the rows that have the given values in the first column.
pub(super) async fn delete_rows(asked: &Asked<'_>, parameter: &str) -> Result<InfoTable, Error> {
    let table = asked.parameters.table()?;
    let given = asked.parameters.rows(parameter)?;
    let column = table.columns().first().filter(|_| table.has_many_rows());
    let column = column.ok_or_else(|| {
        let name = table.name();
        let detail = format!(
            "{name} has one row, which stays; DeleteAllConfigurationTableRows gives it its defaults"
        );
        Refusal::invalid_value(detail)
    })?;
    let key = |row: &Value| row.as_object().and_then(|row| key_of(table, row)).map(Box::from);
    let keys: Option<HashSet<Box<str>>> = given.iter().map(key).collect();
    let keys = keys.ok_or_else(|| {
        Refusal::invalid_value(format!("{parameter}: each row has {}, a text", column.name))
    })?;
    changed(asked, |configuration| {
        let stays = |row: &&Row| key_of(table, row).is_none_or(|key| !keys.contains(&*key));
        let rows = configuration.rows(table).iter().filter(stays).cloned();
        Ok(vec![Change { table, rows: rows.map(Value::Object).collect() }])
    })
    .await
}

/// Without any row; a table of one row has its defaults again.
pub(super) async fn delete_all(asked: &Asked<'_>) -> Result<InfoTable, Error> {
    let table = asked.parameters.table()?;
    changed(asked, |_| Ok(vec![Change { table, rows: Vec::new() }])).await
}

/// Tables have the shapes that this release gives them.
pub(super) fn no_definition() -> Error {
    Refusal::forbidden("the tables of this subsystem are fixed; no definition can be added").into()
}

/// Who changed what, when and why, the latest first.
pub(super) async fn history(asked: &Asked<'_>) -> Result<InfoTable, Error> {
    let query = AuditQuery {
        newest_first: true,
        category: Some(CATEGORY.into()),
        ..AuditQuery::all(None, HISTORY)
    };
    let rows = asked.app.parts.engine.store.audit(asked.tenant.id, query).await;
    let rows = rows.map_err(Error::NoAudit)?;
    let field = |name, base_type, description| Field { name, description, base_type };
    let table = InfoTable::new(vec![
        field("timestamp", BaseType::Datetime, "When, in milliseconds since 1970"),
        field("user", BaseType::Username, "Who"),
        field("changeAction", BaseType::String, "What was changed"),
        field("changeReason", BaseType::String, "Why"),
    ]);
    Ok(rows.into_iter().fold(table, |table, row| {
        let entry = row.entry;
        let detail: Value = serde_json::from_slice(&entry.detail).unwrap_or_default();
        let at = Timestamp::from_microsecond(entry.at).map_or(0, Timestamp::as_millisecond);
        table.with_row(vec![
            at.into(),
            entry.cause.run_as.as_deref().unwrap_or(&entry.cause.caller).into(),
            format!("{} {}", entry.target.name, entry.action).into(),
            detail["reason"].clone(),
        ])
    }))
}

async fn changed(
    asked: &Asked<'_>,
    changes: impl Fn(&Configuration) -> Result<Vec<Change>, Error>,
) -> Result<InfoTable, Error> {
    let reason = asked.parameters.reason()?;
    let changes = |present: &Governed| changes(&present.configuration);
    change(asked.app, asked.tenant, &asked.cause, reason, changes).await?;
    Ok(InfoTable::nothing())
}

fn shown(table: Table, rows: &[Row]) -> InfoTable {
    let columns = table.columns();
    let value = |row: &Row, name: &str| row.get(name).cloned().unwrap_or_default();
    rows.iter().fold(InfoTable::new(table.fields()), |shown, row| {
        shown.with_row(columns.iter().map(|it| value(row, it.name)).collect())
    })
}

fn values(rows: &[Row]) -> Vec<Value> {
    rows.iter().cloned().map(Value::Object).collect()
}

/// What a row is about: the value of the first column, where a table has many rows; letter case does not
/// count, as no two rows differ by it alone.
fn key_of(table: Table, row: &Row) -> Option<Cow<'_, str>> {
    let column = table.columns().first().filter(|_| table.has_many_rows())?;
    row.get(column.name).and_then(Value::as_str).map(|it| caseless(it.trim()))
}
