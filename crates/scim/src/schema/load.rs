//! Schemas and resource types from JSON, with contradictions refused by their path (RFC 7643 §6, §7).

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::Value;

use super::resource_type::Extension;
use super::{
    AttrId, Attribute, Common, DataType, Kind, Mutability, Place, ResourceType, Returned, Schema,
    SchemaId, Schemas, Uniqueness, builtin,
};
use crate::endpoint::RESERVED;
use crate::path::is_name;

/// Why schemas were not accepted, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct LoadError {
    /// The place, such as `urn:…:User:emails.type`.
    pub path: String,
    /// What contradicts what.
    pub reason: String,
}

impl Schemas {
    /// Loads schemas (a list of documents as in RFC 7643 §8.7) and resource types (one array as in
    /// RFC 7643 §8.6).
    ///
    /// # Errors
    /// At the first contradiction, with its path.
    pub fn load(schemas: &[Value], resource_types: &Value) -> Result<Self, LoadError> {
        load(schemas, resource_types)
    }
}

/// The characteristics as they are written; what is left out has the default of RFC 7643 §2.2.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Definition {
    name: Box<str>,
    #[serde(rename = "type", default = "string_type")]
    data_type: DataType,
    #[serde(default)]
    multi_valued: bool,
    #[serde(default)]
    description: Box<str>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    case_exact: bool,
    #[serde(default = "read_write")]
    mutability: Mutability,
    #[serde(default = "returned_by_default")]
    returned: Returned,
    #[serde(default = "not_unique")]
    uniqueness: Uniqueness,
    #[serde(default)]
    canonical_values: Vec<Box<str>>,
    #[serde(default)]
    reference_types: Vec<Box<str>>,
    #[serde(default)]
    sub_attributes: Vec<Value>,
}

const fn string_type() -> DataType {
    DataType::String
}

const fn read_write() -> Mutability {
    Mutability::ReadWrite
}

const fn returned_by_default() -> Returned {
    Returned::Default
}

const fn not_unique() -> Uniqueness {
    Uniqueness::None
}

#[derive(Deserialize)]
struct SchemaDocument {
    id: Box<str>,
    #[serde(default)]
    name: Box<str>,
    #[serde(default)]
    description: Box<str>,
    #[serde(default)]
    attributes: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceTypeDocument {
    name: Box<str>,
    endpoint: Box<str>,
    #[serde(default)]
    description: Box<str>,
    schema: Box<str>,
    #[serde(default)]
    schema_extensions: Vec<ExtensionDocument>,
}

#[derive(Deserialize)]
struct ExtensionDocument {
    schema: Box<str>,
    #[serde(default)]
    required: bool,
}

pub(super) fn load(schemas: &[Value], resource_types: &Value) -> Result<Schemas, LoadError> {
    let mut loader = Loader::default();
    let common = loader.common()?;
    for document in schemas {
        loader.schema(document)?;
    }
    let Value::Array(documents) = resource_types else {
        return Err(at("resource types", "not an array"));
    };
    for document in documents {
        loader.resource_type(document)?;
    }
    let Loader { schemas, attributes, resource_types, by_urn, by_path } = loader;
    Ok(Schemas { schemas, attributes, resource_types, common, by_urn, by_path })
}

#[derive(Default)]
struct Loader {
    schemas: Vec<Schema>,
    attributes: Vec<Attribute>,
    resource_types: Vec<ResourceType>,
    by_urn: HashMap<Box<str>, SchemaId>,
    by_path: HashMap<Box<str>, AttrId>,
}

/// Where a definition stands: its schema, its parent, the path before its name.
struct Position<'a> {
    schema: Option<SchemaId>,
    parent: Option<AttrId>,
    prefix: &'a str,
}

impl Loader {
    fn common(&mut self) -> Result<Common, LoadError> {
        let documents = builtin::common();
        let top = Position { schema: None, parent: None, prefix: "" };
        for document in documents.as_array().into_iter().flatten() {
            self.attribute(document, &top)?;
        }
        let id = |path: &str| {
            self.by_path
                .get(path)
                .copied()
                .ok_or_else(|| at(path, "the common attribute is missing"))
        };
        let common = Common {
            schemas: id("schemas")?,
            id: id("id")?,
            external_id: id("externalid")?,
            meta: id("meta")?,
            resource_type: id("meta.resourcetype")?,
            created: id("meta.created")?,
            last_modified: id("meta.lastmodified")?,
            location: id("meta.location")?,
            version: id("meta.version")?,
        };
        Ok(common)
    }

    fn schema(&mut self, document: &Value) -> Result<(), LoadError> {
        let document: SchemaDocument = read(document, "schema")?;
        let SchemaDocument { id: urn, name, description, attributes } = document;
        if !urn.to_ascii_lowercase().starts_with("urn:") {
            return Err(at(&urn, "the id of a schema is a URN"));
        }
        let id = SchemaId(number(self.schemas.len(), &urn)?);
        if self.by_urn.insert(urn.to_ascii_lowercase().into(), id).is_some() {
            return Err(at(&urn, "two schemas have this id"));
        }
        let prefix = format!("{urn}:");
        let top = Position { schema: Some(id), parent: None, prefix: &prefix };
        let attributes =
            attributes.iter().map(|it| self.attribute(it, &top)).collect::<Result<_, _>>()?;
        self.schemas.push(Schema { id: urn, name, description, attributes });
        Ok(())
    }

    fn attribute(&mut self, document: &Value, position: &Position) -> Result<AttrId, LoadError> {
        let name = document.get("name").and_then(Value::as_str).unwrap_or("(no name)");
        let path = format!("{}{name}", position.prefix);
        let definition: Definition = read(document, &path)?;
        check(&definition, position, &path)?;
        let id = AttrId(number(self.attributes.len(), &path)?);
        if self.by_path.insert(path.to_ascii_lowercase().into(), id).is_some() {
            return Err(at(&path, "the attribute is defined twice"));
        }
        let place = self.place(&definition, position);
        self.attributes.push(Attribute {
            id,
            schema: position.schema,
            parent: position.parent,
            name: definition.name,
            path: path.as_str().into(),
            description: definition.description,
            data_type: definition.data_type,
            multi_valued: definition.multi_valued,
            required: definition.required,
            // RFC 7643 §2.3.6, §2.3.7: binary values and references always are.
            case_exact: definition.case_exact
                || matches!(definition.data_type, DataType::Binary | DataType::Reference),
            mutability: definition.mutability,
            returned: definition.returned,
            uniqueness: definition.uniqueness,
            canonical_values: definition.canonical_values,
            reference_types: definition.reference_types,
            sub_attributes: Vec::new(),
            place,
        });
        let prefix = format!("{path}.");
        let inner = Position { schema: position.schema, parent: Some(id), prefix: &prefix };
        let subs = definition.sub_attributes.iter();
        let subs = subs.map(|it| self.attribute(it, &inner)).collect::<Result<_, _>>()?;
        if let Some(attribute) = self.attributes.get_mut(id.index()) {
            attribute.sub_attributes = subs;
        }
        Ok(id)
    }

    fn place(&self, definition: &Definition, position: &Position) -> Place {
        let parent = position.parent.and_then(|id| self.attributes.get(id.index()));
        match parent {
            // What lies beside the body lies there as a whole.
            Some(parent) if parent.place != Place::Body => parent.place,
            Some(_) if &*definition.name == "$ref" && refers_to_resource(definition) => {
                Place::Derived
            }
            Some(_) if definition.mutability == Mutability::ReadOnly => Place::Derived,
            Some(_) => Place::Body,
            None if definition.mutability == Mutability::WriteOnly => Place::Secret,
            None if position.schema.is_none() && &*definition.name != "externalId" => Place::Row,
            None if &*definition.name == "members" && is_relation(definition) => Place::Members,
            None if &*definition.name == "groups" && is_relation(definition) => Place::MemberOf,
            None => Place::Body,
        }
    }

    fn resource_type(&mut self, document: &Value) -> Result<(), LoadError> {
        let ResourceTypeDocument { name, endpoint, description, schema, schema_extensions } =
            read(document, "resource type")?;
        let endpoint_is_free =
            self.resource_types.iter().all(|it| it.endpoint != endpoint && it.name != name);
        if !endpoint_is_free {
            return Err(at(&name, "two resource types have this name or endpoint"));
        }
        let segment = endpoint.strip_prefix('/').unwrap_or_default();
        if segment.is_empty() || segment.contains('/') {
            return Err(at(&name, format!("the endpoint {endpoint} is not of the form /Name")));
        }
        if RESERVED.contains(&segment) {
            return Err(at(&name, format!("the endpoint {endpoint} is the protocol's own")));
        }
        let kind = Kind(number(self.resource_types.len(), &name)?);
        let core = self.schema_of(&name, &schema)?;
        let mut extensions: Vec<Extension> = Vec::new();
        for extension in schema_extensions {
            let schema = self.schema_of(&name, &extension.schema)?;
            if schema == core || extensions.iter().any(|it| it.schema == schema) {
                return Err(at(&name, format!("{} is listed twice", extension.schema)));
            }
            extensions.push(Extension { schema, required: extension.required });
        }
        let schemas: Vec<SchemaId> =
            std::iter::once(core).chain(extensions.iter().map(|it| it.schema)).collect();
        for place in [Place::Members, Place::MemberOf] {
            let is_own = |it: &&Attribute| it.schema.is_some_and(|own| schemas.contains(&own));
            let held = self.attributes.iter().filter(is_own);
            if held.filter(|it| it.place == place && it.parent.is_none()).count() > 1 {
                return Err(at(&name, "two of its schemas define members or groups"));
            }
        }
        self.resource_types.push(ResourceType {
            kind,
            name,
            endpoint,
            description,
            schema: core,
            extensions,
        });
        Ok(())
    }

    fn schema_of(&self, resource_type: &str, urn: &str) -> Result<SchemaId, LoadError> {
        let found = self.by_urn.get(urn.to_ascii_lowercase().as_str()).copied();
        found.ok_or_else(|| at(resource_type, format!("no schema has the id {urn}")))
    }
}

/// Refuses characteristics that contradict one another (RFC 7643 §2.2, §2.3, §7).
fn check(definition: &Definition, position: &Position, path: &str) -> Result<(), LoadError> {
    let complex = definition.data_type == DataType::Complex;
    let contradiction = if !is_name(&definition.name) {
        "the name is not a letter followed by letters, digits, `-` and `_`"
    } else if complex && position.parent.is_some() {
        "a complex attribute inside a complex attribute"
    } else if complex && definition.sub_attributes.is_empty() {
        "a complex attribute without subAttributes"
    } else if !complex && !definition.sub_attributes.is_empty() {
        "subAttributes on an attribute that is not complex"
    } else if complex && definition.uniqueness.is_unique() {
        "uniqueness on a complex attribute"
    } else if definition.multi_valued && definition.uniqueness.is_unique() {
        "uniqueness on a multi-valued attribute"
    } else if position.parent.is_some() && definition.multi_valued {
        "a multi-valued sub-attribute"
    } else if definition.data_type == DataType::Boolean && definition.uniqueness.is_unique() {
        "uniqueness on a boolean"
    } else if definition.mutability == Mutability::WriteOnly
        && definition.returned != Returned::Never
    {
        "writeOnly, but returned"
    } else if definition.mutability == Mutability::ReadOnly
        && definition.returned == Returned::Never
    {
        "readOnly, but never returned"
    } else if definition.data_type == DataType::Reference && definition.reference_types.is_empty() {
        "a reference without referenceTypes"
    } else if definition.data_type != DataType::Reference && !definition.reference_types.is_empty()
    {
        "referenceTypes on an attribute that is not a reference"
    } else if !definition.canonical_values.is_empty() && !matches_text(definition.data_type) {
        "canonicalValues on an attribute that is not a string or reference"
    } else if has_twins(&definition.sub_attributes) {
        "two subAttributes whose names differ by case only"
    } else {
        return Ok(());
    };
    Err(at(path, contradiction))
}

const fn matches_text(data_type: DataType) -> bool {
    matches!(data_type, DataType::String | DataType::Reference)
}

fn has_twins(documents: &[Value]) -> bool {
    let mut names = HashSet::new();
    let name = |it: &Value| it.get("name").and_then(Value::as_str).map(str::to_ascii_lowercase);
    !documents.iter().all(|it| names.insert(name(it)))
}

/// Whether an attribute of this shape can hold the membership relation: a list of `value`s.
fn is_relation(definition: &Definition) -> bool {
    let is_value = |it: &Value| it.get("name").and_then(Value::as_str) == Some("value");
    definition.data_type == DataType::Complex
        && definition.multi_valued
        && definition.sub_attributes.iter().any(is_value)
}

/// Whether a reference points to a SCIM resource, so that the service provider knows its URI.
fn refers_to_resource(definition: &Definition) -> bool {
    definition.reference_types.iter().any(|it| !matches!(&**it, "external" | "uri"))
}

fn read<'de, T: Deserialize<'de>>(document: &'de Value, path: &str) -> Result<T, LoadError> {
    T::deserialize(document).map_err(|error| at(path, error.to_string()))
}

fn number(count: usize, path: &str) -> Result<u16, LoadError> {
    u16::try_from(count).map_err(|_| at(path, "more than 65,536 of them"))
}

fn at(path: &str, reason: impl Into<String>) -> LoadError {
    LoadError { path: path.into(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn refused(attribute: Value, expected: &str) {
        let schema = json!({"id": "urn:x:T", "name": "T", "attributes": [attribute]});
        let error = load(&[schema], &json!([])).expect_err("is refused");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn contradictions_are_refused_with_their_path() {
        refused(
            json!({"name": "a", "type": "text"}),
            "urn:x:T:a: unknown variant `text`, expected one of `string`, `boolean`, `decimal`, `integer`, `dateTime`, `binary`, `reference`, `complex`",
        );
        refused(
            json!({"name": "a b"}),
            "urn:x:T:a b: the name is not a letter followed by letters, digits, `-` and `_`",
        );
        refused(
            json!({"name": "a", "type": "complex"}),
            "urn:x:T:a: a complex attribute without subAttributes",
        );
        refused(
            json!({"name": "a", "subAttributes": [{"name": "b"}]}),
            "urn:x:T:a: subAttributes on an attribute that is not complex",
        );
        refused(
            json!({"name": "a", "type": "complex", "subAttributes": [{"name": "b", "type": "complex", "subAttributes": [{"name": "c"}]}]}),
            "urn:x:T:a.b: a complex attribute inside a complex attribute",
        );
        refused(
            json!({"name": "a", "multiValued": true, "uniqueness": "server"}),
            "urn:x:T:a: uniqueness on a multi-valued attribute",
        );
        refused(
            json!({"name": "a", "type": "boolean", "uniqueness": "server"}),
            "urn:x:T:a: uniqueness on a boolean",
        );
        refused(
            json!({"name": "a", "mutability": "writeOnly"}),
            "urn:x:T:a: writeOnly, but returned",
        );
        refused(
            json!({"name": "a", "mutability": "readOnly", "returned": "never"}),
            "urn:x:T:a: readOnly, but never returned",
        );
        refused(
            json!({"name": "a", "type": "reference"}),
            "urn:x:T:a: a reference without referenceTypes",
        );
        refused(
            json!({"name": "a", "referenceTypes": ["User"]}),
            "urn:x:T:a: referenceTypes on an attribute that is not a reference",
        );
        refused(
            json!({"name": "a", "type": "integer", "canonicalValues": ["1"]}),
            "urn:x:T:a: canonicalValues on an attribute that is not a string or reference",
        );
        refused(
            json!({"name": "a", "type": "complex", "subAttributes": [{"name": "b"}, {"name": "B"}]}),
            "urn:x:T:a: two subAttributes whose names differ by case only",
        );
        refused(
            json!({"name": "a", "colour": "red"}),
            "urn:x:T:a: unknown field `colour`, expected one of `name`, `type`, `multiValued`, `description`, `required`, `caseExact`, `mutability`, `returned`, `uniqueness`, `canonicalValues`, `referenceTypes`, `subAttributes`",
        );
    }

    #[test]
    fn resource_types_that_contradict_are_refused() {
        let schema = json!({"id": "urn:x:T", "attributes": [{"name": "a"}]});
        let load = |types: Value| {
            load(std::slice::from_ref(&schema), &types).expect_err("is refused").to_string()
        };
        let t = json!({"name": "T", "endpoint": "/Ts", "schema": "urn:x:T"});
        assert_eq!(load(json!([t, t])), "T: two resource types have this name or endpoint");
        assert_eq!(
            load(json!([{"name": "T", "endpoint": "Ts", "schema": "urn:x:T"}])),
            "T: the endpoint Ts is not of the form /Name"
        );
        assert_eq!(
            load(json!([{"name": "T", "endpoint": "/Bulk", "schema": "urn:x:T"}])),
            "T: the endpoint /Bulk is the protocol's own"
        );
        assert_eq!(
            load(json!([{"name": "T", "endpoint": "/Ts", "schema": "urn:x:U"}])),
            "T: no schema has the id urn:x:U"
        );
        let twice = json!([{"name": "T", "endpoint": "/Ts", "schema": "urn:x:T", "schemaExtensions": [{"schema": "URN:x:t"}]}]);
        assert_eq!(load(twice), "T: URN:x:t is listed twice");
    }

    #[test]
    fn a_resource_type_has_one_membership_relation() {
        let members = json!({"name": "members", "type": "complex", "multiValued": true, "subAttributes": [{"name": "value"}]});
        let schemas = ["urn:x:A", "urn:x:B"].map(|id| json!({"id": id, "attributes": [members]}));
        let types = json!([{"name": "A", "endpoint": "/As", "schema": "urn:x:A", "schemaExtensions": [{"schema": "urn:x:B"}]}]);
        let error = load(&schemas, &types).expect_err("is refused");
        assert_eq!(error.to_string(), "A: two of its schemas define members or groups");
    }

    #[test]
    fn what_is_left_out_has_the_default_of_the_rfc() {
        let schema = json!({"id": "urn:x:T", "attributes": [{"name": "a"}]});
        let schemas = load(&[schema], &json!([])).unwrap();
        let a = schemas.attribute(schemas.by_path("urn:x:T:a").unwrap());
        assert_eq!((a.data_type, a.multi_valued, a.required), (DataType::String, false, false));
        assert_eq!((a.case_exact, a.mutability), (false, Mutability::ReadWrite));
        assert_eq!((a.returned, a.uniqueness), (Returned::Default, Uniqueness::None));
    }

    #[test]
    fn references_and_binary_values_are_case_exact_whatever_the_schema_says() {
        let attributes = json!([
            {"name": "a", "type": "reference", "referenceTypes": ["uri"], "caseExact": false},
            {"name": "b", "type": "binary"},
        ]);
        let schemas = load(&[json!({"id": "urn:x:T", "attributes": attributes})], &json!([]));
        let schemas = schemas.unwrap();
        for path in ["urn:x:T:a", "urn:x:T:b"] {
            assert!(schemas.attribute(schemas.by_path(path).unwrap()).case_exact, "{path}");
        }
    }

    #[track_caller]
    fn place(attribute: Value, path: &str, expected: Place) {
        let schema = json!({"id": "urn:x:T", "attributes": [attribute]});
        let schemas = load(&[schema], &json!([])).unwrap();
        assert_eq!(schemas.attribute(schemas.by_path(path).unwrap()).place, expected);
    }

    #[test]
    fn only_a_list_of_values_is_the_membership_relation() {
        let value = json!([{"name": "value"}]);
        let list = json!({"name": "members", "type": "complex", "multiValued": true, "subAttributes": value});
        place(list, "urn:x:T:members", Place::Members);
        let one = json!({"name": "members", "type": "complex", "subAttributes": value});
        place(one, "urn:x:T:members", Place::Body);
        place(json!({"name": "groups", "multiValued": true}), "urn:x:T:groups", Place::Body);
    }

    #[test]
    fn only_a_reference_to_a_resource_is_made_up_on_output() {
        let link = |types: Value| json!({"name": "link", "type": "complex", "subAttributes": [{"name": "$ref", "type": "reference", "referenceTypes": types}]});
        place(link(json!(["User"])), "urn:x:T:link.$ref", Place::Derived);
        place(link(json!(["external"])), "urn:x:T:link.$ref", Place::Body);
    }
}
