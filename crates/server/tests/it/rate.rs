//! Too many requests, seen through a proxy that is believed: this machine itself has no bounds.

use provost_testkit::server::{Answer, Setup, TestServer, request};

async fn server(change: impl FnOnce(&mut Setup)) -> TestServer {
    let (mut setup, _) = Setup::in_memory();
    setup.proxies.networks = vec!["127.0.0.0/8".parse().unwrap()];
    change(&mut setup);
    TestServer::start_with(setup).await
}

async fn ask(server: &TestServer, client: &str, token: Option<&str>) -> Answer {
    let mut request = request("GET", "/scim/v2/Users", token);
    request.headers.push(("X-Forwarded-For".to_owned(), client.to_owned()));
    server.ask(request).await
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_again() {
    let server = server(|setup| {
        (setup.limits.address_rate, setup.limits.address_burst) = (1, 5);
    })
    .await;
    let token = Some(server.provision_token.as_str());
    for _ in 0..5 {
        assert_eq!(ask(&server, "203.0.113.1", token).await.status, 200);
    }
    let refused = ask(&server, "203.0.113.1", token).await;
    assert_eq!(refused.status, 429, "{refused}");
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    assert_eq!(refused.json()["status"], "429");
    assert_eq!(ask(&server, "203.0.113.2", token).await.status, 200, "another address");
    let forged = ask(&server, "203.0.113.1, 127.0.0.1", token).await;
    assert_eq!(forged.status, 429, "who says that he is this machine is not");
    let health = request("GET", "/health", None);
    assert_eq!(server.ask(health).await.status, 200);
}

#[tokio::test]
async fn a_tenant_has_a_rate_of_its_own_that_strangers_do_not_use_up() {
    let server = server(|setup| {
        (setup.limits.tenant_rate, setup.limits.tenant_burst) = (1, 3);
    })
    .await;
    for n in 0..10 {
        let client = format!("203.0.113.{n}");
        assert_eq!(ask(&server, &client, None).await.status, 401);
    }
    let token = Some(server.provision_token.as_str());
    let mut statuses = Vec::new();
    for n in 0..4 {
        statuses.push(ask(&server, &format!("203.0.113.{n}"), token).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
}

#[tokio::test]
async fn forged_tokens_are_soon_not_judged_any_more_and_shut_out_nobody_who_is_known() {
    let server = server(|setup| {
        (setup.limits.strange_token_rate, setup.limits.strange_token_burst) = (1, 4);
    })
    .await;
    let token = Some(server.provision_token.as_str());
    let client = "203.0.113.1";
    assert_eq!(ask(&server, client, token).await.status, 200);
    let mut statuses = Vec::new();
    for n in 0..5 {
        statuses.push(ask(&server, client, Some(&format!("forged{n}"))).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 429]);
    assert_eq!(ask(&server, client, token).await.status, 200, "what was made here is looked up");
    assert_eq!(ask(&server, client, None).await.status, 401, "no token costs nothing");
    assert_eq!(ask(&server, "203.0.113.2", Some("forged")).await.status, 401);
}
