//! JSON objects of a token, read strictly: no member twice, at any depth, and no deep nesting.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Deeper nesting is refused: nothing that is read lies below the second level.
const DEPTH_MAX: usize = 32;

/// Reads one JSON object and nothing after it. RFC 7515 §4 and RFC 7519 §4 leave open which of two
/// members of one name counts; readers differ, so two are refused.
pub(super) fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut input)?;
    input.end()?;
    match value {
        Value::Object(members) => Ok(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(serde_json::Error::custom("not an object"))
        }
    }
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn inside<E: Error>(self) -> Result<Self, E> {
        match self.depth < DEPTH_MAX {
            true => Ok(Self { depth: self.depth + 1 }),
            false => Err(E::custom(format_args!("nested deeper than {DEPTH_MAX}"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut elements = Vec::new();
        while let Some(element) = input.next_element_seed(inside)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut members = Map::new();
        while let Some(name) = input.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format_args!("member `{name}` twice")));
            }
            members.insert(name, input.next_value_seed(inside)?);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: impl AsRef<[u8]>, want: Result<&str, &str>) {
        let got = match parse_object(text.as_ref()) {
            Ok(members) => Ok(Value::Object(members).to_string()),
            Err(error) => Err(error.to_string()),
        };
        match want {
            Ok(want) => assert_eq!(got.as_deref(), Ok(want)),
            Err(want) => {
                let got = got.unwrap_err();
                assert!(got.starts_with(want), "{got}");
            }
        }
    }

    #[test]
    fn every_kind_of_value_is_kept() {
        let text = r#"{"a":[null,true,-1,18446744073709551615,0.5,"x"],"b":{"c":{}}}"#;
        check(text, Ok(text));
    }

    #[test]
    fn member_twice_is_refused_at_any_depth() {
        check(r#"{"aud":"a","aud":"b"}"#, Err("member `aud` twice"));
        check(r#"{"aud":"a","\u0061ud":"b"}"#, Err("member `aud` twice"));
        check(r#"{"x":[{"a":{"b":1,"b":1}}]}"#, Err("member `b` twice"));
        check(r#"{"a":1,"A":2}"#, Ok(r#"{"a":1,"A":2}"#));
    }

    #[test]
    fn only_an_object_is_read() {
        for text in ["[]", "\"x\"", "null", "1", "true"] {
            check(text, Err("not an object"));
        }
    }

    #[test]
    fn broken_json_is_refused() {
        check("", Err("EOF while parsing a value"));
        check(r#"{"a":1"#, Err("EOF while parsing an object"));
        check(r#"{"a":1}{}"#, Err("trailing characters"));
        check(r#"{"a":1,}"#, Err("trailing comma"));
        check(r#"{"a":1e400}"#, Err("number out of range"));
        check(r#"{"a":NaN}"#, Err("expected value"));
        check(b"{\"a\":\"\xff\xfe\"}", Err("invalid unicode code point"));
        check(r#"{"a":"\ud800"}"#, Err("unexpected end of hex escape"));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested =
            |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        check(nested(31), Ok(&nested(31)));
        check(nested(32), Err("nested deeper than 32"));
        check(nested(3000), Err("nested deeper than 32"));
        check(nested(1_000_000), Err("nested deeper than 32"));
        check(r#"{"a":"#.repeat(40), Err("nested deeper than 32"));
    }
}
