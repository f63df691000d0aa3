//! Which attributes an answer holds: `attributes`, `excludedAttributes`, `returned` (RFC 7644 §3.9).

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::deviation::Deviation;
use crate::path::{self, Named};
use crate::schema::{AttrId, Kind, Returned, Schemas};
use crate::value::{Attributes, Val};

/// A selection of attributes for the answers to one request, on resources of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    wanted: Option<BTreeSet<AttrId>>,
    excluded: BTreeSet<AttrId>,
}

impl Projection {
    /// Reads `attributes` and `excludedAttributes`, lists of attribute notations; names that the
    /// kind does not have are left out.
    pub fn new(
        schemas: &Schemas,
        kind: Kind,
        attributes: &[impl AsRef<str>],
        excluded: &[impl AsRef<str>],
        deviations: &mut Vec<Deviation>,
    ) -> Self {
        if attributes.is_empty() {
            let excluded = ids(schemas, kind, excluded, deviations);
            return Self { wanted: None, excluded };
        }
        if !excluded.is_empty() {
            deviations.push(Deviation::BothProjections);
        }
        let wanted = ids(schemas, kind, attributes, deviations);
        Self { wanted: Some(wanted), excluded: BTreeSet::new() }
    }

    /// Whether the client listed `attributes`.
    pub const fn is_explicit(&self) -> bool {
        self.wanted.is_some()
    }

    /// Whether an answer can hold anything of a top-level attribute; if not, it need not be fetched.
    pub fn wants(&self, schemas: &Schemas, id: AttrId) -> bool {
        let attribute = schemas.attribute(id);
        match attribute.returned {
            Returned::Always => true,
            Returned::Never => false,
            Returned::Default => match &self.wanted {
                None => !self.excluded.contains(&id),
                Some(wanted) => any_of(wanted, id, &attribute.sub_attributes),
            },
            Returned::Request => {
                let wanted = self.wanted.as_ref();
                wanted.is_some_and(|wanted| any_of(wanted, id, &attribute.sub_attributes))
            }
        }
    }

    /// Takes away what the answer must not hold.
    pub fn apply(&self, schemas: &Schemas, resource: &mut Attributes) {
        resource.retain(|id, value| self.wants(schemas, id) && self.keep_parts(schemas, id, value));
    }

    /// Takes away sub-attributes, and says whether anything is left.
    fn keep_parts(&self, schemas: &Schemas, parent: AttrId, value: &mut Val) -> bool {
        match value {
            Val::Complex(parts) => {
                parts.retain(|sub, _| self.wants_part(schemas, parent, sub));
                !parts.is_empty()
            }
            Val::Many(values) => {
                values.retain_mut(|value| self.keep_parts(schemas, parent, value));
                !values.is_empty()
            }
            Val::Bool(_) | Val::Int(_) | Val::Dec(_) | Val::Str(_) | Val::Time(_) | Val::Bin(_) => {
                true
            }
        }
    }

    fn wants_part(&self, schemas: &Schemas, parent: AttrId, sub: AttrId) -> bool {
        match schemas.attribute(sub).returned {
            Returned::Always => true,
            Returned::Never => false,
            Returned::Default => match &self.wanted {
                None => !self.excluded.contains(&sub),
                Some(wanted) => wanted.contains(&parent) || wanted.contains(&sub),
            },
            Returned::Request => self.wanted.as_ref().is_some_and(|wanted| wanted.contains(&sub)),
        }
    }
}

fn any_of(wanted: &BTreeSet<AttrId>, id: AttrId, parts: &[AttrId]) -> bool {
    wanted.contains(&id) || parts.iter().any(|part| wanted.contains(part))
}

fn ids(
    schemas: &Schemas,
    kind: Kind,
    names: &[impl AsRef<str>],
    deviations: &mut Vec<Deviation>,
) -> BTreeSet<AttrId> {
    let mut found = BTreeSet::new();
    for name in names {
        let mut name = Cow::Borrowed(name.as_ref().trim());
        if let Some((attribute, filter)) = name.split_once('[') {
            deviations.push(Deviation::FilterInAttributes);
            let sub = filter.rsplit_once(']').map_or("", |(_, sub)| sub);
            name = Cow::Owned(format!("{attribute}{sub}"));
        }
        match path::attribute(schemas, kind, &name, deviations) {
            Some(Named::Attribute(target)) => {
                found.insert(target.leaf());
            }
            Some(Named::Extension(schema)) => found.extend(&schemas.schema(schema).attributes),
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Options;
    use crate::value::{Message, Mode, Printed, Reader};
    use serde_json::json;

    #[track_caller]
    fn check(attributes: &[&str], excluded: &[&str], expected: &str) {
        let schemas = Schemas::builtin(&Options::default());
        let user = schemas.resource_type_by_name("User").unwrap();
        let json = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "userName": "ada", "password": "s3cret", "title": "Lead",
            "name": {"familyName": "Brandt", "givenName": "Ada"},
            "emails": [{"value": "a@x.example", "type": "work"}, {"value": "b@x.example"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Ops", "costCenter": "7"},
        });
        let mut reader = Reader::new(&schemas, user.kind, Mode::Strict);
        let mut resource = reader.resource(&json, Message::Post).unwrap();
        resource.set(schemas.common().id, Val::Str("1".into()));
        let projection =
            Projection::new(&schemas, user.kind, attributes, excluded, &mut Vec::new());
        projection.apply(&schemas, &mut resource);
        let printed = Printed { schemas: &schemas, attributes: &resource, core: user.schema };
        let text = serde_json::to_string(&printed).unwrap();
        let text = text.replace("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "E");
        assert_eq!(text, expected);
    }

    const NONE: &[&str] = &[];

    #[test]
    fn without_a_list_the_default_set_is_returned_and_the_password_never() {
        check(
            NONE,
            NONE,
            r#"{"id":"1","userName":"ada","name":{"familyName":"Brandt","givenName":"Ada"},"title":"Lead","emails":[{"value":"a@x.example","type":"work"},{"value":"b@x.example"}],"E":{"costCenter":"7","department":"Ops"}}"#,
        );
    }

    #[test]
    fn a_list_gives_what_it_names_and_what_is_always_returned() {
        check(&["userName"], NONE, r#"{"id":"1","userName":"ada"}"#);
        check(&["USERNAME", "password", "nosuch"], NONE, r#"{"id":"1","userName":"ada"}"#);
        check(&["nosuch"], NONE, r#"{"id":"1"}"#);
        check(
            &["name.givenName", "emails.type"],
            NONE,
            r#"{"id":"1","name":{"givenName":"Ada"},"emails":[{"type":"work"}]}"#,
        );
        check(
            &["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"],
            NONE,
            r#"{"id":"1","E":{"department":"Ops"}}"#,
        );
        check(
            &["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            NONE,
            r#"{"id":"1","E":{"costCenter":"7","department":"Ops"}}"#,
        );
        check(
            &["emails[type eq \"work\"]"],
            NONE,
            r#"{"id":"1","emails":[{"value":"a@x.example","type":"work"},{"value":"b@x.example"}]}"#,
        );
        check(
            &["emails[type eq \"work\"].value"],
            NONE,
            r#"{"id":"1","emails":[{"value":"a@x.example"},{"value":"b@x.example"}]}"#,
        );
    }

    #[test]
    fn an_exclusion_takes_away_what_it_names_but_not_what_is_always_returned() {
        check(
            NONE,
            &["id", "name", "emails", "title"],
            r#"{"id":"1","userName":"ada","E":{"costCenter":"7","department":"Ops"}}"#,
        );
        check(
            NONE,
            &[
                "name.familyName",
                "emails.value",
                "title",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            ],
            r#"{"id":"1","userName":"ada","name":{"givenName":"Ada"},"emails":[{"type":"work"}]}"#,
        );
    }
}
