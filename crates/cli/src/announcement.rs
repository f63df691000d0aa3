//! The first lines of the log: what runs where, for whom, and what to do if nothing does.

use std::net::SocketAddr;

use provost_platform::setting::{Settings, Trust};
use provost_platform::state::{State, Status};
use tracing::{info, warn};

/// Says what runs, where, and for whom.
pub(crate) fn announce(settings: &Settings, address: SocketAddr, status: &Status) {
    let provost = &settings.provost;
    info!(
        server.address = %address,
        data = %provost.data_folder.display(),
        "Provost {} listens on {address}, its data is in {}; the SCIM subsystem is {}",
        env!("CARGO_PKG_VERSION"),
        provost.data_folder.display(),
        status.state
    );
    if let Some(reason) = &status.reason {
        info!("{reason}");
    }
    if !address.ip().is_loopback() {
        warn!("Plain HTTP on {address}: a proxy in front must terminate TLS");
    }
    if status.state == State::Disabled {
        info!(
            "To enable it, set BasicSettings.EnableSSO and SCIMSettings.enableSCIM to true in \
             ThingworxPlatform/platform-settings.json; `provost check-config` shows all settings"
        );
        return;
    }
    let base = provost.public_base_url.clone().unwrap_or_else(|| format!("http://{address}"));
    if status.state == State::Stopped {
        info!(
            "To start it, POST to {base}/Thingworx/Subsystems/SCIMSubsystem/Services/Start with a \
             token of `provost token create --admin`, or set SCIMSettings.autoStart to true"
        );
    }
    info!("Tenant URL: {base}/Thingworx/SCIMProvider/SCIM/v2");
    info!("accepted: tokens of `provost token create`");
    // That there is no trust is a warning of the settings, which stands above.
    if let Some(trust) = &settings.trust {
        announce_callers(trust);
    }
}

/// Says whose JWTs are accepted, and what that does not protect from.
fn announce_callers(trust: &Trust) {
    let explanation = trust.client_binding().explain(&trust.issuer);
    for line in explanation.accepted {
        info!(
            "{line}; they run as {}, and may use the services of the subsystem too",
            trust.admin_name
        );
    }
    for line in explanation.unprotected {
        warn!("{line}");
    }
}
