//! The tokens that were made here: documents of the store, each a list, read on each request that
//! carries such a token.

mod cache;
mod change;
mod uses;

use provost_auth::{AccessTokens, BearerToken, Issued, TokenKind, TokenList, TokenListError};
use provost_store::{Store, TenantId};
use serde_json::Value;
use std::sync::Arc;

pub use change::{ChangeError, change, change_and_tell, change_with, read};
pub use uses::LastUses;

pub(crate) use cache::Cache;
pub(crate) use uses::TokenUses;

/// A list that is stored as one document of a tenant.
pub trait Listed: Default + Sized {
    /// The name of the document, in each tenant.
    const DOCUMENT: &'static str;
    /// What it is called in errors.
    const WHAT: &'static str;

    /// Reads a stored list.
    ///
    /// # Errors
    /// It is damaged, or of another format.
    fn from_document(document: &[u8]) -> Result<Self, TokenListError>;

    /// The list as it is stored.
    fn to_document(&self) -> Value;
}

impl Listed for TokenList {
    const DOCUMENT: &'static str = "tokens";
    const WHAT: &'static str = "list of tokens";

    fn from_document(document: &[u8]) -> Result<Self, TokenListError> {
        Self::from_json(document)
    }

    fn to_document(&self) -> Value {
        self.to_json()
    }
}

impl Listed for AccessTokens {
    const DOCUMENT: &'static str = "access-tokens";
    const WHAT: &'static str = "list of access tokens";

    fn from_document(document: &[u8]) -> Result<Self, TokenListError> {
        Self::from_json(document)
    }

    fn to_document(&self) -> Value {
        self.to_json()
    }
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum NoList {
    /// The store could not say.
    #[error("could not read the {what}")]
    Store {
        /// The list.
        what: &'static str,
        /// Why not.
        #[source]
        cause: provost_store::Error,
    },
    /// It is not one of ours.
    #[error("the stored {what} is of no use")]
    List {
        /// The list.
        what: &'static str,
        /// Why not.
        #[source]
        cause: TokenListError,
    },
}

impl NoList {
    fn store<L: Listed>(cause: provost_store::Error) -> Self {
        Self::Store { what: L::WHAT, cause }
    }

    fn list<L: Listed>(cause: TokenListError) -> Self {
        Self::List { what: L::WHAT, cause }
    }
}

/// The lists of a tenant as they were last read.
#[derive(Default)]
pub(crate) struct IssuedCache {
    tokens: Cache<TokenList>,
    access: Cache<AccessTokens>,
}

/// The lists at one moment.
#[derive(Default)]
pub(crate) struct Lists {
    pub(crate) tokens: Arc<TokenList>,
    access: Arc<AccessTokens>,
}

impl Lists {
    pub(crate) fn issued(&self) -> Issued<'_> {
        Issued { tokens: &self.tokens, access: &self.access }
    }
}

impl IssuedCache {
    /// The list that clients of the token endpoint stand on.
    pub(crate) async fn lists_of_clients(
        &self,
        store: &dyn Store,
        tenant: TenantId,
    ) -> Result<Lists, NoList> {
        Ok(Lists { tokens: self.tokens.get(store, tenant).await?, access: Arc::default() })
    }

    /// The lists that a token is looked up on, at this moment: one that was revoked holds for no
    /// further request. What is no opaque token costs no look into the store.
    pub(crate) async fn lists_for(
        &self,
        token: Option<BearerToken<'_>>,
        store: &dyn Store,
        tenant: TenantId,
    ) -> Result<Lists, NoList> {
        let Some(kind) = token.and_then(|it| it.kind()) else { return Ok(Lists::default()) };
        Ok(Lists {
            tokens: self.tokens.get(store, tenant).await?,
            access: match kind {
                TokenKind::Client => Arc::default(),
                TokenKind::Access => self.access.get(store, tenant).await?,
            },
        })
    }
}
