//! Several values of one kind.

use super::{Fault, Kind, because};
use crate::setting::document::{Node, Value};

/// Several values of one kind, and how many there may be.
pub(crate) struct List<K>(pub(crate) K, pub(crate) usize);

impl<K: Kind> Kind for List<K> {
    type Value = Vec<K::Value>;

    fn legal(&self) -> String {
        format!("an array of at most {}, each {}", self.1, self.0.legal())
    }

    fn parse(&self, value: &Value) -> Result<Self::Value, Fault> {
        let Value::Array(elements) = value else { return Err(Fault::NotLegal) };
        if elements.len() > self.1 {
            return because(&format!("these are {}", elements.len()));
        }
        let parse = |(index, element): (usize, &Node)| {
            self.0.parse(&element.value).map_err(|fault| {
                let reason = match fault {
                    Fault::NotLegal => "it is not legal".to_owned(),
                    Fault::Because(reason) => reason,
                };
                Fault::Because(format!(
                    "element {index} is {}: {reason}",
                    self.0.found(&element.value)
                ))
            })
        };
        elements.iter().enumerate().map(parse).collect()
    }

    fn show(&self, values: &Self::Value) -> String {
        let shown: Vec<String> = values.iter().map(|value| self.0.show(value)).collect();
        format!("[{}]", shown.join(", "))
    }
}
