//! DELETE: a resource goes, with its memberships (RFC 7644 §3.6).

use provost_scim::schema::Kind;
use provost_store::{Act, IfMatch, Write, difference};

use crate::administrator::check_not_last;
use crate::stored::attributes;
use crate::write::{check_version, fetch, submit_in_turn, write};
use crate::{Context, Error, Outcome, platform};

/// Deletes a resource.
///
/// # Errors
/// [`Error::Refused`] with 404 or 412; [`Error::Busy`] if the resource keeps changing; the others
/// if the store fails.
pub async fn delete(
    cx: &Context<'_>,
    kind: Kind,
    id: &str,
    if_match: Option<IfMatch>,
) -> Result<Outcome, Error> {
    let schemas = cx.schemas();
    let _turn = cx.turn(id).await;
    for _ in 0..cx.policy.attempts_max {
        let stored = fetch(cx, kind, id).await?;
        check_version(cx, &stored, if_match.as_ref())?;
        let old = attributes(cx, &stored)?;
        platform::check_deletion(cx, &stored, &old)?;
        let turn = check_not_last(cx, kind, &old, None).await?;
        let keys = cx.engine.indexes.keys(schemas, kind, &old);
        let change = difference(schemas, kind, Some(&old), None);
        let keep = cx.policy.keep_deleted_micros;
        let keep_until = keep.map(|keep| cx.engine.clock.now_micros().saturating_add(keep));
        let act = Act::Delete { base: stored.rev, keys, change, keep_until };
        let entries = platform::session_end_of_deleted(cx, &stored, &old).into_iter().collect();
        let write = Write { entries, ..write(cx, kind, stored.id, act, if_match.clone()) };
        if let Ok(applied) = submit_in_turn(cx, write, None, turn).await? {
            return Ok(Outcome::new(stored.id, &applied, None));
        }
        // Its keys may be other ones: read again.
    }
    Err(Error::Busy)
}
