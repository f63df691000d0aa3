//! PUT: a resource is replaced (RFC 7644 §3.5.1).

use provost_scim::deviation::Deviation;
use provost_scim::error::{Error as Refusal, ErrorKind, quote};
use provost_scim::membership::Delta;
use provost_scim::schema::{AttrId, Kind};
use provost_scim::value::Attributes;
use provost_store::{IfMatch, ResourceId};

use crate::policy::Put;
use crate::stored::attributes;
use crate::write::{Next, change, check_version, fetch};
use crate::{Context, Error, Outcome, membership, platform, secret};

/// Replaces a resource by what a client sent; `cleared` are the attributes that it names with null
/// or `[]`.
///
/// What the request leaves out becomes unassigned, unless the policy merges or keeps the attribute.
///
/// # Errors
/// [`Error::Refused`] with 404, 412, `uniqueness`, `mutability`, `invalidValue` or 403;
/// [`Error::Busy`] if the resource keeps changing; the others if the store fails.
pub async fn replace(
    cx: &Context<'_>,
    kind: Kind,
    id: &str,
    draft: (Attributes, Vec<AttrId>),
    if_match: Option<IfMatch>,
) -> Result<Outcome, Error> {
    replace_as(cx, kind, id, draft, if_match, As::Put(cx.policy.put)).await
}

/// How a resource is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    /// By a PUT.
    Put(Put),
    /// By a creation that meets a local resource: it keeps what the request leaves out, and members.
    Adoption,
}

/// The same in one way or the other.
pub(crate) async fn replace_as(
    cx: &Context<'_>,
    kind: Kind,
    id: &str,
    draft: (Attributes, Vec<AttrId>),
    if_match: Option<IfMatch>,
    how: As,
) -> Result<Outcome, Error> {
    let schemas = cx.schemas();
    let (mut draft, cleared) = draft;
    let mut deviations = Vec::new();
    let members = members(cx, kind, &mut draft, (&cleared, how), &mut deviations).await?;
    let secrets = secret::take(schemas, &mut draft, &cleared);
    let secrets = secret::kept(cx, secrets).await?;
    let _turn = cx.turn(id).await;
    for _ in 0..cx.policy.attempts_max {
        let stored = fetch(cx, kind, id).await?;
        check_version(cx, &stored, if_match.as_ref())?;
        let old = attributes(cx, &stored)?;
        if how == As::Adoption && !platform::is_local(cx.policy.platform.as_ref(), &old) {
            // Somebody else was quicker: the name is taken.
            let name = quote(&stored.label);
            let detail = format!("{name} was taken over by another request; it must be unique");
            return Err(Error::Refused(Refusal::new(ErrorKind::Uniqueness, detail)));
        }
        let new = replaced(cx, kind, &old, &draft, (&cleared, how));
        let (members, secrets) = (members.clone(), secrets.clone());
        let next = Next { stored: &stored, old: &old, new, members, secrets };
        if let Some(outcome) = change(cx, next, if_match.clone()).await? {
            return Ok(Outcome { deviations, ..outcome });
        }
        // Another write came first, and may change this one's outcome.
    }
    Err(Error::Busy)
}

/// The members become those that are listed; a request that is silent about them changes none.
async fn members(
    cx: &Context<'_>,
    kind: Kind,
    draft: &mut Attributes,
    (cleared, how): (&[AttrId], As),
    deviations: &mut Vec<Deviation>,
) -> Result<Delta<ResourceId>, Error> {
    let is_cleared = cx.schemas().members_of(kind).is_some_and(|id| cleared.contains(&id));
    let delta = match membership::take(cx.schemas(), kind, draft) {
        Some(listed) if how == As::Adoption => Delta::add(listed),
        Some(listed) => Delta::replace(listed),
        None if is_cleared => Delta::replace([]),
        None => Delta::none(),
    };
    membership::known(cx, delta, deviations).await
}

/// The attributes after a PUT.
fn replaced(
    cx: &Context<'_>,
    kind: Kind,
    old: &Attributes,
    draft: &Attributes,
    (cleared, how): (&[AttrId], As),
) -> Attributes {
    let mut new = draft.clone();
    for (id, value) in old.iter() {
        let stays = match how {
            As::Adoption | As::Put(Put::Merge) => true,
            As::Put(Put::Replace) => cx.policy.kept.contains(&id) || is_read_only(cx, id),
        };
        // What every resource begins with, such as `active`, is never unassigned by null.
        let is_initial = cx.policy.initial.iter().any(|(_, initial, _)| *initial == id);
        if stays && new.get(id).is_none() && (is_initial || !cleared.contains(&id)) {
            new.set(id, value.clone());
        }
    }
    debug_assert!(cx.schemas().members_of(kind).is_none_or(|id| new.get(id).is_none()));
    new
}

fn is_read_only(cx: &Context<'_>, id: AttrId) -> bool {
    cx.schemas().attribute(id).mutability == provost_scim::schema::Mutability::ReadOnly
}
