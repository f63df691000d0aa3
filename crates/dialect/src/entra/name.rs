//! Attributes under a name, or in a place, that is not theirs.

use provost_scim::ErrorKind;
use provost_scim::error::quote;
use provost_scim::value::Message;
use serde_json::{Map, Value};

use crate::message::{attributes_set, member, member_mut, operations};
use crate::walk::{Stand, core_attribute, each_value};
use crate::{Context, Rule, Strict};

/// Microsoft Entra ID's documentation has extension attributes such as `manager` and `department`
/// at the root of a User (Microsoft Learn, "Develop a SCIM endpoint", 2026;
/// `entra-36-create-malformed-and-null.json`), and OneLogin's templates are free to. The one
/// extension that has the attribute gets it, unless it has a value there already.
///
/// `{"department": "Ops"}` → `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Ops"}}`
pub struct ExtensionAttributeAtRoot;

impl Rule for ExtensionAttributeAtRoot {
    fn name(&self) -> &'static str {
        "extension-attribute-at-root"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        if cx.message != Message::Patch {
            let name = move_to_extensions(cx, body.as_object_mut()?)?;
            return Some(format!("the resource has {} at its root", quote(&name)));
        }
        let mut sent = None;
        for (index, operation) in operations(body)?.iter_mut().enumerate() {
            let attributes = operation.as_object_mut().and_then(attributes_set);
            if let Some(name) = attributes.and_then(|it| move_to_extensions(cx, it)) {
                let number = index + 1;
                sent.get_or_insert_with(|| {
                    format!("operation {number}: value has {} at its root", quote(&name))
                });
            }
        }
        sent
    }

    fn strict(&self) -> Strict {
        let wanted = "attributes of an extension stand in an object under its URN";
        Strict::Refuse(ErrorKind::InvalidSyntax, wanted)
    }
}

/// Gives the first name that moved.
fn move_to_extensions(cx: &Context<'_>, members: &mut Map<String, Value>) -> Option<String> {
    let urn_of = |name: &str| match core_attribute(cx, name) {
        None => only_extension(cx, name),
        Some(_) => None,
    };
    let bare: Vec<(String, &str)> =
        members.keys().filter_map(|name| Some((name.clone(), urn_of(name)?))).collect();
    let mut first = None;
    for (name, urn) in bare {
        if has_room(members, urn, &name)
            && let Some(value) = members.shift_remove(&name)
        {
            put(members, urn, &name, value);
            first.get_or_insert(name);
        }
    }
    first
}

/// The URN of the one extension that has an attribute of this name.
fn only_extension<'a>(cx: &Context<'a>, name: &str) -> Option<&'a str> {
    let extensions = cx.schemas.resource_type(cx.kind).extensions.iter();
    let mut found = extensions.filter(|it| cx.schemas.in_schema(it.schema, name).is_some());
    match (found.next(), found.next()) {
        (Some(only), None) => Some(&cx.schemas.schema(only.schema).id),
        (None, _) | (Some(_), Some(_)) => None,
    }
}

fn has_room(members: &Map<String, Value>, urn: &str, name: &str) -> bool {
    match member(members, urn) {
        None => true,
        Some(Value::Object(own)) => member(own, name).is_none(),
        Some(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
        ) => false,
    }
}

fn put(members: &mut Map<String, Value>, urn: &str, name: &str, value: Value) {
    if let Some(Value::Object(own)) = member_mut(members, urn) {
        own.insert(name.to_owned(), value);
        return;
    }
    let own = Map::from_iter([(name.to_owned(), value)]);
    members.insert(urn.to_owned(), Value::Object(own));
}

/// Microsoft Entra ID's `AppRoleAssignmentsComplex` names the label of a role `displayName` (Microsoft
/// Learn, "Customize application attributes", 2026; `entra-31-roles-app-role-complex.json`), and its
/// reference collection that of a member (`entra-52-reference-postman.json`). The elements of
/// multi-valued attributes have `display` for it (RFC 7643 §2.4).
///
/// `{"roles": [{"value": "Auditor", "displayName": "Auditors"}]}` → `{"roles": [{"value": "Auditor", "display": "Auditors"}]}`
pub struct DisplayNameForDisplay;

impl Rule for DisplayNameForDisplay {
    fn name(&self) -> &'static str {
        "display-name-for-display"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        each_value(cx, body, |spot, value| {
            let Value::Object(members) = value else { return None };
            let has = |name| cx.schemas.sub_attribute(spot.attribute.id, name).is_some();
            let is_meant = spot.stand == Stand::Element && has("display") && !has("displayName");
            let is_told = member(members, "displayName").is_some();
            if !is_meant || !is_told || member(members, "display").is_some() {
                return None;
            }
            Some(members.iter().map(|(name, value)| (display(name), value.clone())).collect())
        })
    }

    fn strict(&self) -> Strict {
        let wanted = "the label of an element is its display";
        Strict::Refuse(ErrorKind::InvalidSyntax, wanted)
    }
}

fn display(name: &str) -> String {
    if name.eq_ignore_ascii_case("displayName") { "display".to_owned() } else { name.to_owned() }
}
