//! `/openapi.json`: what the admin API offers, for tools.

use std::sync::LazyLock;

use serde_json::Value;

use super::{Asked, ok};
use crate::respond::Response;

/// The document, as it is written.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("openapi.json")).expect("the document is JSON")
});

/// The document, with the URL of this server.
pub(super) fn document(asked: &Asked) -> Response {
    let mut document = DOCUMENT.clone();
    let url = format!("{}{}", asked.base, super::ROOT);
    document["servers"] = serde_json::json!([{"url": url}]);
    ok(&document)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::endpoint::ENDPOINTS;
    use super::*;

    #[test]
    fn the_document_tells_of_each_endpoint_and_of_no_other() {
        let told: BTreeSet<(String, String)> = DOCUMENT["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().unwrap().keys();
                let methods = methods.filter(|it| *it != "parameters");
                methods.map(|it| (path.clone(), it.to_uppercase())).collect::<Vec<_>>()
            })
            .collect();
        let offered: BTreeSet<(String, String)> = ENDPOINTS
            .iter()
            .flat_map(|it| it.methods.iter().map(|method| (it.template.into(), (*method).into())))
            .collect();
        assert_eq!(told, offered);
    }

    #[test]
    fn each_reference_leads_somewhere() {
        fn check(value: &Value) -> usize {
            match value {
                Value::Object(members) => members
                    .iter()
                    .map(|(name, value)| match (name.as_str(), value) {
                        ("$ref", Value::String(place)) => {
                            let pointer = place.strip_prefix('#').unwrap();
                            assert!(DOCUMENT.pointer(pointer).is_some(), "{place}");
                            1
                        }
                        (_, value) => check(value),
                    })
                    .sum(),
                Value::Array(values) => values.iter().map(check).sum(),
                _ => 0,
            }
        }
        assert!(check(&DOCUMENT) > 50);
        assert_eq!(DOCUMENT["openapi"], "3.1.0");
    }
}
