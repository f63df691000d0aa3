//! The schemas that the platform serves: SCIM's own, and an extension for what the platform keeps.
//!
//! The extension is read-only to SCIM clients and returned on request alone: no identity provider
//! sees it, and no write of one touches it.

use provost_scim::schema::{AttrId, Options, Schemas};
use serde_json::Value;

/// The URN of the extension.
pub const PRINCIPAL: &str = "urn:ietf:params:scim:schemas:extension:provost:2.0:Principal";

/// SCIM's schemas, and what the platform keeps of users and groups.
///
/// # Panics
/// Never: the extension is part of this crate.
#[must_use]
pub fn schemas(options: &Options) -> Schemas {
    let principal: Value =
        serde_json::from_str(include_str!("Principal.json")).expect("the extension is JSON");
    Schemas::builtin_with(options, &principal, &["User", "Group"])
        .expect("the extension is consistent")
}

/// The attributes of the extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// `entityName`
    pub entity_name: AttrId,
    /// `description`
    pub description: AttrId,
    /// `projectName`
    pub project_name: AttrId,
    /// `tags`
    pub tags: AttrId,
    /// `homeMashup`
    pub home_mashup: AttrId,
    /// `mobileMashup`
    pub mobile_mashup: AttrId,
    /// `origin`
    pub origin: AttrId,
    /// `locked`
    pub locked: AttrId,
    /// `lockedAt`
    pub locked_at: AttrId,
}

impl Principal {
    /// The attributes, if the schemas have the extension.
    #[must_use]
    pub fn of(schemas: &Schemas) -> Option<Self> {
        let id = |name: &str| schemas.by_path(&format!("{PRINCIPAL}:{name}"));
        Some(Self {
            entity_name: id("entityName")?,
            description: id("description")?,
            project_name: id("projectName")?,
            tags: id("tags")?,
            home_mashup: id("homeMashup")?,
            mobile_mashup: id("mobileMashup")?,
            origin: id("origin")?,
            locked: id("locked")?,
            locked_at: id("lockedAt")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use provost_scim::schema::{Mutability, Returned};

    use super::*;

    #[test]
    fn no_client_writes_what_the_platform_keeps_and_none_sees_it_unasked() {
        let schemas = schemas(&Options::default());
        assert!(Principal::of(&schemas).is_some());
        assert!(Principal::of(&Schemas::builtin(&Options::default())).is_none());
        let own = schemas.attributes().iter().filter(|it| it.path.starts_with(PRINCIPAL));
        let mut count = 0;
        for attribute in own {
            assert_eq!(attribute.mutability, Mutability::ReadOnly, "{}", attribute.path);
            assert_eq!(attribute.returned, Returned::Request, "{}", attribute.path);
            count += 1;
        }
        assert_eq!(count, 9);
    }
}
