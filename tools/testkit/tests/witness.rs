//! The witness itself: a secret that comes back is seen.

use provost_testkit::server::TestServer;

#[tokio::test]
#[should_panic(expected = "\"the answer of /scim/v2/Users/")]
async fn a_secret_in_an_answer_is_seen() {
    let server = TestServer::start().await;
    // An id that is not there is quoted, whatever it is.
    server.send("GET", &format!("/Users/{}", server.provision_token), None).await;
}

#[tokio::test]
#[should_panic(expected = "secrets were seen: [\n    \"the log: ")]
async fn a_secret_in_the_log_is_seen_at_every_level() {
    let server = TestServer::start().await;
    tracing::trace!("a line with {} in it", server.read_token);
}

#[tokio::test]
async fn what_is_no_secret_is_not() {
    let server = TestServer::start().await;
    tracing::info!("a line with {} in it", server.address);
    server.send("GET", "/Users/pvt_not_a_token", None).await;
}
