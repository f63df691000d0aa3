//! The endpoints of the admin API: one table, which routes, methods and the OpenAPI document share.

/// A place of the admin API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    OpenApi,
    Subsystem,
    Start,
    Stop,
    Restart,
    Metrics,
    ResetMetrics,
    Health,
    Services,
    Service,
    Log,
    LogLevel,
    Configuration,
    History,
    Table,
    Audit,
    ExportAudit,
    PurgeAudit,
    Revocations,
    LoginDecision,
    Principals,
    Users,
    User,
    AdoptUser,
    Groups,
    Group,
    AdoptGroup,
    Deleted,
    Restore,
    Tenants,
    Tenant,
    PauseTenant,
    ResumeTenant,
}

/// What is offered at a place.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) place: Place,
    /// The path below the API's root; a part in braces is anything.
    pub(crate) template: &'static str,
    pub(crate) methods: &'static [&'static str],
    /// Each tenant has it; else it is the platform's alone.
    pub(crate) in_tenants: bool,
}

/// The root of the API.
pub(crate) const ROOT: &str = "/admin/v1";

const fn own(place: Place, template: &'static str, methods: &'static [&'static str]) -> Endpoint {
    Endpoint { place, template, methods, in_tenants: false }
}

const fn each(place: Place, template: &'static str, methods: &'static [&'static str]) -> Endpoint {
    Endpoint { place, template, methods, in_tenants: true }
}

/// All endpoints. The first that fits is meant.
pub(crate) static ENDPOINTS: [Endpoint; 33] = [
    each(Place::OpenApi, "/openapi.json", &["GET"]),
    own(Place::Subsystem, "/subsystem", &["GET"]),
    own(Place::Start, "/subsystem/start", &["POST"]),
    own(Place::Stop, "/subsystem/stop", &["POST"]),
    own(Place::Restart, "/subsystem/restart", &["POST"]),
    own(Place::Metrics, "/metrics", &["GET"]),
    own(Place::ResetMetrics, "/metrics/reset", &["POST"]),
    own(Place::Health, "/health", &["GET"]),
    own(Place::Services, "/services", &["GET"]),
    own(Place::Service, "/services/{name}", &["POST"]),
    own(Place::Log, "/log", &["GET"]),
    own(Place::LogLevel, "/log/level", &["PUT"]),
    each(Place::Configuration, "/configuration", &["GET", "PATCH"]),
    each(Place::History, "/configuration/history", &["GET"]),
    each(Place::Table, "/configuration/{table}", &["GET", "PUT"]),
    each(Place::Audit, "/audit", &["GET"]),
    each(Place::ExportAudit, "/audit/export", &["GET"]),
    each(Place::PurgeAudit, "/audit/purge", &["POST"]),
    each(Place::Revocations, "/sessions/revocations", &["GET"]),
    each(Place::LoginDecision, "/login-decision", &["POST"]),
    own(Place::Principals, "/principals", &["GET"]),
    each(Place::Users, "/users", &["GET", "POST"]),
    each(Place::User, "/users/{id}", &["GET", "PATCH"]),
    each(Place::AdoptUser, "/users/{id}/adopt", &["POST"]),
    each(Place::Groups, "/groups", &["GET", "POST"]),
    each(Place::Group, "/groups/{id}", &["GET", "PATCH"]),
    each(Place::AdoptGroup, "/groups/{id}/adopt", &["POST"]),
    each(Place::Deleted, "/deleted", &["GET"]),
    each(Place::Restore, "/deleted/{id}/restore", &["POST"]),
    own(Place::Tenants, "/tenants", &["GET", "POST"]),
    own(Place::Tenant, "/tenants/{name}", &["GET"]),
    own(Place::PauseTenant, "/tenants/{name}/pause", &["POST"]),
    own(Place::ResumeTenant, "/tenants/{name}/resume", &["POST"]),
];

/// An endpoint, and what stands in its path in place of the part in braces.
#[derive(Debug)]
pub(crate) struct AdminRoute {
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) value: Box<str>,
}

impl PartialEq for AdminRoute {
    fn eq(&self, other: &Self) -> bool {
        self.endpoint.place == other.endpoint.place && self.value == other.value
    }
}

impl Eq for AdminRoute {}

impl AdminRoute {
    /// Reads what follows the root; `None` if nothing is there.
    pub(crate) fn parse(rest: &str) -> Option<Self> {
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        ENDPOINTS.iter().find_map(|endpoint| {
            let value = value(endpoint.template, rest)?;
            Some(Self { endpoint, value: value.into() })
        })
    }
}

/// What stands in a path in place of the part in braces, if it fits the template.
fn value<'p>(template: &str, path: &'p str) -> Option<&'p str> {
    let mut value = "";
    let (mut expected, mut found) = (template.split('/'), path.split('/'));
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return Some(value),
            (Some(expected), Some(found)) if expected.starts_with('{') && !found.is_empty() => {
                value = found;
            }
            (Some(expected), Some(found)) if expected == found => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<(Place, &str)>) {
        let found = AdminRoute::parse(path);
        let found = found.as_ref().map(|it| (it.endpoint.place, &*it.value));
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn a_path_leads_to_the_first_endpoint_that_fits() {
        check("/tenants", Some((Place::Tenants, "")));
        check("/tenants/", Some((Place::Tenants, "")));
        check("/tenants/acme/pause", Some((Place::PauseTenant, "acme")));
        check("/configuration/history", Some((Place::History, "")));
        check("/configuration/ProvisioningPolicy", Some((Place::Table, "ProvisioningPolicy")));
        for path in
            ["", "/", "/tenants//pause", "/tenants/acme/explode", "/tenants/a/b/c", "tenants"]
        {
            check(path, None);
        }
    }
}
