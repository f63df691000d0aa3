//! Values in another form than their attribute's, and texts that stand for no value.

use provost_scim::ErrorKind;
use provost_scim::schema::{AttrId, Attribute, DataType, Place, Schemas};
use serde_json::{Map, Value};

use crate::message::{Op, member};
use crate::walk::{Stand, each_value};
use crate::{Context, EmptyString, Rule, Strict};

/// Microsoft Entra ID's form of 2017 wraps a single value (packet capture of 2017, SCIMReferenceCode;
/// still sent with `AzureAdScimPatch2017`), and `manager` comes as an array of one object to this
/// day (`entra-15-manager-legacy-array.json`). Of a simple value, only `value` and `$ref` may be in
/// the one element; several elements are refused when they are read.
///
/// `{"op": "replace", "path": "title", "value": [{"$ref": null, "value": "Lead"}]}` → `{"op": "replace", "path": "title", "value": "Lead"}`
pub struct WrappedValue;

impl Rule for WrappedValue {
    fn name(&self) -> &'static str {
        "wrapped-value"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        each_value(cx, body, |spot, value| {
            let [only] = value.as_array()?.as_slice() else { return None };
            match (spot.attribute.multi_valued, spot.attribute.data_type) {
                (true, _) => None,
                (false, DataType::Complex) => {
                    (only.is_object() || only.is_string()).then(|| only.clone())
                }
                (
                    false,
                    DataType::String
                    | DataType::Boolean
                    | DataType::Decimal
                    | DataType::Integer
                    | DataType::DateTime
                    | DataType::Binary
                    | DataType::Reference,
                ) => inner(only.as_object()?),
            }
        })
    }

    fn strict(&self) -> Strict {
        let wanted = "the value of a single-valued attribute is no array";
        Strict::Refuse(ErrorKind::InvalidValue, wanted)
    }
}

/// The simple value that stands beside nothing but a reference.
fn inner(wrapping: &Map<String, Value>) -> Option<Value> {
    let is_wrapping =
        |name: &String| ["value", "$ref"].iter().any(|it| name.eq_ignore_ascii_case(it));
    let value = member(wrapping, "value")?;
    let is_simple = !value.is_array() && !value.is_object();
    (is_simple && wrapping.keys().all(is_wrapping)).then(|| value.clone())
}

/// Microsoft Entra ID sends `manager` as a text (Microsoft Learn, 2026;
/// `entra-16-manager-legacy-string.json`), and its reference collection sends members as texts
/// (`entra-52-reference-postman.json`). A text for a complex attribute, or for one element of it, is
/// the `value` of that.
///
/// `{"op": "add", "path": "manager", "value": "26118915"}` → `{"op": "add", "path": "manager", "value": {"value": "26118915"}}`
pub struct ValueForComplex;

impl Rule for ValueForComplex {
    fn name(&self) -> &'static str {
        "value-for-complex"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        each_value(cx, body, |spot, value| {
            let Value::String(text) = value else { return None };
            // Of a list the elements are texts, not the list as a whole.
            let is_one = !spot.attribute.multi_valued || spot.stand == Stand::Element;
            let takes_value = part(cx.schemas, spot.attribute, "value").is_some();
            if text.is_empty() || !is_one || !takes_value {
                return None;
            }
            Some([("value".to_owned(), value.clone())].into_iter().collect())
        })
    }

    fn strict(&self) -> Strict {
        let wanted = "the value of a complex attribute is an object";
        Strict::Refuse(ErrorKind::InvalidValue, wanted)
    }
}

/// Microsoft Entra ID unassigns `manager` by an empty text or by an object with an empty `value`
/// (Microsoft Learn and its validator, 2026; `entra-16-manager-legacy-string.json`,
/// `entra-17-manager-compliant.json`). A reference to nobody is none, whatever `emptyString` says.
///
/// `{"op": "replace", "path": "manager", "value": {"value": ""}}` → `{"op": "replace", "path": "manager", "value": null}`
pub struct EmptyReference;

impl Rule for EmptyReference {
    fn name(&self) -> &'static str {
        "empty-reference"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        each_value(cx, body, |spot, value| {
            // What a remove lists is looked for as it is.
            if spot.op == Some(Op::Remove) || !is_reference(cx.schemas, spot.top) {
                return None;
            }
            let is_id = part(cx.schemas, spot.top, "value") == Some(spot.attribute.id);
            let is_whole = spot.attribute.id == spot.top.id;
            let is_empty = match value {
                Value::String(text) => (is_id || is_whole) && text.is_empty(),
                Value::Object(members) => {
                    is_whole && member(members, "value").and_then(Value::as_str) == Some("")
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
            };
            is_empty.then_some(Value::Null)
        })
    }

    fn strict(&self) -> Strict {
        Strict::Refuse(ErrorKind::InvalidValue, "an id is never empty, and null unassigns")
    }
}

/// Whether an attribute refers to one other resource, as `manager` does.
fn is_reference(schemas: &Schemas, attribute: &Attribute) -> bool {
    let has = |name| part(schemas, attribute, name).is_some();
    !attribute.multi_valued && has("value") && has("$ref")
}

fn part(schemas: &Schemas, attribute: &Attribute, name: &str) -> Option<AttrId> {
    schemas.sub_attribute(attribute.id, name)
}

/// Microsoft Entra ID sends booleans as strings with a capital letter (its default mapping of
/// `active`; Microsoft Learn, 2026; `entra-11-disable-legacy.json`, `entra-33-boolean-strings.json`),
/// and Keycloak's extension sends them in lower case (its source, 2026). Only where the schema says
/// boolean, and nothing but true and false.
///
/// `{"op": "replace", "path": "active", "value": "False"}` → `{"op": "replace", "path": "active", "value": false}`
pub struct BooleanString;

impl Rule for BooleanString {
    fn name(&self) -> &'static str {
        "boolean-string"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        each_value(cx, body, |spot, value| {
            let Value::String(text) = value else { return None };
            if spot.attribute.data_type != DataType::Boolean {
                return None;
            }
            let is = |word: &bool| text.eq_ignore_ascii_case(&word.to_string());
            [true, false].into_iter().find(is).map(Value::Bool)
        })
    }

    fn strict(&self) -> Strict {
        let wanted = "a boolean is true or false, without quotation marks";
        Strict::Refuse(ErrorKind::InvalidValue, wanted)
    }
}

/// Microsoft Entra ID clears an attribute by an empty string (its null test, SCIMReferenceCode, 2025;
/// `entra-37-clear-attribute-values.json`), and OneLogin's templates leave empty strings
/// (`onelogin-01-user-lifecycle.json`). Of an optional text, or of an attribute with parts, it is no
/// value; of what is required, a boolean or a number it stays, and is refused. It never stands for
/// members, nor for what a remove lists: more would go than was named.
///
/// `{"op": "replace", "path": "title", "value": ""}` → `{"op": "replace", "path": "title", "value": null}`
pub struct EmptyStringForNone;

impl Rule for EmptyStringForNone {
    fn name(&self) -> &'static str {
        "empty-string"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        if cx.options.empty_string == EmptyString::Keep {
            return None;
        }
        each_value(cx, body, |spot, value| {
            let clears = match spot.op {
                Some(Op::Remove) => false,
                // Nothing joins a list.
                Some(Op::Add) => !spot.attribute.multi_valued,
                Some(Op::Replace) | None => true,
            };
            let is_optional = spot.top.place == Place::Body && !spot.attribute.required;
            let is_empty = spot.stand == Stand::Whole && value.as_str() == Some("");
            let may_be_text = may_be_text(spot.attribute.data_type);
            (clears && is_optional && is_empty && may_be_text).then_some(Value::Null)
        })
    }

    fn strict(&self) -> Strict {
        Strict::Leave
    }
}

/// Whether a text, or parts that are texts, can be the value of an attribute.
const fn may_be_text(data_type: DataType) -> bool {
    match data_type {
        DataType::String
        | DataType::DateTime
        | DataType::Binary
        | DataType::Reference
        | DataType::Complex => true,
        DataType::Boolean | DataType::Decimal | DataType::Integer => false,
    }
}
