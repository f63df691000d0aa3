//! The endpoints of a service provider: a path below the base URL, as a value (RFC 7644 §3.2, §4).

use crate::schema::{Kind, Schemas};

/// What a path below the base URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The base itself: queries over all resource types.
    Root,
    /// `/Users`
    Collection(Kind),
    /// `/Users/{id}`
    Resource(Kind, Box<str>),
    /// `/.search` and `/Users/.search`
    Search(Option<Kind>),
    /// `/ServiceProviderConfig`
    ServiceProviderConfig,
    /// `/ResourceTypes` and `/ResourceTypes/{name}`
    ResourceTypes(Option<Box<str>>),
    /// `/Schemas` and `/Schemas/{urn}`
    Schemas(Option<Box<str>>),
    /// `/Bulk`
    Bulk,
    /// `/Me` and what is below it
    Me,
}

/// The names that the protocol takes for itself; no resource type can have them.
pub(crate) const RESERVED: [&str; 6] =
    [".search", "Bulk", "Me", "ResourceTypes", "Schemas", "ServiceProviderConfig"];

impl Endpoint {
    /// Reads a path such as `/Users/2c5…`, percent-decoded by segment; a slash at its end counts
    /// for nothing. `None` if there is no such endpoint.
    pub fn parse(schemas: &Schemas, path: &str) -> Option<Self> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').filter(|it| !it.is_empty()).unwrap_or(path);
        let mut segments = path.split('/');
        let first = decode(segments.next()?)?;
        let second = segments.next().map(decode);
        let second = match second {
            Some(segment) => Some(segment.filter(|it| !it.is_empty())?),
            None => None,
        };
        if &*first == "Me" {
            return Some(Self::Me);
        }
        if segments.next().is_some() {
            return None;
        }
        Some(match (&*first, second) {
            ("", None) => Self::Root,
            (".search", None) => Self::Search(None),
            ("ServiceProviderConfig", None) => Self::ServiceProviderConfig,
            ("ResourceTypes", name) => Self::ResourceTypes(name),
            ("Schemas", urn) => Self::Schemas(urn),
            ("Bulk", None) => Self::Bulk,
            (name, id) => {
                let kind = schemas.resource_type_by_endpoint(&format!("/{name}"))?.kind;
                match id {
                    None => Self::Collection(kind),
                    Some(id) if &*id == ".search" => Self::Search(Some(kind)),
                    Some(id) => Self::Resource(kind, id),
                }
            }
        })
    }

    /// The methods that the endpoint offers.
    pub const fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Root
            | Self::ServiceProviderConfig
            | Self::ResourceTypes(_)
            | Self::Schemas(_) => &["GET"],
            Self::Collection(_) => &["GET", "POST"],
            Self::Resource(..) => &["GET", "PUT", "PATCH", "DELETE"],
            Self::Search(_) | Self::Bulk => &["POST"],
            Self::Me => &["GET", "POST", "PUT", "PATCH", "DELETE"],
        }
    }
}

fn decode(segment: &str) -> Option<Box<str>> {
    let text = percent_encoding::percent_decode_str(segment).decode_utf8().ok()?;
    (!text.contains(char::is_control)).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Options;

    #[track_caller]
    fn check(path: &str, expected: &str) {
        let schemas = Schemas::builtin(&Options::default());
        let found = Endpoint::parse(&schemas, path).map(|it| format!("{it:?}"));
        assert_eq!(found.as_deref().unwrap_or("nothing"), expected, "{path}");
    }

    #[test]
    fn endpoints_are_read_with_and_without_a_slash_at_the_end() {
        check("", "Root");
        check("/", "Root");
        check("/Users", "Collection(Kind(0))");
        check("/Users/", "Collection(Kind(0))");
        check("/Groups/1", "Resource(Kind(1), \"1\")");
        check("/Groups/a%2Fb%20c", "Resource(Kind(1), \"a/b c\")");
        check("/.search", "Search(None)");
        check("/Users/.search", "Search(Some(Kind(0)))");
        check("/ServiceProviderConfig", "ServiceProviderConfig");
        check("/ResourceTypes/User", "ResourceTypes(Some(\"User\"))");
        check("/Schemas/urn:x:1.0:T", "Schemas(Some(\"urn:x:1.0:T\"))");
        check("/Bulk", "Bulk");
        check("/Me", "Me");
    }

    #[test]
    fn other_paths_name_nothing() {
        for path in [
            "/users",
            "/Gadgets",
            "/Users/1/2",
            "//",
            "/Users//",
            "/Users/%00",
            "/Users/%ff",
            "/Bulk/1",
        ] {
            check(path, "nothing");
        }
    }
}
