//! The schemas of RFC 7643 §8.7: User, Group and the enterprise extension, as JSON files.

use serde_json::Value;

use super::{Schemas, load};

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
        let mut group = json(include_str!("../schemas/Group.json"));
        if options.group_display_name == GroupDisplayName::Free
            && let Some(uniqueness) = group.pointer_mut("/attributes/0/uniqueness")
        {
            *uniqueness = "none".into();
        }
        let schemas = [
            json(include_str!("../schemas/User.json")),
            group,
            json(include_str!("../schemas/EnterpriseUser.json")),
        ];
        let resource_types = json(include_str!("../schemas/resource-types.json"));
        load::load(&schemas, &resource_types).expect("the built-in schemas are consistent")
    }
}

/// The common attributes as JSON (RFC 7643 §3.1).
pub(super) fn common() -> Value {
    json(include_str!("../schemas/common.json"))
}

fn json(text: &str) -> Value {
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
