//! The audit trail: rows at the places that the writer gives them.

use provost_store::{
    AUDIT_PAGE_BYTES_MAX, AuditOutcome, AuditQuery, Cause, Entry, Position, Purge, Recorded,
    Target, TenantId,
};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use crate::error::unreadable;
use crate::event;
use crate::registry::Registry;

/// Appends a row at the next place of the tenant.
pub(crate) fn append(
    connection: &Connection,
    tenant: TenantId,
    entry: &Entry,
    event: Option<Position>,
) -> rusqlite::Result<()> {
    let sql = "UPDATE feed_head SET next_audit = next_audit + 1 WHERE tenant_id = ?1
               RETURNING next_audit - 1";
    let place: i64 = connection.prepare_cached(sql)?.query_row([tenant.0], |row| row.get(0))?;
    let Entry { at, category, action, outcome, cause, target, detail } = entry;
    connection
        .prepare_cached(
            "INSERT INTO audit (tenant_id, place, at, category, action, outcome, actor, run_as,
                                request, source, target_id, target_name, detail, event)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            tenant.0,
            place,
            at,
            &**category,
            &**action,
            name(*outcome),
            &*cause.caller,
            cause.run_as.as_deref(),
            &*cause.request,
            cause.source.as_deref(),
            &*target.id,
            &*target.name,
            &detail[..],
            event.map(|it| it.0),
        ])?;
    Ok(())
}

/// The rows that a query asks for.
pub(crate) fn read(
    connection: &Connection,
    registry: &Registry,
    tenant: TenantId,
    query: &AuditQuery,
) -> rusqlite::Result<Vec<Recorded>> {
    let mut sql = String::from(
        "SELECT place, at, category, action, outcome, actor, run_as, request, source, target_id,
                target_name, detail, event
         FROM audit WHERE tenant_id = ?",
    );
    let mut parameters = vec![Value::Integer(tenant.0)];
    let mut and = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            sql.push_str(condition);
            parameters.push(value);
        }
    };
    let text = |it: &Option<Box<str>>| it.as_deref().map(|it| Value::Text(it.to_owned()));
    let after = if query.newest_first { " AND place < ?" } else { " AND place > ?" };
    and(after, query.after.map(|it| Value::Integer(it.0)));
    and(" AND at >= ?", query.since.map(Value::Integer));
    and(" AND at < ?", query.until.map(Value::Integer));
    and(" AND category = ?", text(&query.category));
    and(" AND actor = ?", text(&query.actor));
    and(" AND target_id = ?", text(&query.target));
    sql.push_str(if query.newest_first { " ORDER BY place DESC" } else { " ORDER BY place" });
    sql.push_str(" LIMIT ?");
    parameters.push(Value::Integer(query.max.get().into()));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(parameters))?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let event = match row.get::<_, Option<i64>>(12)?.map(Position) {
            Some(position) => event::one(connection, registry, tenant, position)?,
            None => None,
        };
        let recorded = Recorded { place: Position(row.get(0)?), entry: entry(row)?, event };
        bytes += recorded.bytes();
        // As in `Recorded::page`, without reading what would not fit.
        if bytes > AUDIT_PAGE_BYTES_MAX && !found.is_empty() {
            break;
        }
        found.push(recorded);
    }
    Ok(found)
}

/// Removes the oldest rows that are to go. It looks at no others.
pub(crate) fn purge(
    connection: &Connection,
    tenant: TenantId,
    purge: &Purge,
) -> rusqlite::Result<u64> {
    let sql = "DELETE FROM audit WHERE tenant_id = ?1 AND place IN (
                   SELECT place FROM audit WHERE tenant_id = ?1 AND at < ?2 AND place <= ?3
                   ORDER BY at, place LIMIT ?4)";
    let up_to = purge.up_to.map_or(i64::MAX, |it| it.0);
    let parameters = params![tenant.0, purge.before, up_to, purge.max];
    Ok(connection.prepare_cached(sql)?.execute(parameters)? as u64)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let cause = Cause {
        caller: row.get(5)?,
        run_as: row.get(6)?,
        request: row.get(7)?,
        source: row.get(8)?,
        rules: Vec::new(),
    };
    let outcome = match row.get_ref(4)?.as_str()? {
        "done" => AuditOutcome::Done,
        "refused" => AuditOutcome::Refused,
        _ => return Err(unreadable(4, "an unknown outcome")),
    };
    Ok(Entry {
        at: row.get(1)?,
        category: row.get(2)?,
        action: row.get(3)?,
        outcome,
        cause,
        target: Target { id: row.get(9)?, name: row.get(10)? },
        detail: row.get::<_, Vec<u8>>(11)?.into(),
    })
}

const fn name(outcome: AuditOutcome) -> &'static str {
    match outcome {
        AuditOutcome::Done => "done",
        AuditOutcome::Refused => "refused",
    }
}
