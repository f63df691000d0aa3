//! The token endpoint: clients prove themselves, and the token that they get opens SCIM.

use provost_auth::{NoToken, TokenList};
use provost_server::issued::change;
use provost_testkit::server::{Answer, Setup, TestServer, request};
use serde_json::json;

const FORM: &str = "application/x-www-form-urlencoded";

async fn ask(server: &TestServer, kind: &str, form: &str) -> Answer {
    let mut request = request("POST", "/oauth2/token", None);
    request.headers.push(("Content-Type".to_owned(), kind.to_owned()));
    request.body = Some(form.as_bytes().to_vec());
    server.ask(request).await
}

fn form(server: &TestServer, client: &str) -> String {
    let secret = &server.provision_token;
    format!("grant_type=client_credentials&client_id={client}&client_secret={secret}")
}

async fn opens(server: &TestServer, token: &str) -> u16 {
    server.ask(request("GET", "/scim/v2/Users", Some(token))).await.status
}

#[tokio::test]
async fn a_client_gets_a_token_that_holds_for_an_hour_and_as_long_as_the_client_does() {
    let (setup, store) = Setup::in_memory();
    let clock = setup.clock.clone();
    let server = TestServer::start_with(setup).await;
    let answer = ask(&server, FORM, &form(&server, "provision")).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    let token = body["access_token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("pva_"));
    let mut rest = body.clone();
    rest.as_object_mut().unwrap().remove("access_token");
    assert_eq!(rest, json!({"token_type": "Bearer", "expires_in": 3600, "scope": "scim.write"}));

    assert_eq!(opens(&server, &token).await, 200);
    assert_eq!(opens(&server, &format!("{token}x")).await, 401);
    clock.pass(3_599);
    assert_eq!(opens(&server, &token).await, 200);
    clock.pass(1);
    assert_eq!(opens(&server, &token).await, 401);

    let answer = ask(&server, FORM, &form(&server, "provision")).await.json();
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(opens(&server, token).await, 200);
    let revoke =
        |list: &mut TokenList| Ok::<_, NoToken>(list.revoke(&"provision".parse().unwrap(), None));
    change(&store, server.tenant, revoke).await.unwrap();
    assert_eq!(opens(&server, token).await, 401, "its client is gone");
}

#[tokio::test]
async fn refusals_say_what_kind_of_error_it_is_and_no_more() {
    let server = TestServer::start().await;
    let (good, other) = (form(&server, "provision"), form(&server, "admin"));
    for (kind, form, status, error) in [
        (FORM, other.as_str(), 401, "invalid_client"),
        (FORM, "grant_type=client_credentials&client_id=a&client_secret=b", 401, "invalid_client"),
        (FORM, "grant_type=password&username=a&password=b", 400, "unsupported_grant_type"),
        (FORM, "", 400, "invalid_request"),
        (FORM, &format!("{good}&client_id=twice"), 400, "invalid_request"),
        (FORM, &format!("{good}&scope=scim.admin"), 400, "invalid_scope"),
        ("application/json", &good, 400, "invalid_request"),
    ] {
        let answer = ask(&server, kind, form).await;
        assert_eq!(answer.status, status, "{form}: {answer}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let body = answer.json();
        assert_eq!(body["error"], error, "{form}");
        let text = body.to_string();
        assert!(!text.contains("pvt_"), "{text}");
    }
    let large = format!("{good}&more={}", "x".repeat(32 * 1024));
    assert_eq!(ask(&server, FORM, &large).await.status, 413);
    let query = format!("/oauth2/token?{good}");
    let mut in_query = request("POST", &query, None);
    in_query.headers.push(("Content-Type".to_owned(), FORM.to_owned()));
    assert_eq!(server.ask(in_query).await.json()["error"], "invalid_request");
}

#[tokio::test]
async fn a_refused_client_in_the_header_is_told_the_scheme() {
    let server = TestServer::start().await;
    let mut basic = request("POST", "/oauth2/token", None);
    basic.headers.push(("Content-Type".to_owned(), FORM.to_owned()));
    basic.headers.push(("Authorization".to_owned(), "Basic YTpi".to_owned())); // a:b
    basic.body = Some(b"grant_type=client_credentials".to_vec());
    let answer = server.ask(basic).await;
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (401, Some("Basic realm=\"scim\""))
    );
}

#[tokio::test]
async fn metadata_says_where_the_endpoint_is() {
    let (setup, _) = Setup::in_memory();
    let public_base_url = Some("https://scim.example".to_owned());
    let server = TestServer::start_with(Setup { public_base_url, ..setup }).await;
    let metadata = request("GET", "/.well-known/oauth-authorization-server", None);
    let metadata = server.ask(metadata).await.json();
    assert_eq!(metadata["issuer"], "https://scim.example");
    assert_eq!(metadata["token_endpoint"], "https://scim.example/oauth2/token");
    assert_eq!(
        metadata["token_endpoint_auth_methods_supported"],
        json!(["client_secret_basic", "client_secret_post"])
    );
}
