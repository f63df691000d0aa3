//! Operations of a PATCH body: their keyword, and paths that stand where names belong.

use provost_scim::ErrorKind;
use provost_scim::error::quote;
use provost_scim::value::Message;
use serde_json::{Map, Value};

use crate::message::{Op, attributes_set, member, member_mut, operations};
use crate::walk::{Addressed, addressed, core_attribute, is_taken, top};
use crate::{Context, Rule, Strict};

/// Microsoft Entra ID writes PATCH operations with a capital letter (Microsoft Learn, "Develop a
/// SCIM endpoint", 2026; `entra-07-update-legacy-patch.json`).
///
/// `{"op": "Replace", "path": "title", "value": "x"}` → `{"op": "replace", "path": "title", "value": "x"}`
pub struct CapitalizedOp;

impl Rule for CapitalizedOp {
    fn name(&self) -> &'static str {
        "capitalized-op"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        if cx.message != Message::Patch {
            return None;
        }
        let mut sent = None;
        for (index, operation) in operations(body)?.iter_mut().enumerate() {
            let Value::Object(members) = operation else { continue };
            let Some(Value::String(keyword)) = member_mut(members, "op") else { continue };
            let Some(op) = Op::parse(keyword) else { continue };
            if keyword != op.keyword() {
                let number = index + 1;
                sent.get_or_insert_with(|| format!("operation {number}: op is {}", quote(keyword)));
                op.keyword().clone_into(keyword);
            }
        }
        sent
    }

    fn strict(&self) -> Strict {
        Strict::Refuse(ErrorKind::InvalidSyntax, "op is add, remove or replace, in lower case")
    }
}

/// Microsoft Entra ID with `aadOptscim062020` writes paths as keys of a value without path: dotted
/// names, and attributes of extensions with their URN (Microsoft Learn, "SCIM 2.0 protocol
/// compliance of the provisioning service", 2026; `entra-08-update-compliant-patch.json`). An
/// attribute that has such a name wins, and a path to what is read-only is left to be ignored, as
/// the name would be.
///
/// `{"op": "replace", "value": {"name.givenName": "Ada"}}` → `{"op": "replace", "path": "name.givenName", "value": "Ada"}`
pub struct PathAsKey;

impl Rule for PathAsKey {
    fn name(&self) -> &'static str {
        "path-as-key"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        if cx.message != Message::Patch {
            return None;
        }
        let operations = operations(body)?;
        let mut sent = None;
        let mut spread = Vec::with_capacity(operations.len());
        for (index, mut operation) in std::mem::take(operations).into_iter().enumerate() {
            let Some((key, several)) = split(cx, &mut operation) else {
                spread.push(operation);
                continue;
            };
            let number = index + 1;
            sent.get_or_insert_with(|| format!("operation {number}: value has {}", quote(&key)));
            spread.extend(several);
        }
        *operations = spread;
        sent
    }

    fn strict(&self) -> Strict {
        let wanted = "the members of a value without path are names of attributes, not paths";
        Strict::Refuse(ErrorKind::InvalidPath, wanted)
    }
}

/// The first path among the keys of a value without path, and one operation for each such path;
/// what lies between them stays together, in order.
fn split(cx: &Context<'_>, operation: &mut Value) -> Option<(String, Vec<Value>)> {
    let members = operation.as_object_mut()?;
    let op = member(members, "op")?.clone();
    let values = attributes_set(members)?;
    let first = values.keys().find(|key| is_path(cx, key))?.clone();
    let mut several = Vec::new();
    let mut named = Map::new();
    for (key, value) in std::mem::take(values) {
        if is_path(cx, &key) {
            several.extend(pathless(&op, &mut named));
            several.push(object([("op", op.clone()), ("path", key.into()), ("value", value)]));
        } else {
            named.insert(key, value);
        }
    }
    several.extend(pathless(&op, &mut named));
    Some((first, several))
}

fn pathless(op: &Value, named: &mut Map<String, Value>) -> Option<Value> {
    let value = Value::Object(std::mem::take(named));
    (value != object([])).then(|| object([("op", op.clone()), ("value", value)]))
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Whether a key is the path of something that can be written, and not a name.
fn is_path(cx: &Context<'_>, key: &str) -> bool {
    let is_name = core_attribute(cx, key).is_some()
        || cx.schemas.extension_by_urn(cx.kind, key).is_some()
        || !key.contains(['.', ':', '[']);
    if is_name {
        return false;
    }
    match addressed(cx, key) {
        Some(Addressed::Attribute(id) | Addressed::Elements(id)) => {
            let attribute = cx.schemas.attribute(id);
            is_taken(attribute) && is_taken(top(cx, attribute))
        }
        Some(Addressed::Extension(_)) | None => false,
    }
}
