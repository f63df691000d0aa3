//! From a store's answer to an operation's outcome.

use std::sync::Arc;

use provost_scim::deviation::Deviation;
use provost_scim::error::{Error as Refusal, ErrorKind, quote};
use provost_scim::membership::Delta;
use provost_scim::schema::Kind;
use provost_scim::value::{Attributes, Val};
use provost_store::{
    Act, Applied, Content, IfMatch, Mode, ResourceId, SecretPut, Stored, Version, Write,
};

use crate::administrator::{Turn, check_not_last};
use crate::error::failed;
use crate::immutable::check_immutable;
use crate::{Context, Error, platform};

/// What a write led to.
#[derive(Debug)]
pub struct Outcome {
    /// The resource.
    pub id: ResourceId,
    /// Its version afterwards.
    pub version: Version,
    /// The resource as it is stored afterwards, where the operation knows it.
    pub stored: Option<Stored>,
    /// Whether anything changed.
    pub changed: bool,
    /// What was tolerated while the operation was applied.
    pub deviations: Vec<Deviation>,
}

impl Outcome {
    pub(crate) fn new(id: ResourceId, applied: &Applied, stored: Option<Stored>) -> Self {
        let changed = matches!(applied, Applied::Written { .. });
        Self { id, version: applied.version(), stored, changed, deviations: Vec::new() }
    }
}

/// What becomes of a stored resource.
pub(crate) struct Next<'a> {
    pub(crate) stored: &'a Stored,
    pub(crate) old: &'a Attributes,
    pub(crate) new: Attributes,
    pub(crate) members: Delta<ResourceId>,
    pub(crate) secrets: Vec<SecretPut>,
}

/// Checks and submits a change of a resource; `None` if another write came first, and may change
/// the outcome of this one.
pub(crate) async fn change(
    cx: &Context<'_>,
    next: Next<'_>,
    if_match: Option<IfMatch>,
) -> Result<Option<Outcome>, Error> {
    let Next { stored, old, mut new, members, secrets } = next;
    let (schemas, kind) = (cx.schemas(), stored.kind);
    check_immutable(schemas, old, &new)?;
    let entries = platform::decide(cx, kind, Some((stored, old)), &mut new)?;
    let turn = check_not_last(cx, kind, old, Some(&new)).await?;
    let content = Content::between(schemas, &cx.engine.indexes, kind, Some(old), &new)?;
    let mut after = stored.clone();
    if let Some(content) = &content {
        (after.label, after.body) = (content.label.clone(), content.body.clone());
    }
    let act = Act::Change { content: content.map(|content| (stored.rev, content)), members };
    let write = Write { secrets, entries, ..write(cx, kind, stored.id, act, if_match) };
    let Ok(applied) = submit_in_turn(cx, write, Some(&new), turn).await? else { return Ok(None) };
    after.version = applied.version();
    Ok(Some(Outcome::new(stored.id, &applied, Some(after))))
}

/// A write of the present request, at the present time.
pub(crate) fn write(
    cx: &Context<'_>,
    kind: Kind,
    id: ResourceId,
    act: Act,
    if_match: Option<IfMatch>,
) -> Write {
    let now = cx.engine.clock.now_micros();
    let (cause, secrets, entries) = (cx.cause.clone(), Vec::new(), Vec::new());
    Write { id, kind, if_match, act, secrets, now, cause, entries, mode: Mode::Commit }
}

/// Submits a write that may take an administrator away. Whoever has the turn keeps it until the store
/// has answered, also if nobody waits for the answer any more.
pub(crate) async fn submit_in_turn(
    cx: &Context<'_>,
    write: Write,
    new: Option<&Attributes>,
    turn: Turn,
) -> Result<Result<Applied, Changed>, Error> {
    let Some(turn) = turn else { return submit(cx, write, new).await };
    let (kind, id, tenant) = (write.kind, write.id, cx.tenant);
    let store = Arc::clone(&cx.engine.store);
    let writing = tokio::spawn(async move {
        let applied = store.apply(tenant, write).await;
        drop(turn);
        applied
    });
    let applied =
        writing.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
    told(cx, (kind, id), new, applied)
}

/// Submits a write; what the client can be told about a failure becomes a refusal.
pub(crate) async fn submit(
    cx: &Context<'_>,
    write: Write,
    new: Option<&Attributes>,
) -> Result<Result<Applied, Changed>, Error> {
    let place = (write.kind, write.id);
    let applied = cx.engine.store.apply(cx.tenant, write).await;
    told(cx, place, new, applied)
}

fn told(
    cx: &Context<'_>,
    (kind, id): (Kind, ResourceId),
    new: Option<&Attributes>,
    applied: Result<Applied, provost_store::Error>,
) -> Result<Result<Applied, Changed>, Error> {
    match applied {
        Ok(applied) => Ok(Ok(applied)),
        Err(provost_store::Error::Stale) => Ok(Err(Changed)),
        Err(other) => Err(refused(cx, kind, id, new, other)),
    }
}

/// The resource changed since it was read.
pub(crate) struct Changed;

/// Why the store refused a write, for the client.
pub(crate) fn refused(
    cx: &Context<'_>,
    kind: Kind,
    id: ResourceId,
    new: Option<&Attributes>,
    error: provost_store::Error,
) -> Error {
    let resource_type = &cx.schemas().resource_type(kind).name;
    let refusal = match error {
        provost_store::Error::Taken(attribute) => {
            let name = &cx.schemas().attribute(attribute).name;
            let value = new.and_then(|it| it.get(attribute)).and_then(Val::as_str).map(quote);
            let value = value.unwrap_or_default();
            let detail = format!("another {resource_type} has {name} {value}; it must be unique");
            Refusal::new(ErrorKind::Uniqueness, detail)
        }
        provost_store::Error::Mismatch => Refusal::new(
            ErrorKind::PreconditionFailed,
            format!("{resource_type} {id} has another version than If-Match names"),
        ),
        provost_store::Error::Gone => missing(cx, kind, &id.to_string()),
        provost_store::Error::UnknownMember(member) => unknown_member(&member.to_string()),
        provost_store::Error::Full { limit } => Refusal::forbidden(format!(
            "no more than {limit} resources of the type {resource_type} may be provisioned, and there \
             are as many; an administrator can raise the quota or remove what is not needed"
        )),
        provost_store::Error::Cycle(member) => Refusal::invalid_value(format!(
            "{member} cannot be a member of {id}: the group would be a member of itself"
        )),
        other => return failed(cx, "write a resource", other),
    };
    Error::Refused(refusal)
}

/// The resource with an id, or 404.
pub(crate) async fn fetch(cx: &Context<'_>, kind: Kind, id: &str) -> Result<Stored, Error> {
    let gone = || Error::Refused(missing(cx, kind, id));
    let id = ResourceId::parse(id).ok_or_else(gone)?;
    let found = cx.engine.store.get(cx.at(kind), id).await;
    found.map_err(|error| failed(cx, "read a resource", error))?.ok_or_else(gone)
}

pub(crate) fn missing(cx: &Context<'_>, kind: Kind, id: &str) -> Refusal {
    let resource_type = &cx.schemas().resource_type(kind).name;
    Refusal::not_found(format!("there is no {resource_type} {}", quote(id)))
}

pub(crate) fn unknown_member(id: &str) -> Refusal {
    Refusal::invalid_value(format!("{} cannot be a member: there is no such resource", quote(id)))
}

/// Compares `If-Match` early, as a courtesy; the store decides.
pub(crate) fn check_version(
    cx: &Context<'_>,
    stored: &Stored,
    if_match: Option<&IfMatch>,
) -> Result<(), Error> {
    if if_match.is_none_or(|it| it.accepts(stored.version)) {
        return Ok(());
    }
    Err(refused(cx, stored.kind, stored.id, None, provost_store::Error::Mismatch))
}
