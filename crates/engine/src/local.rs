//! What the platform itself does to resources: local accounts, and what it keeps beside SCIM.

use provost_scim::membership::Delta;
use provost_scim::schema::Kind;
use provost_scim::value::{Attributes, Val};
use provost_store::{
    Act, AuditOutcome, Content, Entry, ResourceId, Rev, Stored, Target, Trashed, Write, view,
};

use crate::error::failed;
use crate::policy::LOCAL;
use crate::stored::attributes;
use crate::write::{Changed, fetch, refused, submit, write};
use crate::{Context, Error, Outcome, platform};

/// Creates a local account: it is the platform's until the identity provider takes it over.
///
/// # Errors
/// [`Error::Refused`] with `uniqueness`, or `invalidValue`; the others if the store fails.
pub async fn create_local(
    cx: &Context<'_>,
    kind: Kind,
    mut new: Attributes,
) -> Result<Outcome, Error> {
    platform::give(&cx.policy.initial, kind, &mut new);
    if let Some(platform) = &cx.policy.platform {
        new.set(platform.origin, Val::Str(LOCAL.into()));
    }
    platform::decide(cx, kind, None, &mut new)?;
    let now = cx.engine.clock.now_micros();
    let id = cx.engine.ids.next(now);
    bring(cx, (id, kind), &new, Delta::none(), Vec::new(), Vec::new()).await
}

/// Changes what the platform keeps of a resource; `change` is asked again if somebody was quicker.
///
/// # Errors
/// [`Error::Refused`] with 404, or `uniqueness`; the others if the store fails.
pub async fn change_local(
    cx: &Context<'_>,
    kind: Kind,
    id: &str,
    change: impl Fn(&mut Attributes),
) -> Result<Outcome, Error> {
    let schemas = cx.schemas();
    let _turn = cx.turn(id).await;
    for _ in 0..cx.policy.attempts_max {
        let stored = fetch(cx, kind, id).await?;
        let old = attributes(cx, &stored)?;
        let mut new = old.clone();
        change(&mut new);
        let content = Content::between(schemas, &cx.engine.indexes, kind, Some(&old), &new)?;
        let mut after = stored.clone();
        if let Some(content) = &content {
            (after.label, after.body) = (content.label.clone(), content.body.clone());
        }
        let content = content.map(|content| (stored.rev, content));
        let act = Act::Change { content, members: Delta::none() };
        let entries =
            platform::session_end_of_locked(cx, &stored, &old, &new).into_iter().collect();
        let write = Write { entries, ..write(cx, kind, stored.id, act, None) };
        if let Ok(applied) = submit(cx, write, Some(&new)).await? {
            after.version = applied.version();
            return Ok(Outcome::new(stored.id, &applied, Some(after)));
        }
    }
    Err(Error::Busy)
}

/// Brings back what was deleted, under its id, with those of its groups and members that are there.
///
/// # Errors
/// [`Error::Refused`] with `uniqueness` if its name is taken meanwhile; the others if the store fails.
pub async fn restore(cx: &Context<'_>, trashed: &Trashed) -> Result<Outcome, Error> {
    let stored = Stored {
        id: trashed.id,
        kind: trashed.kind,
        version: trashed.version,
        rev: Rev(1),
        created: 0,
        label: trashed.label.clone(),
        body: trashed.body.clone(),
    };
    let attributes = view::attributes(cx.schemas(), &stored)
        .map_err(|error| failed(cx, "read what was deleted", error))?;
    let present = cx.engine.store.labels(cx.tenant, trashed.members.clone()).await;
    let present = present.map_err(|error| failed(cx, "look up members", error))?;
    let members = Delta::add(present.into_iter().map(|it| it.id));
    let entry = Entry {
        at: cx.engine.clock.now_micros(),
        category: "Deleted".into(),
        action: "restored".into(),
        outcome: AuditOutcome::Done,
        cause: cx.cause.clone(),
        target: Target::resource(trashed.id, &trashed.label),
        detail: Default::default(),
    };
    let place = (trashed.id, trashed.kind);
    bring(cx, place, &attributes, members, trashed.groups.clone(), vec![entry]).await
}

/// Brings in a resource that was kept elsewhere, under the id that it has there and as it is: it gets
/// no defaults, and its names are not looked at again.
///
/// # Errors
/// [`Error::Refused`] with `uniqueness` if its name is taken, or 403 if there are as many as there
/// may be; [`Error::Busy`] if its id is; the others if the store fails.
pub async fn bring_in(
    cx: &Context<'_>,
    place: (ResourceId, Kind),
    new: &Attributes,
) -> Result<Outcome, Error> {
    bring(cx, place, new, Delta::none(), Vec::new(), Vec::new()).await
}

/// Makes resources members of a group, whoever it belongs to; those that are stay.
///
/// # Errors
/// [`Error::Refused`] if one of them is not there, or the group would be a member of itself; the
/// others if the store fails.
pub async fn enroll(
    cx: &Context<'_>,
    (group, kind): (ResourceId, Kind),
    members: impl IntoIterator<Item = ResourceId>,
) -> Result<(), Error> {
    let act = Act::Change { content: None, members: Delta::add(members) };
    match submit(cx, write(cx, kind, group, act, None), None).await? {
        Ok(_) => Ok(()),
        Err(Changed) => Err(Error::Busy),
    }
}

async fn bring(
    cx: &Context<'_>,
    (id, kind): (ResourceId, Kind),
    new: &Attributes,
    members: Delta<ResourceId>,
    rejoin: Vec<ResourceId>,
    entries: Vec<Entry>,
) -> Result<Outcome, Error> {
    let engine = cx.engine;
    let content = Content::between(cx.schemas(), &engine.indexes, kind, None, new)?
        .expect("a resource that comes into being is a change");
    let (label, body) = (content.label.clone(), content.body.clone());
    let act = Act::Create { content, members, rejoin, limit: cx.policy.limit(kind) };
    let write = Write { entries, ..write(cx, kind, id, act, None) };
    let created = write.now;
    match engine.store.apply(cx.tenant, write).await {
        Ok(applied) => {
            let version = applied.version();
            let stored = Stored { id, kind, version, rev: Rev(1), created, label, body };
            Ok(Outcome::new(id, &applied, Some(stored)))
        }
        Err(provost_store::Error::Stale) => Err(Error::Busy),
        Err(other) => Err(refused(cx, kind, id, Some(new), other)),
    }
}
