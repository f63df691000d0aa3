//! From a path below the console's root to what is there.

use crate::{Action, Asset, Page};

/// What a path of the console names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A page.
    Page(Page),
    /// What a form is sent to; who looks there is led to the page that has the form.
    Action(Action),
    /// Rows of the audit trail, to be kept as a file.
    Export,
    /// A file that pages refer to.
    Asset(&'static Asset),
    /// Somebody signs in.
    SignIn,
    /// Somebody signs out.
    SignOut,
}

impl Place {
    /// Reads a path below the console's root; `None` if nothing is there. Ids and names in it need no
    /// encoding, so none is read.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        if !path.is_empty() && (!path.starts_with('/') || segments.iter().any(|it| it.is_empty())) {
            return None;
        }
        match *segments {
            ["sign-in"] => return Some(Self::SignIn),
            ["sign-out"] => return Some(Self::SignOut),
            ["audit", "export"] => return Some(Self::Export),
            ["asset", name] => return Asset::named(name).map(Self::Asset),
            _ => {}
        }
        let page = Page::at(&segments).map(Self::Page);
        page.or_else(|| Action::at(&segments).map(Self::Action))
    }

    /// Whether tenants beside the platform's own have it.
    #[must_use]
    pub fn is_in_tenants(&self) -> bool {
        match self {
            // It leads to the first page that there is.
            Self::Page(Page::General) => true,
            Self::Page(page) => page.is_in_tenants(),
            Self::Action(action) => action.page().is_in_tenants(),
            Self::Export | Self::Asset(_) | Self::SignIn | Self::SignOut => true,
        }
    }

    /// The methods that are offered there.
    #[must_use]
    pub const fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Page(_) | Self::Export | Self::Asset(_) => &["GET"],
            Self::Action(_) | Self::SignIn => &["GET", "POST"],
            Self::SignOut => &["POST"],
        }
    }

    /// The path with names in place of its values, for the log.
    #[must_use]
    pub fn template(&self) -> &'static str {
        match self {
            Self::Page(page) => page.template(),
            Self::Action(action) => action.template(),
            Self::Export => "/audit/export",
            Self::Asset(_) => "/asset/{name}",
            Self::SignIn => "/sign-in",
            Self::SignOut => "/sign-out",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        let place = Place::parse(path);
        assert_eq!(place.as_ref().map(Place::template), expected, "{path}");
    }

    #[test]
    fn a_path_leads_to_one_place() {
        check("", Some(""));
        check("/", Some(""));
        check("/configuration", Some("/configuration"));
        check("/configuration/ProvisioningPolicy/", Some("/configuration/{table}"));
        check("/configuration/ProvisioningPolicy/rows", Some("/configuration/{table}/rows"));
        check("/subsystem/stop", Some("/subsystem/stop"));
        check("/users/7", Some("/users/{id}"));
        check("/users/7/lock", Some("/users/{id}/lock"));
        check("/audit/export", Some("/audit/export"));
        check("/asset/style.css", Some("/asset/{name}"));
        check("/sign-in", Some("/sign-in"));
        check("/sign-out", Some("/sign-out"));
        for path in
            ["x", "/x", "/configuration//", "/asset/x", "/users/7/x", "//", "/groups/7/lock"]
        {
            check(path, None);
        }
    }

    #[test]
    fn a_tenant_has_what_the_admin_api_has_for_tenants() {
        for (path, expected) in [
            ("", true),
            ("/services", false),
            ("/subsystem/stop", false),
            ("/monitoring", false),
            ("/logs/level", false),
            ("/tenants", false),
            ("/configuration", true),
            ("/audit", true),
            ("/audit/export", true),
            ("/history", true),
            ("/users/7/lock", true),
            ("/deleted", true),
            ("/sign-in", true),
        ] {
            let place = Place::parse(path).unwrap();
            assert_eq!(place.is_in_tenants(), expected, "{path}");
        }
    }
}
