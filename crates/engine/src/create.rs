//! POST: a resource comes into being (RFC 7644 §3.3).

use provost_scim::membership::Delta;
use provost_scim::schema::Kind;
use provost_scim::value::Attributes;
use provost_store::{Act, Content, Rev, Stored, Write};

use crate::write::{Changed, check_reserved, submit, write};
use crate::{Context, Error, Outcome, membership, secret};

/// Creates a resource from what a client sent, read-only attributes left out.
///
/// # Errors
/// [`Error::Refused`] with `uniqueness`, `invalidValue` or 403; the others if the store fails.
pub async fn create(cx: &Context<'_>, kind: Kind, draft: Attributes) -> Result<Outcome, Error> {
    let (engine, schemas) = (cx.engine, cx.schemas());
    let mut new = draft;
    let mut deviations = Vec::new();
    let members = membership::take(schemas, kind, &mut new).unwrap_or_default();
    let members = membership::known(cx, Delta::add(members), &mut deviations).await?;
    let secrets = secret::take(schemas, &mut new, &[]);
    for (id, value) in &cx.policy.initial {
        let is_own = schemas.of_kind(kind).any(|own| own.id == *id);
        if is_own && new.get(*id).is_none() {
            new.set(*id, value.clone());
        }
    }
    check_reserved(cx, kind, &new)?;
    let content = Content::between(schemas, &engine.indexes, kind, None, &new)?
        .expect("a resource that comes into being is a change");
    let secrets = secret::kept(cx, secrets).await?;
    let now = engine.clock.now_micros();
    let id = engine.ids.next(now);
    let (label, body) = (content.label.clone(), content.body.clone());
    let act = Act::create(content, members);
    let write = Write { now, secrets, ..write(cx, kind, id, act, None) };
    let applied = match submit(cx, write, Some(&new)).await? {
        Ok(applied) => applied,
        // Only another resource with the fresh id can be in the way.
        Err(Changed) => return Err(Error::Busy),
    };
    let version = applied.version();
    let stored = Stored { id, kind, version, rev: Rev(1), created: now, label, body };
    Ok(Outcome { deviations, ..Outcome::new(id, &applied, Some(stored)) })
}
