//! The recorded conversations of SCIM clients, played against the server.

use std::path::Path;

use provost_testkit::clock::START;
use provost_testkit::server::{BASE, TestServer};
use provost_testkit::transcript::{FOLDER, Player, Setup, load};

const PLATFORM_BASE: &str = "/Thingworx/SCIMProvider/SCIM/v2";

/// Plays all transcripts on one fresh server, each step counting.
async fn check(base: &str) {
    let server = TestServer::start().await;
    let base = format!("http://{}{base}", server.address);
    let setup = Setup::new(base, server.provision_token.clone(), "r1", START);
    let transcripts = load(Path::new(FOLDER)).expect("the transcripts can be read");
    let report = Player::new(server.client(), setup).play_all(&transcripts).await;
    assert!(report.failed().is_empty(), "{report}");
    // Those that need a token endpoint, or SCIM 1.1.
    let skipped = [
        "entra-54-oauth-client-credentials",
        "entra-55-workload-identity-federation",
        "pingfederate-03-scim11",
    ];
    assert_eq!(report.skipped(), skipped, "{report}");
}

#[tokio::test]
async fn all_clients_get_what_they_need() {
    check(BASE).await;
}

#[tokio::test]
async fn all_clients_get_what_they_need_at_the_path_of_the_platform() {
    check(PLATFORM_BASE).await;
}

#[tokio::test]
async fn all_clients_get_what_they_need_with_a_flag_in_the_tenant_url() {
    check(&format!("{PLATFORM_BASE}?aadOptscim062020")).await;
}
