//! OneLogin: one object where the schema has a list.

use provost_scim::ErrorKind;
use serde_json::Value;

use crate::walk::{Stand, each_value};
use crate::{Context, Rule, Strict};

/// OneLogin's templates send one object for a multi-valued attribute, and `members` as an empty
/// object (django-scim2, issue of 2024). PATCH takes one value by itself (RFC 7644 §3.5.2.1), so this
/// is for whole resources.
///
/// `{"emails": {"value": "a@x.example"}}` → `{"emails": [{"value": "a@x.example"}]}`
pub struct ObjectForList;

impl Rule for ObjectForList {
    fn name(&self) -> &'static str {
        "object-for-list"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        each_value(cx, body, |spot, value| {
            let Value::Object(members) = value else { return None };
            if spot.op.is_some() || !spot.attribute.multi_valued || spot.stand == Stand::Element {
                return None;
            }
            let is_nothing = members.is_empty();
            Some(if is_nothing { Value::Array(Vec::new()) } else { vec![value.clone()].into() })
        })
    }

    fn strict(&self) -> Strict {
        let wanted = "the values of a multi-valued attribute are an array";
        Strict::Refuse(ErrorKind::InvalidValue, wanted)
    }
}
