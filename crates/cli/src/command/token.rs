//! `provost token`: opaque bearer tokens, kept as hashes in one document of the store.

use std::time::Duration;

use jiff::Timestamp;
use provost_auth::{
    Life, NoToken, PlainToken, Rights, TokenId, TokenList, TokenName, TokenRecord, system_random,
};
use provost_platform::setting::Flags;
use provost_platform::tenant_name::TenantName;
use provost_server::issued::{ChangeError, LastUses, change_and_tell, read};
use provost_store::{Entry, Store, Target, TenantId};
use serde_json::json;

use super::tenants;
use crate::clock::now;
use crate::failure::Failure;
use crate::wiring::{self, Place};
use crate::{output, trail};

/// The category of tokens in the audit trail.
const CATEGORY: &str = "Token";

/// Which tenant, in which database.
pub(crate) struct Of {
    pub(crate) flags: Flags,
    /// Without it, the platform's own tenant.
    pub(crate) tenant: Option<TenantName>,
}

/// How long a token lives.
pub(crate) struct Lifetime(pub(crate) Option<Duration>);

impl Lifetime {
    fn from(&self, now: i64) -> Life {
        let seconds = |it: Duration| i64::try_from(it.as_secs()).unwrap_or(i64::MAX);
        Life { created_at: now, expires_at: self.0.map(|it| now.saturating_add(seconds(it))) }
    }
}

pub(crate) async fn create(
    of: Of,
    name: TokenName,
    rights: Rights,
    lifetime: &Lifetime,
) -> Result<(), Failure> {
    let place = Place::of(of.flags.clone())?;
    let store = wiring::open_beside(&place)?;
    let life = lifetime.from(now());
    let tenant = tenants::id(&store, of.tenant.as_ref()).await?;
    let token = make(&store, tenant, name, rights, life).await?;
    show(&place, &token, life)
}

pub(crate) async fn rotate(
    of: Of,
    name: TokenName,
    lifetime: &Lifetime,
    grace: Duration,
) -> Result<(), Failure> {
    let place = Place::existing(of.flags.clone())?;
    let store = wiring::open_beside(&place)?;
    let (life, random) = (lifetime.from(now()), random()?);
    let grace_seconds = i64::try_from(grace.as_secs()).unwrap_or(i64::MAX);
    let tenant = tenants::id(&store, of.tenant.as_ref()).await?;
    let rotated = change_and_tell(&store, tenant, |list: &mut TokenList| {
        let token = list.rotate(name.clone(), life, grace_seconds, random)?;
        let entry = made(list, "rotated", &token);
        Ok((token, entry))
    });
    show(&place, &rotated.await.map_err(failed)?, life)
}

pub(crate) async fn list(of: Of) -> Result<(), Failure> {
    let store = wiring::open_beside(&Place::existing(of.flags.clone())?)?;
    let tenant = tenants::id(&store, of.tenant.as_ref()).await?;
    let unable = || Failure::unable("read the tokens");
    let list: TokenList = read(&store, tenant).await.map_err(unable())?;
    let uses: LastUses = read(&store, tenant).await.map_err(unable())?;
    output::print(format_args!("NAME\tID\tRIGHTS\tCREATED\tEXPIRES\tLAST USED\n"))?;
    for record in list.records() {
        let TokenRecord { name, hash, rights, created_at, .. } = record;
        let (id, rights, created) = (hash.id(), rights.word(), time(*created_at));
        let expires = match (record.expires_at, record.expired_for(now())) {
            (None, _) => "never".to_owned(),
            (Some(at), None) => time(at),
            (Some(at), Some(_)) => format!("{} (expired)", time(at)),
        };
        let used = uses.of(&id).map_or("never".to_owned(), time);
        output::print(format_args!("{name}\t{id}\t{rights}\t{created}\t{expires}\t{used}\n"))?;
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) async fn revoke(of: Of, name: &TokenName, id: Option<&TokenId>) -> Result<(), Failure> {
    let store = wiring::open_beside(&Place::existing(of.flags.clone())?)?;
    let tenant = tenants::id(&store, of.tenant.as_ref()).await?;
    let revoked = change_and_tell(&store, tenant, |list: &mut TokenList| {
        let revoked = list.revoke(name, id);
        let entries = revoked.iter().map(|it| entry("revoked", it)).collect();
        Ok::<_, NoToken>((revoked, entries))
    });
    let revoked = revoked.await.map_err(failed)?;
    if revoked.is_empty() {
        let which = id.map(|id| format!(" with the id {id}")).unwrap_or_default();
        return Err(Failure::Wrong(format!("there is no token named {name}{which}")));
    }
    for record in revoked {
        eprintln!("the token {} ({}) is revoked", record.name, record.hash.id());
    }
    Ok(())
}

/// Makes a token in a store.
pub(crate) async fn make(
    store: &dyn Store,
    tenant: TenantId,
    name: TokenName,
    rights: Rights,
    life: Life,
) -> Result<PlainToken, Failure> {
    let random = random()?;
    let created = change_and_tell(store, tenant, |list: &mut TokenList| {
        let token = list.create(name.clone(), rights, life, random)?;
        let entry = made(list, "created", &token);
        Ok((token, entry))
    });
    created.await.map_err(failed)
}

/// What the audit trail is told of a token that was just put on the list.
fn made(list: &TokenList, action: &str, token: &PlainToken) -> Vec<Entry> {
    list.find(token).map(|it| entry(action, it)).into_iter().collect()
}

/// A row about a token: its name, its id and its life.
fn entry(action: &str, record: &TokenRecord) -> Entry {
    let TokenRecord { name, hash, rights, expires_at, .. } = record;
    let target = Target { id: hash.id().to_string().into(), name: name.to_string().into() };
    let detail = json!({"rights": rights.word(), "expires": expires_at.map(time)});
    trail::entry(CATEGORY, action, target, &detail)
}

#[expect(clippy::print_stderr, reason = "the token alone goes to standard output")]
fn show(place: &Place, token: &PlainToken, life: Life) -> Result<(), Failure> {
    let ends = match life.expires_at {
        Some(at) => format!("ends at {}", time(at)),
        None => "has no end but its revocation".to_owned(),
    };
    let (id, data) = (token.hash().id(), place.data.display());
    eprintln!("token {id} for the database in {data}; it {ends}, and is not shown again:");
    output::print(format_args!("{}\n", token.expose()))
}

fn failed(error: ChangeError<NoToken>) -> Failure {
    match error {
        ChangeError::Refused(reason) => Failure::Wrong(reason.to_string()),
        other @ (ChangeError::Read(_) | ChangeError::Write { .. } | ChangeError::Contended(_)) => {
            Failure::unable("change the tokens")(other)
        }
    }
}

fn random() -> Result<[u8; 32], Failure> {
    system_random().map_err(Failure::unable("get randomness"))
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
