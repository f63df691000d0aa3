//! What a client sends comes back as it was: printed, stored, filtered and patched with itself.

use proptest::prelude::*;
use provost_scim::filter::{Elements, matches, parse, resolve};
use provost_scim::patch::{GroupReplace, Patch};
use provost_scim::schema::{Attribute, DataType, Kind, Place, Schemas};
use provost_scim::urn;
use provost_scim::value::{Attributes, Message, Mode, Printed, Reader, body, read_body};
use serde_json::{Value, json};

use crate::generate::{resource, schemas};

fn read(schemas: &Schemas, kind: Kind, resource: &Value) -> Attributes {
    let mut reader = Reader::new(schemas, kind, Mode::Strict);
    reader.resource(resource, Message::Post).expect("the resource is of the kind")
}

fn print(schemas: &Schemas, kind: Kind, attributes: &Attributes) -> Value {
    let core = schemas.resource_type(kind).schema;
    serde_json::to_value(Printed { schemas, attributes, core }).expect("values print")
}

/// The attributes that a PATCH can name and a filter can look at, each with its JSON.
fn in_body<'a>(
    schemas: &'a Schemas,
    kind: Kind,
    attributes: &'a Attributes,
) -> impl Iterator<Item = (&'a Attribute, Value)> {
    let printed = print(schemas, kind, attributes);
    attributes.iter().filter_map(move |(id, _)| {
        let attribute = schemas.attribute(id);
        let extension = attribute.schema.and_then(|id| printed.get(&*schemas.schema(id).id));
        let json = extension.unwrap_or(&printed).get(&*attribute.name)?;
        (attribute.place == Place::Body).then(|| (attribute, json.clone()))
    })
}

fn patch(schemas: &Schemas, kind: Kind, before: &Attributes, operation: Value) -> Attributes {
    let body = json!({"schemas": [urn::PATCH_OP], "Operations": [operation]});
    let mut reader = Reader::new(schemas, kind, Mode::Strict);
    let patch = Patch::parse(&mut reader, &body, GroupReplace::Rfc);
    let patched = patch.and_then(|it| it.apply(&mut reader, before.clone()));
    patched.unwrap_or_else(|error| panic!("{body}: {error}")).attributes
}

proptest! {
    #[test]
    fn a_resource_prints_as_it_was_sent((kind, sent) in resource()) {
        let schemas = schemas();
        let mut expected = sent.clone();
        expected.as_object_mut().unwrap().shift_remove("schemas");
        prop_assert_eq!(print(schemas, kind, &read(schemas, kind, &sent)), expected);
    }

    #[test]
    fn a_stored_body_reads_back_to_the_same_values((kind, sent) in resource()) {
        let schemas = schemas();
        let attributes = read(schemas, kind, &sent);
        let bytes = body(schemas, schemas.resource_type(kind).schema, &attributes);
        prop_assert_eq!(read_body(schemas, kind, &bytes).unwrap(), attributes);
    }

    #[test]
    fn replacing_and_adding_what_is_there_changes_nothing((kind, sent) in resource()) {
        let schemas = schemas();
        let before = read(schemas, kind, &sent);
        for (attribute, json) in in_body(schemas, kind, &before) {
            for op in ["add", "replace"] {
                let operation = json!({"op": op, "path": attribute.path, "value": json});
                prop_assert_eq!(&patch(schemas, kind, &before, operation), &before);
            }
        }
    }

    #[test]
    fn what_is_removed_is_gone_and_the_rest_stays((kind, sent) in resource()) {
        let schemas = schemas();
        let before = read(schemas, kind, &sent);
        for (attribute, json) in in_body(schemas, kind, &before) {
            if attribute.required {
                continue;
            }
            let remove = json!({"op": "remove", "path": attribute.path});
            let after = patch(schemas, kind, &before, remove);
            prop_assert_eq!(after.get(attribute.id), None);
            let add = json!({"op": "add", "path": attribute.path, "value": json});
            let again = patch(schemas, kind, &after, add);
            prop_assert_eq!(again, before.clone());
        }
    }

    #[test]
    fn a_resource_matches_its_own_values((kind, sent) in resource()) {
        let schemas = schemas();
        let attributes = read(schemas, kind, &sent);
        for (attribute, json) in in_body(schemas, kind, &attributes) {
            if attribute.data_type == DataType::Complex {
                continue;
            }
            let listed = json.as_array().cloned().unwrap_or_else(|| vec![json]);
            for literal in listed {
                let holds = |operator: &str| {
                    let text = format!("{} {operator} {literal}", attribute.path);
                    let (tree, deviations) = parse(&text).unwrap();
                    assert!(deviations.is_empty(), "{text}");
                    let (filter, _) = resolve(schemas, kind, &tree).unwrap();
                    let Ok(found) = matches(schemas, &filter, &Elements(&attributes));
                    found
                };
                prop_assert!(holds("eq"), "{} eq {}", attribute.path, literal);
                prop_assert!(attribute.multi_valued || !holds("ne"), "{} ne {}", attribute.path, literal);
            }
        }
    }
}
