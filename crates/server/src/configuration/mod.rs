//! The configuration tables of a tenant as they hold: read from the store, swapped as a whole.

mod change;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use provost_engine::Policy;
use provost_platform::policy::policy;
use provost_platform::property::Properties;
use provost_platform::table::{Configuration, ConfigurationError, DOCUMENT, Provisioning, Table};
use provost_scim::schema::Schemas;
use provost_store::{Rev, TenantId};
use serde_json::json;
use tokio::time::Instant;

use crate::context::App;
use crate::error::Error;

pub(crate) use change::change;

/// The category of changes of the configuration in the audit trail.
pub(crate) const CATEGORY: &str = "Configuration";

/// How late it is noticed that somebody else changed the configuration.
const PAUSE: Duration = Duration::from_millis(500);

/// The configuration of a tenant, as it was last read.
#[derive(Default)]
pub(crate) struct Governance {
    last: ArcSwapOption<Governed>,
    looked_at: Mutex<Option<Instant>>,
}

/// A configuration and what follows from it; a request works with one of them from start to end.
pub(crate) struct Governed {
    rev: Option<Rev>,
    /// The settings that the policy was made with.
    settings: Arc<Policy>,
    pub(crate) configuration: Configuration,
    pub(crate) provisioning: Provisioning,
    pub(crate) policy: Policy,
    pub(crate) properties: Properties,
}

impl Governed {
    /// The version of a table: another one when its rows are others.
    pub(crate) fn version_of(&self, table: Table) -> String {
        version(&json!(self.configuration.rows(table)).to_string())
    }

    /// The version of all tables together.
    pub(crate) fn version(&self) -> String {
        version(&self.configuration.to_document())
    }
}

/// So many bytes of a digest tell what is the same from what is not.
const VERSION_BYTES: usize = 12;

fn version(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..VERSION_BYTES])
}

impl Governance {
    /// The configuration as it holds; it is read if nobody did a moment ago. Nothing is done by one
    /// that may be over: if it cannot be read, the request fails.
    pub(crate) async fn get(&self, app: &App, tenant: TenantId) -> Result<Arc<Governed>, Error> {
        match self.last.load_full() {
            Some(found)
                if self.is_fresh() && Arc::ptr_eq(&found.settings, &app.parts.policy.load()) =>
            {
                Ok(found)
            }
            Some(_) | None => self.refresh(app, tenant).await,
        }
    }

    fn is_fresh(&self) -> bool {
        self.looked_at().is_some_and(|at| at.elapsed() < PAUSE)
    }

    fn looked_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.looked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads it again, as others may have changed it.
    pub(crate) async fn refresh(
        &self,
        app: &App,
        tenant: TenantId,
    ) -> Result<Arc<Governed>, Error> {
        let settings = app.parts.policy.load_full();
        let begun = Instant::now();
        let found = app.parts.engine.store.document(tenant, DOCUMENT.into()).await;
        let found = found.map_err(Error::NoConfiguration)?;
        let rev = found.as_ref().map(|it| it.rev);
        if let Some(last) = self.known(rev, &settings, begun) {
            return Ok(last);
        }
        let configuration = match found {
            None => Configuration::default(),
            Some(document) => Configuration::from_document(&document.body)?,
        };
        let provisioning = Provisioning::of(&configuration);
        let schemas = &app.parts.engine.schemas;
        let policy = policy(schemas, &settings, &provisioning);
        let properties = properties(schemas, &provisioning).map_err(damaged)?;
        let governed = Governed { rev, settings, configuration, provisioning, policy, properties };
        Ok(self.take(Arc::new(governed), begun))
    }

    /// What is known already, if it is what was found, or newer.
    fn known(
        &self,
        rev: Option<Rev>,
        settings: &Arc<Policy>,
        begun: Instant,
    ) -> Option<Arc<Governed>> {
        let mut looked_at = self.looked_at();
        let last = self.last.load_full()?;
        let is_known = last.rev >= rev && Arc::ptr_eq(&last.settings, settings);
        is_known.then(|| {
            *looked_at = looked_at.max(Some(begun));
            last
        })
    }

    /// Takes over what was read, unless something newer was meanwhile; gives what holds.
    fn take(&self, governed: Arc<Governed>, begun: Instant) -> Arc<Governed> {
        let mut looked_at = self.looked_at();
        match self.last.load_full() {
            Some(last) if last.rev > governed.rev => last,
            Some(_) | None => {
                *looked_at = looked_at.max(Some(begun));
                self.last.store(Some(Arc::clone(&governed)));
                governed
            }
        }
    }
}

/// What is stored and does not hold any more is a matter for an operator.
fn damaged(error: ConfigurationError) -> ConfigurationError {
    ConfigurationError::Damaged(error.to_string())
}

/// Where the platform's properties come from, by the tables.
fn properties(schemas: &Schemas, tables: &Provisioning) -> Result<Properties, ConfigurationError> {
    let others = tables.property_mappings.iter();
    let others = others.map(|(name, path)| (name.as_str(), path.as_str()));
    Properties::new(schemas, others).map_err(|error| {
        let row = tables.property_mappings.iter().position(|(_, path)| *path == error.path);
        ConfigurationError::Row {
            table: Table::PropertyMappings,
            row: row.map_or(1, |it| it + 1),
            column: "scimPath".to_owned(),
            reason: error.to_string(),
        }
    })
}
