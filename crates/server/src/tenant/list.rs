//! The tenants beside the platform's own: one document of the platform's.

use provost_auth::TokenListError;
use provost_platform::tenant_name::TenantName;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::issued::Listed;

const FORMAT: u32 = 1;

/// The tenants beside the platform's own, in the order of their making.
#[derive(Debug, Clone, Default)]
pub struct TenantList(Vec<TenantRecord>);

/// What is kept of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantRecord {
    /// Its name.
    #[serde(with = "name")]
    pub name: TenantName,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// Its requests are answered 503.
    #[serde(default)]
    pub paused: bool,
}

/// Why the list is not changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenantError {
    /// A tenant of this name is there.
    #[error("there is a tenant named {0} already")]
    NameTaken(TenantName),
    /// No tenant of this name is there.
    #[error("there is no tenant named {0}")]
    NoSuchTenant(TenantName),
}

#[derive(Deserialize)]
struct Document {
    format: u32,
    tenants: Vec<TenantRecord>,
}

impl TenantList {
    /// The tenants, oldest first.
    pub fn records(&self) -> &[TenantRecord] {
        &self.0
    }

    /// A tenant.
    pub fn get(&self, name: &TenantName) -> Option<&TenantRecord> {
        self.0.iter().find(|record| record.name == *name)
    }

    /// Adds a tenant.
    ///
    /// # Errors
    /// Its name is taken.
    pub fn create(&mut self, name: TenantName, now: i64) -> Result<TenantRecord, TenantError> {
        if self.get(&name).is_some() {
            return Err(TenantError::NameTaken(name));
        }
        let record = TenantRecord { name, created_at: now, paused: false };
        self.0.push(record.clone());
        Ok(record)
    }

    /// Pauses a tenant, or resumes it.
    ///
    /// # Errors
    /// It is not there.
    pub fn set_paused(
        &mut self,
        name: &TenantName,
        paused: bool,
    ) -> Result<TenantRecord, TenantError> {
        let found = self.0.iter_mut().find(|record| record.name == *name);
        let record = found.ok_or_else(|| TenantError::NoSuchTenant(name.clone()))?;
        record.paused = paused;
        Ok(record.clone())
    }
}

impl Listed for TenantList {
    const DOCUMENT: &'static str = "tenants";
    const WHAT: &'static str = "list of tenants";

    fn from_document(document: &[u8]) -> Result<Self, TokenListError> {
        let Document { format, tenants } =
            serde_json::from_slice(document).map_err(TokenListError::Damaged)?;
        match format {
            FORMAT => Ok(Self(tenants)),
            found => Err(TokenListError::Format { found, newest: FORMAT }),
        }
    }

    fn to_document(&self) -> Value {
        json!({"format": FORMAT, "tenants": self.0})
    }
}

mod name {
    use provost_platform::tenant_name::TenantName;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        name: &TenantName,
        output: S,
    ) -> Result<S::Ok, S::Error> {
        output.serialize_str(name.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<TenantName, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use provost_scim::schema::{Options, Schemas};
    use provost_store::memory::MemoryStore;
    use provost_store::{DocumentPut, Store as _};

    use super::*;
    use crate::issued::read;

    #[test]
    fn the_list_comes_back_as_it_was_stored() {
        let mut list = TenantList::default();
        let name: TenantName = "acme".parse().unwrap();
        list.create(name.clone(), 5).unwrap();
        assert_eq!(list.create(name.clone(), 6), Err(TenantError::NameTaken(name.clone())));
        assert!(list.set_paused(&name, true).unwrap().paused);
        let other: TenantName = "other".parse().unwrap();
        let missing = list.set_paused(&other, true).unwrap_err();
        assert_eq!(missing, TenantError::NoSuchTenant(other));
        let read = TenantList::from_document(list.to_document().to_string().as_bytes()).unwrap();
        assert_eq!(read.records(), list.records());
        for text in ["", "{}", r#"{"format":2,"tenants":[]}"#] {
            assert!(TenantList::from_document(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_list_that_cannot_be_read_is_called_by_its_name() {
        let store = MemoryStore::new(Arc::new(Schemas::builtin(&Options::default())));
        let tenant = store.tenant("default".into()).await.unwrap();
        let body = b"{\"format\": 2, \"tenants\": []}".to_vec();
        let put = DocumentPut::new(TenantList::DOCUMENT, None, body);
        store.put_document(tenant, put).await.unwrap();
        let error = read::<TenantList>(&store, tenant).await.unwrap_err();
        assert_eq!(error.to_string(), "the stored list of tenants is of no use");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "the list has format 2; this version reads up to 1");
    }
}
