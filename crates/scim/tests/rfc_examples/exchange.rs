//! Requests go to endpoints that offer their method, and bodies are read as what they should be.

use provost_scim::endpoint::Endpoint;
use provost_scim::message::SearchRequest;
use provost_scim::patch::{GroupReplace, Patch};
use provost_scim::schema::Kind;
use provost_scim::value::{Message, Mode, Reader};
use provost_scim::{filter, urn};
use serde_json::{Value, json};

use crate::example::{all, of_kind, schemas};
use crate::message;

#[test]
fn every_request_goes_to_an_endpoint_that_offers_its_method() {
    for example in all() {
        if let Some(request) = example.request() {
            check_request(&example.name, request, request.get("body"));
        }
    }
}

/// Reads the path, the query and the body of a request.
#[track_caller]
pub(crate) fn check_request(name: &str, request: &Value, body: Option<&Value>) {
    let schemas = schemas();
    let method = request["method"].as_str().expect("a method");
    let path = request["path"].as_str().expect("a path");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let endpoint = Endpoint::parse(&schemas, path);
    let endpoint = endpoint.unwrap_or_else(|| panic!("{name}: {path} is no endpoint"));
    assert!(endpoint.methods().contains(&method), "{name}: {method} {path}");

    let query = SearchRequest::from_query(query);
    let query = query.unwrap_or_else(|error| panic!("{name}: {error}"));
    if let (Some(text), Endpoint::Collection(kind)) = (&query.filter, &endpoint) {
        let tree =
            filter::parse(text).and_then(|(tree, _)| filter::resolve(&schemas, *kind, &tree));
        assert!(tree.is_ok(), "{name}: {tree:?}");
    }
    if let Some(body) = body {
        check_request_body(name, method, &endpoint, body);
    }
}

#[track_caller]
fn check_request_body(name: &str, method: &str, endpoint: &Endpoint, body: &Value) {
    let schemas = schemas();
    let reader = |kind: Kind| Reader::new(&schemas, kind, Mode::Strict);
    let read = match (method, endpoint) {
        ("POST", Endpoint::Collection(kind)) => {
            reader(*kind).resource(body, Message::Post).map(|_| ())
        }
        ("PUT", Endpoint::Resource(kind, _)) => {
            reader(*kind).resource(body, Message::Put).map(|_| ())
        }
        ("PATCH", Endpoint::Resource(kind, _)) => {
            Patch::parse(&mut reader(*kind), body, GroupReplace::Rfc).map(|_| ())
        }
        (method, endpoint) => panic!("{name}: a body for {method} {endpoint:?}"),
    };
    assert_eq!(read, Ok(()), "{name}");
}

#[test]
fn the_body_of_a_response_is_what_its_schemas_say() {
    for example in of_kind("exchange") {
        let name = &example.name;
        let Some(response) = example.get("response") else { continue };
        let Some(body) = response.get("body") else {
            // RFC 9110 §15.3.5, §15.4.5: these have none.
            assert!([json!(204), json!(304)].contains(&response["status"]), "{name}");
            continue;
        };
        if body["schemas"] == json!([urn::ERROR]) {
            message::check_error(name, body);
            assert_eq!(body["status"], response["status"].to_string(), "{name}");
        } else if body["schemas"] == json!([urn::LIST_RESPONSE]) {
            message::check_list(name, &schemas(), body);
        } else {
            message::check_resource(name, &schemas(), body);
        }
    }
}

#[test]
fn the_format_is_not_asked_for_by_a_suffix() {
    // RFC 7644 §3.8 lets a service provider offer it; here the suffix is part of the id, which no
    // resource has.
    let request = crate::example::read("7644-3.8-uri-suffix.json")["request"].take();
    let path = request["path"].as_str().expect("a path");
    let Some(Endpoint::Resource(_, id)) = Endpoint::parse(&schemas(), path) else {
        panic!("{path} is the endpoint of a resource")
    };
    assert!(id.ends_with(".scim"), "{id}");
}
