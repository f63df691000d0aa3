//! Values to JSON: a resource with its extensions under their URNs (RFC 7643 §3).

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use super::{Attributes, Val};
use crate::schema::{SchemaId, Schemas};

/// A resource, ready to be serialized: common and core attributes, then extensions, then `meta`.
pub struct Printed<'a> {
    /// The schemas that the ids belong to.
    pub schemas: &'a Schemas,
    /// The attributes to print.
    pub attributes: &'a Attributes,
    /// The core schema of the resource type: its attributes stand at the top.
    pub core: SchemaId,
}

/// The body of a resource as it is stored.
pub fn body(schemas: &Schemas, core: SchemaId, attributes: &Attributes) -> Vec<u8> {
    let printed = Printed { schemas, attributes, core };
    serde_json::to_vec(&printed).expect("values print as JSON: all names are strings")
}

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let meta = self.schemas.common().meta;
        let schema_of = |id| self.schemas.attribute(id).schema;
        let is_top = |id| schema_of(id).is_none_or(|schema| schema == self.core);
        let mut map = serializer.serialize_map(None)?;
        for (id, value) in self.attributes.iter().filter(|(id, _)| is_top(*id) && *id != meta) {
            let nested = Nested { schemas: self.schemas, value };
            map.serialize_entry(&*self.schemas.attribute(id).name, &nested)?;
        }
        let mut rest: Vec<_> = self.attributes.iter().filter(|(id, _)| !is_top(*id)).collect();
        // One extension after the other, in the order of the schemas.
        rest.sort_by_key(|(id, _)| schema_of(*id));
        for group in rest.chunk_by(|left, right| schema_of(left.0) == schema_of(right.0)) {
            let Some(schema) = group.first().and_then(|(id, _)| schema_of(*id)) else { continue };
            let extension = Extension { schemas: self.schemas, attributes: group };
            map.serialize_entry(&*self.schemas.schema(schema).id, &extension)?;
        }
        if let Some(value) = self.attributes.get(meta) {
            map.serialize_entry("meta", &Nested { schemas: self.schemas, value })?;
        }
        map.end()
    }
}

struct Extension<'a> {
    schemas: &'a Schemas,
    attributes: &'a [(crate::schema::AttrId, &'a Val)],
}

impl Serialize for Extension<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.attributes.len()))?;
        for (id, value) in self.attributes {
            let nested = Nested { schemas: self.schemas, value };
            map.serialize_entry(&*self.schemas.attribute(*id).name, &nested)?;
        }
        map.end()
    }
}

/// A value with the names that its ids stand for.
pub(crate) struct Nested<'a> {
    pub(crate) schemas: &'a Schemas,
    pub(crate) value: &'a Val,
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Val::Bool(value) => serializer.serialize_bool(*value),
            Val::Int(value) => serializer.serialize_i64(*value),
            Val::Dec(number) => number.serialize(serializer),
            Val::Str(text) | Val::Bin(text) => serializer.serialize_str(text),
            Val::Time(time) => serializer.serialize_str(&time.text),
            Val::Complex(parts) => {
                let mut map = serializer.serialize_map(None)?;
                for (id, value) in parts.iter() {
                    let nested = Nested { schemas: self.schemas, value };
                    map.serialize_entry(&*self.schemas.attribute(id).name, &nested)?;
                }
                map.end()
            }
            Val::Many(values) => {
                let mut seq = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    seq.serialize_element(&Nested { schemas: self.schemas, value })?;
                }
                seq.end()
            }
        }
    }
}
