//! The one place where a body, its keys and its event are made from attributes.

use bytes::Bytes;
use provost_scim::Error;
use provost_scim::schema::{AttrId, Kind, Schemas};
use provost_scim::value::{self, Attributes, UNIQUE_KEY_BYTES_MAX, Val};

use crate::{Content, Indexes, Keys};

/// The largest body, in bytes: what is stored is read, rendered and sent again and again. A user
/// with a photograph and some certificates is far below; members are no part of a body.
pub const BODY_BYTES_MAX: usize = 4 << 20;

impl Content {
    /// What changes from one state of a resource to another; `None` if nothing does.
    ///
    /// `old` is `None` if the resource comes into being. POST, PUT, PATCH and import all end here.
    ///
    /// # Errors
    /// `invalidValue` if a unique value or the whole body is too long.
    pub fn between(
        schemas: &Schemas,
        indexes: &Indexes,
        kind: Kind,
        old: Option<&Attributes>,
        new: &Attributes,
    ) -> Result<Option<Self>, Error> {
        if old == Some(new) {
            return Ok(None);
        }
        let after = indexes.keys(schemas, kind, new);
        let too_long = |(_, key): &&(AttrId, value::Key)| key.len() > UNIQUE_KEY_BYTES_MAX;
        if let Some((id, _)) = after.unique.iter().find(too_long) {
            let path = &schemas.attribute(*id).path;
            let detail = format!("{path} is too long; {UNIQUE_KEY_BYTES_MAX} bytes are allowed");
            return Err(Error::invalid_value(detail));
        }
        let before = old.map_or_else(Keys::default, |old| indexes.keys(schemas, kind, old));
        let (values, unique) = before.diff(&after);
        let core = schemas.resource_type(kind).schema;
        let body = value::body(schemas, core, new);
        if body.len() > BODY_BYTES_MAX {
            let detail = format!(
                "the resource would have {} bytes; {BODY_BYTES_MAX} are allowed",
                body.len()
            );
            return Err(Error::invalid_value(detail));
        }
        Ok(Some(Self {
            body: body.into(),
            label: label(schemas, kind, new),
            values,
            unique,
            change: difference(schemas, kind, old, Some(new)),
        }))
    }
}

/// `{"before": {…}, "after": {…}}`: the attributes that differ, each in whole.
pub fn difference(
    schemas: &Schemas,
    kind: Kind,
    old: Option<&Attributes>,
    new: Option<&Attributes>,
) -> Bytes {
    let core = schemas.resource_type(kind).schema;
    let empty = Attributes::new();
    let part = |of: &Attributes, other: &Attributes| {
        let differs = |(id, value): &(AttrId, &Val)| other.get(*id) != Some(value);
        let kept = of.iter().filter(differs).map(|(id, value)| (id, value.clone())).collect();
        value::body(schemas, core, &kept)
    };
    let mut text = Vec::from(*b"{");
    for (name, of, other) in [("before", old, new), ("after", new, old)] {
        let Some(of) = of else { continue };
        if text.len() > 1 {
            text.push(b',');
        }
        text.extend(format!("\"{name}\":").bytes());
        text.extend(part(of, other.unwrap_or(&empty)));
    }
    text.push(b'}');
    text.into()
}

/// How others call a resource: its `displayName`, or else its first unique name.
fn label(schemas: &Schemas, kind: Kind, attributes: &Attributes) -> Box<str> {
    let core = schemas.resource_type(kind).schema;
    let display_name = schemas.in_schema(core, "displayName").and_then(|id| attributes.get(id));
    let unique = || {
        let mut own = schemas.of_kind(kind).filter(|it| it.uniqueness.is_unique());
        own.find_map(|it| attributes.get(it.id))
    };
    display_name.or_else(unique).and_then(Val::as_str).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use provost_scim::schema::Options;
    use provost_scim::value::{Message, Mode, Reader};
    use serde_json::json;

    #[track_caller]
    fn check(old: Option<serde_json::Value>, new: serde_json::Value, expected: &str) {
        let schemas = Schemas::builtin(&Options::default());
        let user = schemas.resource_type_by_name("User").unwrap().kind;
        let read = |mut value: serde_json::Value| {
            value["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User"]);
            Reader::new(&schemas, user, Mode::Strict).resource(&value, Message::Post).unwrap()
        };
        let old = old.map(read);
        let indexes = Indexes::new(&schemas);
        let content = Content::between(&schemas, &indexes, user, old.as_ref(), &read(new)).unwrap();
        let text = content.map_or_else(String::new, |it| {
            let keys =
                |diff: &crate::KeyDiff| format!("-{} +{}", diff.remove.len(), diff.add.len());
            let change = String::from_utf8(it.change.to_vec()).unwrap();
            format!(
                "{} | unique {} | values {} | {change}",
                it.label,
                keys(&it.unique),
                keys(&it.values)
            )
        });
        assert_eq!(text, expected);
    }

    #[test]
    fn a_creation_has_all_keys_and_no_before() {
        check(
            None,
            json!({"userName": "Ada"}),
            r#"Ada | unique -0 +1 | values -0 +0 | {"after":{"userName":"Ada"}}"#,
        );
    }

    #[test]
    fn a_change_has_only_what_differs() {
        check(
            Some(json!({"userName": "ada", "title": "x", "externalId": "1"})),
            json!({"userName": "ada", "displayName": "Ada", "externalId": "1"}),
            r#"Ada | unique -0 +0 | values -0 +1 | {"before":{"title":"x"},"after":{"displayName":"Ada"}}"#,
        );
    }

    #[test]
    fn a_rename_by_case_only_has_no_unique_key_to_change() {
        check(
            Some(json!({"userName": "ada"})),
            json!({"userName": "ADA"}),
            r#"ADA | unique -0 +0 | values -0 +0 | {"before":{"userName":"ada"},"after":{"userName":"ADA"}}"#,
        );
    }

    #[test]
    fn a_body_has_a_largest_size() {
        let schemas = Schemas::builtin(&Options::default());
        let user = schemas.resource_type_by_name("User").unwrap().kind;
        let emails: Vec<_> = (0..100)
            .map(|n| json!({"value": format!("{n}"), "display": "x".repeat(50_000)}))
            .collect();
        let user_json = json!({"schemas": [schemas.schema(schemas.resource_type(user).schema).id],
                               "userName": "ada", "emails": emails});
        let new = Reader::new(&schemas, user, Mode::Strict).resource(&user_json, Message::Post);
        let content =
            Content::between(&schemas, &Indexes::new(&schemas), user, None, &new.unwrap());
        let detail = content.unwrap_err().to_string();
        assert!(detail.ends_with("bytes; 4194304 are allowed"), "{detail}");
    }

    #[test]
    fn no_difference_is_no_change() {
        check(Some(json!({"userName": "ada"})), json!({"userName": "ada"}), "");
    }
}
