//! Keys that follow the indexes: all are rebuilt when what they are made by changes.

use std::fmt::Write as _;

use provost_scim::schema::Schemas;
use provost_scim::value::read_body;
use provost_store::{Indexes, ResourceId};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use uuid::Uuid;

use crate::OpenError;
use crate::registry::Registry;
use crate::writer::key::{self, Holder};

/// Rises when `scim::value::key` makes other bytes of the same values: a test below watches it.
const KEY_FORMAT: u32 = 1;

/// Compares the keys of the database with the indexes, and rebuilds them if they differ.
pub(crate) fn follow(
    connection: &mut Connection,
    registry: &Registry,
    schemas: &Schemas,
    indexes: &Indexes,
) -> Result<(), OpenError> {
    if let Some(name) = registry.unknown(connection)? {
        return Err(OpenError::UnknownResourceType(name));
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (wanted, found) = (recipe(schemas, indexes), recorded(&transaction)?);
    if found.as_deref() != Some(&*wanted) {
        rebuild(&transaction, registry, schemas, indexes)?;
        let sql = "INSERT INTO meta (name, value) VALUES ('keys', ?1)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        transaction.execute(sql, [&wanted])?;
        transaction.commit()?;
    }
    Ok(())
}

/// Whether the keys of the database are those of the indexes.
pub(crate) fn is_followed(
    connection: &Connection,
    schemas: &Schemas,
    indexes: &Indexes,
) -> Result<bool, OpenError> {
    Ok(recorded(connection)?.as_deref() == Some(&*recipe(schemas, indexes)))
}

fn recorded(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection
        .query_row("SELECT value FROM meta WHERE name = 'keys'", [], |row| row.get(0))
        .optional()
}

/// All that the bytes and the tables of keys depend on, as text.
fn recipe(schemas: &Schemas, indexes: &Indexes) -> String {
    let mut text = format!("format {KEY_FORMAT}");
    for resource_type in schemas.resource_types() {
        for attribute in schemas.attributes() {
            let table = match attribute.id {
                id if indexes.is_unique(resource_type.kind, id) => "unique",
                id if indexes.is_indexed(resource_type.kind, id) => "ordinary",
                _ => continue,
            };
            let case = if attribute.case_exact { "exact" } else { "folded" };
            let (kind, path, form) = (&resource_type.name, &attribute.path, attribute.data_type);
            write!(text, "\n{kind} {path} {form:?} {case} {table}").expect("a String takes text");
        }
    }
    text
}

fn rebuild(
    connection: &Connection,
    registry: &Registry,
    schemas: &Schemas,
    indexes: &Indexes,
) -> Result<(), OpenError> {
    connection.execute_batch("DELETE FROM value_key; DELETE FROM unique_key;")?;
    let mut count = 0_u64;
    let mut statement =
        connection.prepare("SELECT tenant_id, id, rid, kind, body FROM resource")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = ResourceId(row.get(1)?);
        let kind = registry.kind_of(row.get(3)?).ok_or(OpenError::Corrupt(id))?;
        let holder = Holder { tenant: row.get(0)?, kind: row.get(3)?, id, rid: row.get(2)? };
        let body = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
        let attributes = read_body(schemas, kind, body).map_err(|_| OpenError::Corrupt(id))?;
        let keys = indexes.keys(schemas, kind, &attributes);
        for (attribute, key) in &keys.values {
            key::add_value(connection, &holder, registry.attribute(*attribute), key)?;
        }
        for (attribute, key) in &keys.unique {
            let number = registry.attribute(*attribute);
            if !key::add_unique(connection, &holder, number, key)? {
                let first = key::unique_holder(connection, &holder, number, key)?;
                let path = &schemas.attribute(*attribute).path;
                return Err(not_unique(path, first, id));
            }
        }
        count += 1;
    }
    if count > 0 {
        tracing::info!(sqlite.resources = count, "Made the keys of {count} resources anew");
    }
    Ok(())
}

fn not_unique(path: &str, first: Uuid, second: ResourceId) -> OpenError {
    OpenError::NotUnique { attribute: path.to_owned(), first: ResourceId(first), second }
}

#[cfg(test)]
mod tests {
    use super::*;
    use provost_scim::schema::Options;
    use provost_scim::value::{Val, key};

    /// The keys of all characters, folded and not: another sum means other tables of Unicode, and
    /// [`KEY_FORMAT`] must rise with it.
    #[test]
    fn the_bytes_of_keys_are_those_of_the_key_format() {
        let schemas = Schemas::builtin(&Options::default());
        let mut sum = 0xcbf2_9ce4_8422_2325_u64;
        for path in ["urn:ietf:params:scim:schemas:core:2.0:User:userName", "externalId"] {
            let attribute = schemas.attribute(schemas.by_path(path).unwrap());
            for character in '\0'..=char::MAX {
                let text = Val::Str(format!("A{character}").into());
                for byte in key(attribute, &text).unwrap().iter().chain([&0xff]) {
                    sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
                }
            }
        }
        assert_eq!((KEY_FORMAT, sum), (1, 15_548_836_212_140_136_954));
    }
}
