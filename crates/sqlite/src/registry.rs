//! Attributes and resource types as the database numbers them.

use std::collections::HashMap;

use provost_scim::schema::{AttrId, Kind, Place, Schemas};
use provost_store::Indexes;
use rusqlite::{Connection, OptionalExtension as _};

use crate::OpenError;

/// From the numbers of this process to those of the database, and back.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    attributes: HashMap<AttrId, i64>,
    kinds: HashMap<Kind, i64>,
    by_number: HashMap<i64, Kind>,
}

impl Registry {
    /// Reads the numbers, and gives names without one the next.
    pub(crate) fn load(
        connection: &Connection,
        schemas: &Schemas,
        indexes: &Indexes,
    ) -> Result<Self, OpenError> {
        let attribute = |id: AttrId| {
            let path = &schemas.attribute(id).path;
            Ok((id, number(connection, &ATTRIBUTE, path)?))
        };
        let secrets = schemas.attributes().iter().filter(|it| it.place == Place::Secret);
        let named = indexes.all().map(|(id, _)| id).chain(secrets.map(|it| it.id));
        let attributes = named.map(attribute).collect::<rusqlite::Result<_>>()?;
        let mut kinds = HashMap::new();
        for resource_type in schemas.resource_types() {
            kinds.insert(resource_type.kind, number(connection, &KIND, &resource_type.name)?);
        }
        let by_number = kinds.iter().map(|(kind, number)| (*number, *kind)).collect();
        Ok(Self { attributes, kinds, by_number })
    }

    pub(crate) fn attribute(&self, id: AttrId) -> i64 {
        *self
            .attributes
            .get(&id)
            .expect("keys, probes and secrets are of indexed or secret attributes")
    }

    pub(crate) fn kind(&self, kind: Kind) -> i64 {
        *self.kinds.get(&kind).expect("a Kind is used with its own Schemas")
    }

    /// `None` is a resource type that this process does not know.
    pub(crate) fn kind_of(&self, number: i64) -> Option<Kind> {
        self.by_number.get(&number).copied()
    }

    /// A resource type that the database has and the schemas do not.
    pub(crate) fn unknown(&self, connection: &Connection) -> rusqlite::Result<Option<String>> {
        let mut statement = connection.prepare("SELECT no, name FROM kind")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if self.kind_of(row.get(0)?).is_none() {
                return row.get(1).map(Some);
            }
        }
        Ok(None)
    }
}

/// A table of names.
struct Names {
    select: &'static str,
    insert: &'static str,
}

const ATTRIBUTE: Names = Names {
    select: "SELECT no FROM attribute WHERE path = ?1",
    insert: "INSERT INTO attribute (path) VALUES (?1) ON CONFLICT DO NOTHING",
};
const KIND: Names = Names {
    select: "SELECT no FROM kind WHERE name = ?1",
    insert: "INSERT INTO kind (name) VALUES (?1) ON CONFLICT DO NOTHING",
};

/// A command may come first, or at the same time: whoever is second finds the number of the first.
fn number(connection: &Connection, names: &Names, name: &str) -> rusqlite::Result<i64> {
    let find = || connection.query_row(names.select, [name], |row| row.get(0));
    match find().optional()? {
        Some(number) => Ok(number),
        None => {
            connection.execute(names.insert, [name])?;
            find()
        }
    }
}
