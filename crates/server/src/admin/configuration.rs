//! `/configuration`: the tables, one by one or several at once.

use http::Method;
use provost_platform::table::{Change, Configuration, Table};
use provost_scim::Error as Refusal;
use provost_scim::error::quote;
use serde_json::{Map, Value, json};

use super::{Asked, ok};
use crate::configuration::change;
use crate::error::Error;
use crate::respond::Response;

/// All tables: shown, or several of them changed at once.
pub(super) async fn all(asked: &Asked) -> Result<Response, Error> {
    let governed = match asked.method == Method::PATCH {
        false => asked.tenant.governance.refresh(&asked.app, asked.tenant.id).await?,
        true => {
            let tables = asked.body()?.get("tables").and_then(Value::as_object);
            let tables = tables.ok_or_else(|| {
                Refusal::invalid_syntax("the body has `tables`, an object with rows by table")
            })?;
            let changes = tables
                .iter()
                .map(|(name, rows)| Ok(Change { table: named(name)?, rows: rows_of(rows)? }));
            changed(asked, changes.collect::<Result<_, Refusal>>()?).await?
        }
    };
    let tables = Table::ALL
        .into_iter()
        .map(|table| (table.name().to_owned(), json!(governed.configuration.rows(table))));
    Ok(ok(&json!({"tables": tables.collect::<Map<_, _>>()})))
}

/// One table: shown, or given other rows.
pub(super) async fn table(asked: &Asked) -> Result<Response, Error> {
    let table = named(&asked.value)?;
    let governed = match asked.method == Method::PUT {
        false => asked.tenant.governance.refresh(&asked.app, asked.tenant.id).await?,
        true => {
            let rows = asked.body()?.get("rows");
            let rows =
                rows.ok_or_else(|| Refusal::invalid_syntax("the body has `rows`, an array"))?;
            changed(asked, vec![Change { table, rows: rows_of(rows)? }]).await?
        }
    };
    Ok(ok(&shown(table, &governed.configuration)))
}

async fn changed(
    asked: &Asked,
    changes: Vec<Change>,
) -> Result<std::sync::Arc<crate::configuration::Governed>, Error> {
    let reason = asked.text("reason")?.unwrap_or_default();
    change(&asked.app, &asked.tenant, &asked.cause, reason, |_| Ok(changes.clone())).await
}

fn named(name: &str) -> Result<Table, Refusal> {
    Table::named(name)
        .ok_or_else(|| Refusal::not_found(format!("there is no table {}", quote(name))))
}

fn rows_of(value: &Value) -> Result<Vec<Value>, Refusal> {
    value.as_array().cloned().ok_or_else(|| Refusal::invalid_syntax("rows are an array"))
}

fn shown(table: Table, configuration: &Configuration) -> Value {
    let column = |it: &provost_platform::table::Column| {
        json!({
            "name": it.name,
            "type": it.base_type,
            "description": it.description,
            "default": it.default_value(),
            "oneOf": it.one_of,
        })
    };
    json!({
        "name": table.name(),
        "description": table.description(),
        "hasManyRows": table.has_many_rows(),
        "columns": table.columns().iter().map(column).collect::<Vec<_>>(),
        "rows": configuration.rows(table),
    })
}
