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
    let (sql, parameters) = select(tenant, query);
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

/// The statement that reads what a query asks for, and its parameters.
fn select(tenant: TenantId, query: &AuditQuery) -> (String, Vec<Value>) {
    let mut parameters = Vec::new();
    let text = |it: &Option<Box<str>>| it.as_deref().map(|it| Value::Text(it.to_owned()));
    let from = match text(&query.target) {
        None => "audit",
        // Id and name have an index each, which come first: a page may be far from its rows.
        Some(target) => {
            let tenant = Value::Integer(tenant.0);
            parameters.extend([tenant.clone(), target.clone(), tenant, target]);
            "(SELECT place FROM audit WHERE tenant_id = ? AND target_id = ?
              UNION SELECT place FROM audit WHERE tenant_id = ? AND target_name = ?)
             CROSS JOIN audit USING (place)"
        }
    };
    let mut sql = format!(
        "SELECT place, at, category, action, outcome, actor, run_as, request, source, target_id,
                target_name, detail, event
         FROM {from} WHERE tenant_id = ?"
    );
    parameters.push(Value::Integer(tenant.0));
    let mut and = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            sql.push_str(condition);
            parameters.push(value);
        }
    };
    let after = if query.newest_first { " AND place < ?" } else { " AND place > ?" };
    and(after, query.after.map(|it| Value::Integer(it.0)));
    and(" AND at >= ?", query.since.map(Value::Integer));
    and(" AND at < ?", query.until.map(Value::Integer));
    and(" AND category = ?", text(&query.category));
    and(" AND actor = ?", text(&query.actor));
    sql.push_str(if query.newest_first { " ORDER BY place DESC" } else { " ORDER BY place" });
    sql.push_str(" LIMIT ?");
    parameters.push(Value::Integer(query.max.get().into()));
    (sql, parameters)
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

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use super::*;

    /// How SQLite looks for rows of the trail itself.
    #[track_caller]
    fn check(query: AuditQuery, expected: &str) {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::migrate::migrate(&mut connection).unwrap();
        let (sql, parameters) = select(TenantId(1), &query);
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan = plan.query_map(params_from_iter(parameters), |row| row.get::<_, String>(3));
        let plan: Vec<String> = plan.unwrap().map(Result::unwrap).collect();
        let found = plan.iter().any(|it| it.contains(expected));
        assert!(found && plan.iter().all(|it| !it.contains("SCAN audit")), "{plan:#?}");
    }

    #[test]
    fn each_page_is_found_by_an_index() {
        let all = AuditQuery::all(Some(Position(5)), NonZeroU16::MIN);
        check(all.clone(), "SEARCH audit USING PRIMARY KEY (tenant_id=? AND place>?)");
        let since = AuditQuery { since: Some(1), until: Some(2), ..all };
        for newest_first in [false, true] {
            let target = Some("ann".into());
            let about =
                AuditQuery { target, newest_first, category: Some("User".into()), ..since.clone() };
            check(
                about.clone(),
                "audit USING COVERING INDEX audit_target (tenant_id=? AND target_id=?",
            );
            check(
                about.clone(),
                "audit USING COVERING INDEX audit_target_name (tenant_id=? AND target_name=?",
            );
            check(about, "SEARCH audit USING PRIMARY KEY (tenant_id=? AND place=?)");
        }
    }
}
