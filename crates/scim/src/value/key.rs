//! Keys: bytes whose order is the order of values, equal on every store (RFC 7643 §2.2 `caseExact`).

use std::borrow::Cow;

use caseless::Caseless;
use unicode_normalization::{UnicodeNormalization, is_nfc_quick};

use super::Val;
use crate::schema::Attribute;

/// A key of an ordinary attribute is cut to this length: a cut key names a candidate, not a match.
pub const KEY_BYTES_MAX: usize = 256;
/// A unique value whose key is longer is refused.
pub const UNIQUE_KEY_BYTES_MAX: usize = 1_020;

/// The bytes of a value in an index.
pub type Key = Box<[u8]>;

/// The key of a single value; `None` for a complex value, which has no order of its own.
pub fn key(attribute: &Attribute, value: &Val) -> Option<Key> {
    let mut bytes = match value {
        Val::Str(text) => fold(attribute, text).into_owned().into_bytes(),
        Val::Bin(text) => text.as_bytes().to_vec(),
        Val::Bool(value) => vec![u8::from(*value)],
        Val::Int(value) => ordered_integer(*value).to_vec(),
        Val::Time(time) => ordered_integer(time.micros).to_vec(),
        Val::Dec(number) => ordered_decimal(number.as_f64().unwrap_or(f64::NAN)).to_vec(),
        Val::Complex(_) | Val::Many(_) => return None,
    };
    if !attribute.uniqueness.is_unique() {
        bytes.truncate(KEY_BYTES_MAX);
    }
    Some(bytes.into())
}

/// A string as it is compared: NFC, and with its case folded unless the attribute is `caseExact`.
pub fn fold<'a>(attribute: &Attribute, text: &'a str) -> Cow<'a, str> {
    if !attribute.case_exact {
        return caseless(text);
    }
    match is_nfc_quick(text.chars()) {
        unicode_normalization::IsNormalized::Yes => Cow::Borrowed(text),
        unicode_normalization::IsNormalized::No | unicode_normalization::IsNormalized::Maybe => {
            Cow::Owned(text.nfc().collect())
        }
    }
}

/// A string as it is compared where letter case does not count: NFC, with its case folded (Unicode §3.13,
/// D145: canonical caseless matching).
#[must_use]
pub fn caseless(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return Cow::Owned(text.nfd().default_case_fold().nfc().collect());
    }
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

fn ordered_integer(value: i64) -> [u8; 8] {
    (value.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

fn ordered_decimal(value: f64) -> [u8; 8] {
    let value = if value == 0.0 { 0.0 } else { value }; // −0 is 0.
    let bits = value.to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    ordered.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Options, Schemas};
    use crate::value::Time;

    fn attribute(path: &str) -> Attribute {
        let schemas = Schemas::builtin(&Options::default());
        schemas.attribute(schemas.by_path(path).unwrap()).clone()
    }

    const NAME: &str = "urn:ietf:params:scim:schemas:core:2.0:User:userName";

    #[track_caller]
    fn same(attribute: &Attribute, left: &str, right: &str) {
        assert_eq!(fold(attribute, left), fold(attribute, right));
    }

    #[test]
    fn strings_that_differ_by_case_or_composition_have_one_key() {
        let name = attribute(NAME);
        same(&name, "Ada@X.example", "ada@x.EXAMPLE");
        same(&name, "STRASSE", "straße");
        same(&name, "É", "e\u{301}");
        same(&name, "ΌΣΟΣ", "όσος");
    }

    #[test]
    fn case_exact_strings_keep_their_case() {
        let external = attribute("externalId");
        assert_ne!(fold(&external, "A"), fold(&external, "a"));
        same(&external, "É", "E\u{301}");
    }

    #[test]
    fn the_order_of_keys_is_the_order_of_values() {
        let any = attribute(NAME);
        let ordered = |values: Vec<Val>| {
            let keys: Vec<Key> = values.iter().map(|value| key(&any, value).unwrap()).collect();
            assert!(keys.is_sorted_by(|left, right| left < right), "{values:?}");
        };
        ordered([i64::MIN, -2, -1, 0, 1, i64::MAX].map(Val::Int).into());
        ordered(
            [-62_135_424_000_000_000, -1, 0, 7].map(|m| Val::Time(Time::from_micros(m))).into(),
        );
        let decimals = [-1e300, -1.5, 0.0, 1e-300, 1.5, 1e300];
        ordered(decimals.map(|d| Val::Dec(serde_json::Number::from_f64(d).unwrap())).into());
        ordered(vec![Val::Bool(false), Val::Bool(true)]);
        ordered(["", "a", "A b", "b", "é"].map(|s| Val::Str(s.into())).into());
    }

    #[test]
    fn only_keys_of_ordinary_attributes_are_cut() {
        let long = Val::Str("x".repeat(2_000).into());
        assert_eq!(key(&attribute(NAME), &long).unwrap().len(), 2_000);
        assert_eq!(key(&attribute("externalId"), &long).unwrap().len(), KEY_BYTES_MAX);
    }
}
