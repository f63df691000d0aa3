//! Changing a list while others change it too.

use provost_store::{DocumentPut, Entry, Error as StoreError, Rev, Store, TenantId};

use super::{Listed, NoList};

/// How often a list is read again because somebody else changed it.
const ATTEMPTS: usize = 16;

/// Why a list was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError<E> {
    /// The change itself could not be made.
    #[error(transparent)]
    Refused(E),
    /// The list cannot be read.
    #[error(transparent)]
    Read(#[from] NoList),
    /// The list cannot be written.
    #[error("could not write the {what}")]
    Write {
        /// The list.
        what: &'static str,
        /// Why not.
        #[source]
        cause: StoreError,
    },
    /// Others were quicker each time.
    #[error("others keep changing the {0}; try again")]
    Contended(&'static str),
}

/// Changes a list. What `change` does is done again on a newer list if somebody else was quicker.
///
/// # Errors
/// See [`ChangeError`]; the list is then as it was.
pub async fn change<L: Listed, T, E>(
    store: &dyn Store,
    tenant: TenantId,
    change: impl FnMut(&mut L) -> Result<T, E>,
) -> Result<T, ChangeError<E>> {
    change_with(store, tenant, &[], change).await
}

/// The same, with rows for the audit trail.
///
/// # Errors
/// See [`ChangeError`]; the list is then as it was, and the trail too.
pub async fn change_with<L: Listed, T, E>(
    store: &dyn Store,
    tenant: TenantId,
    entries: &[Entry],
    mut change: impl FnMut(&mut L) -> Result<T, E>,
) -> Result<T, ChangeError<E>> {
    change_and_tell(store, tenant, |list| Ok((change(list)?, entries.to_vec()))).await
}

/// The same, where `change` knows what the audit trail is told.
///
/// # Errors
/// See [`ChangeError`]; the list is then as it was, and the trail too.
pub async fn change_and_tell<L: Listed, T, E>(
    store: &dyn Store,
    tenant: TenantId,
    mut change: impl FnMut(&mut L) -> Result<(T, Vec<Entry>), E>,
) -> Result<T, ChangeError<E>> {
    for _ in 0..ATTEMPTS {
        let (mut list, base) = read_with_rev::<L>(store, tenant).await?;
        let (outcome, entries) = change(&mut list).map_err(ChangeError::Refused)?;
        let body = list.to_document().to_string();
        let put = DocumentPut { entries, ..DocumentPut::new(L::DOCUMENT, base, body) };
        match store.put_document(tenant, put).await {
            Ok(_) => return Ok(outcome),
            Err(StoreError::Stale) => {}
            Err(cause) => return Err(ChangeError::Write { what: L::WHAT, cause }),
        }
    }
    Err(ChangeError::Contended(L::WHAT))
}

/// Reads a list; without a document it is empty.
///
/// # Errors
/// The store cannot say, or the document is of no use.
pub async fn read<L: Listed>(store: &dyn Store, tenant: TenantId) -> Result<L, NoList> {
    Ok(read_with_rev(store, tenant).await?.0)
}

async fn read_with_rev<L: Listed>(
    store: &dyn Store,
    tenant: TenantId,
) -> Result<(L, Option<Rev>), NoList> {
    match store.document(tenant, L::DOCUMENT.into()).await.map_err(NoList::store::<L>)? {
        None => Ok((L::default(), None)),
        Some(document) => {
            let list = L::from_document(&document.body).map_err(NoList::list::<L>)?;
            Ok((list, Some(document.rev)))
        }
    }
}
