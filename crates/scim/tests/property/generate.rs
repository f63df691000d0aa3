//! Random JSON, random resources of a schema, and random requests that are nearly right.

use std::fmt::Write as _;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use provost_scim::schema::{AttrId, DataType, Kind, Mutability, Options, Schemas};
use provost_scim::urn;
use provost_scim::value::format_micros;
use serde_json::{Map, Value, json};

/// The built-in schemas, and a resource type with every data type, once and as a list.
pub(crate) fn schemas() -> &'static Schemas {
    static SCHEMAS: LazyLock<Schemas> = LazyLock::new(load);
    &SCHEMAS
}

fn load() -> Schemas {
    let types = ["string", "boolean", "decimal", "integer", "dateTime", "binary", "reference"];
    let simple = |name: String, data_type: &str, multi_valued: bool| {
        let mut attribute = json!({"name": name, "type": data_type, "multiValued": multi_valued, "caseExact": true});
        if data_type == "reference" {
            attribute["referenceTypes"] = json!(["external"]);
        }
        attribute
    };
    let parts: Vec<Value> = types.iter().map(|it| simple(format!("{it}Part"), it, false)).collect();
    let mut attributes: Vec<Value> = Vec::new();
    for data_type in types {
        attributes.push(simple(format!("{data_type}One"), data_type, false));
        attributes.push(simple(format!("{data_type}Many"), data_type, true));
    }
    for (name, multi_valued) in [("complexOne", false), ("complexMany", true)] {
        attributes.push(json!({"name": name, "type": "complex", "multiValued": multi_valued, "subAttributes": parts}));
    }
    let thing = json!({"id": "urn:x:2.0:Thing", "name": "Thing", "attributes": attributes});
    let builtin = Schemas::builtin(&Options::default());
    let ids = [urn::USER, urn::GROUP, urn::ENTERPRISE_USER].map(|it| builtin.schema_by_urn(it));
    let mut documents: Vec<Value> =
        ids.iter().flatten().map(|id| builtin.schema_resource(*id, "")).collect();
    documents.push(thing);
    let mut types: Vec<Value> =
        builtin.resource_types().iter().map(|it| builtin.resource_type_resource(it, "")).collect();
    types.push(json!({"name": "Thing", "endpoint": "/Things", "schema": "urn:x:2.0:Thing"}));
    Schemas::load(&documents, &Value::from(types)).expect("the schemas are consistent")
}

/// One of the resource types.
pub(crate) fn kind() -> impl Strategy<Value = Kind> {
    select(schemas().resource_types().iter().map(|it| it.kind).collect::<Vec<_>>())
}

/// A resource type and a resource of it, as a client would send it.
pub(crate) fn resource() -> impl Strategy<Value = (Kind, Value)> {
    kind().prop_flat_map(|kind| {
        let schemas = schemas();
        let resource_type = schemas.resource_type(kind);
        let settable = schemas.of_kind(kind).filter(|it| it.mutability != Mutability::ReadOnly);
        let settable = settable.filter(|it| it.id != schemas.common().schemas);
        let attributes: Vec<_> = settable
            .map(|it| {
                let value = value(schemas, it.id);
                let value = if it.required {
                    value.prop_map(Some).boxed()
                } else {
                    option::of(value).boxed()
                };
                let extension = it.schema.filter(|id| *id != resource_type.schema);
                let urn = extension.map(|id| schemas.schema(id).id.clone());
                (Just((urn, it.name.clone())), value)
            })
            .collect();
        let core = schemas.schema(resource_type.schema).id.clone();
        attributes.prop_map(move |attributes| {
            let mut resource = json!({"schemas": [core]});
            let mut listed = std::collections::BTreeSet::new();
            for ((urn, name), value) in attributes {
                let Some(value) = value else { continue };
                match urn {
                    Some(urn) => {
                        if listed.insert(urn.clone())
                            && let Some(uris) = resource["schemas"].as_array_mut()
                        {
                            uris.push(json!(urn));
                        }
                        resource[&*urn][&*name] = value;
                    }
                    None => resource[&*name] = value,
                }
            }
            (kind, resource)
        })
    })
}

fn value(schemas: &Schemas, id: AttrId) -> BoxedStrategy<Value> {
    let attribute = schemas.attribute(id);
    let one = if attribute.required {
        "[a-zA-Z]{1,6}".prop_map(Value::from).boxed()
    } else {
        single(schemas, id)
    };
    if !attribute.multi_valued {
        return one;
    }
    vec(one, 1..4).prop_map(with_one_primary).boxed()
}

fn single(schemas: &Schemas, id: AttrId) -> BoxedStrategy<Value> {
    let attribute = schemas.attribute(id);
    match attribute.data_type {
        DataType::String => any::<String>().prop_map(Value::from).boxed(),
        DataType::Reference => {
            "https://[a-z]{1,8}\\.example/[a-zA-Z0-9]{0,8}".prop_map(Value::from).boxed()
        }
        DataType::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        DataType::Decimal => prop_oneof![
            proptest::num::f64::NORMAL.prop_map(Value::from),
            any::<i32>().prop_map(Value::from)
        ]
        .boxed(),
        DataType::Integer => any::<i64>().prop_map(Value::from).boxed(),
        DataType::DateTime => time().boxed(),
        DataType::Binary => "([a-zA-Z0-9+/]{4}){0,4}".prop_map(Value::from).boxed(),
        DataType::Complex => complex(schemas, id),
    }
}

/// An object that says more than `type` and `primary`.
fn complex(schemas: &Schemas, id: AttrId) -> BoxedStrategy<Value> {
    let parts: Vec<_> = schemas
        .attribute(id)
        .sub_attributes
        .iter()
        .map(|id| schemas.attribute(*id))
        .filter(|it| it.mutability != Mutability::ReadOnly && &*it.name != "$ref")
        .enumerate()
        .map(|(place, part)| {
            let value = match (&*part.name, place) {
                ("value", _) if part.data_type == DataType::String => {
                    prop_oneof!["x", "[a-zA-Z0-9]{1,6}"].prop_map(Value::from).boxed()
                }
                _ => single(schemas, part.id),
            };
            let value =
                if place == 0 { value.prop_map(Some).boxed() } else { option::of(value).boxed() };
            (Just(part.name.clone()), value)
        })
        .collect();
    parts
        .prop_map(|parts| {
            let parts =
                parts.into_iter().filter_map(|(name, value)| Some((name.into_string(), value?)));
            Value::Object(parts.collect())
        })
        .boxed()
}

/// Elements that a reader keeps apart, one of them primary at most.
fn with_one_primary(mut values: Vec<Value>) -> Value {
    let mut seen = std::collections::BTreeSet::new();
    values.retain(|it| match it.as_object().map(|it| (it.get("value"), it.get("type"))) {
        Some((Some(value), type_)) => {
            let text = |it: &Value| it.as_str().unwrap_or_default().to_lowercase();
            seen.insert((text(value), type_.map(text).unwrap_or_default()))
        }
        Some((None, _)) => seen.insert((it.to_string(), String::new())),
        None => true,
    });
    let flags = values.iter_mut().filter_map(|it| it.get_mut("primary"));
    for flag in flags.filter(|it| **it == true).skip(1) {
        *flag = json!(false);
    }
    Value::from(values)
}

fn time() -> impl Strategy<Value = Value> {
    let offset = select(vec!["Z", "", "+00:00", "-07:30", "+14:00"]);
    (-62_000_000_000_000_000_i64..250_000_000_000_000_000, "[0-9]{0,6}", offset).prop_map(
        |(micros, digits, offset)| {
            let mut text = format_micros(micros);
            text.pop();
            write!(text, "{digits}{offset}").expect("a string takes it");
            Value::from(text)
        },
    )
}

/// Any JSON, with the words of the protocol among its names and strings.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((prop_oneof![word(), any::<String>()], inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// An object that claims to be a message or a resource.
pub(crate) fn any_message() -> impl Strategy<Value = Value> {
    let uri =
        select(vec![urn::USER, urn::GROUP, urn::PATCH_OP, urn::SEARCH_REQUEST, "urn:x:2.0:Thing"]);
    let operations = vec(operation(), 0..6);
    (uri, any_json(), operations, any::<bool>()).prop_map(|(uri, rest, operations, is_patch)| {
        let mut message = rest.as_object().cloned().unwrap_or_default();
        message.insert("schemas".into(), json!([uri]));
        if is_patch {
            message.insert("schemas".into(), json!([urn::PATCH_OP]));
            message.insert("Operations".into(), Value::from(operations));
        }
        Value::Object(message)
    })
}

/// A PATCH operation that is nearly right.
pub(crate) fn operation() -> impl Strategy<Value = Value> {
    let op = select(vec!["add", "replace", "remove"]);
    let path = prop_oneof![4 => path().prop_map(Some), 1 => any::<String>().prop_map(Some), 1 => Just(None)];
    let value = prop_oneof![any_json(), likely_value()];
    (op, path, option::weighted(0.8, value)).prop_map(|(op, path, value)| {
        let mut operation = json!({"op": op});
        if let Some(path) = path {
            operation["path"] = path.into();
        }
        if let Some(value) = value {
            operation["value"] = value;
        }
        operation
    })
}

fn path() -> impl Strategy<Value = String> {
    let filter = select(vec![
        "",
        "",
        "[type eq \"work\"]",
        "[primary eq true]",
        "[value eq \"x\"]",
        "[value pr]",
        "[value co \"a\" or not (type pr)]",
    ]);
    let sub = select(vec![
        "",
        "",
        ".value",
        ".type",
        ".primary",
        ".display",
        ".givenName",
        ".stringPart",
    ]);
    let attribute = select(vec![
        "emails",
        "phoneNumbers",
        "addresses",
        "name",
        "userName",
        "active",
        "manager",
        "members",
        "groups",
        "roles",
        "stringMany",
        "integerOne",
        "complexOne",
        "complexMany",
        "id",
        "password",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
    ]);
    (attribute, filter, sub)
        .prop_map(|(attribute, filter, sub)| format!("{attribute}{filter}{sub}"))
}

fn likely_value() -> impl Strategy<Value = Value> {
    let element = (word(), select(vec!["work", "home", "x"]), any::<Option<bool>>()).prop_map(
        |(value, label, primary)| match primary {
            None => json!({"value": value, "type": label}),
            Some(primary) => json!({"value": value, "type": label, "primary": primary}),
        },
    );
    prop_oneof![
        element.clone(),
        vec(element, 0..3).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        word().prop_map(Value::from),
        Just(json!({"givenName": null, "familyName": "x"})),
    ]
}

fn word() -> impl Strategy<Value = String> + Clone {
    let words = vec![
        "schemas",
        "id",
        "externalId",
        "meta",
        "userName",
        "name",
        "givenName",
        "emails",
        "value",
        "type",
        "primary",
        "active",
        "password",
        "members",
        "groups",
        "displayName",
        "$ref",
        "manager",
        "Operations",
        "op",
        "path",
        "filter",
        "count",
        "attributes",
        "sortOrder",
        "true",
        "stringMany",
        "integerOne",
        "complexOne",
        "dateTimeOne",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "x509Certificates",
    ];
    select(words).prop_map(str::to_owned)
}
