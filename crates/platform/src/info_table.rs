//! InfoTables, in which the platform's services answer: a data shape and rows.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Rows and the fields that they have, as the platform's services answer in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InfoTable {
    data_shape: DataShape,
    rows: Vec<Map<String, Value>>,
}

/// A field of a data shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// The field's name.
    pub name: &'static str,
    /// What the field is for.
    pub description: &'static str,
    /// The type of its values.
    pub base_type: BaseType,
}

/// The platform's base types, as far as services of this subsystem answer in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum BaseType {
    /// No value.
    Nothing,
    /// True or false.
    Boolean,
    /// Text.
    String,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// The name of a user.
    Username,
    /// The name of a group.
    Groupname,
    /// The name of a project.
    Projectname,
    /// The name of a mashup.
    Mashupname,
    /// Terms, each of a vocabulary.
    Tags,
    /// A time.
    Datetime,
    /// Rows with a shape of their own.
    Infotable,
}

impl InfoTable {
    /// What a service without a result answers: no row.
    #[must_use]
    pub fn nothing() -> Self {
        Self::new(vec![Field::result(BaseType::Nothing)])
    }

    /// The result of a service that answers true or false.
    #[must_use]
    pub fn boolean(result: bool) -> Self {
        Self::new(vec![Field::result(BaseType::Boolean)]).with_row(vec![result.into()])
    }

    /// The result of a service that answers a text.
    #[must_use]
    pub fn string(result: impl Into<String>) -> Self {
        Self::new(vec![Field::result(BaseType::String)]).with_row(vec![result.into().into()])
    }

    /// A table without rows, the result of a service that answers an InfoTable.
    #[must_use]
    pub fn new(fields: Vec<Field>) -> Self {
        Self { data_shape: DataShape { field_definitions: fields }, rows: Vec::new() }
    }

    /// The table with one more row: a value for each field, in their order.
    ///
    /// # Panics
    /// If there are more or fewer values than fields.
    #[must_use]
    pub fn with_row(mut self, values: Vec<Value>) -> Self {
        let fields = &self.data_shape.field_definitions;
        assert_eq!(fields.len(), values.len(), "a value for each field");
        let names = fields.iter().map(|field| field.name.to_owned());
        self.rows.push(names.zip(values).collect());
        self
    }
}

impl Field {
    fn result(base_type: BaseType) -> Self {
        Self { name: "result", description: "", base_type }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct DataShape {
    #[serde(serialize_with = "by_name")]
    field_definitions: Vec<Field>,
}

/// A field as the platform writes it: under its name, with its place in the order.
#[derive(Serialize)]
struct FieldDefinition<'f> {
    #[serde(flatten)]
    field: &'f Field,
    ordinal: usize,
    aspects: Map<String, Value>,
}

fn by_name<S: Serializer>(fields: &[Field], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().enumerate().map(|(ordinal, field)| {
        (field.name, FieldDefinition { field, ordinal, aspects: Map::new() })
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(table: &InfoTable, expected: Value) {
        assert_eq!(serde_json::to_value(table).expect("an InfoTable is JSON"), expected);
    }

    fn shape_of_result(base_type: &str) -> Value {
        json!({"fieldDefinitions": {"result": {
            "name": "result", "description": "", "baseType": base_type,
            "ordinal": 0, "aspects": {}
        }}})
    }

    #[test]
    fn a_single_result_is_one_row_with_the_field_result() {
        check(
            &InfoTable::string("RUNNING"),
            json!({"dataShape": shape_of_result("STRING"), "rows": [{"result": "RUNNING"}]}),
        );
        check(
            &InfoTable::boolean(true),
            json!({"dataShape": shape_of_result("BOOLEAN"), "rows": [{"result": true}]}),
        );
    }

    #[test]
    fn no_result_is_no_row() {
        check(&InfoTable::nothing(), json!({"dataShape": shape_of_result("NOTHING"), "rows": []}));
    }

    #[test]
    fn a_table_keeps_the_order_of_its_fields_and_rows() {
        let field = |name, base_type| Field { name, description: "", base_type };
        let fields = vec![field("name", BaseType::String), field("value", BaseType::Number)];
        let table = InfoTable::new(fields)
            .with_row(vec!["users".into(), 3.into()])
            .with_row(vec!["groups".into(), 1.into()]);
        assert_eq!(
            serde_json::to_string(&table).expect("an InfoTable is JSON"),
            concat!(
                r#"{"dataShape":{"fieldDefinitions":{"#,
                r#""name":{"name":"name","description":"","baseType":"STRING","ordinal":0,"aspects":{}},"#,
                r#""value":{"name":"value","description":"","baseType":"NUMBER","ordinal":1,"aspects":{}}}},"#,
                r#""rows":[{"name":"users","value":3},{"name":"groups","value":1}]}"#
            )
        );
    }
}
