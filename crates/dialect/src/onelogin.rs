//! OneLogin: one object where the schema has a list.

use provost_scim::ErrorKind;
use provost_scim::value::Message;
use serde_json::Value;

use crate::walk::{Stand, each_value};
use crate::{Context, Rule, Strict};

/// OneLogin's templates send one object for a multi-valued attribute, and `members` as an empty
/// object (django-scim2, issue of 2024). PATCH takes one value by itself, so this is for whole
/// resources.
///
/// `{"emails": {"value": "a@x.example"}}` → `{"emails": [{"value": "a@x.example"}]}`
pub struct ObjectForList;

impl Rule for ObjectForList {
    fn name(&self) -> &'static str {
        "object-for-list"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> bool {
        if cx.message == Message::Patch {
            return false;
        }
        each_value(cx, body, &mut |attribute, stand, value| {
            if !attribute.multi_valued || stand == Stand::Element {
                return false;
            }
            let Value::Object(members) = value else { return false };
            let list = match members.is_empty() {
                true => Vec::new(),
                false => vec![Value::Object(std::mem::take(members))],
            };
            *value = Value::Array(list);
            true
        })
    }

    fn strict(&self) -> Strict {
        Strict::Refuse(
            ErrorKind::InvalidValue,
            "the values of a multi-valued attribute are an array",
        )
    }
}
