//! What the import will do, checked as a whole: rows against each other and against the database.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use provost_engine::{self as engine, Context};
use provost_scim::error::quote;
use provost_scim::schema::{AttrId, Kind};
use provost_scim::value::{Attributes, Key, Val, fold};
use provost_store::{Content, MemberPage, ResourceId, Stored, view};

use super::circle;
use super::collect::{Collected, Lines};
use super::document::Place;
use super::draft::{Draft, Membership, Types};
use super::row::Wrong;
use crate::failure::Failure;

/// How many members are read at once.
const PAGE: usize = 1_000;

/// What will be done.
pub(super) struct Plan {
    /// Users, then groups.
    pub(super) created: Vec<Created>,
    /// Members by the groups that they come into.
    pub(super) joins: Vec<(ResourceId, Vec<ResourceId>)>,
    pub(super) summary: Summary,
}

/// A resource that comes into being.
pub(super) struct Created {
    pub(super) id: ResourceId,
    pub(super) kind: Kind,
    pub(super) name: Box<str>,
    pub(super) attributes: Attributes,
}

/// How many there are.
#[derive(Default)]
pub(super) struct Summary {
    pub(super) users: Count,
    pub(super) groups: Count,
    pub(super) memberships: Count,
}

#[derive(Default)]
pub(super) struct Count {
    pub(super) created: usize,
    pub(super) present: usize,
    pub(super) skipped: usize,
}

/// Who has a value that others may not have.
type Holders = HashMap<(Kind, AttrId, Key), Place>;

/// Makes a plan; what is wrong is added to `wrong`, and the plan is then none to follow.
pub(super) async fn plan(
    cx: &Context<'_>,
    mut collected: Collected<'_>,
    wrong: &mut Lines,
) -> Result<Plan, Failure> {
    let mut summary = Summary::default();
    summary.users.skipped = collected.skipped_users;
    summary.groups.skipped = collected.skipped_groups;
    let users = std::mem::take(&mut collected.users);
    let groups = std::mem::take(&mut collected.groups);
    let mut desk = Desk {
        cx,
        types: collected.types,
        is_empty: is_empty(cx, &collected.types).await?,
        ids: HashMap::new(),
        holders: Holders::new(),
        known: HashMap::new(),
        present: BTreeSet::new(),
        created: Vec::new(),
        wrong,
    };
    for (drafts, count) in [(users, &mut summary.users), (groups, &mut summary.groups)] {
        let before = desk.created.len();
        let present = desk.present.len();
        for draft in drafts {
            desk.place(draft).await?;
        }
        count.created = desk.created.len() - before;
        count.present = desk.present.len() - present;
    }
    desk.check_quotas(&summary).await?;
    let joins = desk.join(&collected, &mut summary.memberships).await?;
    Ok(Plan { created: desk.created, joins, summary })
}

/// What is known while the plan is made.
struct Desk<'a, 'b> {
    cx: &'a Context<'a>,
    types: Types<'a>,
    /// Whether there is nothing in the database that could be in the way.
    is_empty: bool,
    ids: HashMap<ResourceId, Place>,
    holders: Holders,
    /// Ids by kinds and by names of entities as they compare.
    known: HashMap<(Kind, Box<str>), ResourceId>,
    /// What is there already.
    present: BTreeSet<ResourceId>,
    created: Vec<Created>,
    wrong: &'b mut Lines,
}

impl<'a> Desk<'a, '_> {
    /// Finds out what becomes of a draft.
    async fn place(&mut self, draft: Draft) -> Result<(), Failure> {
        let checked = self.check(&draft);
        let Draft { kind, name, id, place, attributes } = draft;
        let key = (kind, self.folded(kind, &name));
        let unique = match checked {
            Ok(unique) => unique,
            Err(wrong) => {
                self.wrong.push(wrong);
                // Its memberships are not wrong for that.
                self.known.entry(key).or_insert_with(|| self.cx.engine.ids.next(0));
                return Ok(());
            }
        };
        let known = match self.is_empty {
            true => None,
            false => self.found(kind, id, &name).await?,
        };
        if let Some((stored, found)) = known {
            self.known.insert(key, stored.id);
            self.present.insert(stored.id);
            if let Some(path) = self.difference(&found, &attributes) {
                let (title, id) = (self.types.title(kind), stored.id);
                self.wrong.push(format_args!(
                    "{place}: the {title} {name} is here already ({id}), with another {path}; take \
                     the row out, or delete what is here"
                ));
            }
            return Ok(());
        }
        let reason = match self.is_empty {
            true => None,
            false => self.in_the_way(kind, id, &attributes, &unique).await?,
        };
        let engine = self.cx.engine;
        let id = id.unwrap_or_else(|| engine.ids.next(engine.clock.now_micros()));
        self.known.insert(key, id);
        match reason {
            Some(reason) => self.wrong.push(format_args!("{place}: {reason}")),
            None => self.created.push(Created { id, kind, name, attributes }),
        }
        Ok(())
    }

    /// Holds a draft against the rows before it, and gives its unique attributes.
    fn check(&mut self, draft: &Draft) -> Result<Vec<AttrId>, Wrong> {
        let Draft { kind, place, attributes, .. } = draft;
        let wrong = |column, reason| Wrong { place: *place, column, reason };
        if let Some(id) = draft.id
            && let Some(other) = self.ids.insert(id, *place)
        {
            return Err(wrong("scimId", format!("{other} has the same")));
        }
        let indexes = &self.cx.engine.indexes;
        let content = Content::between(self.types.schemas, indexes, *kind, None, attributes);
        let content = content.map_err(|error| wrong("", error.detail))?;
        let unique = content.map(|it| it.unique.add).unwrap_or_default();
        for (attribute, key) in &unique {
            let holder = (*kind, *attribute, key.clone());
            if let Some(other) = self.holders.insert(holder, *place) {
                let column = self.column(*kind, *attribute);
                return Err(wrong(
                    column,
                    format!("{other} has the same, upper and lower case alike"),
                ));
            }
        }
        Ok(unique.into_iter().map(|(attribute, _)| attribute).collect())
    }

    /// The column that a unique attribute comes from.
    fn column(&self, kind: Kind, attribute: AttrId) -> &'static str {
        match attribute == self.types.name_of(kind) {
            true => "name",
            false => "scimDisplayName",
        }
    }

    /// The resource that a draft stands for, if it is in the database.
    async fn found(
        &self,
        kind: Kind,
        id: Option<ResourceId>,
        name: &str,
    ) -> Result<Option<(Stored, Attributes)>, Failure> {
        let Some(id) = id else { return self.find(kind, self.types.name_of(kind), name).await };
        let found = self.cx.engine.store.get(self.cx.at(kind), id).await;
        let Some(stored) = found.map_err(Failure::unable("read the database"))? else {
            return Ok(None);
        };
        let attributes = view::attributes(self.types.schemas, &stored);
        Ok(Some((stored, attributes.map_err(Failure::unable("read the database"))?)))
    }

    /// What in the database keeps a draft from coming into being.
    async fn in_the_way(
        &self,
        kind: Kind,
        id: Option<ResourceId>,
        attributes: &Attributes,
        unique: &[AttrId],
    ) -> Result<Option<String>, Failure> {
        for attribute in unique {
            let Some(value) = attributes.get(*attribute).and_then(Val::as_str) else { continue };
            if let Some((other, _)) = self.find(kind, *attribute, value).await? {
                let (title, name) =
                    (self.types.title(kind), &self.types.schemas.attribute(*attribute).name);
                let (other, value) = (other.id, quote(value));
                return Ok(Some(format!(
                    "the {title} {other} is here already, with {name} {value}"
                )));
            }
        }
        let Some(id) = id else { return Ok(None) };
        let labels = self.cx.engine.store.labels(self.cx.tenant, vec![id]).await;
        let labels = labels.map_err(Failure::unable("read the database"))?;
        Ok(labels
            .first()
            .map(|it| format!("the id is that of the {} {}", self.types.title(it.kind), it.label)))
    }

    async fn find(
        &self,
        kind: Kind,
        attribute: AttrId,
        value: &str,
    ) -> Result<Option<(Stored, Attributes)>, Failure> {
        let found = engine::find(self.cx, kind, attribute, value).await;
        found.map_err(Failure::unable("look up a name in the database"))
    }

    /// The path of the first attribute that differs.
    fn difference(&self, left: &Attributes, right: &Attributes) -> Option<&'a str> {
        let differs = |of: &Attributes, other: &Attributes| {
            of.iter().find(|(id, value)| other.get(*id) != Some(value)).map(|(id, _)| id)
        };
        let id = differs(left, right).or_else(|| differs(right, left))?;
        Some(&self.types.schemas.attribute(id).path)
    }

    fn folded(&self, kind: Kind, name: &str) -> Box<str> {
        fold(self.types.schemas.attribute(self.types.name_of(kind)), name).into()
    }

    async fn check_quotas(&self, summary: &Summary) -> Result<(), Failure> {
        for (kind, limit) in &self.cx.policy.limits {
            let more = if *kind == self.types.user { &summary.users } else { &summary.groups };
            let present = self.cx.engine.store.count(self.cx.at(*kind)).await;
            let present = present.map_err(Failure::unable("read the database"))?;
            if more.created > 0 && present + more.created as u64 > *limit {
                let (title, more) = (self.types.title(*kind), more.created);
                return Err(Failure::Wrong(format!(
                    "no more than {limit} resources of the type {title} may be here \
                     (ProvisioningPolicy); there are {present}, and {more} would come"
                )));
            }
        }
        Ok(())
    }

    /// Who becomes a member of what.
    async fn join(
        &mut self,
        collected: &Collected<'_>,
        count: &mut Count,
    ) -> Result<Vec<(ResourceId, Vec<ResourceId>)>, Failure> {
        let mut wanted: BTreeMap<ResourceId, BTreeMap<ResourceId, Place>> = BTreeMap::new();
        for membership in &collected.memberships {
            match self.resolve(collected, membership).await? {
                Ok(Some((group, member))) => {
                    wanted.entry(group).or_default().entry(member).or_insert(membership.place);
                }
                Ok(None) => count.skipped += 1,
                Err(wrong) => self.wrong.push(wrong),
            }
        }
        if let Some(place) = circle::first(&wanted) {
            self.wrong.push(Wrong {
                place,
                column: "name",
                reason: "the group would be a member of itself".to_owned(),
            });
        }
        let mut joins = Vec::new();
        for (group, members) in wanted {
            let present = self.members(group).await?;
            let new = members.into_keys().partition(|it| present.contains(it));
            let (there, new): (Vec<_>, Vec<_>) = new;
            count.present += there.len();
            count.created += new.len();
            if !new.is_empty() {
                joins.push((group, new));
            }
        }
        Ok(joins)
    }

    /// The group and the member of a row; none if one of them is left out. An excluded user who is
    /// here may be a member; an excluded group gets none.
    async fn resolve(
        &self,
        collected: &Collected<'_>,
        membership: &Membership,
    ) -> Result<Result<Option<(ResourceId, ResourceId)>, Wrong>, Failure> {
        let Membership { place, group, name, kind } = membership;
        let types = &self.types;
        let wrong = |column, reason| Ok(Err(Wrong { place: *place, column, reason }));
        let is_skipped = |kind, name: &str| collected.reason_to_skip(&[(kind, name)]).is_some();
        if is_skipped(types.group, group) {
            return Ok(Ok(None));
        }
        let group_id = self.named(types.group, group).await?;
        let mut found = Vec::new();
        let kinds =
            [types.user, types.group].into_iter().filter(|it| kind.is_none_or(|k| k == *it));
        for kind in kinds.clone() {
            found.extend(self.named(kind, name).await?);
        }
        let is_left_out = kinds.clone().any(|it| is_skipped(it, name));
        match (group_id, &found[..]) {
            (Some(group), [member]) => Ok(Ok(Some((group, *member)))),
            (Some(_), [_, _, ..]) => {
                let reason =
                    format!("{} is a user and a group; the column type says which", quote(name));
                wrong("type", reason)
            }
            _ if is_left_out => Ok(Ok(None)),
            (None, _) => wrong("group", format!("there is no group {}", quote(group))),
            (Some(_), []) => {
                let titles: Vec<String> =
                    kinds.map(|it| types.title(it).to_ascii_lowercase()).collect();
                wrong("name", format!("there is no {} {}", titles.join(" or "), quote(name)))
            }
        }
    }

    /// The entity of a name, in the file or in the database.
    async fn named(&self, kind: Kind, name: &str) -> Result<Option<ResourceId>, Failure> {
        if let Some(id) = self.known.get(&(kind, self.folded(kind, name))) {
            return Ok(Some(*id));
        }
        if self.is_empty {
            return Ok(None);
        }
        let found = self.find(kind, self.types.name_of(kind), name).await?;
        Ok(found.map(|(stored, _)| stored.id))
    }

    /// The members that a group has in the database.
    async fn members(&self, group: ResourceId) -> Result<BTreeSet<ResourceId>, Failure> {
        let mut found = BTreeSet::new();
        if self.is_empty {
            return Ok(found);
        }
        loop {
            let page = MemberPage { after: found.last().copied(), max: PAGE };
            let page =
                self.cx.engine.store.members(self.cx.at(self.types.group), group, page).await;
            let page = page.map_err(Failure::unable("read the database"))?;
            found.extend(page.rows.iter().map(|it| it.id));
            if !page.more {
                return Ok(found);
            }
        }
    }
}

async fn is_empty(cx: &Context<'_>, types: &Types<'_>) -> Result<bool, Failure> {
    for kind in [types.user, types.group] {
        let count = cx.engine.store.count(cx.at(kind)).await;
        if count.map_err(Failure::unable("read the database"))? > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
