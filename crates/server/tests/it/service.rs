//! The subsystem's services: what they answer, and what they do.

use std::sync::Arc;

use provost_platform::state::State;
use provost_testkit::server::{Answer, Setup, TestServer, request};

use crate::support::{Order, Told, Turnstile, created, user};

async fn call(server: &TestServer, name: &str) -> Answer {
    let path = format!("/Thingworx/Subsystems/SCIMSubsystem/Services/{name}");
    server.ask(request("POST", &path, Some(&server.admin_token))).await
}

async fn state(server: &TestServer) -> String {
    let table = call(server, "GetSubsystemState").await.json();
    table["rows"][0]["result"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn services_answer_in_info_tables() {
    let server = TestServer::start().await;
    insta::assert_snapshot!(call(&server, "IsRunning").await, @r#"
    200
    content-type: application/json
    x-request-id: 655815f672000-1

    {
      "dataShape": {
        "fieldDefinitions": {
          "result": {
            "name": "result",
            "description": "",
            "baseType": "BOOLEAN",
            "ordinal": 0,
            "aspects": {}
          }
        }
      },
      "rows": [
        {
          "result": true
        }
      ]
    }
    "#);
    insta::assert_snapshot!(call(&server, "GetSubsystemState").await, @r#"
    200
    content-type: application/json
    x-request-id: 655815f672000-2

    {
      "dataShape": {
        "fieldDefinitions": {
          "result": {
            "name": "result",
            "description": "",
            "baseType": "STRING",
            "ordinal": 0,
            "aspects": {}
          }
        }
      },
      "rows": [
        {
          "result": "RUNNING"
        }
      ]
    }
    "#);
    insta::assert_snapshot!(call(&server, "Restart").await, @r#"
    200
    content-type: application/json
    x-request-id: 655815f672000-3

    {
      "dataShape": {
        "fieldDefinitions": {
          "result": {
            "name": "result",
            "description": "",
            "baseType": "NOTHING",
            "ordinal": 0,
            "aspects": {}
          }
        }
      },
      "rows": []
    }
    "#);
}

#[tokio::test]
async fn stop_and_start_close_and_open_scim() {
    let server = TestServer::start().await;
    for (service, expected, users) in [
        ("Stop", "STOPPED", 503),
        ("Stop", "STOPPED", 503),
        ("Start", "RUNNING", 200),
        ("Start", "RUNNING", 200),
        ("Restart", "RUNNING", 200),
        ("Stop", "STOPPED", 503),
        ("Restart", "RUNNING", 200),
    ] {
        let answer = call(&server, service).await;
        assert_eq!(answer.status, 200, "{service}: {answer}");
        assert_eq!(state(&server).await, expected, "{service}");
        assert_eq!(server.send("GET", "/Users", None).await.status, users, "{service}");
    }
}

#[tokio::test]
async fn what_cannot_be_steered_is_a_conflict_that_says_why() {
    let (setup, _) = Setup::in_memory();
    let server = TestServer::start_with(Setup { state: State::Disabled, ..setup }).await;
    insta::assert_snapshot!(call(&server, "Start").await, @"
    409
    content-type: text/plain; charset=utf-8
    x-request-id: 655815f672000-1

    Unable to Invoke Service Start on SCIMSubsystem : the subsystem is DISABLED: enableSCIM is false
    ");
    assert_eq!(call(&server, "Restart").await.status, 409);
    let (setup, _) = Setup::in_memory();
    let server = TestServer::start_with(Setup { state: State::Starting, ..setup }).await;
    assert_eq!(call(&server, "Stop").await.status, 409);
}

#[tokio::test]
async fn an_error_is_left_by_a_start() {
    let (setup, _) = Setup::in_memory();
    let server = TestServer::start_with(Setup { state: State::Error, ..setup }).await;
    assert_eq!(call(&server, "Start").await.status, 200);
    assert_eq!(state(&server).await, "RUNNING");
}

#[tokio::test]
async fn a_stop_refuses_what_is_new_and_waits_for_what_is_in_work() {
    let (mut setup, memory) = Setup::in_memory();
    let store = Told::new(memory);
    setup.store = Arc::new(store.clone());
    let server = TestServer::start_with(setup).await;
    let path = created(&server, "/Users", &user("ann")).await;
    let turnstile = Turnstile::new();
    store.tell(Some(Order::Wait(Arc::clone(&turnstile))));
    let in_work = server.send("GET", &path, None);
    let stop = async {
        turnstile.arrival().await;
        let stop = call(&server, "Stop");
        let meanwhile = async {
            while state(&server).await != "STOPPING" {}
            let refused = server.send("GET", &path, None).await.status;
            turnstile.open();
            refused
        };
        tokio::join!(stop, meanwhile)
    };
    let (answered, (stopped, refused)) = tokio::join!(in_work, stop);
    assert_eq!((answered.status, stopped.status, refused), (200, 200, 503));
    assert_eq!(state(&server).await, "STOPPED");
}

#[tokio::test]
async fn a_stop_waits_no_longer_than_the_drain_time() {
    let (mut setup, memory) = Setup::in_memory();
    let store = Told::new(memory);
    setup.store = Arc::new(store.clone());
    setup.limits.drain_time = std::time::Duration::from_millis(20);
    let server = TestServer::start_with(setup).await;
    let path = created(&server, "/Users", &user("ann")).await;
    let turnstile = Turnstile::new();
    store.tell(Some(Order::Wait(Arc::clone(&turnstile))));
    let stop = async {
        turnstile.arrival().await;
        let stopped = call(&server, "Stop").await.status;
        let state = state(&server).await;
        turnstile.open();
        (stopped, state)
    };
    let (answered, stopped) = tokio::join!(server.send("GET", &path, None), stop);
    assert_eq!((answered.status, stopped), (200, (200, "STOPPED".to_owned())));
}
