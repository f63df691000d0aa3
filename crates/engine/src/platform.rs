//! What the platform decides about a write: who is left alone, local resources, names, defaults.

use bytes::Bytes;
use provost_scim::Error as Refusal;
use provost_scim::error::quote;
use provost_scim::filter::{parse, resolve};
use provost_scim::schema::{AttrId, Kind};
use provost_scim::value::{Attributes, Val, fold};
use provost_store::{AuditOutcome, Entry, Part, Query, Stored, Target, WORK_UNITS_MAX};

use crate::error::failed;
use crate::policy::{LOCAL, Local, Platform};
use crate::stored::attributes;
use crate::{Context, Error};

/// The category of what an application that keeps sessions must know.
pub const SESSIONS: &str = "Session";

/// What a client writes, before it is checked further: names of the platform, defaults, adoption.
/// Gives the rows of the audit trail that go with it.
///
/// # Errors
/// [`Error::Refused`] with 403 if the resource is left alone, `invalidValue` if its name is none, or
/// `mutability` if it may not change.
pub(crate) fn decide(
    cx: &Context<'_>,
    kind: Kind,
    old: Option<(&Stored, &Attributes)>,
    new: &mut Attributes,
) -> Result<Vec<Entry>, Error> {
    let policy = cx.policy;
    let mut entries = Vec::new();
    if let Some((stored, old)) = old {
        check_reserved(cx, kind, old)?;
        if is_local(policy.platform.as_ref(), old) {
            entries.push(adopted(cx, kind, stored, new)?);
        }
        check_kept(cx, old, new)?;
        entries.extend(session_end(cx, stored, old, new));
    }
    name(cx, kind, old.map(|(_, old)| old), new);
    check_reserved(cx, kind, new)?;
    check_names(cx, old.map(|(_, old)| old), new)?;
    if old.is_none() || policy.defaults_on_update {
        give(&policy.defaults, kind, new);
    }
    Ok(entries)
}

/// Whether a resource that is read was made on the platform and is not provisioned.
///
/// # Errors
/// [`Error::Refused`] with 403 if it is left alone.
pub(crate) fn is_untouched(
    cx: &Context<'_>,
    stored: &Stored,
    attributes: &Attributes,
) -> Result<bool, Error> {
    check_reserved(cx, stored.kind, attributes)?;
    Ok(is_local(cx.policy.platform.as_ref(), attributes))
}

/// Whether a resource may go.
///
/// # Errors
/// [`Error::Refused`] with 403 if it is left alone, or was made on the platform.
pub(crate) fn check_deletion(
    cx: &Context<'_>,
    stored: &Stored,
    attributes: &Attributes,
) -> Result<(), Error> {
    match is_untouched(cx, stored, attributes)? {
        false => Ok(()),
        true => Err(Error::Refused(Refusal::forbidden(format!(
            "{} is a local account of the platform; only what was provisioned is deleted",
            quote(&stored.label)
        )))),
    }
}

/// The sessions of a user who goes end.
pub(crate) fn session_end_of_deleted(
    cx: &Context<'_>,
    stored: &Stored,
    old: &Attributes,
) -> Option<Entry> {
    session(cx, stored, old, "deleted")
}

/// The sessions of a user whom the platform keeps out from now on end.
pub(crate) fn session_end_of_locked(
    cx: &Context<'_>,
    stored: &Stored,
    old: &Attributes,
    new: &Attributes,
) -> Option<Entry> {
    let locked = cx.policy.platform.as_ref()?.locked;
    let is_locked = |of: &Attributes| of.get(locked) == Some(&Val::Bool(true));
    let begins = !is_locked(old) && is_locked(new);
    begins.then(|| session(cx, stored, old, "locked")).flatten()
}

/// The local resource that holds a unique value, if one does and may be adopted.
pub(crate) async fn local_holder(
    cx: &Context<'_>,
    kind: Kind,
    attribute: AttrId,
    new: &Attributes,
) -> Result<Option<Stored>, Error> {
    let platform = cx.policy.platform.as_ref();
    let Some(value) = new.get(attribute).and_then(Val::as_str) else { return Ok(None) };
    let Some((stored, attributes)) = find(cx, kind, attribute, value).await? else {
        return Ok(None);
    };
    Ok(is_local(platform, &attributes).then_some(stored))
}

/// The resource of a kind that has a value of a unique attribute.
///
/// # Errors
/// If the store fails.
pub async fn find(
    cx: &Context<'_>,
    kind: Kind,
    attribute: AttrId,
    value: &str,
) -> Result<Option<(Stored, Attributes)>, Error> {
    let path = &cx.schemas().attribute(attribute).path;
    let text = format!("{path} eq {}", serde_json::Value::from(value));
    let filter = parse(&text).and_then(|(tree, _)| resolve(cx.schemas(), kind, &tree));
    // What is no value that a filter can name is nobody's.
    let Ok((filter, _)) = filter else { return Ok(None) };
    let query = Query {
        parts: vec![Part { kind, filter: Some(filter) }],
        start: 1,
        count: 1,
        page_bytes_max: usize::MAX,
        work_units_max: WORK_UNITS_MAX,
    };
    let page = cx.engine.store.query(cx.tenant, query).await;
    let page = page.map_err(|error| failed(cx, "look up a name", error))?;
    let Some(stored) = page.rows.into_iter().next() else { return Ok(None) };
    let attributes = attributes(cx, &stored)?;
    Ok(Some((stored, attributes)))
}

/// Whether a resource was made on the platform and is not provisioned.
pub(crate) fn is_local(platform: Option<&Platform>, attributes: &Attributes) -> bool {
    let origin = platform.and_then(|it| attributes.get(it.origin)).and_then(Val::as_str);
    origin == Some(LOCAL)
}

/// A local resource becomes a provisioned one with its first write, if the policy has it so.
fn adopted(
    cx: &Context<'_>,
    kind: Kind,
    stored: &Stored,
    new: &mut Attributes,
) -> Result<Entry, Error> {
    let Some(platform) = &cx.policy.platform else { unreachable!("what is local has an origin") };
    let name = quote(&stored.label);
    match platform.local {
        Local::Adopt => {
            new.remove(platform.origin);
            Ok(entry(cx, kind, stored, "adopted", Bytes::new()))
        }
        Local::Review => Err(Error::Refused(Refusal::forbidden(format!(
            "{name} is a local account of the platform; an administrator must release it to be \
             provisioned first"
        )))),
        Local::Refuse => Err(Error::Refused(Refusal::forbidden(format!(
            "{name} is a local account of the platform and is not provisioned \
             (ProvisioningPolicy, localAccounts)"
        )))),
    }
}

/// The platform's name follows the name that clients send, unless it is mapped: then it stays.
fn name(cx: &Context<'_>, kind: Kind, old: Option<&Attributes>, new: &mut Attributes) {
    let names = cx.policy.platform.as_ref().and_then(|it| it.names.as_ref());
    let Some(names) = names.filter(|it| it.kind == kind) else { return };
    let text = |of: &Attributes, id| of.get(id).and_then(Val::as_str).map(ToOwned::to_owned);
    let Some(sent) = text(new, names.sent) else { return };
    let folded = fold(cx.schemas().attribute(names.sent), &sent);
    let bound = old.and_then(|old| {
        let (name, sent) = (text(old, names.name)?, text(old, names.sent)?);
        (name != sent).then_some(name)
    });
    let mapped = names.mapped.get(&*folded).map(|it| it.to_string());
    new.set(names.name, Val::Str(mapped.or(bound).unwrap_or(sent).into()));
}

/// Gives values to a resource that has none.
pub(crate) fn give(values: &[(Kind, AttrId, Val)], kind: Kind, new: &mut Attributes) {
    for (of, id, value) in values {
        if *of == kind && new.get(*id).is_none() {
            new.set(*id, value.clone());
        }
    }
}

/// Refuses to write a resource that is left alone.
fn check_reserved(cx: &Context<'_>, kind: Kind, attributes: &Attributes) -> Result<(), Error> {
    match cx.policy.reserved_name(cx.schemas(), kind, attributes) {
        Some(reason) => Err(Error::Refused(Refusal::forbidden(reason))),
        None => Ok(()),
    }
}

/// Attributes that the policy makes immutable keep the value that they have.
fn check_kept(cx: &Context<'_>, old: &Attributes, new: &Attributes) -> Result<(), Error> {
    let changed = |id: &&AttrId| old.get(**id).is_some_and(|value| new.get(**id) != Some(value));
    match cx.policy.immutable.iter().find(changed) {
        None => Ok(()),
        Some(id) => {
            let path = &cx.schemas().attribute(*id).path;
            let detail = format!(
                "{path} may not change here (ProvisioningPolicy, immutableUserName); map it for \
                 object creation only"
            );
            Err(Error::Refused(Refusal::mutability(detail)))
        }
    }
}

/// Names obey the platform's rules, where those are on; a name that is there already may stay.
fn check_names(cx: &Context<'_>, old: Option<&Attributes>, new: &Attributes) -> Result<(), Error> {
    for rule in &cx.policy.name_rules {
        let Some(name) = new.get(rule.attribute).and_then(Val::as_str) else { continue };
        if old.and_then(|old| old.get(rule.attribute)) == new.get(rule.attribute) {
            continue;
        }
        let path = &cx.schemas().attribute(rule.attribute).path;
        let refused = |what: String| {
            Error::Refused(Refusal::invalid_value(format!(
                "{path} {}: the platform's rules allow {what}",
                quote(name)
            )))
        };
        if name.chars().any(|it| rule.characters.contains(it)) {
            let characters: Vec<String> = rule.characters.chars().map(String::from).collect();
            return Err(refused(format!("none of {}", characters.join(" "))));
        }
        if name.chars().count() > rule.length_max {
            return Err(refused(format!("{} characters", rule.length_max)));
        }
    }
    Ok(())
}

/// The sessions of a user who is disabled end.
fn session_end(
    cx: &Context<'_>,
    stored: &Stored,
    old: &Attributes,
    new: &Attributes,
) -> Option<Entry> {
    let active = cx.policy.sessions?.active;
    let is_active = |of: &Attributes| of.get(active) != Some(&Val::Bool(false));
    let ends = is_active(old) && !is_active(new);
    ends.then(|| session(cx, stored, old, "disabled")).flatten()
}

/// That somebody's sessions end; whose, by the name that applications know, as it was until now.
fn session(cx: &Context<'_>, stored: &Stored, old: &Attributes, reason: &str) -> Option<Entry> {
    let sessions = cx.policy.sessions.filter(|it| it.kind == stored.kind)?;
    let name = old.get(sessions.name).and_then(Val::as_str).unwrap_or_default();
    let detail = serde_json::json!({"reason": reason}).to_string();
    let mut entry = entry(cx, stored.kind, stored, "revoked", detail.into());
    entry.category = SESSIONS.into();
    entry.target.name = name.into();
    Some(entry)
}

fn entry(cx: &Context<'_>, kind: Kind, stored: &Stored, action: &str, detail: Bytes) -> Entry {
    Entry {
        at: cx.engine.clock.now_micros(),
        category: cx.schemas().resource_type(kind).name.clone(),
        action: action.into(),
        outcome: AuditOutcome::Done,
        cause: cx.cause.clone(),
        target: Target::resource(stored.id, &stored.label),
        detail,
    }
}
