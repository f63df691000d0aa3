//! Okta: numbers where the schema has strings.

use provost_scim::ErrorKind;
use provost_scim::schema::{DataType, Place};
use serde_json::Value;

use crate::walk::each_value;
use crate::{Context, Rule, Strict};

/// Okta's sample of a user with entitlements has numbers for `externalId` and for a `postalCode`
/// (Okta developer documentation, "Build a SCIM 2.0 server with entitlements", 2026). A whole number
/// becomes its digits; for what every resource must have, and for members, it stays and is refused.
///
/// `{"addresses": [{"postalCode": 91608}]}` → `{"addresses": [{"postalCode": "91608"}]}`
pub struct NumberForString;

impl Rule for NumberForString {
    fn name(&self) -> &'static str {
        "number-for-string"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> Option<String> {
        each_value(cx, body, |spot, value| {
            let Value::Number(number) = value else { return None };
            let is_text = spot.attribute.data_type == DataType::String
                && !spot.attribute.required
                && spot.top.place == Place::Body;
            // A fraction may have been written in more ways than one.
            let is_whole = number.is_i64() || number.is_u64();
            (is_text && is_whole).then(|| Value::String(number.to_string()))
        })
    }

    fn strict(&self) -> Strict {
        Strict::Refuse(ErrorKind::InvalidValue, "the attribute is a string, not a number")
    }
}
