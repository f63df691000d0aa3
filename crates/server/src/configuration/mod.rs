//! The configuration tables of a tenant as they hold: read from the store, swapped as a whole.

mod change;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use provost_engine::Policy;
use provost_platform::policy::policy;
use provost_platform::table::{Configuration, DOCUMENT, Provisioning};
use provost_store::{Rev, TenantId};

use crate::context::App;
use crate::error::Error;

pub(crate) use change::change;

/// The category of changes of the configuration in the audit trail.
pub(crate) const CATEGORY: &str = "Configuration";

/// The configuration of a tenant, as it was last read.
#[derive(Default)]
pub(crate) struct Governance(ArcSwapOption<Governed>);

/// A configuration and what follows from it; a request works with one of them from start to end.
pub(crate) struct Governed {
    rev: Option<Rev>,
    /// The settings that the policy was made with.
    settings: Arc<Policy>,
    pub(crate) configuration: Configuration,
    pub(crate) provisioning: Provisioning,
    pub(crate) policy: Policy,
}

impl Governance {
    /// The configuration as it holds; it is read if nobody did yet.
    pub(crate) async fn get(&self, app: &App, tenant: TenantId) -> Result<Arc<Governed>, Error> {
        match self.0.load_full() {
            Some(found) if Arc::ptr_eq(&found.settings, &app.parts.policy.load()) => Ok(found),
            Some(_) | None => self.refresh(app, tenant).await,
        }
    }

    /// Reads it again, as others may have changed it.
    pub(crate) async fn refresh(
        &self,
        app: &App,
        tenant: TenantId,
    ) -> Result<Arc<Governed>, Error> {
        let settings = app.parts.policy.load_full();
        let found = app.parts.engine.store.document(tenant, DOCUMENT.into()).await;
        let found = found.map_err(Error::NoConfiguration)?;
        let rev = found.as_ref().map(|it| it.rev);
        if let Some(last) = self.0.load_full()
            && last.rev == rev
            && Arc::ptr_eq(&last.settings, &settings)
        {
            return Ok(last);
        }
        let configuration = match found {
            None => Configuration::default(),
            Some(document) => Configuration::from_document(&document.body)?,
        };
        let provisioning = Provisioning::of(&configuration);
        let policy = policy(&app.parts.engine.schemas, &settings, &provisioning);
        let governed = Governed { rev, settings, configuration, provisioning, policy };
        let governed = Arc::new(governed);
        self.0.store(Some(Arc::clone(&governed)));
        Ok(governed)
    }
}
