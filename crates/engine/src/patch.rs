//! PATCH: a resource changes (RFC 7644 §3.5.2).

use provost_scim::patch::Patch;
use provost_scim::schema::Kind;
use provost_scim::value::{Attributes, Reader};
use provost_store::{Act, IfMatch, Stored};

use crate::stored::attributes;
use crate::write::{Changed, Next, change, check_version, fetch, submit, write};
use crate::{Context, Error, Outcome, membership, platform, secret};

/// Applies a PATCH to one resource, whole or not at all.
///
/// A PATCH on members alone never conflicts with another one.
///
/// # Errors
/// [`Error::Refused`] with 404, 412, or one of PATCH's `scimType`s; [`Error::Busy`] if the resource
/// keeps changing; the others if the store fails.
pub async fn patch(
    cx: &Context<'_>,
    kind: Kind,
    id: &str,
    patch: &Patch,
    if_match: Option<IfMatch>,
) -> Result<Outcome, Error> {
    if patch.is_members_only() {
        let stored = fetch(cx, kind, id).await?;
        let old = attributes(cx, &stored)?;
        // A group that becomes a provisioned one changes with its members.
        if !platform::is_untouched(cx, &stored, &old)? {
            return patch_members(cx, &stored, patch, if_match).await;
        }
    }
    let _turn = cx.turn(id).await;
    let mut kept = None;
    for _ in 0..cx.policy.attempts_max {
        let stored = fetch(cx, kind, id).await?;
        check_version(cx, &stored, if_match.as_ref())?;
        let old = attributes(cx, &stored)?;
        let mut reader = cx.reader(kind);
        let patched = patch.apply(&mut reader, old.clone())?;
        let new = patched.attributes;
        // They do not depend on the resource: once is enough.
        let secrets = match &kept {
            Some(secrets) => Vec::clone(secrets),
            None => kept.insert(secret::kept(cx, patched.secrets).await?).clone(),
        };
        let Reader { mut deviations, .. } = reader;
        let members =
            membership::fold(cx, kind, stored.id, patched.members, &mut deviations).await?;
        let next = Next { stored: &stored, old: &old, new, members, secrets };
        if let Some(outcome) = change(cx, next, if_match.clone()).await? {
            return Ok(Outcome { deviations, ..outcome });
        }
        // Another write came first, and may change this one's outcome.
    }
    Err(Error::Busy)
}

async fn patch_members(
    cx: &Context<'_>,
    stored: &Stored,
    patch: &Patch,
    if_match: Option<IfMatch>,
) -> Result<Outcome, Error> {
    let (kind, group) = (stored.kind, stored.id);
    let mut deviations = Vec::new();
    let edits = patch.member_edits();
    let members = membership::fold(cx, kind, group, edits, &mut deviations).await?;
    let act = Act::Change { content: None, members };
    match submit(cx, write(cx, kind, group, act, if_match), Some(&Attributes::new())).await? {
        Ok(applied) => Ok(Outcome { deviations, ..Outcome::new(group, &applied, None) }),
        Err(Changed) => Err(Error::Busy),
    }
}
