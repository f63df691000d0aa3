//! Looking for contradictions: the file, its keys and members, and the feed replayed from its start.

mod replay;

use std::collections::BTreeSet;
use std::path::Path;

use provost_scim::value::{Key, read_body};
use provost_store::{ResourceId, TenantId};
use rusqlite::{Connection, params};

use crate::connection;
use crate::error::Failure;
use crate::open::Shared;

/// A contradiction in a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// SQLite's own checks find something.
    #[error("the file: {0}")]
    File(String),
    /// A body cannot be read.
    #[error("tenant {0}: the body of {1} cannot be read")]
    Body(TenantId, ResourceId),
    /// The keys of a resource are not those of its body.
    #[error("tenant {0}: the keys of {1} are not those of its body")]
    Keys(TenantId, ResourceId),
    /// There are keys of no resource.
    #[error("{0} keys belong to no resource")]
    LostKeys(i64),
    /// A membership says other things of its member than the resource does.
    #[error("a membership of {0} contradicts the resource")]
    Membership(ResourceId),
    /// The feed does not have an event at each place from the first to the last.
    #[error("tenant {0}: the feed has {1} events and continues with {2}")]
    Gap(TenantId, i64, i64),
    /// The number of resources that is kept is not how many there are.
    #[error("tenant {0}: there are {1} resources of the type {2}, and {3} are counted")]
    Population(TenantId, i64, String, i64),
    /// The feed, replayed from its start, leads to something else than is stored.
    #[error("tenant {0}: the feed does not lead to {1} as it is")]
    Feed(TenantId, ResourceId),
}

/// Reads everything in one snapshot.
pub(crate) fn verify(path: &Path, shared: &Shared) -> Result<Vec<Flaw>, Failure> {
    let connection = connection::open_to_read(path)?;
    connection.execute_batch("BEGIN")?;
    let mut flaws = Vec::new();
    check_file(&connection, &mut flaws)?;
    check_keys(&connection, shared, &mut flaws)?;
    check_members(&connection, &mut flaws)?;
    check_population(&connection, &mut flaws)?;
    replay::check(&connection, shared, &mut flaws)?;
    Ok(flaws)
}

fn check_file(connection: &Connection, flaws: &mut Vec<Flaw>) -> Result<(), Failure> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        let line = line?;
        if line != "ok" {
            flaws.push(Flaw::File(line));
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let lost = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(2)?));
    for row in statement.query_map([], lost)? {
        let (table, parent) = row?;
        flaws.push(Flaw::File(format!("a row of {table} refers to no {parent}")));
    }
    Ok(())
}

/// The keys of each resource are those of its body, and there are no others.
fn check_keys(
    connection: &Connection,
    shared: &Shared,
    flaws: &mut Vec<Flaw>,
) -> Result<(), Failure> {
    let sql = "SELECT tenant_id, id, rid, kind, body FROM resource ORDER BY tenant_id, id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut known = 0;
    while let Some(row) = rows.next()? {
        let (tenant, id) = (TenantId(row.get(0)?), ResourceId(row.get(1)?));
        let body = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
        let kind = shared.registry.kind_of(row.get(3)?);
        let read = kind.and_then(|kind| Some((kind, read_body(&shared.schemas, kind, body).ok()?)));
        let Some((kind, attributes)) = read else {
            flaws.push(Flaw::Body(tenant, id));
            continue;
        };
        let keys = shared.indexes.keys(&shared.schemas, kind, &attributes);
        let number =
            |(attribute, key): &(_, Key)| (shared.registry.attribute(*attribute), key.clone());
        let place = Place { tenant, kind: row.get(3)?, id, rid: row.get(2)? };
        let (values, unique): (BTreeSet<_>, BTreeSet<_>) =
            (keys.values.iter().map(number).collect(), keys.unique.iter().map(number).collect());
        known +=
            match place.has(connection, VALUE, &values)? && place.has(connection, KEY, &unique)? {
                true => (values.len() + unique.len()) as i64,
                // Nothing leads from a resource to its keys: all are looked through, for this one.
                false => {
                    flaws.push(Flaw::Keys(tenant, id));
                    place.count(connection, VALUES)? + place.count(connection, UNIQUE)?
                }
            };
    }
    let sql = "SELECT (SELECT count(*) FROM value_key) + (SELECT count(*) FROM unique_key)";
    let all: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if all != known {
        flaws.push(Flaw::LostKeys(all - known));
    }
    Ok(())
}

/// Whose keys to look up.
struct Place {
    tenant: TenantId,
    kind: i64,
    id: ResourceId,
    rid: i64,
}

const VALUE: &str = "SELECT 1 FROM value_key WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?5
     AND key = ?6 AND id = ?3 AND rid = ?4";
const KEY: &str = "SELECT 1 FROM unique_key WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?5
     AND key = ?6 AND id = ?3 AND rid = ?4";
const VALUES: &str = "SELECT count(*) FROM value_key WHERE tenant_id = ?1 AND kind = ?2
     AND id = ?3 AND rid = ?4";
const UNIQUE: &str = "SELECT count(*) FROM unique_key WHERE tenant_id = ?1 AND kind = ?2
     AND id = ?3 AND rid = ?4";

impl Place {
    /// Whether it has all of some keys.
    fn has(
        &self,
        connection: &Connection,
        sql: &'static str,
        keys: &BTreeSet<(i64, Key)>,
    ) -> rusqlite::Result<bool> {
        let mut statement = connection.prepare_cached(sql)?;
        for (attribute, key) in keys {
            let place = (self.tenant.0, self.kind, self.id.0, self.rid);
            let (tenant, kind, id, rid) = place;
            if !statement.exists(params![tenant, kind, id, rid, attribute, key])? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn count(&self, connection: &Connection, sql: &'static str) -> rusqlite::Result<i64> {
        let parameters = params![self.tenant.0, self.kind, self.id.0, self.rid];
        connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))
    }
}

fn check_population(connection: &Connection, flaws: &mut Vec<Flaw>) -> Result<(), Failure> {
    let mut statement = connection.prepare(
        "SELECT tenant_id, sum(found), (SELECT name FROM kind WHERE no = kind), sum(counted) FROM (
             SELECT tenant_id, kind, count(*) AS found, 0 AS counted FROM resource
             GROUP BY tenant_id, kind
             UNION ALL SELECT tenant_id, kind, 0, resources FROM population)
         GROUP BY tenant_id, kind HAVING sum(found) <> sum(counted)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (tenant, found) = (TenantId(row.get(0)?), row.get(1)?);
        flaws.push(Flaw::Population(tenant, found, row.get(2)?, row.get(3)?));
    }
    Ok(())
}

fn check_members(connection: &Connection, flaws: &mut Vec<Flaw>) -> Result<(), Failure> {
    let mut statement = connection.prepare(
        "SELECT g.id FROM member m JOIN resource g ON g.rid = m.group_rid
         JOIN resource r ON r.rid = m.member_rid
         WHERE r.id <> m.member_id OR r.kind <> m.member_kind OR r.tenant_id <> g.tenant_id
         ORDER BY g.id",
    )?;
    for group in statement.query_map([], |row| row.get(0).map(ResourceId))? {
        flaws.push(Flaw::Membership(group?));
    }
    Ok(())
}
