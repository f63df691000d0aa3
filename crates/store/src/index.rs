//! Which attributes have keys, and the keys of a resource.

use std::collections::BTreeSet;

use provost_scim::schema::{AttrId, Kind, Place, Schemas};
use provost_scim::value::{Attributes, Key, Val, key};

use crate::KeyDiff;

/// Ordinary attributes that queries find by key; unique ones have keys in any case.
const BY_DEFAULT: [&str; 7] = [
    "externalId",
    "urn:ietf:params:scim:schemas:core:2.0:User:displayName",
    "urn:ietf:params:scim:schemas:core:2.0:User:emails.value",
    "urn:ietf:params:scim:schemas:core:2.0:User:active",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
    "urn:ietf:params:scim:schemas:core:2.0:Group:displayName",
];

/// The attributes that have keys, for each resource type.
#[derive(Debug, Clone)]
pub struct Indexes {
    by_kind: Vec<Indexed>,
}

#[derive(Debug, Clone, Default)]
struct Indexed {
    unique: Vec<AttrId>,
    values: Vec<AttrId>,
}

/// The keys of one resource: pairs of an attribute and the bytes of one of its values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Of unique attributes.
    pub unique: BTreeSet<(AttrId, Key)>,
    /// Of ordinary attributes.
    pub values: BTreeSet<(AttrId, Key)>,
}

impl Indexes {
    /// The usual indexes: unique attributes, and those by which identity providers look.
    pub fn new(schemas: &Schemas) -> Self {
        let wanted: Vec<AttrId> = BY_DEFAULT.iter().filter_map(|it| schemas.by_path(it)).collect();
        let by_kind =
            schemas.resource_types().iter().map(|it| Indexed::new(schemas, it.kind, &wanted));
        Self { by_kind: by_kind.collect() }
    }

    /// Whether equal values of an attribute are found by a unique key.
    pub fn is_unique(&self, kind: Kind, leaf: AttrId) -> bool {
        self.of(kind).unique.contains(&leaf)
    }

    /// Whether values of an ordinary attribute are found by keys.
    pub fn is_indexed(&self, kind: Kind, leaf: AttrId) -> bool {
        self.of(kind).values.contains(&leaf)
    }

    /// The attributes with keys; the flag says whether they are unique.
    pub fn all(&self) -> impl Iterator<Item = (AttrId, bool)> {
        self.by_kind.iter().flat_map(|it| {
            let unique = it.unique.iter().map(|id| (*id, true));
            unique.chain(it.values.iter().map(|id| (*id, false)))
        })
    }

    /// The keys of a resource.
    pub fn keys(&self, schemas: &Schemas, kind: Kind, attributes: &Attributes) -> Keys {
        let Indexed { unique, values } = self.of(kind);
        let keys = |ids: &[AttrId]| {
            ids.iter().flat_map(|id| keys_of(schemas, attributes, *id)).collect::<BTreeSet<_>>()
        };
        Keys { unique: keys(unique), values: keys(values) }
    }

    fn of(&self, kind: Kind) -> &Indexed {
        self.by_kind.get(kind.index()).expect("indexes are made for all resource types")
    }
}

impl Indexed {
    fn new(schemas: &Schemas, kind: Kind, wanted: &[AttrId]) -> Self {
        let mut found = Self::default();
        for attribute in schemas.of_kind(kind).filter(|it| it.place == Place::Body) {
            let leaves = std::iter::once(&attribute.id).chain(&attribute.sub_attributes);
            for leaf in leaves {
                if schemas.attribute(*leaf).uniqueness.is_unique() {
                    found.unique.push(*leaf);
                } else if wanted.contains(leaf) {
                    found.values.push(*leaf);
                }
            }
        }
        found
    }
}

impl Keys {
    /// What changes from these keys to others.
    pub fn diff(&self, after: &Self) -> (KeyDiff, KeyDiff) {
        (diff(&self.values, &after.values), diff(&self.unique, &after.unique))
    }
}

fn diff(before: &BTreeSet<(AttrId, Key)>, after: &BTreeSet<(AttrId, Key)>) -> KeyDiff {
    KeyDiff {
        remove: before.difference(after).cloned().collect(),
        add: after.difference(before).cloned().collect(),
    }
}

fn keys_of(schemas: &Schemas, attributes: &Attributes, leaf: AttrId) -> Vec<(AttrId, Key)> {
    let attribute = schemas.attribute(leaf);
    let top = attribute.parent.unwrap_or(leaf);
    let values = attributes.get(top).map_or(&[][..], Val::each);
    let part = |value| match attribute.parent {
        None => Some(value),
        Some(_) => Val::as_complex(value).and_then(|parts| parts.get(leaf)),
    };
    values.iter().filter_map(part).filter_map(|it| Some((leaf, key(attribute, it)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use provost_scim::schema::{GroupDisplayName, Options};

    #[test]
    fn names_are_unique_and_what_clients_look_for_is_indexed() {
        let schemas = Schemas::builtin(&Options::default());
        let indexes = Indexes::new(&schemas);
        let list: Vec<String> = indexes
            .all()
            .map(|(id, unique)| {
                let path = schemas.attribute(id).path.replace("urn:ietf:params:scim:schemas:", "");
                if unique { format!("{path} unique") } else { path }
            })
            .collect();
        let expected = [
            "core:2.0:User:userName unique",
            "externalId",
            "core:2.0:User:displayName",
            "core:2.0:User:active",
            "core:2.0:User:emails.value",
            "extension:enterprise:2.0:User:employeeNumber",
            "extension:enterprise:2.0:User:manager.value",
            "core:2.0:Group:displayName unique",
            "externalId",
        ];
        assert_eq!(list, expected);
    }

    #[test]
    fn a_free_group_name_is_indexed_as_an_ordinary_value() {
        let free = Options { group_display_name: GroupDisplayName::Free };
        let schemas = Schemas::builtin(&free);
        let name = schemas.by_path(BY_DEFAULT[6]).unwrap();
        let group = schemas.resource_type_by_name("Group").unwrap().kind;
        let indexes = Indexes::new(&schemas);
        assert!(indexes.is_indexed(group, name) && !indexes.is_unique(group, name));
    }
}
