//! How to find what matches: index ranges that give candidates, and a filter that checks them.

use provost_scim::filter::{Filter, Operand, Operator, Tree};
use provost_scim::schema::{AttrId, Kind, Place, Schemas};
use provost_scim::value::{KEY_BYTES_MAX, Key, Time, Val, key};

use crate::{Indexes, ResourceId};

/// A plan: the union of what the probes find holds everything that matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Where candidates come from; empty if nothing can match.
    pub probes: Vec<Probe>,
    /// What candidates must match; `None` if every candidate does.
    pub check: Option<Filter>,
}

/// A source of candidates.
#[derive(Debug, Clone, PartialEq)]
pub enum Probe {
    /// Every resource of the kind.
    Every,
    /// The resource with an id.
    Id(ResourceId),
    /// Resources with a key of a unique attribute.
    Unique(AttrId, Key),
    /// Resources with a key of an ordinary attribute.
    Equal(AttrId, Key),
    /// Resources with a key that begins with these bytes; the flag says whether the attribute is unique.
    Prefix(AttrId, Key, Uniqueness),
    /// Groups that list a resource.
    HasMember(ResourceId),
    /// Resources that belong to a group, directly or through other groups.
    MemberOf(ResourceId),
    /// Resources whose version lies between two, both included.
    Versions(i64, i64),
}

/// In which index an attribute has its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// The unique one.
    Unique,
    /// The ordinary one.
    Ordinary,
}

/// Plans a query on resources of one kind.
///
/// Of the terms of an `and` the narrowest drives; an `or` is a union if all its terms have probes;
/// everything else is checked on every resource of the kind.
pub fn plan(schemas: &Schemas, indexes: &Indexes, kind: Kind, filter: Option<&Filter>) -> Plan {
    let Some(filter) = filter else { return Plan { probes: vec![Probe::Every], check: None } };
    let planner = Planner { schemas, indexes, kind };
    match planner.drive(filter) {
        Some(Drive { probes, exact, .. }) => {
            Plan { probes, check: (!exact).then(|| filter.clone()) }
        }
        None => Plan { probes: vec![Probe::Every], check: Some(filter.clone()) },
    }
}

struct Planner<'a> {
    schemas: &'a Schemas,
    indexes: &'a Indexes,
    kind: Kind,
}

/// A way to find candidates.
struct Drive {
    probes: Vec<Probe>,
    /// Whether every candidate matches.
    exact: bool,
    /// How narrow it is: smaller is narrower.
    rank: u8,
}

impl Drive {
    fn one(probe: Probe, exact: bool) -> Self {
        let rank = match &probe {
            Probe::Id(_) | Probe::Unique(..) => 0,
            Probe::Equal(..) => 1,
            Probe::HasMember(_) => 2,
            Probe::Prefix(..) => 3,
            Probe::MemberOf(_) => 4,
            Probe::Versions(..) => 5,
            Probe::Every => 6,
        };
        Self { probes: vec![probe], exact, rank }
    }

    const fn nothing() -> Self {
        Self { probes: Vec::new(), exact: true, rank: 0 }
    }
}

impl Planner<'_> {
    fn drive(&self, filter: &Filter) -> Option<Drive> {
        match filter {
            Tree::And(terms) => {
                let drives = terms.iter().filter_map(|term| self.drive(term));
                let narrowest = drives.min_by_key(|drive| drive.rank)?;
                // The other terms are left to check, unless nothing is left to look at.
                let exact = narrowest.probes.is_empty();
                Some(Drive { exact, ..narrowest })
            }
            Tree::Or(terms) => {
                let drives: Vec<Drive> =
                    terms.iter().map(|it| self.drive(it)).collect::<Option<_>>()?;
                Some(Drive {
                    exact: drives.iter().all(|it| it.exact),
                    rank: drives.iter().map(|it| it.rank).max().unwrap_or(0).max(1),
                    probes: drives.into_iter().flat_map(|it| it.probes).collect(),
                })
            }
            Tree::Compare(target, operator, operand) => {
                self.comparison(target.attribute, target.leaf(), *operator, operand)
            }
            // Inside brackets the same keys give candidates; the element is checked.
            Tree::Within(_, inner) => {
                self.drive(inner).map(|it| Drive { exact: it.probes.is_empty(), ..it })
            }
            Tree::Not(_) | Tree::Present(_) => None,
        }
    }

    fn comparison(
        &self,
        top: AttrId,
        leaf: AttrId,
        operator: Operator,
        operand: &Operand,
    ) -> Option<Drive> {
        let is_value = &*self.schemas.attribute(leaf).name == "value";
        match (self.schemas.attribute(top).place, operator, operand) {
            (Place::Row, Operator::Equal, Operand::Str(text))
                if leaf == self.schemas.common().id =>
            {
                Some(related(text, Probe::Id))
            }
            (Place::Row, operator, Operand::Time(micros, _))
                if leaf == self.schemas.common().last_modified =>
            {
                versions(operator, *micros)
            }
            (Place::Members, Operator::Equal, Operand::Str(text)) if is_value => {
                Some(related(text, Probe::HasMember))
            }
            (Place::MemberOf, Operator::Equal, Operand::Str(text)) if is_value => {
                Some(related(text, Probe::MemberOf))
            }
            (Place::Body, operator, operand) => self.keyed(leaf, operator, operand),
            (
                Place::Row | Place::Members | Place::MemberOf | Place::Derived | Place::Secret,
                _,
                _,
            ) => None,
        }
    }

    fn keyed(&self, leaf: AttrId, operator: Operator, operand: &Operand) -> Option<Drive> {
        let index = if self.indexes.is_unique(self.kind, leaf) {
            Uniqueness::Unique
        } else if self.indexes.is_indexed(self.kind, leaf) {
            Uniqueness::Ordinary
        } else {
            return None;
        };
        let key = key(self.schemas.attribute(leaf), &value(operand)?)?;
        match (operator, index) {
            (Operator::Equal, Uniqueness::Unique) => {
                Some(Drive::one(Probe::Unique(leaf, key), true))
            }
            (Operator::Equal, Uniqueness::Ordinary) => {
                let exact = key.len() < KEY_BYTES_MAX;
                Some(Drive::one(Probe::Equal(leaf, key), exact))
            }
            // Everything begins with nothing: no key says more than the filter itself.
            (Operator::StartsWith, _) if key.is_empty() => None,
            (Operator::StartsWith, index) => {
                let exact = index == Uniqueness::Unique || key.len() < KEY_BYTES_MAX;
                Some(Drive::one(Probe::Prefix(leaf, key, index), exact))
            }
            (
                Operator::NotEqual
                | Operator::Contains
                | Operator::EndsWith
                | Operator::Greater
                | Operator::GreaterOrEqual
                | Operator::Less
                | Operator::LessOrEqual,
                _,
            ) => None,
        }
    }
}

/// An id that no resource can have finds nothing.
fn related(text: &str, probe: impl Fn(ResourceId) -> Probe) -> Drive {
    ResourceId::parse(text).map_or_else(Drive::nothing, |id| Drive::one(probe(id), true))
}

fn versions(operator: Operator, micros: i64) -> Option<Drive> {
    let (from, to) = match operator {
        Operator::Equal => (micros, micros),
        Operator::Greater => (micros.saturating_add(1), i64::MAX),
        Operator::GreaterOrEqual => (micros, i64::MAX),
        Operator::Less => (i64::MIN, micros.saturating_sub(1)),
        Operator::LessOrEqual => (i64::MIN, micros),
        Operator::NotEqual | Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
            return None;
        }
    };
    Some(Drive::one(Probe::Versions(from, to), true))
}

/// The value that an operand was made from; folding it again changes nothing.
fn value(operand: &Operand) -> Option<Val> {
    Some(match operand {
        Operand::Null => return None,
        Operand::Bool(value) => Val::Bool(*value),
        Operand::Int(value) => Val::Int(*value),
        Operand::Dec(value) => Val::Dec(serde_json::Number::from_f64(*value)?),
        Operand::Str(text) => Val::Str(text.clone()),
        Operand::Time(micros, _) => Val::Time(Time::from_micros(*micros)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use provost_scim::filter::{parse, resolve};
    use provost_scim::schema::Options;

    #[track_caller]
    fn check(resource_type: &str, filter: &str, expected: &str) {
        let schemas = Schemas::builtin(&Options::default());
        let kind = schemas.resource_type_by_name(resource_type).unwrap().kind;
        let (filter, _) = resolve(&schemas, kind, &parse(filter).unwrap().0).unwrap();
        let plan = plan(&schemas, &Indexes::new(&schemas), kind, Some(&filter));
        let key = |key: &Key| String::from_utf8_lossy(key).into_owned();
        let name = |id: &AttrId| schemas.attribute(*id).path.rsplit(':').next().unwrap().to_owned();
        let probes: Vec<String> = plan
            .probes
            .iter()
            .map(|probe| match probe {
                Probe::Every => "every".into(),
                Probe::Id(id) => format!("id {id}"),
                Probe::Unique(id, bytes) => format!("unique {} {}", name(id), key(bytes)),
                Probe::Equal(id, bytes) => format!("equal {} {}", name(id), key(bytes)),
                Probe::Prefix(id, bytes, index) => {
                    format!("prefix {} {} {index:?}", name(id), key(bytes))
                }
                Probe::HasMember(id) => format!("has {id}"),
                Probe::MemberOf(id) => format!("of {id}"),
                Probe::Versions(from, to) => format!("versions {from}..{to}"),
            })
            .collect();
        let check = if plan.check.is_some() { " checked" } else { "" };
        assert_eq!(format!("{}{check}", probes.join(" | ")), expected);
    }

    const ID: &str = "0190a7c4-0000-7000-8000-000000000001";

    #[test]
    fn what_has_a_key_is_probed() {
        check("User", r#"userName eq "ADA""#, "unique userName ada");
        check("User", r#"externalId eq "E1""#, "equal externalId E1");
        check("User", r#"emails.value eq "A@x""#, "equal emails.value a@x");
        check("User", r#"manager eq "m""#, "equal manager.value m");
        check("User", r#"userName sw "A""#, "prefix userName a Unique");
        check("User", &format!("id eq \"{ID}\""), &format!("id {ID}"));
        check("Group", &format!("members eq \"{ID}\""), &format!("has {ID}"));
        check("User", &format!("groups.value eq \"{ID}\""), &format!("of {ID}"));
        check(
            "User",
            r#"meta.lastModified ge "1970-01-01T00:00:01Z""#,
            "versions 1000000..9223372036854775807",
        );
    }

    #[test]
    fn an_id_that_nobody_can_have_finds_nothing() {
        check("User", r#"id eq "x""#, "");
        check("Group", r#"members eq "x" and displayName eq "g""#, "");
    }

    #[test]
    fn the_narrowest_term_drives_and_the_rest_is_checked() {
        check("User", r#"active eq true and userName eq "a""#, "unique userName a checked");
        check("User", &format!("manager eq \"m\" and id eq \"{ID}\""), &format!("id {ID} checked"));
        check(
            "User",
            r#"title pr and emails[type eq "work" and value eq "A@x"]"#,
            "equal emails.value a@x checked",
        );
    }

    #[test]
    fn an_or_is_a_union_only_if_all_terms_have_probes() {
        check(
            "User",
            r#"userName eq "a" or userName eq "b""#,
            "unique userName a | unique userName b",
        );
        check("User", r#"userName eq "a" or title pr"#, "every checked");
    }

    #[test]
    fn everything_else_is_checked_on_every_resource() {
        for filter in [
            r#"title eq "x""#,
            r#"userName ne "x""#,
            r#"not (userName eq "x")"#,
            r#"userName co "x""#,
            "externalId eq null",
            "emails pr",
        ] {
            check("User", filter, "every checked");
        }
    }

    #[test]
    fn a_key_that_was_cut_is_a_candidate() {
        let long = "x".repeat(300);
        check(
            "User",
            &format!("externalId eq \"{long}\""),
            &format!("equal externalId {} checked", "x".repeat(256)),
        );
        check(
            "User",
            &format!("externalId sw \"{long}\""),
            &format!("prefix externalId {} Ordinary checked", "x".repeat(256)),
        );
    }
}
