//! `provost tenant`: tenants beside the platform's own, kept in one document of its.

use jiff::Timestamp;
use provost_platform::DEFAULT_TENANT;
use provost_platform::setting::Flags;
use provost_platform::tenant_name::TenantName;
use provost_server::issued::{ChangeError, change_with, read};
use provost_server::tenant::{TenantError, TenantList, TenantRecord};
use provost_store::{Entry, Store, Target, TenantId};
use serde_json::Value;

use crate::clock::now;
use crate::failure::Failure;
use crate::wiring::{self, Place};
use crate::{output, trail};

/// The category of tenants in the audit trail.
const CATEGORY: &str = "Tenant";

#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) async fn create(flags: Flags, name: TenantName) -> Result<(), Failure> {
    let place = Place::of(flags)?;
    let store = wiring::open_beside(&place)?;
    let entries = [entry("created", &name)];
    let made = change_with(&store, own(&store).await?, &entries, |list: &mut TenantList| {
        list.create(name.clone(), now())
    });
    made.await.map_err(failed)?;
    // Its number is given now, so that its first request writes nothing.
    id(&store, Some(&name)).await?;
    let data = place.data.display();
    eprintln!(
        "the tenant {name} is in the database in {data}; its SCIM base URL ends in \
         /t/{name}/scim/v2, and its tokens are made with `provost token create --tenant {name}`"
    );
    Ok(())
}

pub(crate) async fn list(flags: Flags) -> Result<(), Failure> {
    let store = wiring::open_beside(&Place::existing(flags)?)?;
    let list: TenantList =
        read(&store, own(&store).await?).await.map_err(Failure::unable("read the tenants"))?;
    output::print(format_args!("NAME\tSTATE\tCREATED\n"))?;
    for TenantRecord { name, created_at, paused } in list.records() {
        let state = if *paused { "paused" } else { "active" };
        let created = Timestamp::from_second(*created_at).unwrap_or(Timestamp::UNIX_EPOCH);
        output::print(format_args!("{name}\t{state}\t{created}\n"))?;
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) async fn set_paused(
    flags: Flags,
    name: &TenantName,
    paused: bool,
) -> Result<(), Failure> {
    let store = wiring::open_beside(&Place::existing(flags)?)?;
    let entries = [entry(if paused { "paused" } else { "resumed" }, name)];
    let changed = change_with(&store, own(&store).await?, &entries, |list: &mut TenantList| {
        list.set_paused(name, paused)
    });
    changed.await.map_err(failed)?;
    eprintln!(
        "the tenant {name} is {} from the next request on",
        if paused { "paused" } else { "active" }
    );
    Ok(())
}

/// The number of a tenant that is there; of the platform's own without a name.
pub(crate) async fn id(store: &dyn Store, name: Option<&TenantName>) -> Result<TenantId, Failure> {
    let own = own(store).await?;
    let Some(name) = name else { return Ok(own) };
    let list: TenantList = read(store, own).await.map_err(Failure::unable("read the tenants"))?;
    match list.get(name) {
        Some(_) => numbered(store, name.as_str()).await,
        None => Err(Failure::Wrong(format!(
            "there is no tenant named {name}; `provost tenant create {name}` makes it"
        ))),
    }
}

async fn own(store: &dyn Store) -> Result<TenantId, Failure> {
    numbered(store, DEFAULT_TENANT).await
}

async fn numbered(store: &dyn Store, name: &str) -> Result<TenantId, Failure> {
    store.tenant(name.into()).await.map_err(Failure::unable("read the database"))
}

fn entry(action: &str, name: &TenantName) -> Entry {
    trail::entry(CATEGORY, action, Target::named(name.as_str()), &Value::Null)
}

fn failed(error: ChangeError<TenantError>) -> Failure {
    match error {
        ChangeError::Refused(reason) => Failure::Wrong(reason.to_string()),
        other @ (ChangeError::Read(_) | ChangeError::Write { .. } | ChangeError::Contended(_)) => {
            Failure::unable("change the tenants")(other)
        }
    }
}
