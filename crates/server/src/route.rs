//! From a path to what answers there.

use provost_console::Place;
use provost_scim::endpoint::Endpoint;
use provost_scim::schema::Schemas;

use crate::admin::{AdminRoute, ROOT};
use crate::service::Definition;

/// What a path names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// A SCIM endpoint.
    Scim(Head, Endpoint),
    /// A service of the subsystem.
    Service(&'static Definition),
    /// A place of the admin API.
    Admin(AdminRoute),
    /// A place of the console.
    Console(Place),
    /// The token endpoint.
    Token,
    /// The metadata of the token endpoint.
    TokenMetadata,
    /// `/health`
    Health,
    /// `/ready`
    Ready,
}

/// A route and the tenant that it is in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Located {
    /// The name of a tenant beside the platform's own, as it stands in the path.
    pub(crate) tenant: Option<Box<str>>,
    pub(crate) route: Route,
}

/// The paths below which SCIM is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// The platform's own.
    Platform,
    /// The short one.
    Short,
}

impl Head {
    pub(crate) const ALL: [Self; 2] = [Self::Platform, Self::Short];

    /// The path in its one spelling.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Platform => "/Thingworx/SCIMProvider/SCIM/v2",
            Self::Short => "/scim/v2",
        }
    }
}

/// The path of the token endpoint.
pub(crate) const TOKEN_ENDPOINT: &str = "/oauth2/token";
/// RFC 8414 §3
const TOKEN_METADATA: &str = "/.well-known/oauth-authorization-server";

/// The path of the console.
pub(crate) const CONSOLE: &str = "/console";

const SERVICES: &str = "/Thingworx/Subsystems/SCIMSubsystem/Services/";

/// What the paths of other tenants begin with.
const TENANT: &str = "/t/";

impl Located {
    /// Reads a path; `None` if nothing is there.
    pub(crate) fn parse(schemas: &Schemas, path: &str) -> Option<Self> {
        // RFC 8414 §3.1: the path of an issuer comes after the well-known one.
        if let Some(name) = path.strip_prefix(TOKEN_METADATA).and_then(|it| it.strip_prefix(TENANT))
        {
            let is_name = !name.is_empty() && !name.contains('/');
            let tenant = Some(name.into());
            return is_name.then_some(Self { tenant, route: Route::TokenMetadata });
        }
        let Some(rest) = path.strip_prefix(TENANT) else {
            return Route::parse(schemas, path).map(|route| Self { tenant: None, route });
        };
        let (name, _) = rest.split_once('/')?;
        let rest = &rest[name.len()..];
        // The platform's paths are its own tenant's, and so are the services.
        let route = Route::parse(schemas, rest)?;
        let is_a_tenants = match &route {
            Route::Scim(Head::Short, _) | Route::Token => true,
            Route::Admin(route) => route.endpoint.in_tenants,
            Route::Console(place) => place.is_in_tenants(),
            Route::Scim(Head::Platform, _)
            | Route::Service(_)
            | Route::TokenMetadata
            | Route::Health
            | Route::Ready => false,
        };
        is_a_tenants.then(|| Self { tenant: Some(name.into()), route })
    }

    /// The path with names in place of its values, for the log.
    pub(crate) fn template(&self, schemas: &Schemas) -> String {
        let template = self.route.template(schemas);
        match (&self.tenant, &self.route) {
            (None, _) => template,
            (Some(_), Route::TokenMetadata) => format!("{template}/t/{{tenant}}"),
            (Some(_), _) => format!("/t/{{tenant}}{template}"),
        }
    }
}

impl Route {
    /// Reads a path; `None` if nothing is there.
    fn parse(schemas: &Schemas, path: &str) -> Option<Self> {
        match path {
            "/health" | "/health/" => return Some(Self::Health),
            "/ready" | "/ready/" => return Some(Self::Ready),
            TOKEN_ENDPOINT => return Some(Self::Token),
            TOKEN_METADATA => return Some(Self::TokenMetadata),
            _ => {}
        }
        if let Some(rest) = path.strip_prefix(ROOT) {
            return AdminRoute::parse(rest).map(Self::Admin);
        }
        if let Some(rest) = path.strip_prefix(CONSOLE) {
            return Place::parse(rest).map(Self::Console);
        }
        if let Some(name) = service_name(path) {
            return Definition::named(name).map(Self::Service);
        }
        Head::ALL.into_iter().find_map(|head| {
            let rest = below(path, head.path())?;
            let is_whole = rest.is_empty() || rest.starts_with('/');
            let endpoint = is_whole.then(|| Endpoint::parse(schemas, rest))??;
            Some(Self::Scim(head, endpoint))
        })
    }

    /// The methods that are offered there.
    pub(crate) const fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Scim(_, endpoint) => endpoint.methods(),
            Self::Admin(route) => route.endpoint.methods,
            Self::Console(place) => place.methods(),
            Self::Service(_) | Self::Token => &["POST"],
            Self::Health | Self::Ready | Self::TokenMetadata => &["GET"],
        }
    }

    /// The path with names in place of its values, for the log.
    fn template(&self, schemas: &Schemas) -> String {
        let endpoint = |kind| &*schemas.resource_type(kind).endpoint;
        match self {
            Self::Health => "/health".to_owned(),
            Self::Ready => "/ready".to_owned(),
            Self::Token => TOKEN_ENDPOINT.to_owned(),
            Self::Admin(route) => format!("{ROOT}{}", route.endpoint.template),
            Self::Console(place) => format!("{CONSOLE}{}", place.template()),
            Self::TokenMetadata => TOKEN_METADATA.to_owned(),
            Self::Service(service) => format!("{SERVICES}{}", service.name),
            Self::Scim(head, place) => {
                let (first, second) = match place {
                    Endpoint::Root => ("/", ""),
                    Endpoint::Collection(kind) => (endpoint(*kind), ""),
                    Endpoint::Resource(kind, _) => (endpoint(*kind), "/{id}"),
                    Endpoint::Search(None) => ("", "/.search"),
                    Endpoint::Search(Some(kind)) => (endpoint(*kind), "/.search"),
                    Endpoint::ServiceProviderConfig => ("/ServiceProviderConfig", ""),
                    Endpoint::ResourceTypes(None) => ("/ResourceTypes", ""),
                    Endpoint::ResourceTypes(Some(_)) => ("/ResourceTypes", "/{name}"),
                    Endpoint::Schemas(None) => ("/Schemas", ""),
                    Endpoint::Schemas(Some(_)) => ("/Schemas", "/{urn}"),
                    Endpoint::Bulk => ("/Bulk", ""),
                    Endpoint::Me => ("/Me", ""),
                };
                format!("{}{first}{second}", head.path())
            }
        }
    }
}

/// The name of the service that a path asks for, whether or not there is one.
pub(crate) fn service_name(path: &str) -> Option<&str> {
    below(path, SERVICES).map(|name| name.strip_suffix('/').unwrap_or(name))
}

/// Whether a path is one of SCIM, in any tenant.
pub(crate) fn is_scim(path: &str) -> bool {
    Head::ALL.iter().any(|head| below(in_tenant(path), head.path()).is_some())
}

/// What follows the name of a tenant.
fn in_tenant(path: &str) -> &str {
    let named = path.strip_prefix(TENANT).and_then(|it| it.split_once('/'));
    named.map_or(path, |(name, _)| &path[TENANT.len() + name.len()..])
}

/// Whether a path is one of the admin API, in any tenant.
pub(crate) fn is_admin(path: &str) -> bool {
    in_tenant(path).strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The root of the console that a path is below, in any tenant.
pub(crate) fn console_root(path: &str) -> Option<&str> {
    let rest = in_tenant(path).strip_prefix(CONSOLE)?;
    let is_below = rest.is_empty() || rest.starts_with('/');
    is_below.then(|| &path[..path.len() - rest.len()])
}

/// What follows a prefix. The platform's context path is read in any letter case, as its own server
/// is often set up behind proxies that lower it; the rest of a path is exact.
fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    const CONTEXT: &str = "/Thingworx";
    let Some(rest) = prefix.strip_prefix(CONTEXT) else { return path.strip_prefix(prefix) };
    let (context, path) = path.split_at_checked(CONTEXT.len())?;
    context.eq_ignore_ascii_case(CONTEXT).then(|| path.strip_prefix(rest))?
}

#[cfg(test)]
mod tests {
    use provost_scim::schema::Options;

    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &str) {
        let schemas = Schemas::builtin(&Options::default());
        let found = Located::parse(&schemas, path).map(|it| it.template(&schemas));
        assert_eq!(found.as_deref().unwrap_or("nothing"), expected, "{path}");
    }

    #[test]
    fn both_heads_lead_to_the_same_endpoints() {
        check("/scim/v2", "/scim/v2/");
        check("/scim/v2/", "/scim/v2/");
        check("/scim/v2/Users/1", "/scim/v2/Users/{id}");
        check("/Thingworx/SCIMProvider/SCIM/v2/Groups/", "/Thingworx/SCIMProvider/SCIM/v2/Groups");
        check("/thingworx/SCIMProvider/SCIM/v2/.search", "/Thingworx/SCIMProvider/SCIM/v2/.search");
        check(
            "/THINGWORX/Subsystems/SCIMSubsystem/Services/Start",
            "/Thingworx/Subsystems/SCIMSubsystem/Services/Start",
        );
        check("/health", "/health");
        check("/ready/", "/ready");
        check("/oauth2/token", "/oauth2/token");
        check("/admin/v1/tenants/", "/admin/v1/tenants");
        check("/admin/v1/tenants/acme/pause", "/admin/v1/tenants/{name}/pause");
        check("/console", "/console");
        check("/console/users/7/lock", "/console/users/{id}/lock");
    }

    #[test]
    fn a_tenant_has_scim_and_the_token_endpoint() {
        check("/t/acme/scim/v2", "/t/{tenant}/scim/v2/");
        check("/t/acme/scim/v2/Users/1", "/t/{tenant}/scim/v2/Users/{id}");
        check("/t/acme/oauth2/token", "/t/{tenant}/oauth2/token");
        check("/t/acme/admin/v1/audit", "/t/{tenant}/admin/v1/audit");
        check("/t/acme/console/audit", "/t/{tenant}/console/audit");
        let metadata = "/.well-known/oauth-authorization-server";
        check(&format!("{metadata}/t/acme"), &format!("{metadata}/t/{{tenant}}"));
        for path in [
            "/t/acme",
            "/t/acme/",
            "/t/acme/health",
            "/t/acme/admin/v1/tenants",
            "/t/acme/console/logs",
            "/t/acme/Thingworx/SCIMProvider/SCIM/v2/Users",
            "/t/acme/Thingworx/Subsystems/SCIMSubsystem/Services/Start",
            "/t/a/t/b/scim/v2/Users",
            "/t/acme/.well-known/oauth-authorization-server",
        ] {
            check(path, "nothing");
        }
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in [
            "",
            "/",
            "*",
            "/scim/v2x",
            "/SCIM/v2/Users",
            "/scim/v1/Users",
            "/Thingworx/scimprovider/SCIM/v2/Users",
            "/Thingworx/SCIMProvider/SCIM/v2Users",
            "/Thingworx/Subsystems/SCIMSubsystem/Services/Explode",
            "/Thingworx/Subsystems/SCIMSubsystem/Services/",
            "/Thingwor\u{e9}/SCIMProvider/SCIM/v2",
            "/health/x",
            "/consolex",
            "/console/x",
            "/oauth2/token/x",
        ] {
            check(path, "nothing");
        }
    }
}
