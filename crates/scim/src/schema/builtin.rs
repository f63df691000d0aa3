//! The schemas of RFC 7643 §8.7: User, Group and the enterprise extension, as JSON files.

use serde_json::{Value, json};

use super::{LoadError, Schemas, load};

/// What an operator may choose about the built-in schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether `displayName` of Group is unique, ignoring case.
    pub group_display_name: GroupDisplayName,
}

impl Default for Options {
    fn default() -> Self {
        Self { group_display_name: GroupDisplayName::Unique }
    }
}

/// Whether two groups may have one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupDisplayName {
    /// A second group of the name is a conflict; discovery says `uniqueness: server`.
    Unique,
    /// Names may repeat; discovery says `uniqueness: none`.
    Free,
}

impl Schemas {
    /// The built-in schemas.
    pub fn builtin(options: &Options) -> Self {
        let (schemas, resource_types) = documents(options);
        load::load(&schemas, &resource_types).expect("the built-in schemas are consistent")
    }

    /// The built-in schemas and an extension of some of their resource types, as a schema in JSON
    /// (RFC 7643 §7).
    ///
    /// # Errors
    /// The extension contradicts itself or what is built in, or one of the resource types is not.
    pub fn builtin_with(
        options: &Options,
        extension: &Value,
        resource_types: &[&str],
    ) -> Result<Self, LoadError> {
        let (mut schemas, mut types) = documents(options);
        schemas.push(extension.clone());
        let reference = json!({"schema": extension["id"], "required": false});
        for name in resource_types {
            let found =
                types.as_array_mut().and_then(|it| it.iter_mut().find(|it| it["name"] == **name));
            let Some(found) = found.and_then(Value::as_object_mut) else {
                let reason = "there is no such resource type".to_owned();
                return Err(LoadError { path: (*name).to_owned(), reason });
            };
            let extensions = found.entry("schemaExtensions").or_insert_with(|| json!([]));
            if let Some(extensions) = extensions.as_array_mut() {
                extensions.push(reference.clone());
            }
        }
        load::load(&schemas, &types)
    }
}

/// The built-in schemas and resource types.
fn documents(options: &Options) -> (Vec<Value>, Value) {
    let mut group = builtin_json(include_str!("../schemas/Group.json"));
    if options.group_display_name == GroupDisplayName::Free
        && let Some(uniqueness) = group.pointer_mut("/attributes/0/uniqueness")
    {
        *uniqueness = "none".into();
    }
    let schemas = vec![
        builtin_json(include_str!("../schemas/User.json")),
        group,
        builtin_json(include_str!("../schemas/EnterpriseUser.json")),
    ];
    (schemas, builtin_json(include_str!("../schemas/resource-types.json")))
}

/// The common attributes as JSON (RFC 7643 §3.1).
pub(super) fn common() -> Value {
    builtin_json(include_str!("../schemas/common.json"))
}

fn builtin_json(text: &str) -> Value {
    serde_json::from_str(text).expect("the built-in schemas are JSON")
}

#[cfg(test)]
mod tests {
    use super::super::{Place, Uniqueness};
    use super::*;
    use crate::urn;

    #[test]
    fn the_group_name_is_unique_unless_freed() {
        for (choice, expected) in [
            (GroupDisplayName::Unique, Uniqueness::Server),
            (GroupDisplayName::Free, Uniqueness::None),
        ] {
            let schemas = Schemas::builtin(&Options { group_display_name: choice });
            let id = schemas.by_path(&format!("{}:displayName", urn::GROUP)).unwrap();
            assert_eq!(schemas.attribute(id).uniqueness, expected);
        }
    }

    #[test]
    fn what_does_not_live_in_the_body_is_known() {
        let schemas = Schemas::builtin(&Options::default());
        let places: Vec<String> = schemas
            .attributes()
            .iter()
            .filter(|it| {
                it.place != Place::Body && it.parent.is_none() || it.place == Place::Derived
            })
            .map(|it| format!("{} {:?}", it.path.rsplit(':').next().unwrap(), it.place))
            .collect();
        insta::assert_snapshot!(places.join("\n"), @r"
        schemas Row
        id Row
        meta Row
        password Secret
        groups MemberOf
        members Members
        manager.$ref Derived
        manager.displayName Derived
        ");
    }
}
