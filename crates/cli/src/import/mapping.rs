//! From the platform's properties of a user to SCIM: the way that provisioning takes, backwards.

use serde_json::{Map, Value, json};

/// Puts the value of a property where it comes from when it is provisioned. `path` is that of a PATCH:
/// `title`, `name.givenName`, `emails[type eq "work"].value`.
pub(super) fn put(resource: &mut Map<String, Value>, path: &str, is_list: bool, value: &str) {
    match path.split_once('[') {
        Some((attribute, rest)) => {
            let part = rest.rsplit_once("].").map_or("value", |(_, part)| part);
            let values = if is_list { list(value) } else { vec![value] };
            for value in values {
                put_element(resource, (attribute, type_of(rest)), (part, value));
            }
        }
        None => match path.split_once('.') {
            Some((attribute, part)) => {
                object(resource, attribute).insert(part.to_owned(), value.into());
            }
            None => {
                resource.insert(path.to_owned(), value.into());
            }
        },
    }
}

/// The type in a filter `type eq "work"`; what is of any type but one is `other`.
fn type_of(filter: &str) -> &str {
    let quoted = filter.split('"').nth(1);
    quoted.filter(|_| filter.starts_with("type eq ")).unwrap_or("other")
}

fn list(values: &str) -> Vec<&str> {
    values.split([',', ';']).map(str::trim).filter(|it| !it.is_empty()).collect()
}

/// Puts a part into the element of a type that has none such yet, or into a further one.
fn put_element(
    resource: &mut Map<String, Value>,
    (attribute, kind): (&str, &str),
    (part, value): (&str, &str),
) {
    let elements = resource.entry(attribute).or_insert_with(|| json!([]));
    let Some(elements) = elements.as_array_mut() else { return };
    let is_free = |it: &&mut Value| it["type"] == kind && it.get(part).is_none();
    match elements.iter_mut().find(is_free) {
        Some(element) => element[part] = value.into(),
        None => elements.push(json!({"type": kind, part: value})),
    }
}

fn object<'a>(resource: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let found = resource.entry(name).or_insert_with(|| Value::Object(Map::new()));
    found.as_object_mut().expect("is made as an object")
}

#[cfg(test)]
mod tests {
    use provost_platform::property::{DEFAULTS, Properties};
    use provost_scim::schema::Options;
    use provost_scim::value::{Message, Mode, Reader};

    use super::*;

    #[test]
    fn each_property_comes_back_as_it_was() {
        let schemas = provost_platform::schema::schemas(&Options::default());
        let mut resource = Map::new();
        resource.insert("schemas".into(), json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
        resource.insert("userName".into(), "ann".into());
        let value = |name: &str, is_list| match is_list {
            true => format!("{name} 1,{name} 2"),
            false => name.to_owned(),
        };
        for it in &DEFAULTS {
            put(&mut resource, it.path, it.is_list, &value(it.name, it.is_list));
        }
        assert_eq!(resource["addresses"].as_array().unwrap().len(), 1, "of one address");
        let kind = schemas.resource_type_by_name("User").unwrap().kind;
        let mut reader = Reader::new(&schemas, kind, Mode::Strict);
        let user = reader.resource(&Value::Object(resource), Message::Post).unwrap();
        let properties = Properties::new(&schemas, []).unwrap();
        let found = properties.of(&schemas, &user);
        for it in &DEFAULTS {
            assert_eq!(found[it.name], value(it.name, it.is_list));
        }
    }
}
