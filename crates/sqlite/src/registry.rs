//! Attributes and resource types as the database numbers them, and keys that follow the indexes.

use std::collections::HashMap;

use provost_scim::schema::{AttrId, Kind, Schemas};
use provost_scim::value::{Key, read_body};
use provost_store::{Indexes, ResourceId};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use crate::{OpenError, Role};

/// Rises when the bytes of keys change for the same values.
const KEY_FORMAT: i64 = 1;

/// From the numbers of this process to those of the database, and back.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    attributes: HashMap<AttrId, i64>,
    kinds: HashMap<Kind, i64>,
    by_kind_number: HashMap<i64, Kind>,
}

impl Registry {
    /// Reads the numbers and gives new names new ones. A server rebuilds the keys if the indexes
    /// changed; a command beside it has no say in that.
    pub(crate) fn load(
        connection: &mut Connection,
        schemas: &Schemas,
        indexes: &Indexes,
        role: Role,
    ) -> Result<Self, OpenError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut attributes = HashMap::new();
        for (id, _) in indexes.all() {
            let path = &schemas.attribute(id).path;
            attributes.insert(id, number(&transaction, "attribute", "path", path)?);
        }
        let mut kinds = HashMap::new();
        for resource_type in schemas.resource_types() {
            let no = number(&transaction, "kind", "name", &resource_type.name)?;
            kinds.insert(resource_type.kind, no);
        }
        let by_kind_number = kinds.iter().map(|(kind, no)| (*no, *kind)).collect();
        let registry = Self { attributes, kinds, by_kind_number };
        match role {
            Role::Serve => registry.follow(&transaction, schemas, indexes)?,
            Role::Command => {}
        }
        transaction.commit()?;
        Ok(registry)
    }

    pub(crate) fn attribute(&self, id: AttrId) -> i64 {
        *self.attributes.get(&id).expect("keys are made of indexed attributes")
    }

    pub(crate) fn kind(&self, kind: Kind) -> i64 {
        *self.kinds.get(&kind).expect("the registry knows all resource types")
    }

    /// A resource type that a database has and the schemas no longer do is not shown.
    pub(crate) fn kind_of(&self, number: i64) -> Option<Kind> {
        self.by_kind_number.get(&number).copied()
    }

    /// Rebuilds all keys if what has keys is no longer what it was.
    fn follow(
        &self,
        transaction: &Transaction<'_>,
        schemas: &Schemas,
        indexes: &Indexes,
    ) -> Result<(), OpenError> {
        let mut wanted: Vec<String> = indexes
            .all()
            .map(|(id, unique)| format!("{} {unique}", schemas.attribute(id).path))
            .collect();
        wanted.insert(0, format!("keys {KEY_FORMAT}"));
        let wanted = wanted.join("\n");
        transaction.execute_batch(
            "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
        )?;
        let found: Option<String> = transaction
            .query_row("SELECT value FROM meta WHERE name = 'indexes'", [], |row| row.get(0))
            .optional()?;
        if found.as_deref() == Some(wanted.as_str()) {
            return Ok(());
        }
        if found.is_some() {
            tracing::info!("The indexed attributes changed: rebuilding all keys");
            self.rebuild(transaction, schemas, indexes)?;
        }
        transaction.execute(
            "INSERT INTO meta (name, value) VALUES ('indexes', ?1)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [wanted],
        )?;
        Ok(())
    }

    fn rebuild(
        &self,
        transaction: &Transaction<'_>,
        schemas: &Schemas,
        indexes: &Indexes,
    ) -> Result<(), OpenError> {
        transaction.execute_batch("DELETE FROM value_key; DELETE FROM unique_key;")?;
        let mut resources =
            transaction.prepare("SELECT rid, tenant_id, id, kind, body FROM resource")?;
        let mut rows = resources.query([])?;
        while let Some(row) = rows.next()? {
            let (rid, tenant, id): (i64, i64, Uuid) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (number, body): (i64, Vec<u8>) = (row.get(3)?, row.get(4)?);
            let Some(kind) = self.kind_of(number) else { continue };
            let attributes = read_body(schemas, kind, &body)
                .map_err(|_| OpenError::Corrupt(ResourceId(id).to_string()))?;
            let keys = indexes.keys(schemas, kind, &attributes);
            for (attribute, key) in keys.values {
                self.put_value_key(transaction, (tenant, number), attribute, &key, rid)?;
            }
            for (attribute, key) in keys.unique {
                if let Some(holder) =
                    self.put_unique_key(transaction, (tenant, number), attribute, &key, rid)?
                {
                    let first: Uuid = transaction.query_row(
                        "SELECT id FROM resource WHERE rid = ?1",
                        [holder],
                        |row| row.get(0),
                    )?;
                    return Err(OpenError::NotUnique {
                        attribute: schemas.attribute(attribute).path.to_string(),
                        first: ResourceId(first).to_string(),
                        second: ResourceId(id).to_string(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Adds a key of an ordinary attribute.
    pub(crate) fn put_value_key(
        &self,
        connection: &Connection,
        (tenant, kind): (i64, i64),
        attribute: AttrId,
        key: &Key,
        rid: i64,
    ) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO value_key (tenant_id, kind, attribute, key, rid)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![tenant, kind, self.attribute(attribute), &key[..], rid])?;
        Ok(())
    }

    /// Adds a unique key; gives the resource that has it already, if that is another one.
    pub(crate) fn put_unique_key(
        &self,
        connection: &Connection,
        (tenant, kind): (i64, i64),
        attribute: AttrId,
        key: &Key,
        rid: i64,
    ) -> rusqlite::Result<Option<i64>> {
        let inserted = connection
            .prepare_cached(
                "INSERT INTO unique_key (tenant_id, kind, attribute, key, rid)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )?
            .execute(params![tenant, kind, self.attribute(attribute), &key[..], rid])?;
        if inserted == 1 {
            return Ok(None);
        }
        let holder: i64 = connection
            .prepare_cached(
                "SELECT rid FROM unique_key
                 WHERE tenant_id = ?1 AND kind = ?2 AND attribute = ?3 AND key = ?4",
            )?
            .query_row(params![tenant, kind, self.attribute(attribute), &key[..]], |it| {
                it.get(0)
            })?;
        Ok((holder != rid).then_some(holder))
    }
}

fn number(
    connection: &Connection,
    table: &'static str,
    column: &'static str,
    name: &str,
) -> rusqlite::Result<i64> {
    let insert = format!("INSERT INTO {table} ({column}) VALUES (?1) ON CONFLICT DO NOTHING");
    connection.execute(&insert, [name])?;
    let select = format!("SELECT no FROM {table} WHERE {column} = ?1");
    connection.query_row(&select, [name], |row| row.get(0))
}
