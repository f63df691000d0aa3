//! Okta: numbers where the schema has strings.

use provost_scim::ErrorKind;
use provost_scim::schema::DataType;
use serde_json::Value;

use crate::walk::each_value;
use crate::{Context, Rule, Strict};

/// Okta's entitlements carry numbers where the schema has strings (Okta developer documentation,
/// "Entitlements with SCIM", 2026; `okta-17-entitlements-discovery.json`).
///
/// `{"entitlements": [{"value": 7}]}` → `{"entitlements": [{"value": "7"}]}`
pub struct NumberForString;

impl Rule for NumberForString {
    fn name(&self) -> &'static str {
        "number-for-string"
    }

    fn rewrite(&self, cx: &Context<'_>, body: &mut Value) -> bool {
        each_value(cx, body, &mut |attribute, _, value| {
            let Value::Number(number) = &value else { return false };
            if attribute.data_type != DataType::String || attribute.parent.is_none() {
                return false;
            }
            *value = Value::String(number.to_string());
            true
        })
    }

    fn strict(&self) -> Strict {
        Strict::Refuse(ErrorKind::InvalidValue, "the attribute is a string, not a number")
    }
}
