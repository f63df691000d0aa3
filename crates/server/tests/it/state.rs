//! What each path answers in each state of the subsystem.

use provost_platform::state::State;
use provost_testkit::server::{Setup, TestServer, request};

const STATES: [State; 6] = [
    State::Disabled,
    State::Starting,
    State::Running,
    State::Stopped,
    State::Error,
    State::Stopping,
];

const SERVICES: &str = "/Thingworx/Subsystems/SCIMSubsystem/Services";

#[tokio::test]
async fn every_path_in_every_state() {
    let mut table = String::new();
    for state in STATES {
        let (setup, _) = Setup::in_memory();
        let server = TestServer::start_with(Setup { state, ..setup }).await;
        table.push_str(&format!("{state}\n"));
        for (method, path) in [
            ("GET", "/scim/v2/Users"),
            ("GET", "/Thingworx/SCIMProvider/SCIM/v2/ServiceProviderConfig"),
            ("PATCH", "/scim/v2/Users"),
            ("POST", &*format!("{SERVICES}/IsRunning")),
            ("GET", "/health"),
            ("GET", "/ready"),
        ] {
            let answer = server.ask(request(method, path, Some(&server.admin_token))).await;
            let pause = answer.header("retry-after").map(|it| format!(", again in {it} s"));
            let pause = pause.unwrap_or_default();
            table.push_str(&format!("  {} {method} {path}{pause}\n", answer.status));
        }
    }
    insta::assert_snapshot!(table, @"
    DISABLED
      404 GET /scim/v2/Users
      404 GET /Thingworx/SCIMProvider/SCIM/v2/ServiceProviderConfig
      404 PATCH /scim/v2/Users
      200 POST /Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning
      200 GET /health
      503 GET /ready
    STARTING
      503 GET /scim/v2/Users, again in 1 s
      503 GET /Thingworx/SCIMProvider/SCIM/v2/ServiceProviderConfig, again in 1 s
      503 PATCH /scim/v2/Users, again in 1 s
      200 POST /Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning
      200 GET /health
      503 GET /ready
    RUNNING
      200 GET /scim/v2/Users
      200 GET /Thingworx/SCIMProvider/SCIM/v2/ServiceProviderConfig
      405 PATCH /scim/v2/Users
      200 POST /Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning
      200 GET /health
      200 GET /ready
    STOPPED
      503 GET /scim/v2/Users, again in 30 s
      503 GET /Thingworx/SCIMProvider/SCIM/v2/ServiceProviderConfig, again in 30 s
      503 PATCH /scim/v2/Users, again in 30 s
      200 POST /Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning
      200 GET /health
      503 GET /ready
    ERROR
      503 GET /scim/v2/Users, again in 30 s
      503 GET /Thingworx/SCIMProvider/SCIM/v2/ServiceProviderConfig, again in 30 s
      503 PATCH /scim/v2/Users, again in 30 s
      200 POST /Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning
      200 GET /health
      503 GET /ready
    STOPPING
      503 GET /scim/v2/Users, again in 1 s
      503 GET /Thingworx/SCIMProvider/SCIM/v2/ServiceProviderConfig, again in 1 s
      503 PATCH /scim/v2/Users, again in 1 s
      200 POST /Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning
      200 GET /health
      503 GET /ready
    ");
}

#[tokio::test]
async fn health_and_readiness_tell_the_state_and_its_reason() {
    let (setup, _) = Setup::in_memory();
    let server = TestServer::start_with(Setup { state: State::Error, ..setup }).await;
    insta::assert_snapshot!(server.ask(request("GET", "/health", None)).await, @r#"
    200
    content-type: application/json
    x-request-id: 655815f672000-1

    {
      "state": "ERROR",
      "reason": "a failure on purpose",
      "store": "ok",
      "draining": false
    }
    "#);
    insta::assert_snapshot!(server.ask(request("GET", "/ready", None)).await, @r#"
    503
    content-type: application/json
    x-request-id: 655815f672000-2

    {
      "ready": false,
      "state": "ERROR"
    }
    "#);
}

#[tokio::test]
async fn a_refusal_by_state_names_the_state() {
    let (setup, _) = Setup::in_memory();
    let server = TestServer::start_with(Setup { state: State::Stopped, ..setup }).await;
    insta::assert_snapshot!(server.send("GET", "/Users", None).await, @r#"
    503
    content-type: application/scim+json
    retry-after: 30
    x-request-id: 655815f672000-1

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "503",
      "detail": "the SCIM subsystem is STOPPED; request 655815f672000-1"
    }
    "#);
    let (setup, _) = Setup::in_memory();
    let server = TestServer::start_with(Setup { state: State::Disabled, ..setup }).await;
    insta::assert_snapshot!(server.send("GET", "/Users", None).await, @r#"
    404
    content-type: application/scim+json
    x-request-id: 655815f672000-1

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "404",
      "detail": "SCIM is DISABLED on this server"
    }
    "#);
}
