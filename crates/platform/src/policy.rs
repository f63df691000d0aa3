//! From what the configuration tables say to the policy that the engine reads.

use std::collections::{BTreeMap, BTreeSet};

use provost_engine::{Administrators, EntityNames, Local, NameRule, Platform, Policy, Reserved};
use provost_scim::schema::{AttrId, Kind, Schemas};
use provost_scim::value::{Val, fold};

use crate::principal::{reserved_group, reserved_user};
use crate::schema::Principal;
use crate::table::{Adoption, Defaults, Provisioning, Table};

/// What the platform's rules keep out of names of users, and how long they may be. Since its release
/// 8.4.7 a colon may be in one.
const NAME_CHARACTERS: &str = "&/+";
const NAME_LENGTH_MAX: usize = 255;

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// The policy of a tenant: what the settings say of all, and what its tables say.
#[must_use]
pub fn policy(schemas: &Schemas, settings: &Policy, tables: &Provisioning) -> Policy {
    let mut policy = settings.clone();
    let Some(ids) = Ids::of(schemas) else { return policy };
    policy.reserved = reserved(schemas, &ids, tables);
    policy.limits = [(ids.user, tables.user_limit), (ids.group, tables.group_limit)]
        .into_iter()
        .filter_map(|(kind, limit)| Some((kind, limit?)))
        .collect();
    let fold_name = |name: &String| fold(schemas.attribute(ids.user_name), name).into();
    policy.administrators = (!tables.administrators.is_empty()).then(|| Administrators {
        kind: ids.user,
        name: ids.user_name,
        active: schemas.in_schema(schemas.resource_type(ids.user).schema, "active"),
        locked: ids.principal.map(|it| it.locked),
        names: tables.administrators.iter().map(fold_name).collect(),
    });
    policy.keep_deleted_micros = tables.keep_deleted_days.map(|it| i64::from(it) * DAY_MICROS);
    if tables.immutable_user_name {
        policy.immutable.push(ids.user_name);
    }
    if tables.name_rules {
        let attribute = ids.user_name;
        let (characters, length_max) = (NAME_CHARACTERS.into(), NAME_LENGTH_MAX);
        policy.name_rules.push(NameRule { attribute, characters, length_max });
    }
    let Some(principal) = ids.principal else { return policy };
    policy.defaults_on_update = tables.defaults_on_update;
    policy.defaults = [(ids.user, &tables.user_defaults), (ids.group, &tables.group_defaults)]
        .into_iter()
        .flat_map(|(kind, defaults)| {
            values(&principal, defaults).map(move |(id, it)| (kind, id, it))
        })
        .collect();
    let attribute = schemas.attribute(ids.display_name);
    let mapped = tables
        .group_mappings
        .iter()
        .map(|it| (fold(attribute, &it.identity_provider).into(), it.platform.as_str().into()));
    policy.platform = Some(Platform {
        origin: principal.origin,
        locked: principal.locked,
        local: match tables.local_accounts {
            Adoption::Adopt => Local::Adopt,
            Adoption::Review => Local::Review,
            Adoption::Refuse => Local::Refuse,
        },
        // Where groups may share a name, so may the groups of the platform not.
        names: attribute.uniqueness.is_unique().then(|| EntityNames {
            kind: ids.group,
            sent: ids.display_name,
            name: principal.entity_name,
            mapped: mapped.collect::<BTreeMap<Box<str>, Box<str>>>(),
        }),
    });
    policy
}

/// What the tables are about.
struct Ids {
    user: Kind,
    user_name: AttrId,
    group: Kind,
    display_name: AttrId,
    principal: Option<Principal>,
}

impl Ids {
    fn of(schemas: &Schemas) -> Option<Self> {
        let user = schemas.resource_type_by_name("User")?;
        let group = schemas.resource_type_by_name("Group")?;
        Some(Self {
            user: user.kind,
            user_name: schemas.in_schema(user.schema, "userName")?,
            group: group.kind,
            display_name: schemas.in_schema(group.schema, "displayName")?,
            principal: Principal::of(schemas),
        })
    }
}

/// Names that SCIM may not touch: by what clients send, and by what the platform calls a group.
fn reserved(schemas: &Schemas, ids: &Ids, tables: &Provisioning) -> Vec<Reserved> {
    let (own_users, users): (Vec<&str>, Vec<&str>) =
        names(&tables.excluded_users).partition(|it| reserved_user(it).is_some());
    let (own_groups, groups): (Vec<&str>, Vec<&str>) =
        names(&tables.excluded_groups).partition(|it| reserved_group(it).is_some());
    let own = |what: &str| format!("this {what} belongs to the platform and is not provisioned");
    let excluded = |what: &str, table: Table| {
        let list = table.name();
        format!("this {what} is on the list {list}; an administrator can take it off (Set{list})")
    };
    let entity_name = ids.principal.map(|it| it.entity_name);
    let user = |names, reason| (ids.user, Some(ids.user_name), names, reason);
    let group = |attribute, names, reason| (ids.group, attribute, names, reason);
    let excluded_groups = excluded("group", Table::GroupExclusions);
    let lists = [
        user(&own_users, own("user")),
        user(&users, excluded("user", Table::UserExclusions)),
        group(Some(ids.display_name), &own_groups, own("group")),
        group(entity_name, &own_groups, own("group")),
        group(Some(ids.display_name), &groups, excluded_groups.clone()),
        group(entity_name, &groups, excluded_groups),
    ];
    lists
        .into_iter()
        .filter_map(|(kind, attribute, names, reason)| {
            let attribute = attribute?;
            let names: BTreeSet<Box<str>> =
                names.iter().map(|it| fold(schemas.attribute(attribute), it).into()).collect();
            (!names.is_empty()).then(|| Reserved { kind, attribute, names, reason: reason.into() })
        })
        .collect()
}

fn names(list: &[String]) -> impl Iterator<Item = &str> {
    list.iter().map(String::as_str)
}

fn values(
    principal: &Principal,
    defaults: &Defaults,
) -> impl Iterator<Item = (AttrId, Val)> + use<> {
    let text = |id: AttrId, text: &str| (!text.is_empty()).then(|| (id, Val::Str(text.into())));
    let tags: Vec<Val> = defaults.tags.iter().map(|it| Val::Str(it.as_str().into())).collect();
    [
        text(principal.description, &defaults.description),
        text(principal.project_name, &defaults.project_name),
        text(principal.home_mashup, &defaults.home_mashup),
        text(principal.mobile_mashup, &defaults.mobile_mashup),
        (!tags.is_empty()).then_some((principal.tags, Val::Many(tags))),
    ]
    .into_iter()
    .flatten()
}
