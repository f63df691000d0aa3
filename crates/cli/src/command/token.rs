//! `provost token`: opaque bearer tokens, kept as hashes in one document of the store.

use jiff::Timestamp;
use provost_auth::{PlainToken, Rights, TokenList, TokenName, system_random};
use provost_engine::{Clock as _, SystemClock};
use provost_platform::DEFAULT_TENANT;
use provost_platform::setting::Flags;
use provost_server::TOKENS_DOCUMENT;
use provost_store::{DocumentPut, Error as StoreError, Rev, Store, TenantId};

use crate::failure::Failure;
use crate::output;
use crate::wiring::{self, Place};

/// What a token is for.
pub(crate) struct Admin(bool);

impl From<bool> for Admin {
    fn from(admin: bool) -> Self {
        Self(admin)
    }
}

impl Admin {
    const fn rights(&self) -> Rights {
        match self.0 {
            true => Rights::Administer,
            false => Rights::Provision,
        }
    }
}

/// How often a list is read again because another command changed it.
const ATTEMPTS: usize = 8;

#[expect(clippy::print_stderr, reason = "the token alone goes to standard output")]
pub(crate) async fn create(flags: Flags, name: TokenName, admin: Admin) -> Result<(), Failure> {
    let place = Place::of(flags)?;
    let store = wiring::open_beside(&place)?;
    let token = make(&store, name, admin.rights()).await?;
    eprintln!("a token for the database in {}; it is not shown again:", place.data.display());
    output::print(format_args!("{}\n", token.expose()))
}

pub(crate) async fn list(flags: Flags) -> Result<(), Failure> {
    let store = wiring::open_beside(&Place::existing(flags)?)?;
    let tenant = tenant(&store).await?;
    for record in read(&store, tenant).await?.0.records() {
        let rights = match record.rights {
            Rights::Provision => "SCIM",
            Rights::Administer => "SCIM and services",
        };
        let created = Timestamp::from_second(record.created_at).unwrap_or(Timestamp::UNIX_EPOCH);
        output::print(format_args!("{}\t{rights}\t{created}\n", record.name))?;
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) async fn revoke(flags: Flags, name: &TokenName) -> Result<(), Failure> {
    let store = wiring::open_beside(&Place::existing(flags)?)?;
    let revoked = change(&store, |list| Ok(list.revoke(name))).await?;
    match revoked {
        Some(record) => {
            eprintln!("the token {} is revoked", record.name);
            Ok(())
        }
        None => Err(Failure::Wrong(format!("there is no token called {name}"))),
    }
}

/// Makes a token in a store.
pub(crate) async fn make(
    store: &impl Store,
    name: TokenName,
    rights: Rights,
) -> Result<PlainToken, Failure> {
    let now = SystemClock.now_micros().div_euclid(1_000_000);
    let random = system_random().map_err(Failure::unable("get randomness"))?;
    change(store, |list| {
        let made = list.create(name.clone(), rights, now, random);
        made.map_err(|error| Failure::Wrong(error.to_string()))
    })
    .await
}

/// Changes the list, as often as another command changed it first.
async fn change<T>(
    store: &impl Store,
    mut change: impl FnMut(&mut TokenList) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let tenant = tenant(store).await?;
    for _ in 0..ATTEMPTS {
        let (mut list, base) = read(store, tenant).await?;
        let outcome = change(&mut list)?;
        let body = list.to_json().to_string().into();
        let put = DocumentPut { key: TOKENS_DOCUMENT.into(), base, body };
        match store.put_document(tenant, put).await {
            Ok(_) => return Ok(outcome),
            Err(StoreError::Stale) => {}
            Err(error) => return Err(Failure::unable("write the tokens")(error)),
        }
    }
    Err(Failure::Wrong("other commands keep changing the tokens; try again".into()))
}

async fn tenant(store: &impl Store) -> Result<TenantId, Failure> {
    store.tenant(DEFAULT_TENANT.into()).await.map_err(Failure::unable("read the database"))
}

async fn read(store: &impl Store, tenant: TenantId) -> Result<(TokenList, Option<Rev>), Failure> {
    let found = store.document(tenant, TOKENS_DOCUMENT.into()).await;
    match found.map_err(Failure::unable("read the tokens"))? {
        None => Ok((TokenList::default(), None)),
        Some(document) => {
            let list = TokenList::from_json(&document.body);
            Ok((list.map_err(Failure::unable("read the tokens"))?, Some(document.rev)))
        }
    }
}
