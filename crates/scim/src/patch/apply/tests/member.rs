//! PATCH of members: operations fold into one change, whatever the group holds.

use super::*;

#[track_caller]
fn members(operations: Value, expected: &str) {
    let schemas = Schemas::builtin(&Options::default());
    let group = schemas.resource_type_by_name("Group").unwrap();
    let mut reader = Reader::new(&schemas, group.kind, Mode::Lenient);
    let resource =
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "G"});
    let resource = reader.resource(&resource, Message::Post).unwrap();
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
    let patched = Patch::parse(&mut reader, &body, GroupReplace::Rfc)
        .and_then(|it| it.apply(&mut reader, resource));
    let text = match patched {
        Err(error) => error.to_string(),
        Ok(patched) => {
            let edits = patched.members.iter().map(|edit| match edit {
                MemberEdit::Delta(delta) => {
                    format!("{:?} +{:?} -{:?}", delta.base(), delta.added(), delta.removed())
                        .replace('"', "")
                }
                MemberEdit::RemoveWhere(_) => "where".to_owned(),
            });
            edits.collect::<Vec<_>>().join("; ")
        }
    };
    assert_eq!(text, expected);
}

#[test]
fn member_operations_fold_into_one_delta() {
    let add = json!({"op": "add", "path": "members", "value": [{"value": "a"}, {"value": "b", "display": "x"}]});
    members(json!([add, {"op": "remove", "path": "members[value eq \"a\"]"}]), "Keep +{b} -{a}");
    members(
        json!([add, {"op": "remove", "path": "members"}, {"op": "add", "path": "members", "value": {"value": "c"}}]),
        "Empty +{c} -{}",
    );
    members(
        json!([{"op": "replace", "path": "members", "value": [{"value": "a"}]}]),
        "Empty +{a} -{}",
    );
    members(json!([{"op": "replace", "value": {"displayName": "H"}}, add]), "Keep +{a, b} -{}");
    members(
        json!([{"op": "remove", "path": "members[value eq \"a\" or value eq \"b\"]"}]),
        "Keep +{} -{a, b}",
    );
    members(
        json!([add, {"op": "remove", "path": "members[type eq \"User\"]"}, add]),
        "Keep +{a, b} -{}; where; Keep +{a, b} -{}",
    );
}

#[test]
fn remove_members_with_values_removes_only_those() {
    members(
        json!([{"op": "remove", "path": "members", "value": [{"$ref": null, "value": "a"}]}]),
        "Keep +{} -{a}",
    );
    members(json!([{"op": "remove", "path": "members", "value": []}]), "Keep +{} -{}");
    members(
        json!([{"op": "remove", "path": "members", "value": [{"$ref": null, "value": null}]}]),
        "Keep +{} -{}",
    );
    members(json!([{"op": "remove", "path": "members", "value": null}]), "Empty +{} -{}");
}

#[test]
fn a_member_that_names_nobody_is_refused_where_it_would_join_or_replace() {
    let text = "invalidValue: operation 1: every member in urn:ietf:params:scim:schemas:core:2.0:Group:members needs a value, its id";
    for op in ["add", "replace"] {
        for value in [
            json!([{"value": null}]),
            json!([{"value": "a"}, {"display": "x"}]),
            json!({"value": ""}),
            json!({}),
            json!([{}]),
            json!([null]),
            json!([{"value": "a"}, {}]),
        ] {
            members(json!([{"op": op, "path": "members", "value": value}]), text);
        }
    }
    members(json!([{"op": "add", "path": "members", "value": []}]), "Keep +{} -{}");
    members(json!([{"op": "replace", "path": "members", "value": []}]), "Empty +{} -{}");
    members(
        json!([{"op": "replace", "path": "members"}]),
        "invalidValue: operation 1: add and replace need a value; null unassigns",
    );
}

#[test]
fn members_are_not_changed_in_place() {
    let text =
        "mutability: operation 1: a member cannot be changed in place; remove it and add another";
    members(
        json!([{"op": "replace", "path": "members[value eq \"a\"]", "value": {"value": "b"}}]),
        text,
    );
    members(json!([{"op": "replace", "path": "members.value", "value": "b"}]), text);
    members(
        json!([{"op": "replace", "path": "members[value eq \"a\"].display", "value": "b"}]),
        "mutability: operation 1: urn:ietf:params:scim:schemas:core:2.0:Group:members.display is read-only",
    );
}
