//! What a query asks for, from a query string or a `SearchRequest` (RFC 7644 §3.4.2, §3.4.3).

use serde_json::{Map, Value};

use crate::error::{Error, quote};
use crate::urn;
use crate::value::form;

/// A longer query string is refused.
pub const QUERY_BYTES_MAX: usize = 24 * 1024;
/// The most names that `attributes` or `excludedAttributes` may list.
const NAMES_MAX: usize = 500;

/// What a query asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// The filter, not read yet.
    pub filter: Option<String>,
    /// The attributes to return.
    pub attributes: Vec<String>,
    /// The attributes not to return.
    pub excluded_attributes: Vec<String>,
    /// The attribute to sort by.
    pub sort_by: Option<String>,
    /// The direction in which to sort.
    pub sort_order: SortOrder,
    /// The place of the first result, from 1; smaller values count as 1.
    pub start_index: Option<i64>,
    /// The most results to return; negative values count as 0.
    pub count: Option<i64>,
}

/// The direction of a sort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

impl SearchRequest {
    /// Reads a query string. `+` is a blank, names are read in any letter case, unknown parameters
    /// count for nothing.
    ///
    /// # Errors
    /// `invalidValue` for a number or a sort order that is none, or a parameter given twice;
    /// `invalidFilter` for a query string that is too long.
    pub fn from_query(query: &str) -> Result<Self, Error> {
        if query.len() > QUERY_BYTES_MAX {
            let length = query.len();
            let detail = format!("the query has {length} bytes; {QUERY_BYTES_MAX} are allowed");
            return Err(Error::invalid_filter(detail));
        }
        let mut members = Map::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let name = name.to_ascii_lowercase();
            if !NAMES.iter().any(|it| it.eq_ignore_ascii_case(&name)) {
                continue;
            }
            let value = match name.as_str() {
                "attributes" | "excludedattributes" => value.split(',').collect(),
                _ => Value::from(value),
            };
            if members.insert(name.clone(), value).is_some() {
                let detail = format!("the parameter {} is given twice", quote(&name));
                return Err(Error::invalid_value(detail));
            }
        }
        Self::from_members(&members)
    }

    /// Reads the body of a query by POST.
    ///
    /// # Errors
    /// `invalidSyntax` if it is not such a message, `invalidValue` for a wrong value.
    pub fn from_body(body: &Value) -> Result<Self, Error> {
        let Value::Object(members) = body else {
            return Err(Error::invalid_syntax("a SearchRequest is an object"));
        };
        let is_search = |uri: &Value| {
            uri.as_str().is_some_and(|uri| uri.eq_ignore_ascii_case(urn::SEARCH_REQUEST))
        };
        let uris = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas"));
        match uris {
            Some((_, Value::Array(uris))) if uris.iter().any(is_search) => {}
            Some(_) | None => {
                let urn = urn::SEARCH_REQUEST;
                return Err(Error::invalid_syntax(format!("schemas must hold \"{urn}\"")));
            }
        }
        Self::from_members(members)
    }

    fn from_members(members: &Map<String, Value>) -> Result<Self, Error> {
        let mut request = Self::default();
        for (name, value) in members {
            match name.to_ascii_lowercase().as_str() {
                "filter" => request.filter = text(name, value)?,
                "attributes" => request.attributes = names(name, value)?,
                "excludedattributes" => request.excluded_attributes = names(name, value)?,
                "sortby" => request.sort_by = text(name, value)?,
                "sortorder" => request.sort_order = sort_order(value)?,
                "startindex" => request.start_index = integer(name, value)?,
                "count" => request.count = integer(name, value)?,
                _ => {}
            }
        }
        Ok(request)
    }

    /// The place of the first result, from 1.
    pub fn first(&self) -> u64 {
        self.start_index.map_or(1, |it| u64::try_from(it).unwrap_or(0).clamp(1, START_MAX))
    }

    /// The most results to return, no more than `limit`.
    pub fn page_size(&self, limit: usize) -> usize {
        self.count.map_or(limit, |it| usize::try_from(it.max(0)).unwrap_or(limit).min(limit))
    }
}

/// There are fewer resources, and larger numbers do not survive every reader of JSON (RFC 8259 §6).
const START_MAX: u64 = (1 << 53) - 1;

const NAMES: [&str; 7] =
    ["filter", "attributes", "excludedAttributes", "sortBy", "sortOrder", "startIndex", "count"];

fn text(name: &str, value: &Value) -> Result<Option<String>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(Error::invalid_value(format!("{} must be a string", quote(name))))
        }
    }
}

fn names(name: &str, value: &Value) -> Result<Vec<String>, Error> {
    let sent: Option<Vec<&str>> = match value {
        Value::Null => Some(Vec::new()),
        Value::String(text) => Some(text.split(',').collect()),
        Value::Array(values) => values.iter().map(Value::as_str).collect(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    };
    let Some(sent) = sent else {
        return Err(Error::invalid_value(format!("{} must list names", quote(name))));
    };
    let names = sent.into_iter().map(str::trim).filter(|it| !it.is_empty());
    let list: Vec<String> = names.map(str::to_owned).collect();
    if list.len() > NAMES_MAX {
        let count = list.len();
        let detail = format!("{} lists {count} names; {NAMES_MAX} are allowed", quote(name));
        return Err(Error::invalid_value(detail));
    }
    Ok(list)
}

fn integer(name: &str, value: &Value) -> Result<Option<i64>, Error> {
    let number = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => whole(&number.to_string()),
        Value::String(text) => whole(text.trim()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    number.map(Some).ok_or_else(|| {
        let (name, form) = (quote(name), form(value));
        Error::invalid_value(format!("{name} must be a whole number, not {form}"))
    })
}

/// A whole number; one that is beyond 64 bits counts as the largest.
fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

fn sort_order(value: &Value) -> Result<SortOrder, Error> {
    let text = match value {
        Value::Null => Some(""),
        Value::String(text) => Some(text.as_str()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match text.map(str::to_ascii_lowercase).as_deref() {
        Some("ascending" | "") => Ok(SortOrder::Ascending),
        Some("descending") => Ok(SortOrder::Descending),
        Some(_) | None => {
            let form = form(value);
            Err(Error::invalid_value(format!("sortOrder is ascending or descending, not {form}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_query_string_is_read_as_clients_write_it() {
        let query = "aadOptscim062020&Filter=userName+eq+%22a%40b%22&startindex=0&count=-3&attributes=userName,+name.x&x=1";
        let request = SearchRequest::from_query(query).unwrap();
        assert_eq!(request.filter.as_deref(), Some("userName eq \"a@b\""));
        assert_eq!(request.attributes, ["userName", "name.x"]);
        assert_eq!((request.first(), request.page_size(100)), (1, 0));
    }

    #[test]
    fn numbers_are_clamped() {
        let request =
            SearchRequest::from_query("startIndex=99999999999999999999&count=5000").unwrap();
        assert_eq!((request.first(), request.page_size(1_000)), (START_MAX, 1_000));
        let body = json!({"schemas": [urn::SEARCH_REQUEST], "startIndex": u64::MAX});
        assert_eq!(SearchRequest::from_body(&body).unwrap().first(), START_MAX);
        let none = SearchRequest::from_query("").unwrap();
        assert_eq!((none.first(), none.page_size(100)), (1, 100));
    }

    #[track_caller]
    fn refused(query: &str, expected: &str) {
        let error = SearchRequest::from_query(query).expect_err("is refused");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn wrong_parameters_are_refused_by_name() {
        refused(
            "count=ten",
            "invalidValue: \"count\" must be a whole number, not the string \"ten\"",
        );
        refused("filter=a+pr&FILTER=b+pr", "invalidValue: the parameter \"filter\" is given twice");
        refused(
            "sortOrder=up",
            "invalidValue: sortOrder is ascending or descending, not the string \"up\"",
        );
    }

    #[track_caller]
    fn refused_body(name: &str, value: Value, expected: &str) {
        let body = json!({"schemas": [urn::SEARCH_REQUEST], name: value});
        let error = SearchRequest::from_body(&body).expect_err("is refused");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn wrong_members_of_a_body_are_refused_by_name() {
        refused_body("attributes", json!(["a", 1]), "invalidValue: \"attributes\" must list names");
        refused_body("filter", json!(1), "invalidValue: \"filter\" must be a string");
        refused_body(
            "count",
            json!(1.5),
            "invalidValue: \"count\" must be a whole number, not the number 1.5",
        );
        refused_body(
            "sortOrder",
            json!(1),
            "invalidValue: sortOrder is ascending or descending, not the number 1",
        );
    }

    #[test]
    fn blank_names_count_for_nothing() {
        let query = SearchRequest::from_query("attributes=,+,").unwrap();
        let body = json!({"schemas": [urn::SEARCH_REQUEST], "attributes": ["", " "], "excludedAttributes": ""});
        let body = SearchRequest::from_body(&body).unwrap();
        assert!(query.attributes.is_empty() && body.attributes.is_empty());
        assert!(body.excluded_attributes.is_empty());
    }

    #[test]
    fn a_body_needs_its_schema() {
        assert!(SearchRequest::from_body(&json!({"filter": "a pr"})).is_err());
        let body = json!({"schemas": [urn::SEARCH_REQUEST], "filter": "a pr", "attributes": ["b"], "startIndex": 2, "count": 3, "sortOrder": "descending"});
        let request = SearchRequest::from_body(&body).unwrap();
        assert_eq!((request.first(), request.page_size(9)), (2, 3));
        assert_eq!(request.sort_order, SortOrder::Descending);
    }
}
