//! The first lines of the log: what runs where, for whom, and what to do if nothing does.

use std::net::SocketAddr;

use provost_platform::client_binding::Explanation;
use provost_platform::setting::Settings;
use provost_platform::state::{State, Status};
use provost_server::issued::read;
use provost_server::tenant::TenantList;
use provost_store::{Store, TenantId};
use tracing::{info, warn};

use crate::address;

/// Says what runs, where, and for whom.
pub(crate) fn announce(settings: &Settings, listens_on: SocketAddr, status: &Status) {
    let provost = &settings.provost;
    info!(
        server.address = %listens_on,
        data = %provost.data_folder.display(),
        "Provost {} listens on {listens_on}, its data is in {}; the SCIM subsystem is {}",
        env!("CARGO_PKG_VERSION"),
        provost.data_folder.display(),
        status.state
    );
    if let Some(reason) = &status.reason {
        info!("{reason}");
    }
    match (&provost.tls, listens_on.ip().is_loopback()) {
        (Some(tls), _) => info!("TLS with the certificate in {}", tls.certificate_file.display()),
        (None, true) => {}
        (None, false) => warn!("Plain HTTP on {listens_on}: the proxies before it must end TLS"),
    }
    let base = address::base(provost, listens_on);
    info!("Console: {base}/console, for a token of `provost token create --admin`");
    if status.state == State::Disabled {
        info!(
            "To enable it, set BasicSettings.EnableSSO and SCIMSettings.enableSCIM to true in \
             platform-settings.json, or ENABLE_SSO and ENABLE_SCIM in the environment; `provost \
             check-config` shows every setting and where it comes from"
        );
        return;
    }
    if status.state == State::Stopped {
        info!(
            "To start it, POST to {base}/Thingworx/Subsystems/SCIMSubsystem/Services/Start with a \
             token of `provost token create --admin`, or set SCIMSettings.autoStart to true"
        );
    }
    info!("Tenant URL: {base}{}", address::SCIM_PATH);
    info!("accepted: tokens of `provost token create`, and access tokens of {base}/oauth2/token");
    for client in &provost.federated_clients {
        info!(
            "The client {} gets access tokens for assertions of {} with the subject {}",
            client.client_id, client.issuer, client.subject
        );
    }
    // That there is no trust is a warning of the settings, which stands above.
    let jwt = &provost.jwt;
    if let Some(trust) = &settings.trust {
        announce_callers(trust.client_binding().explain(&trust.issuer), &trust.admin_name);
        let asked = jwt.requirements.in_words();
        if !asked.is_empty() {
            info!("Besides, a token of {} needs {}", trust.issuer, asked.join("; "));
        }
    }
    if let Some(introspection) = &settings.introspection {
        info!(
            "accepted: tokens of the client {} that {} calls active; they run as the user that it names",
            introspection.accepted_client,
            // A query may hold a secret.
            introspection.endpoint.as_str().split('?').next().unwrap_or_default()
        );
    }
    for issuer in &jwt.issuers {
        announce_callers(issuer.explain(), &issuer.admin_name);
    }
}

/// Warns of tenants that the settings name and that nobody made: a name may be misspelt.
pub(crate) async fn warn_of_unmade_tenants(settings: &Settings, store: &impl Store, own: TenantId) {
    if settings.provost.tenants.is_empty() {
        return;
    }
    let made: TenantList = match read(store, own).await {
        Ok(made) => made,
        // The platform's own tenant is served without it.
        Err(reason) => return warn!("Nothing is known of the tenants of the settings: {reason}"),
    };
    for name in settings.provost.tenants.keys().filter(|name| made.get(name).is_none()) {
        warn!(
            "The settings name the tenant {name}, and there is none: `provost tenant create \
             {name}` makes it"
        );
    }
}

/// Says whose JWTs are accepted, and what that does not protect from.
fn announce_callers(explanation: Explanation, admin_name: &str) {
    for line in explanation.accepted {
        info!("{line}; they run as {admin_name}, and may use the services of the subsystem too");
    }
    for line in explanation.unprotected {
        warn!("{line}");
    }
}
