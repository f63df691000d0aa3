//! POST: a resource comes into being (RFC 7644 §3.3).

use provost_scim::membership::Delta;
use provost_scim::schema::Kind;
use provost_scim::value::Attributes;
use provost_store::{Act, Content, Rev, Stored, Write};

use crate::replace::{As, replace_as};
use crate::write::{refused, write};
use crate::{Context, Error, Outcome, membership, platform, secret};

/// Creates a resource from what a client sent, read-only attributes left out.
///
/// # Errors
/// [`Error::Refused`] with `uniqueness`, `invalidValue` or 403; the others if the store fails.
pub async fn create(cx: &Context<'_>, kind: Kind, draft: Attributes) -> Result<Outcome, Error> {
    let (engine, schemas) = (cx.engine, cx.schemas());
    let mut new = draft.clone();
    let mut deviations = Vec::new();
    let members = membership::take(schemas, kind, &mut new).unwrap_or_default();
    let members = membership::known(cx, Delta::add(members), &mut deviations).await?;
    let secrets = secret::take(schemas, &mut new, &[]);
    platform::give(&cx.policy.initial, kind, &mut new);
    let entries = platform::decide(cx, kind, None, &mut new)?;
    let content = Content::between(schemas, &engine.indexes, kind, None, &new)?
        .expect("a resource that comes into being is a change");
    let secrets = secret::kept(cx, secrets).await?;
    let now = engine.clock.now_micros();
    let id = engine.ids.next(now);
    let (label, body) = (content.label.clone(), content.body.clone());
    let limit = cx.policy.limit(kind);
    let act = Act::Create { content, members, rejoin: Vec::new(), limit };
    let write = Write { now, secrets, entries, ..write(cx, kind, id, act, None) };
    let applied = match engine.store.apply(cx.tenant, write).await {
        Ok(applied) => applied,
        // Only another resource with the fresh id can be in the way.
        Err(provost_store::Error::Stale) => return Err(Error::Busy),
        Err(taken @ provost_store::Error::Taken(attribute)) => {
            return match platform::local_holder(cx, kind, attribute, &new).await? {
                Some(local) => adopt(cx, local, draft).await,
                None => Err(refused(cx, kind, id, Some(&new), taken)),
            };
        }
        Err(other) => return Err(refused(cx, kind, id, Some(&new), other)),
    };
    let version = applied.version();
    let stored = Stored { id, kind, version, rev: Rev(1), created: now, label, body };
    Ok(Outcome { deviations, ..Outcome::new(id, &applied, Some(stored)) })
}

/// A local resource becomes the one that a client meant to create, if the policy has it so.
async fn adopt(cx: &Context<'_>, local: Stored, draft: Attributes) -> Result<Outcome, Error> {
    let (kind, id) = (local.kind, local.id.to_string());
    replace_as(cx, kind, &id, (draft, Vec::new()), None, As::Adoption).await
}
