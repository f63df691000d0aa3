//! A list as it was last read, so that it is parsed once for each of its revisions.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use provost_store::{Rev, Store, TenantId};

use super::{Listed, NoList};

pub(crate) struct Cache<L> {
    last: ArcSwapOption<(Rev, Arc<L>)>,
}

impl<L> Default for Cache<L> {
    fn default() -> Self {
        Self { last: ArcSwapOption::empty() }
    }
}

impl<L: Listed> Cache<L> {
    /// The list at this moment.
    pub(crate) async fn get(&self, store: &dyn Store, tenant: TenantId) -> Result<Arc<L>, NoList> {
        let found = store.document(tenant, L::DOCUMENT.into()).await.map_err(NoList::store::<L>)?;
        let Some(document) = found else { return Ok(Arc::default()) };
        if let Some(last) = self.last.load().as_deref()
            && last.0 == document.rev
        {
            return Ok(Arc::clone(&last.1));
        }
        let list = Arc::new(L::from_document(&document.body).map_err(NoList::list::<L>)?);
        self.last.store(Some(Arc::new((document.rev, Arc::clone(&list)))));
        Ok(list)
    }
}
