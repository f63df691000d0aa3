//! The last administrator stays: nobody is left who could undo what a client did.

use provost_scim::Error as Refusal;
use provost_scim::error::quote;
use provost_scim::schema::{AttrId, Kind};
use provost_scim::value::{Attributes, Val, fold};
use tokio::sync::OwnedMutexGuard;

use crate::policy::Administrators;
use crate::{Context, Error, platform};

/// The turn to take an administrator away, where one goes.
pub(crate) type Turn = Option<OwnedMutexGuard<()>>;

/// Refuses that the last administrator who is enabled goes, is disabled or loses the name; `new` is
/// what would be left. Whoever may go on holds the turn to do so, since two who go at once could each
/// count on the other.
///
/// # Errors
/// [`Error::Refused`] with 403; the others if the store fails.
pub(crate) async fn check_not_last(
    cx: &Context<'_>,
    kind: Kind,
    old: &Attributes,
    new: Option<&Attributes>,
) -> Result<Turn, Error> {
    let Some(administrators) = cx.policy.administrators.as_ref().filter(|it| it.kind == kind)
    else {
        return Ok(None);
    };
    let Some(name) = counting(cx, administrators, old) else { return Ok(None) };
    if new.and_then(|new| counting(cx, administrators, new)).is_some_and(|it| it == name) {
        return Ok(None);
    }
    let turn = cx.engine.turns.administrators().await;
    for other in administrators.names.iter().filter(|other| **other != name) {
        let found = platform::find(cx, kind, administrators.name, other).await?;
        if found.is_some_and(|(_, it)| counting(cx, administrators, &it).is_some()) {
            return Ok(Some(turn));
        }
    }
    let name = old.get(administrators.name).and_then(Val::as_str).unwrap_or_default();
    Err(Error::Refused(Refusal::forbidden(format!(
        "{} is the last administrator who is enabled (AdministratorAccounts); name another one first",
        quote(name)
    ))))
}

/// Whether a name is that of an enabled administrator.
///
/// # Errors
/// If the store fails.
pub async fn is_administrator(cx: &Context<'_>, name: &str) -> Result<bool, Error> {
    let Some(administrators) = &cx.policy.administrators else { return Ok(false) };
    let found = platform::find(cx, administrators.kind, administrators.name, name).await?;
    Ok(found.is_some_and(|(_, it)| counting(cx, administrators, &it).is_some()))
}

/// The folded name of an enabled administrator.
fn counting(
    cx: &Context<'_>,
    administrators: &Administrators,
    attributes: &Attributes,
) -> Option<Box<str>> {
    let Administrators { name, active, locked, names, .. } = administrators;
    let is =
        |id: Option<AttrId>, value| id.and_then(|id| attributes.get(id)) == Some(&Val::Bool(value));
    if is(*active, false) || is(*locked, true) {
        return None;
    }
    let folded = fold(cx.schemas().attribute(*name), attributes.get(*name)?.as_str()?);
    names.contains(&*folded).then(|| folded.into())
}
