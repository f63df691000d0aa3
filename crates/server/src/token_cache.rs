//! The list of opaque tokens: a document of the store, read on each request that carries one.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use provost_auth::{TokenList, TokenListError};
use provost_store::{Rev, Store, TenantId};

/// The name of the document that holds the opaque tokens of a tenant.
pub const DOCUMENT: &str = "tokens";

/// The list as it was last read, so that it is parsed once for each of its revisions.
#[derive(Default)]
pub(crate) struct TokenCache {
    last: ArcSwapOption<(Rev, Arc<TokenList>)>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoTokens {
    #[error("could not read the list of tokens")]
    Store(#[source] provost_store::Error),
    #[error("the stored list of tokens is of no use")]
    List(#[source] TokenListError),
}

impl TokenCache {
    /// The list at this moment: a token that was revoked holds for no further request.
    pub(crate) async fn get(
        &self,
        store: &dyn Store,
        tenant: TenantId,
    ) -> Result<Arc<TokenList>, NoTokens> {
        let found = store.document(tenant, DOCUMENT.into()).await.map_err(NoTokens::Store)?;
        let Some(document) = found else { return Ok(Arc::default()) };
        if let Some(last) = self.last.load().as_deref()
            && last.0 == document.rev
        {
            return Ok(Arc::clone(&last.1));
        }
        let list = TokenList::from_json(&document.body).map_err(NoTokens::List)?;
        let list = Arc::new(list);
        self.last.store(Some(Arc::new((document.rev, Arc::clone(&list)))));
        Ok(list)
    }
}
