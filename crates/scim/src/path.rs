//! Attribute notation: `urn:…:User:name.familyName` as text and as an attribute (RFC 7644 §3.10).

use std::fmt;

use crate::deviation::Deviation;
use crate::schema::{AttrId, DataType, Extension, Kind, Mutability, SchemaId, Schemas};

/// An attribute path as it was written; it names something only together with a resource type.
///
/// Two paths are equal if they are written alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    /// Everything before the attribute name, without its colon.
    pub urn: Option<Box<str>>,
    /// The attribute.
    pub name: Box<str>,
    /// The sub-attribute.
    pub sub: Option<Box<str>>,
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// An attribute, or a sub-attribute together with its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The top-level attribute.
    pub attribute: AttrId,
    /// The sub-attribute.
    pub sub: Option<AttrId>,
}

impl Target {
    /// The innermost attribute.
    pub const fn leaf(self) -> AttrId {
        match self.sub {
            Some(sub) => sub,
            None => self.attribute,
        }
    }
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// An attribute or sub-attribute.
    Attribute(Target),
    /// An extension as a whole.
    Extension(SchemaId),
}

// RFC 7644 §3.4.2.2: attrPath = [URI ":"] ATTRNAME *1subAttr
//                    subAttr  = "." ATTRNAME
// A URN holds dots and colons itself (`…:core:2.0:User`), so the name begins after the last colon.
/// Splits the text of an attribute path; `None` if it is none.
pub fn parse(text: &str) -> Option<AttributePath> {
    let (urn, rest) = match text.rsplit_once(':') {
        Some((urn, rest)) if is_urn(urn) => (Some(urn.into()), rest),
        Some(_) => return None,
        None => (None, text),
    };
    let (name, sub) = match rest.split_once('.') {
        Some((name, sub)) => (name, Some(sub)),
        None => (rest, None),
    };
    let valid = is_name(name) && sub.is_none_or(is_name);
    valid.then(|| AttributePath { urn, name: name.into(), sub: sub.map(Into::into) })
}

/// Finds what a path names among the attributes of a kind; `None` if there is no such attribute.
///
/// Names are compared ignoring case. A bare name is a common or core attribute, or else the one
/// attribute of that name among the extensions. What was tolerated is put into `deviations`.
pub fn resolve(
    schemas: &Schemas,
    kind: Kind,
    path: &AttributePath,
    deviations: &mut Vec<Deviation>,
) -> Option<Named> {
    let resource_type = schemas.resource_type(kind);
    let Some(urn) = &path.urn else {
        let attribute = named(schemas, kind, &path.name, deviations)?;
        return with_sub(schemas, attribute, path.sub.as_deref());
    };
    let own = |urn: &str| {
        schemas.schema_by_urn(urn).filter(|id| resource_type.schemas().any(|own| own == *id))
    };
    // RFC 7643 §3.1: the common attributes count as attributes of the core schema, and what they are
    // like takes precedence over what a schema says of them.
    let attribute_of = |schema: SchemaId, name: &str| {
        let common = (schema == resource_type.schema).then(|| schemas.in_common(name)).flatten();
        common.or_else(|| schemas.in_schema(schema, name))
    };
    if let Some(schema) = own(urn) {
        let attribute = attribute_of(schema, &path.name)?;
        return with_sub(schemas, attribute, path.sub.as_deref());
    }
    let whole = format!("{urn}:{}", path.name);
    if let Some(schema) = own(&whole) {
        // `urn:…:User.department`: the dot stands where the RFC has a colon.
        if let Some(sub) = &path.sub {
            let attribute = attribute_of(schema, sub)?;
            deviations.push(Deviation::DotBeforeAttribute);
            return with_sub(schemas, attribute, None);
        }
        if schema != resource_type.schema {
            return Some(Named::Extension(schema));
        }
    }
    None
}

/// Reads an attribute path and finds the attribute that it names.
pub fn attribute(
    schemas: &Schemas,
    kind: Kind,
    text: &str,
    deviations: &mut Vec<Deviation>,
) -> Option<Named> {
    if let Some(extension) = schemas.extension_by_urn(kind, text) {
        return Some(Named::Extension(extension));
    }
    resolve(schemas, kind, &parse(text)?, deviations)
}

fn named(
    schemas: &Schemas,
    kind: Kind,
    name: &str,
    deviations: &mut Vec<Deviation>,
) -> Option<AttrId> {
    let resource_type = schemas.resource_type(kind);
    let core = schemas.in_common(name).or_else(|| schemas.in_schema(resource_type.schema, name));
    if core.is_some() {
        return core;
    }
    // What is read-only in an extension is no client's business unless it says so by the URN: other
    // products have attributes of such names, and send them.
    let is_open = |id: &AttrId| schemas.attribute(*id).mutability != Mutability::ReadOnly;
    let in_extension = |it: &Extension| schemas.in_schema(it.schema, name).filter(is_open);
    let mut found = resource_type.extensions.iter().filter_map(in_extension);
    if let (Some(only), None) = (found.next(), found.next()) {
        return Some(only);
    }
    // A clear singular such as `email`; the plural must be a multi-valued attribute.
    let plural = schemas.in_schema(resource_type.schema, &format!("{name}s"))?;
    schemas.attribute(plural).multi_valued.then(|| {
        deviations.push(Deviation::SingularName(name.into()));
        plural
    })
}

fn with_sub(schemas: &Schemas, attribute: AttrId, sub: Option<&str>) -> Option<Named> {
    let sub = match sub {
        Some(_) if schemas.attribute(attribute).data_type != DataType::Complex => return None,
        Some(name) => Some(schemas.sub_attribute(attribute, name)?),
        None => None,
    };
    Some(Named::Attribute(Target { attribute, sub }))
}

// RFC 7643 §2.1: ATTRNAME = ALPHA *(nameChar); nameChar = "$" / "-" / "_" / DIGIT / ALPHA
// `$ref` begins with a dollar sign all the same (RFC 7643 §2.4).
/// Whether a text can name an attribute.
pub(crate) fn is_name(text: &str) -> bool {
    let rest = text.strip_prefix('$').unwrap_or(text);
    rest.starts_with(|c: char| c.is_ascii_alphabetic())
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || "$-_".contains(c))
}

fn is_urn(text: &str) -> bool {
    text.contains(':') && text.chars().all(|c| c.is_ascii_graphic() && !"\"[]()\\".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Options;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let schemas = Schemas::builtin(&Options::default());
        let kind = schemas.resource_type_by_name("User").unwrap().kind;
        let mut deviations = Vec::new();
        let found = match attribute(&schemas, kind, text, &mut deviations) {
            None => "nothing".to_owned(),
            Some(Named::Extension(id)) => format!("all of {}", schemas.schema(id).id),
            Some(Named::Attribute(target)) => {
                let path = &schemas.attribute(target.leaf()).path;
                path.replace("urn:ietf:params:scim:schemas:", "")
            }
        };
        let deviations: String = deviations.iter().map(|it| format!(" + {it}")).collect();
        assert_eq!(format!("{found}{deviations}"), expected, "{text}");
    }

    #[test]
    fn names_are_found_in_any_case_with_and_without_urn() {
        check("userName", "core:2.0:User:userName");
        check("USERNAME", "core:2.0:User:userName");
        check("name.FamilyName", "core:2.0:User:name.familyName");
        check("meta.lastmodified", "meta.lastModified");
        check(
            "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName",
            "core:2.0:User:name.givenName",
        );
        check("URN:IETF:params:scim:schemas:core:2.0:user:externalId", "externalId");
        check("emails.$ref", "nothing");
        check("groups.$ref", "core:2.0:User:groups.$ref");
    }

    #[test]
    fn a_bare_name_resolves_to_the_one_extension_that_has_it() {
        check("manager", "extension:enterprise:2.0:User:manager");
        check("manager.value", "extension:enterprise:2.0:User:manager.value");
        check(
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
            "extension:enterprise:2.0:User:manager",
        );
    }

    #[test]
    fn an_extension_is_named_by_its_urn_alone() {
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        check(urn, &format!("all of {urn}"));
        check("urn:ietf:params:scim:schemas:core:2.0:User", "nothing");
    }

    #[test]
    fn an_extension_may_have_a_urn_that_ends_in_no_name() {
        let schema = |id: &str| serde_json::json!({"id": id, "attributes": [{"name": "a$b"}]});
        let types = serde_json::json!([{"name": "T", "endpoint": "/Ts", "schema": "urn:x:T", "schemaExtensions": [{"schema": "urn:x:2.0"}]}]);
        let schemas = Schemas::load(&[schema("urn:x:T"), schema("urn:x:2.0")], &types).unwrap();
        let kind = schemas.resource_type_by_name("T").unwrap().kind;
        let extension = schemas.schema_by_urn("urn:x:2.0").unwrap();
        let found = |text| attribute(&schemas, kind, text, &mut Vec::new());
        assert_eq!(found("URN:x:2.0"), Some(Named::Extension(extension)));
        for (text, path) in [("a$b", "urn:x:T:a$b"), ("urn:x:2.0:A$B", "urn:x:2.0:a$b")] {
            let target = Target { attribute: schemas.by_path(path).unwrap(), sub: None };
            assert_eq!(found(text), Some(Named::Attribute(target)));
        }
    }

    #[test]
    fn tolerated_forms_are_reported() {
        check(
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department",
            "extension:enterprise:2.0:User:department + dot-before-attribute",
        );
        check(
            "urn:ietf:params:scim:schemas:core:2.0:User.externalId",
            "externalId + dot-before-attribute",
        );
        check("email", "core:2.0:User:emails + singular-name(email)");
    }

    #[test]
    fn what_no_schema_of_the_kind_has_is_nothing() {
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "nope",
            "userName.x",
            "name.x",
            "1a",
            "a b",
            "members",
            ":x",
            "x:userName",
        ] {
            check(text, "nothing");
        }
        check("urn:ietf:params:scim:schemas:core:2.0:Group:displayName", "nothing");
        check("urn:ietf:params:scim:schemas:extension:acme:2.0:User:badge", "nothing");
    }

    #[test]
    fn a_path_prints_as_it_was_written() {
        for text in ["userName", "Name.familyname", "urn:a:2.0:User:x.y"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }
}
