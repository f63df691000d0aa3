//! Microsoft Entra ID: capitalized operations, string booleans, paths as keys, wrapped values.

use provost_scim::ErrorKind;
use provost_scim::schema::{DataType, Place};
use provost_scim::value::Message;
use serde_json::{Map, Value, json};

use crate::walk::{
    Stand, core_attribute, each_value, extension, member, member_mut, named, operations,
};
use crate::{Context, EmptyString, Rule, Strict};

/// Microsoft Entra ID writes PATCH operations with a capital letter (Microsoft Learn, "Develop a
/// SCIM endpoint", 2026; `entra-07-update-legacy-patch.json`).
///
/// `{"op": "Replace", "path": "title", "value": "x"}` → `{"op": "replace", "path": "title", "value": "x"}`
pub struct CapitalizedOp;

impl Rule for CapitalizedOp {
    fn name(&self) -> &'static str {
        "capitalized-op"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> bool {
        if cx.message != Message::Patch {
            return false;
        }
        let mut fired = false;
        for operation in operations(body) {
            let Some(Value::String(op)) = member_mut(operation, "op") else { continue };
            let lower = op.to_ascii_lowercase();
            if lower != *op && ["add", "replace", "remove"].contains(&lower.as_str()) {
                *op = lower;
                fired = true;
            }
        }
        fired
    }

    fn strict(&self) -> Strict {
        Strict::Refuse(ErrorKind::InvalidSyntax, "op is add, remove or replace, in lower case")
    }
}

/// Microsoft Entra ID with `aadOptscim062020` writes paths as keys of a value without path: dotted
/// names, and attributes of extensions with their URN (Microsoft Learn, "SCIM 2.0 protocol
/// compliance of the provisioning service", 2026; `entra-08-update-compliant-patch.json`). An
/// attribute that has such a name wins.
///
/// `{"op": "replace", "value": {"name.givenName": "Ada"}}` → `{"op": "replace", "path": "name.givenName", "value": "Ada"}`
pub struct PathAsKey;

impl Rule for PathAsKey {
    fn name(&self) -> &'static str {
        "path-as-key"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> bool {
        if cx.message != Message::Patch {
            return false;
        }
        let list = body.as_object_mut().and_then(|it| member_mut(it, "Operations"));
        let Some(Value::Array(operations)) = list else { return false };
        let mut fired = false;
        let mut expanded = Vec::with_capacity(operations.len());
        for operation in std::mem::take(operations) {
            match expand(cx, &operation) {
                Some(several) => {
                    fired = true;
                    expanded.extend(several);
                }
                None => expanded.push(operation),
            }
        }
        *operations = expanded;
        fired
    }

    fn strict(&self) -> Strict {
        let wanted = "the members of a value without path are attributes, not paths";
        Strict::Refuse(ErrorKind::InvalidPath, wanted)
    }
}

/// One operation for each path among the keys; what lies between them stays together, in order.
fn expand(cx: &Context<'_>, operation: &Value) -> Option<Vec<Value>> {
    let members = operation.as_object()?;
    let op = member(members, "op")?.as_str()?;
    let is_pathless =
        member(members, "path").is_none_or(|it| it.as_str().is_none_or(|it| it.trim().is_empty()));
    let values = member(members, "value")?.as_object()?;
    if !is_pathless || !values.keys().any(|key| is_path(cx, key)) {
        return None;
    }
    let mut several = Vec::new();
    let mut plain = Map::new();
    for (key, value) in values {
        if !is_path(cx, key) {
            plain.insert(key.clone(), value.clone());
            continue;
        }
        if !plain.is_empty() {
            several.push(json!({"op": op, "value": std::mem::take(&mut plain)}));
        }
        several.push(json!({"op": op, "path": key, "value": value}));
    }
    if !plain.is_empty() {
        several.push(json!({"op": op, "value": plain}));
    }
    Some(several)
}

/// Whether a key is a path and not the name of an attribute or extension.
fn is_path(cx: &Context<'_>, key: &str) -> bool {
    let is_name = core_attribute(cx.schemas, cx.kind, key).is_some()
        || extension(cx.schemas, cx.kind, key).is_some();
    let is_qualified = key.contains(['.', ':', '[']) || bare_extension(cx, key).is_some();
    !is_name && is_qualified && named(cx.schemas, cx.kind, key).is_some()
}

/// The URN of the one extension that has an attribute of this name.
fn bare_extension(cx: &Context<'_>, name: &str) -> Option<Box<str>> {
    let extensions = cx.schemas.resource_type(cx.kind).extensions.iter();
    let mut found = extensions.filter(|it| cx.schemas.in_schema(it.schema, name).is_some());
    match (found.next(), found.next()) {
        (Some(only), None) => Some(cx.schemas.schema(only.schema).id.clone()),
        (None, _) | (Some(_), Some(_)) => None,
    }
}

/// Microsoft Entra ID's documentation has extension attributes such as `manager` and `department`
/// at the root of a User (Microsoft Learn, "Develop a SCIM endpoint", 2026;
/// `entra-36-create-malformed-and-null.json`). The one extension that has the attribute gets it,
/// unless it has a value there already.
///
/// `{"department": "Ops"}` → `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Ops"}}`
pub struct ExtensionAttributeAtRoot;

impl Rule for ExtensionAttributeAtRoot {
    fn name(&self) -> &'static str {
        "extension-attribute-at-root"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> bool {
        if cx.message == Message::Patch {
            return false;
        }
        let Some(members) = body.as_object_mut() else { return false };
        let is_bare = |name: &&String| {
            core_attribute(cx.schemas, cx.kind, name).is_none()
                && bare_extension(cx, name).is_some()
        };
        let bare: Vec<String> = members.keys().filter(is_bare).cloned().collect();
        for name in &bare {
            let (Some(urn), Some(value)) = (bare_extension(cx, name), members.shift_remove(name))
            else {
                continue;
            };
            put_into_extension(members, &urn, name, value);
        }
        !bare.is_empty()
    }

    fn strict(&self) -> Strict {
        let wanted = "attributes of an extension stand under its URN";
        Strict::Refuse(ErrorKind::InvalidSyntax, wanted)
    }
}

fn put_into_extension(members: &mut Map<String, Value>, urn: &str, name: &str, value: Value) {
    if value.is_null() {
        return;
    }
    if member(members, urn).is_none() {
        members.insert(urn.to_owned(), json!({}));
    }
    if let Some(Value::Object(extension)) = member_mut(members, urn)
        && member(extension, name).is_none()
    {
        extension.insert(name.to_owned(), value);
    }
}

/// Microsoft Entra ID's form of 2017 wraps a single value (packet capture of 2017, SCIMReferenceCode;
/// still sent with `AzureAdScimPatch2017`). Only one element of `value` and `$ref` is unwrapped.
///
/// `{"op": "replace", "path": "active", "value": [{"$ref": null, "value": "False"}]}` → `{"op": "replace", "path": "active", "value": "False"}`
pub struct WrappedValue;

impl Rule for WrappedValue {
    fn name(&self) -> &'static str {
        "wrapped-value"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> bool {
        if cx.message != Message::Patch {
            return false;
        }
        each_value(cx, body, &mut |attribute, _, value| {
            if attribute.multi_valued || attribute.data_type == DataType::Complex {
                return false;
            }
            let Some(inner) = wrapped(value) else { return false };
            *value = inner;
            true
        })
    }

    fn strict(&self) -> Strict {
        let wanted = "the value of a single-valued attribute is no array";
        Strict::Refuse(ErrorKind::InvalidValue, wanted)
    }
}

fn wrapped(value: &Value) -> Option<Value> {
    let [Value::Object(only)] = value.as_array()?.as_slice() else { return None };
    let is_wrapping = only.keys().all(|key| key == "value" || key == "$ref");
    is_wrapping.then(|| only.get("value").cloned()).flatten()
}

/// Microsoft Entra ID sends `manager` as a string, as an array of one object, or as an object
/// (Microsoft Learn, 2026; `entra-15`, `entra-16`, `entra-17`), and its reference collection sends
/// members as strings (`entra-52-reference-postman.json`). A complex attribute with a `value` takes
/// a text for that.
///
/// `{"op": "add", "path": "manager", "value": "26118915"}` → `{"op": "add", "path": "manager", "value": {"value": "26118915"}}`
pub struct ValueForComplex;

impl Rule for ValueForComplex {
    fn name(&self) -> &'static str {
        "value-for-complex"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> bool {
        each_value(cx, body, &mut |attribute, stand, value| {
            let takes_value = attribute.data_type == DataType::Complex
                && cx.schemas.sub_attribute(attribute.id, "value").is_some();
            if !takes_value {
                return false;
            }
            let is_one = !attribute.multi_valued || stand == Stand::Element;
            // PATCH takes one value by itself for a list.
            let is_one = is_one || cx.message == Message::Patch && !value.is_array();
            if !is_one {
                return false;
            }
            if !attribute.multi_valued
                && let Value::Array(list) = &value
                && let [only] = list.as_slice()
            {
                *value = only.clone();
                complete(value);
                return true;
            }
            complete(value)
        })
    }

    fn strict(&self) -> Strict {
        let wanted = "the value of a complex attribute is an object";
        Strict::Refuse(ErrorKind::InvalidValue, wanted)
    }
}

/// Puts a text into an object; an empty one unassigns.
fn complete(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            *value = if text.is_empty() { Value::Null } else { json!({"value": text}) };
            true
        }
        // The validator of Entra clears a manager by an object with an empty `value`.
        Value::Object(members)
            if members.get("value") == Some(&json!(""))
                && members.keys().all(|it| it != "display") =>
        {
            let is_alone = members.keys().all(|it| it == "value" || it == "$ref");
            if is_alone {
                *value = Value::Null;
            }
            is_alone
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            false
        }
    }
}

/// Microsoft Entra ID sends booleans as strings with a capital letter (its default mapping of
/// `active`; Microsoft Learn, 2026; `entra-11-disable-legacy.json`, `entra-33-boolean-strings.json`),
/// and Keycloak's extension sends them in lower case. Only where the schema says boolean.
///
/// `{"op": "replace", "path": "active", "value": "False"}` → `{"op": "replace", "path": "active", "value": false}`
pub struct BooleanString;

impl Rule for BooleanString {
    fn name(&self) -> &'static str {
        "boolean-string"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> bool {
        each_value(cx, body, &mut |attribute, _, value| {
            let Value::String(text) = &value else { return false };
            if attribute.data_type != DataType::Boolean {
                return false;
            }
            let read = match text.to_ascii_lowercase().as_str() {
                "true" => true,
                "false" => false,
                _ => return false,
            };
            *value = Value::Bool(read);
            true
        })
    }

    fn strict(&self) -> Strict {
        Strict::Refuse(
            ErrorKind::InvalidValue,
            "a boolean is true or false, without quotation marks",
        )
    }
}

/// Microsoft Entra ID clears an attribute by an empty string (its null test, SCIMReferenceCode, 2025;
/// `entra-37-clear-attribute-values.json`), and OneLogin's templates leave empty strings. Of an
/// optional attribute it is no value; of a required one it stays, and is refused.
///
/// `{"op": "replace", "path": "title", "value": ""}` → `{"op": "replace", "path": "title", "value": null}`
pub struct EmptyStringForNone;

impl Rule for EmptyStringForNone {
    fn name(&self) -> &'static str {
        "empty-string"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> bool {
        if cx.options.empty_string == EmptyString::Keep {
            return false;
        }
        each_value(cx, body, &mut |attribute, _, value| {
            let is_optional = !attribute.required && attribute.place != Place::Secret;
            let is_empty = matches!(value, Value::String(text) if text.is_empty());
            if is_optional && is_empty {
                *value = Value::Null;
            }
            is_optional && is_empty
        })
    }

    fn strict(&self) -> Strict {
        Strict::Leave
    }
}
