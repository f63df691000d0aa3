//! JSON from outside, read within bounds: depth, nodes, string length, members, no duplicate names.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{Error, quote};

/// How large a JSON document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects and arrays inside one another.
    pub depth: usize,
    /// Values in all.
    pub nodes: usize,
    /// Bytes of one string.
    pub string_bytes: usize,
    /// Members of one object.
    pub members: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 32, nodes: 500_000, string_bytes: 1 << 20, members: 1_000 }
    }
}

/// Reads one JSON document.
///
/// # Errors
/// `invalidSyntax` if the bytes are not one JSON document, are beyond a limit, or if an object has
/// two members whose names are equal, also if only by letter case (SCIM's attribute names know no
/// case, RFC 7643 §2.1).
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Value, Error> {
    let nodes = Cell::new(0);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    // The bound on depth is ours: it is lower than the library's, and says so.
    let seed = Bounded { limits, nodes: &nodes, depth: 0 };
    let value = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value
        .map_err(|error| Error::invalid_syntax(format!("the body is not acceptable JSON: {error}")))
}

#[derive(Clone, Copy)]
struct Bounded<'a> {
    limits: &'a Limits,
    nodes: &'a Cell<usize>,
    depth: usize,
}

impl Bounded<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= self.limits.depth {
            return Err(E::custom(format_args!("more than {} levels deep", self.limits.depth)));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn string<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if text.len() > self.limits.string_bytes {
            let limit = self.limits.string_bytes;
            return Err(E::custom(format_args!("a string of more than {limit} bytes")));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > self.limits.nodes {
            return Err(D::Error::custom(format_args!("more than {} values", self.limits.nodes)));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
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

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.string(value)?;
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = elements.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        // Most objects of a large body are members, which have one name: others grow from there.
        let mut map = Map::with_capacity(1);
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            self.string(&name)?;
            if names.len() >= self.limits.members {
                let limit = self.limits.members;
                return Err(A::Error::custom(format_args!(
                    "an object of more than {limit} members"
                )));
            }
            if !names.insert(name.to_ascii_lowercase()) {
                let name = quote(&name);
                return Err(A::Error::custom(format_args!("the member {name} occurs twice")));
            }
            map.insert(name, members.next_value_seed(inner)?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let limits = Limits { depth: 4, nodes: 20, string_bytes: 8, members: 3 };
        let error = parse(text.as_bytes(), &limits).expect_err("is refused");
        assert!(error.detail.contains(expected), "{}", error.detail);
        assert_eq!(error.kind, crate::ErrorKind::InvalidSyntax);
    }

    #[test]
    fn what_is_beyond_a_limit_is_refused_with_its_place() {
        refused("[[[[[]]]]]", "more than 4 levels deep at line 1 column 6");
        refused("[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0]", "more than 20 values");
        refused(r#"["123456789"]"#, "a string of more than 8 bytes");
        refused(r#"{"a":1,"b":1,"c":1,"d":1}"#, "an object of more than 3 members");
    }

    #[test]
    fn names_that_differ_by_case_only_are_duplicates() {
        refused(r#"{"a":1,"a":2}"#, "the member \"a\" occurs twice");
        refused(r#"{"active":1,"Active":2}"#, "the member \"Active\" occurs twice");
    }

    #[test]
    fn what_is_not_one_document_is_refused() {
        refused("", "EOF");
        refused("{} {}", "trailing characters");
        refused("{\"a\": ", "EOF");
        refused("\u{feff}{}", "expected value");
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused() {
        assert!(parse(b"\"\xff\"", &Limits::default()).is_err());
    }

    #[test]
    fn a_nest_of_a_million_brackets_is_refused_without_a_crash() {
        assert!(parse("[".repeat(1_000_000).as_bytes(), &Limits::default()).is_err());
    }

    #[test]
    fn a_document_within_the_limits_reads_as_it_stands() {
        let text = r#"{"b":[1,-2,1.5,null,true],"a":{"x":"é"}}"#;
        let value = parse(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(value.to_string(), text);
    }
}
