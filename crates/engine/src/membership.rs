//! Members as clients name them, to members as the store knows them.

use provost_scim::deviation::Deviation;
use provost_scim::filter::{Filter, matches_value};
use provost_scim::membership::{Base, Delta};
use provost_scim::patch::MemberEdit;
use provost_scim::schema::{Kind, Schemas};
use provost_scim::value::{Attributes, Val};
use provost_store::view;
use provost_store::{Member, MemberPage, ResourceId};

use crate::error::failed;
use crate::policy::UnknownMember;
use crate::write::unknown_member;
use crate::{Context, Error};

/// How many members are read at once when a filter selects among them.
const PAGE: usize = 1_000;

/// Takes the members out of a resource: the ids that it names.
pub(crate) fn take(
    schemas: &Schemas,
    kind: Kind,
    attributes: &mut Attributes,
) -> Option<Vec<Box<str>>> {
    let members = schemas.members_of(kind)?;
    let value = schemas.sub_attribute(members, "value")?;
    let listed = attributes.remove(members)?;
    let id = |it: &Val| it.as_complex()?.get(value)?.as_str().map(Into::into);
    Some(listed.each().iter().filter_map(id).collect())
}

/// A change of members by ids of resources; unknown ones are refused or left out, by policy.
pub(crate) async fn known(
    cx: &Context<'_>,
    delta: Delta<Box<str>>,
    deviations: &mut Vec<Deviation>,
) -> Result<Delta<ResourceId>, Error> {
    match cx.policy.unknown_member {
        UnknownMember::Refuse => {
            Ok(delta.try_map(|text| ResourceId::parse(text).ok_or_else(|| unknown_member(text)))?)
        }
        UnknownMember::Skip => {
            let mut delta = delta;
            let ids = delta.added().iter().filter_map(|it| ResourceId::parse(it)).collect();
            let found = cx.engine.store.labels(cx.tenant, ids).await;
            let found = found.map_err(|error| failed(cx, "look up members", error))?;
            let found: std::collections::BTreeSet<ResourceId> =
                found.into_iter().map(|it| it.id).collect();
            let is_known =
                |text: &str| ResourceId::parse(text).is_some_and(|id| found.contains(&id));
            for unknown in delta.keep_added(|text| is_known(text)) {
                deviations.push(Deviation::UnknownMember(unknown));
            }
            Ok(delta.try_map(|text| ResourceId::parse(text).ok_or_else(|| unknown_member(text)))?)
        }
    }
}

/// Folds the changes of a PATCH into one; filters are resolved by reading the group.
pub(crate) async fn fold(
    cx: &Context<'_>,
    kind: Kind,
    group: ResourceId,
    edits: Vec<MemberEdit>,
    deviations: &mut Vec<Deviation>,
) -> Result<Delta<ResourceId>, Error> {
    let mut folded = Delta::none();
    for edit in edits {
        let next = match edit {
            MemberEdit::Delta(delta) => known(cx, delta, deviations).await?,
            MemberEdit::RemoveWhere(filter) => {
                Delta::remove(selected(cx, kind, group, &filter, &folded).await?)
            }
        };
        folded = folded.then(next);
    }
    Ok(folded)
}

/// The members that a filter selects, after the changes so far.
async fn selected(
    cx: &Context<'_>,
    kind: Kind,
    group: ResourceId,
    filter: &Filter,
    so_far: &Delta<ResourceId>,
) -> Result<Vec<ResourceId>, Error> {
    let Some(members) = cx.schemas().members_of(kind) else { return Ok(Vec::new()) };
    let matches =
        |it: &Member| matches_value(cx.schemas(), filter, &view::member(cx.schemas(), members, it));
    let added = so_far.added().iter().copied().collect();
    let added = cx.engine.store.labels(cx.tenant, added).await;
    let added = added.map_err(|error| failed(cx, "look up members", error))?;
    let added = added.into_iter().map(|it| Member { id: it.id, kind: it.kind, label: it.label });
    let mut found: Vec<ResourceId> = added.filter(matches).map(|it| it.id).collect();
    if so_far.base() == Base::Empty {
        return Ok(found);
    }
    let mut after = None;
    loop {
        let page = MemberPage { after, max: PAGE };
        let page = cx.engine.store.members(cx.at(kind), group, page).await;
        let page = page.map_err(|error| failed(cx, "read members", error))?;
        found.extend(page.rows.iter().filter(|it| matches(it)).map(|it| it.id));
        match page.rows.last() {
            Some(last) if page.more => after = Some(last.id),
            Some(_) | None => return Ok(found),
        }
    }
}
