//! `/configuration`: the tables, one by one or several at once.

use std::sync::Arc;

use http::Method;
use provost_platform::table::{Change, Table};
use provost_scim::Error as Refusal;
use provost_scim::error::{ErrorKind, quote};
use serde_json::{Map, Value, json};

use super::{Asked, ok};
use crate::configuration::{Governed, change};
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
            let changes = changes.collect::<Result<_, Refusal>>()?;
            changed(asked, "tables", changes, Governed::version).await?
        }
    };
    let tables = Table::ALL
        .into_iter()
        .map(|table| (table.name().to_owned(), json!(governed.configuration.rows(table))));
    let descriptions =
        Table::ALL.into_iter().map(|it| (it.name().to_owned(), Value::from(it.description())));
    Ok(ok(&json!({
        "version": governed.version(),
        "tables": tables.collect::<Map<_, _>>(),
        "descriptions": descriptions.collect::<Map<_, _>>(),
    })))
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
            let changes = vec![Change { table, rows: rows_of(rows)? }];
            changed(asked, "rows", changes, |it| it.version_of(table)).await?
        }
    };
    Ok(ok(&shown(table, &governed)))
}

/// Members of the body that a change takes besides the rows.
const BESIDES: [&str; 2] = ["reason", "version"];

async fn changed(
    asked: &Asked,
    rows: &str,
    changes: Vec<Change>,
    version_of: impl Fn(&Governed) -> String,
) -> Result<Arc<Governed>, Error> {
    // A condition that is misspelt would be none.
    let known = |it: &str| it == rows || BESIDES.contains(&it);
    if let Some(unknown) = asked.body()?.keys().find(|it| !known(it)) {
        let detail = format!("the body has {rows}, {}; not {}", BESIDES.join(", "), quote(unknown));
        return Err(Refusal::invalid_syntax(detail).into());
    }
    let reason = asked.text("reason")?.unwrap_or_default();
    let version = asked.text("version")?;
    change(&asked.app, &asked.tenant, &asked.cause, reason, |present| {
        if version.is_some_and(|it| it != version_of(present)) {
            let detail = "somebody else changed it meanwhile; look at it again";
            return Err(Refusal::new(ErrorKind::PreconditionFailed, detail).into());
        }
        Ok(changes.clone())
    })
    .await
}

fn named(name: &str) -> Result<Table, Refusal> {
    Table::named(name)
        .ok_or_else(|| Refusal::not_found(format!("there is no table {}", quote(name))))
}

fn rows_of(value: &Value) -> Result<Vec<Value>, Refusal> {
    value.as_array().cloned().ok_or_else(|| Refusal::invalid_syntax("rows are an array"))
}

fn shown(table: Table, governed: &Governed) -> Value {
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
        "version": governed.version_of(table),
        "name": table.name(),
        "description": table.description(),
        "hasManyRows": table.has_many_rows(),
        "columns": table.columns().iter().map(column).collect::<Vec<_>>(),
        "rows": governed.configuration.rows(table),
    })
}
