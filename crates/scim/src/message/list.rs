//! `ListResponse`: a page of query results (RFC 7644 §3.4.2).

use serde::Serialize;

use crate::urn;

/// A page of results; `R` is a resource that serializes itself.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListResponse<R> {
    schemas: [&'static str; 1],
    /// How many resources match in all.
    pub total_results: u64,
    /// How many are on this page.
    pub items_per_page: usize,
    /// The place of the first one among all, from 1.
    pub start_index: u64,
    /// The resources.
    #[serde(rename = "Resources")]
    pub resources: Vec<R>,
}

impl<R> ListResponse<R> {
    /// A page that begins at `start_index`.
    pub fn new(total_results: u64, start_index: u64, resources: Vec<R>) -> Self {
        let items_per_page = resources.len();
        Self {
            schemas: [urn::LIST_RESPONSE],
            total_results,
            items_per_page,
            start_index,
            resources,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_numbers_and_an_empty_page_has_resources() {
        let page: ListResponse<u8> = ListResponse::new(0, 1, vec![]);
        assert_eq!(
            serde_json::to_string(&page).unwrap(),
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"itemsPerPage":0,"startIndex":1,"Resources":[]}"#
        );
    }
}
