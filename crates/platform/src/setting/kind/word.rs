//! Values that are one of a few words.

use std::marker::PhantomData;

use super::{Choice, Fault, Kind};
use crate::setting::document::Value;

/// True or false; the published settings write them as strings, the deployment templates do not.
pub(crate) struct Switch;

impl Kind for Switch {
    type Value = bool;

    fn legal(&self) -> String {
        "true or false, with or without quotation marks".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<bool, Fault> {
        match value {
            Value::Boolean(switch) => Ok(*switch),
            Value::Text(text) if text == "true" => Ok(true),
            Value::Text(text) if text == "false" => Ok(false),
            _ => Err(Fault::NotLegal),
        }
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }
}

/// One word of a closed list.
pub(crate) struct OneOf<T>(PhantomData<T>);

impl<T> OneOf<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Choice> Kind for OneOf<T> {
    type Value = T;

    fn legal(&self) -> String {
        let words: Vec<String> = T::ALL.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        format!("one of {}", words.join(", "))
    }

    fn parse(&self, value: &Value) -> Result<T, Fault> {
        let Value::Text(text) = value else { return Err(Fault::NotLegal) };
        let known = T::ALL.iter().find(|(word, _)| word == text);
        known.map(|(_, choice)| *choice).ok_or(Fault::NotLegal)
    }

    fn show(&self, value: &T) -> String {
        let known = T::ALL.iter().find(|(_, choice)| choice == value);
        known.expect("`ALL` lists every variant").0.to_owned()
    }
}
