//! A PATCH turns the resource before it into the one after it.

use std::collections::BTreeSet;

use provost_scim::patch::{GroupReplace, MemberEdit, Patch};
use provost_scim::value::{Message, Mode, Reader};
use serde_json::Value;

use crate::example::{Example, of_kind, schemas};
use crate::resource::{print, settable};

#[test]
fn a_patch_turns_the_resource_before_into_the_one_after() {
    for example in of_kind("patch") {
        check(&example).unwrap_or_else(|error| panic!("{}: {error}", example.name));
    }
}

fn check(example: &Example) -> Result<(), provost_scim::Error> {
    let (schemas, name) = (schemas(), &example.name);
    let resource_type = schemas.resource_type_by_name(example.text("resource_type"));
    let resource_type = resource_type.expect("a built-in resource type");
    let (before, after) = (example.member("before"), example.member("after"));

    let mut reader = Reader::new(&schemas, resource_type.kind, Mode::Strict);
    let mut attributes = reader.resource(before, Message::Put)?;
    let patch = Patch::parse(&mut reader, example.member("request"), GroupReplace::Rfc)?;
    // Members are a relation; a PATCH says how it changes without holding it.
    if let Some(members) = schemas.members_of(resource_type.kind) {
        attributes.remove(members);
    }
    let patched = patch.apply(&mut reader, attributes)?;

    let mut printed = print(&schemas, resource_type, &patched.attributes);
    let mut expected = settable(after);
    expected.as_object_mut().expect("a resource").shift_remove("members");
    assert_eq!(printed, expected, "{name}");

    let members = patched.members.iter().fold(ids(before), |members, edit| match edit {
        MemberEdit::Delta(delta) => delta.apply(&members),
        MemberEdit::RemoveWhere(_) => panic!("{name}: every example names members by value"),
    });
    assert_eq!(members, ids(after), "{name}");

    // RFC 7644 §3.5.2: `schemas` follows the attributes that are there.
    let uris = after["schemas"].as_array().expect("URIs").iter().filter_map(Value::as_str);
    let printed = printed.as_object_mut().expect("a resource");
    printed.retain(|name, _| name.starts_with("urn:"));
    let mut with_attributes: BTreeSet<&str> = printed.keys().map(String::as_str).collect();
    with_attributes.insert(&schemas.schema(resource_type.schema).id);
    assert_eq!(with_attributes, uris.collect(), "{name}");
    Ok(())
}

fn ids(group: &Value) -> BTreeSet<Box<str>> {
    let members = group.get("members").and_then(Value::as_array).into_iter().flatten();
    members.map(|it| it["value"].as_str().expect("a member's id").into()).collect()
}
