//! Filters, attribute paths and queries are read, and print in their canonical form.

use provost_scim::filter::{self, parse_value_path};
use provost_scim::message::{SearchRequest, SortOrder};
use provost_scim::path;
use serde_json::Value;

use crate::example::{of_kind, schemas};

/// Paths in schemas that are made up, in the RFC as here.
const MADE_UP: [&str; 1] = ["urn:ietf:params:scim:schemas:provost:2.0:harbor:berth"];

#[test]
fn a_filter_is_read_to_the_letter_and_prints_in_its_canonical_form() {
    let schemas = schemas();
    let user = schemas.resource_type_by_name("User").expect("a built-in resource type").kind;
    for example in of_kind("filter") {
        for filter in example.member("filters").as_array().expect("filters") {
            let text = filter["filter"].as_str().expect("a filter");
            let prints = filter.get("prints").map_or(text, |it| it.as_str().expect("a filter"));
            let context = format!("{}: {text}", example.name);
            let (tree, deviations) =
                filter::parse(text).unwrap_or_else(|error| panic!("{context}: {error}"));
            assert_eq!(tree.to_string(), prints, "{context}");
            let (again, _) = filter::parse(prints).expect("the canonical form is a filter");
            assert_eq!(again, tree, "{context}");
            let (_, more) = filter::resolve(&schemas, user, &tree)
                .unwrap_or_else(|error| panic!("{context}: {error}"));
            assert_eq!((deviations, more), (vec![], vec![]), "{context}");
        }
    }
}

#[test]
fn a_path_names_an_attribute_and_prints_as_it_was_written() {
    for example in of_kind("path") {
        for text in example.member("paths").as_array().expect("paths") {
            let text = text.as_str().expect("a path");
            let context = format!("{}: {text}", example.name);
            let (found, deviations) =
                parse_value_path(text).unwrap_or_else(|error| panic!("{context}: {error}"));
            assert_eq!((found.to_string(), deviations), (text.to_owned(), vec![]), "{context}");
            assert_eq!(names_something(&found), !MADE_UP.contains(&text), "{context}");
        }
    }
}

/// Whether a path, its filter and its sub-attribute are there in one of the resource types.
fn names_something(found: &filter::ValuePath) -> bool {
    let schemas = schemas();
    schemas.resource_types().iter().any(|resource_type| {
        let kind = resource_type.kind;
        let named = path::resolve(&schemas, kind, &found.path, &mut Vec::new());
        let Some(path::Named::Attribute(target)) = named else { return false };
        let is_filter = |it| filter::resolve_within(&schemas, kind, target.attribute, it).is_ok();
        let is_sub = |it: &str| schemas.sub_attribute(target.attribute, it).is_some();
        found.filter.as_ref().is_none_or(is_filter) && found.sub.as_deref().is_none_or(is_sub)
    })
}

#[test]
fn a_query_gives_its_parameters() {
    for example in of_kind("query") {
        let query = example.text("query");
        let read = SearchRequest::from_query(query);
        let read = read.unwrap_or_else(|error| panic!("{}: {error}", example.name));
        assert_eq!(read, request(example.member("expect")), "{}", example.name);
        if let Some(head) = example.request() {
            let path = head["path"].as_str().expect("a path");
            let sent = path.split_once('?').map(|(_, query)| query);
            assert_eq!(sent, Some(query), "{}", example.name);
        }
    }
}

/// The request that parameters stand for, read in the plainest way.
#[track_caller]
pub(crate) fn request(parameters: &Value) -> SearchRequest {
    let names = |value: &Value| -> Vec<String> {
        let names = value.as_array().expect("a list of names").iter();
        names.map(|it| it.as_str().expect("a name").to_owned()).collect()
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut request = SearchRequest::default();
    for (name, value) in parameters.as_object().expect("parameters") {
        match name.as_str() {
            "schemas" => {}
            "filter" => request.filter = text(value),
            "attributes" => request.attributes = names(value),
            "excludedAttributes" => request.excluded_attributes = names(value),
            "sortBy" => request.sort_by = text(value),
            "sortOrder" if value == "descending" => request.sort_order = SortOrder::Descending,
            "sortOrder" => request.sort_order = SortOrder::Ascending,
            "startIndex" => request.start_index = value.as_i64(),
            "count" => request.count = value.as_i64(),
            other => panic!("{other} is no parameter"),
        }
    }
    request
}
