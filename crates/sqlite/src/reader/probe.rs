//! Probes as SQL: one index range each, and nothing for an optimizer to get wrong.

use provost_scim::schema::{AttrId, Kind};
use provost_store::{Probe, TenantId, Uniqueness};
use rusqlite::types::Value;

use crate::registry::Registry;

/// Statements that find candidates, with their parameters.
pub(super) struct Range {
    /// Gives `id, rid` in the order of ids, some perhaps more than once; a limit and an offset are
    /// its last parameters.
    pub(super) rows: &'static str,
    /// Counts them, if that is quicker than to read them.
    pub(super) count: Option<&'static str>,
    pub(super) parameters: Vec<Value>,
}

const EVERY: &str = "SELECT id, rid FROM resource WHERE tenant_id = ?1 AND kind = ?2
     ORDER BY id LIMIT ?3 OFFSET ?4";
const COUNT_EVERY: &str = "SELECT count(*) FROM resource INDEXED BY resource_kind
     WHERE tenant_id = ?1 AND kind = ?2";
const ID: &str = "SELECT id, rid FROM resource WHERE tenant_id = ?1 AND kind = ?2 AND id = ?3
     LIMIT ?4 OFFSET ?5";
const UNIQUE: &str = "SELECT id, rid FROM unique_key
     WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?3 AND key = ?4 LIMIT ?5 OFFSET ?6";
const EQUAL: &str = "SELECT id, rid FROM value_key
     WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?3 AND key = ?4
     ORDER BY id LIMIT ?5 OFFSET ?6";
const COUNT_EQUAL: &str = "SELECT count(*) FROM value_key
     WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?3 AND key = ?4";
const UNIQUE_BETWEEN: &str = "SELECT id, rid FROM unique_key
     WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?3 AND key >= ?4 AND key < ?5
     ORDER BY id LIMIT ?6 OFFSET ?7";
const BETWEEN: &str = "SELECT id, rid FROM value_key
     WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?3 AND key >= ?4 AND key < ?5
     ORDER BY id LIMIT ?6 OFFSET ?7";
const HAS_MEMBER: &str = "SELECT g.id, g.rid
     FROM resource r CROSS JOIN member m ON m.member_rid = r.rid
     CROSS JOIN resource g ON g.rid = m.group_rid
     WHERE r.tenant_id = ?1 AND r.id = ?3 AND g.kind = ?2 ORDER BY g.id LIMIT ?4 OFFSET ?5";
const MEMBER_OF: &str = "WITH RECURSIVE below (rid, id, kind) AS (
         SELECT m.member_rid, m.member_id, m.member_kind
         FROM resource g CROSS JOIN member m ON m.group_rid = g.rid
         WHERE g.tenant_id = ?1 AND g.id = ?3
         UNION SELECT m.member_rid, m.member_id, m.member_kind
         FROM below b CROSS JOIN member m ON m.group_rid = b.rid
     ) SELECT id, rid FROM below WHERE kind = ?2 ORDER BY id LIMIT ?4 OFFSET ?5";
const VERSIONS: &str = "SELECT id, rid FROM resource
     WHERE tenant_id = ?1 AND kind = ?2 AND version BETWEEN ?3 AND ?4
     ORDER BY id LIMIT ?5 OFFSET ?6";
const COUNT_VERSIONS: &str = "SELECT count(*) FROM resource
     WHERE tenant_id = ?1 AND kind = ?2 AND version BETWEEN ?3 AND ?4";

impl Range {
    pub(super) fn new(registry: &Registry, tenant: TenantId, kind: Kind, probe: &Probe) -> Self {
        let place = vec![Value::from(tenant.0), Value::from(registry.kind(kind))];
        let with = |rows, count, more: Vec<Value>| {
            let parameters = place.into_iter().chain(more).collect();
            Self { rows, count, parameters }
        };
        let number = |attribute: AttrId| Value::from(registry.attribute(attribute));
        match probe {
            Probe::Every => with(EVERY, Some(COUNT_EVERY), Vec::new()),
            Probe::Id(id) => with(ID, None, vec![blob(id.0.as_bytes())]),
            Probe::Unique(attribute, key) => {
                with(UNIQUE, None, vec![number(*attribute), blob(key)])
            }
            Probe::Equal(attribute, key) => {
                with(EQUAL, Some(COUNT_EQUAL), vec![number(*attribute), blob(key)])
            }
            Probe::Prefix(attribute, prefix, table) => {
                let rows = match table {
                    Uniqueness::Unique => UNIQUE_BETWEEN,
                    Uniqueness::Ordinary => BETWEEN,
                };
                with(rows, None, vec![number(*attribute), blob(prefix), after(prefix)])
            }
            Probe::HasMember(id) => with(HAS_MEMBER, None, vec![blob(id.0.as_bytes())]),
            Probe::MemberOf(id) => with(MEMBER_OF, None, vec![blob(id.0.as_bytes())]),
            Probe::Versions(from, to) => {
                with(VERSIONS, Some(COUNT_VERSIONS), vec![(*from).into(), (*to).into()])
            }
        }
    }
}

fn blob(bytes: &[u8]) -> Value {
    Value::Blob(bytes.to_vec())
}

/// The first key after all that begin with a prefix.
fn after(prefix: &[u8]) -> Value {
    let Some(last) = prefix.iter().rposition(|byte| *byte < u8::MAX) else {
        // No bytes are: but every text comes after every blob (SQLite, "Datatypes", §4.1).
        return Value::Text(String::new());
    };
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Value::Blob(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// What the engine makes of a statement, a step a line.
    #[track_caller]
    fn check(sql: &str, expected: &[&str]) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../migrations/0001.sql")).unwrap();
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = plan.raw_query().mapped(|row| row.get::<_, String>(3));
        let steps: Vec<String> = steps.collect::<Result<_, _>>().unwrap();
        assert_eq!(steps, expected, "{sql}");
    }

    #[test]
    fn each_probe_is_one_index_range_in_the_order_of_ids() {
        let kind = "SEARCH resource USING COVERING INDEX resource_kind (tenant_id=? AND kind=?)";
        check(EVERY, &[kind]);
        check(COUNT_EVERY, &[kind]);
        let key =
            "SEARCH value_key USING PRIMARY KEY (tenant_id=? AND kind=? AND attribute=? AND key=?)";
        check(EQUAL, &[key]);
        check(COUNT_EQUAL, &[key]);
        check(
            UNIQUE,
            &[
                "SEARCH unique_key USING PRIMARY KEY (tenant_id=? AND kind=? AND attribute=? AND key=?)",
            ],
        );
        check(ID, &["SEARCH resource USING INDEX resource_id (tenant_id=? AND id=?)"]);
    }

    #[test]
    fn ranges_are_read_by_index_and_then_sorted() {
        let sort = "USE TEMP B-TREE FOR ORDER BY";
        let range =
            "USING PRIMARY KEY (tenant_id=? AND kind=? AND attribute=? AND key>? AND key<?)";
        check(BETWEEN, &[&format!("SEARCH value_key {range}"), sort]);
        check(UNIQUE_BETWEEN, &[&format!("SEARCH unique_key {range}"), sort]);
        let versions = "SEARCH resource USING COVERING INDEX resource_version (tenant_id=? AND kind=? AND version>? AND version<?)";
        check(VERSIONS, &[versions, sort]);
        check(COUNT_VERSIONS, &[versions]);
    }

    #[test]
    fn the_relation_is_walked_by_index() {
        check(
            HAS_MEMBER,
            &[
                "SEARCH r USING COVERING INDEX resource_id (tenant_id=? AND id=?)",
                "SEARCH m USING COVERING INDEX member_of (member_rid=?)",
                "SEARCH g USING INTEGER PRIMARY KEY (rowid=?)",
                "USE TEMP B-TREE FOR ORDER BY",
            ],
        );
        check(
            MEMBER_OF,
            &[
                "CO-ROUTINE below",
                "SETUP",
                "SEARCH g USING COVERING INDEX resource_id (tenant_id=? AND id=?)",
                "SEARCH m USING PRIMARY KEY (group_rid=?)",
                "RECURSIVE STEP",
                "SCAN b",
                "SEARCH m USING PRIMARY KEY (group_rid=?)",
                "SCAN below",
                "USE TEMP B-TREE FOR ORDER BY",
            ],
        );
    }

    #[test]
    fn a_prefix_ends_where_its_last_byte_does() {
        assert_eq!(after(b"ab"), Value::Blob(b"ac".to_vec()));
        assert_eq!(after(&[7, 255]), Value::Blob(vec![8]));
        assert_eq!(after(&[255]), Value::Text(String::new()));
        assert_eq!(after(&[]), Value::Text(String::new()));
    }
}
