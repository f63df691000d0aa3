//! Schemas and resource types as the discovery endpoints show them (RFC 7643 §6, §7).

use serde_json::{Map, Value, json};

use super::{AttrId, DataType, ResourceType, SchemaId, Schemas};
use crate::urn;

impl Schemas {
    /// A schema as a resource; every characteristic is written out, defaults too, and nothing is
    /// null. `base` is the URL that `meta.location` begins with.
    pub fn schema_resource(&self, id: SchemaId, base: &str) -> Value {
        let schema = self.schema(id);
        let attributes: Vec<Value> =
            schema.attributes.iter().map(|it| self.attribute_definition(*it)).collect();
        json!({
            "schemas": [urn::SCHEMA],
            "id": schema.id,
            "name": schema.name,
            "description": schema.description,
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.id)},
        })
    }

    /// A resource type as a resource.
    pub fn resource_type_resource(&self, resource_type: &ResourceType, base: &str) -> Value {
        let name = &resource_type.name;
        let mut resource = json!({
            "schemas": [urn::RESOURCE_TYPE],
            "id": name,
            "name": name,
            "endpoint": resource_type.endpoint,
            "description": resource_type.description,
            "schema": self.schema(resource_type.schema).id,
        });
        if let Value::Object(members) = &mut resource {
            if !resource_type.extensions.is_empty() {
                members.insert("schemaExtensions".into(), self.extensions(resource_type));
            }
            let location = format!("{base}/ResourceTypes/{name}");
            let meta = json!({"resourceType": "ResourceType", "location": location});
            members.insert("meta".into(), meta);
        }
        resource
    }

    fn extensions(&self, resource_type: &ResourceType) -> Value {
        let extensions = resource_type.extensions.iter();
        extensions
            .map(|it| json!({"schema": self.schema(it.schema).id, "required": it.required}))
            .collect()
    }

    fn attribute_definition(&self, id: AttrId) -> Value {
        let attribute = self.attribute(id);
        let mut map = Map::new();
        let mut put = |name: &str, value: Value| map.insert(name.to_owned(), value);
        put("name", json!(attribute.name));
        put("type", json!(attribute.data_type));
        put("multiValued", json!(attribute.multi_valued));
        put("description", json!(attribute.description));
        put("required", json!(attribute.required));
        put("caseExact", json!(attribute.case_exact));
        put("mutability", json!(attribute.mutability));
        put("returned", json!(attribute.returned));
        put("uniqueness", json!(attribute.uniqueness));
        if !attribute.canonical_values.is_empty() {
            put("canonicalValues", json!(attribute.canonical_values));
        }
        if !attribute.reference_types.is_empty() {
            put("referenceTypes", json!(attribute.reference_types));
        }
        if attribute.data_type == DataType::Complex {
            let subs = attribute.sub_attributes.iter();
            put("subAttributes", subs.map(|it| self.attribute_definition(*it)).collect());
        }
        Value::Object(map)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;

    #[test]
    fn a_printed_schema_loads_again_to_the_same() {
        let schemas = Schemas::builtin(&Options::default());
        let print = |schemas: &Schemas| -> Vec<Value> {
            let ids = (0..schemas.schemas().len()).map(|n| SchemaId(n as u16));
            ids.map(|id| schemas.schema_resource(id, "https://scim.provost.example/v2")).collect()
        };
        let types: Value = schemas
            .resource_types()
            .iter()
            .map(|it| schemas.resource_type_resource(it, "https://scim.provost.example/v2"))
            .collect();
        let again = Schemas::load(&print(&schemas), &types).unwrap();
        assert_eq!(print(&again), print(&schemas));
    }

    #[test]
    fn a_resource_type_shows_its_extensions_only_if_it_has_any() {
        let schemas = Schemas::builtin(&Options::default());
        let user = schemas.resource_type_by_name("User").unwrap();
        let group = schemas.resource_type_by_name("Group").unwrap();
        let user = schemas.resource_type_resource(user, "/v2");
        assert_eq!(user["schemaExtensions"][0]["schema"], urn::ENTERPRISE_USER);
        assert_eq!(schemas.resource_type_resource(group, "/v2").get("schemaExtensions"), None);
    }
}
