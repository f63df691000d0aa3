//! Every kind of route meets every kind of caller. That the table has every route is a matter of
//! review: a new room of the server adds its rows.

use std::num::NonZeroU16;

use futures_util::future::join_all;
use provost_auth::{Life, NoToken, Rights, TokenId, TokenList, TokenName};
use provost_server::issued::{LastUses, Listed as _, change, read};
use provost_store::{AuditQuery, DocumentPut, Store as _};
use provost_testkit::clock::FrozenClock;
use provost_testkit::idp::{Idp, Keys};
use provost_testkit::server::{Setup, TestServer, request};
use serde_json::json;

const ROUTES: [(&str, &str); 47] = [
    ("GET", "/scim/v2/Users"),
    ("POST", "/scim/v2/Users"),
    ("POST", "/scim/v2/.search"),
    ("GET", "/scim/v2/Users/none"),
    ("PUT", "/scim/v2/Users/none"),
    ("PATCH", "/scim/v2/Users/none"),
    ("DELETE", "/scim/v2/Users/none"),
    ("GET", "/scim/v2/ServiceProviderConfig"),
    ("GET", "/scim/v2/Schemas"),
    ("POST", "/scim/v2/Bulk"),
    ("GET", "/scim/v2/Me"),
    ("POST", "/Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning"),
    ("GET", "/t/acme/scim/v2/Users"),
    ("DELETE", "/t/acme/scim/v2/Users/none"),
    ("POST", "/t/acme/oauth2/token"),
    ("POST", "/oauth2/token"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/admin/v1/tenants"),
    ("POST", "/admin/v1/tenants/none/pause"),
    ("POST", "/Thingworx/Subsystems/SCIMSubsystem/Services/SetUserProvisioningExclusionList"),
    ("GET", "/admin/v1/openapi.json"),
    ("GET", "/admin/v1/subsystem"),
    ("POST", "/admin/v1/metrics/reset"),
    ("GET", "/admin/v1/configuration"),
    ("PUT", "/admin/v1/configuration/ProvisioningPolicy"),
    ("GET", "/admin/v1/audit/export"),
    ("POST", "/admin/v1/audit/purge"),
    ("GET", "/admin/v1/sessions/revocations"),
    ("POST", "/admin/v1/login-decision"),
    ("GET", "/admin/v1/principals"),
    ("POST", "/admin/v1/users"),
    ("PATCH", "/admin/v1/groups/none"),
    ("POST", "/admin/v1/deleted/none/restore"),
    ("GET", "/admin/v1/health"),
    ("GET", "/admin/v1/services"),
    ("POST", "/admin/v1/services/IsRunning"),
    ("GET", "/admin/v1/log"),
    ("PUT", "/admin/v1/log/level"),
    ("GET", "/console"),
    ("POST", "/console/subsystem/stop"),
    ("GET", "/console/asset/style.css"),
    ("GET", "/t/acme/admin/v1/audit"),
    ("PUT", "/t/acme/admin/v1/configuration/ProvisioningPolicy"),
    ("GET", "/t/acme/admin/v1/tenants"),
    ("GET", "/ready"),
    ("GET", "/health"),
    ("GET", "/nowhere"),
];

#[tokio::test]
async fn every_route_meets_every_caller() {
    let (setup, store) = Setup::in_memory();
    let idp = Idp::new(setup.clock.clone());
    let chain = idp.chain(Keys::Served);
    let server = TestServer::start_with(Setup { chain, ..setup }).await;
    let (_, other) = crate::tenant::make(&store, server.tenant, "acme").await;
    let mut expired = idp.claims();
    expired["exp"] = json!(1);
    let callers = [
        ("anonymous", None),
        ("unknown", Some("pvt_unknown".to_owned())),
        ("expired", Some(idp.sign(&expired))),
        ("read", Some(server.read_token.clone())),
        ("provision", Some(server.provision_token.clone())),
        ("admin", Some(server.admin_token.clone())),
        ("jwt", Some(idp.token())),
        ("other-tenant", Some(other)),
    ];
    let names: Vec<&str> = callers.iter().map(|(name, _)| *name).collect();
    let mut table = format!("{}\n", names.join(" "));
    for (method, path) in ROUTES {
        for (_, token) in &callers {
            let answer = server.ask(request(method, path, token.as_deref())).await;
            table.push_str(&format!("{} ", answer.status));
        }
        table.push_str(&format!("{method} {path}\n"));
    }
    insta::assert_snapshot!(table, @"
    anonymous unknown expired read provision admin jwt other-tenant
    401 401 401 200 200 200 200 401 GET /scim/v2/Users
    401 401 401 403 400 400 400 401 POST /scim/v2/Users
    401 401 401 400 400 400 400 401 POST /scim/v2/.search
    401 401 401 404 404 404 404 401 GET /scim/v2/Users/none
    401 401 401 403 400 400 400 401 PUT /scim/v2/Users/none
    401 401 401 403 400 400 400 401 PATCH /scim/v2/Users/none
    401 401 401 403 404 404 404 401 DELETE /scim/v2/Users/none
    401 401 401 200 200 200 200 401 GET /scim/v2/ServiceProviderConfig
    401 401 401 200 200 200 200 401 GET /scim/v2/Schemas
    401 401 401 501 501 501 501 401 POST /scim/v2/Bulk
    401 401 401 501 501 501 501 401 GET /scim/v2/Me
    401 401 401 403 403 200 200 401 POST /Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning
    401 401 401 401 401 401 401 200 GET /t/acme/scim/v2/Users
    401 401 401 401 401 401 401 404 DELETE /t/acme/scim/v2/Users/none
    400 400 400 400 400 400 400 400 POST /t/acme/oauth2/token
    400 400 400 400 400 400 400 400 POST /oauth2/token
    200 200 200 200 200 200 200 200 GET /.well-known/oauth-authorization-server
    401 401 401 403 403 200 403 401 GET /admin/v1/tenants
    401 401 401 403 403 404 403 401 POST /admin/v1/tenants/none/pause
    401 401 401 403 403 400 403 401 POST /Thingworx/Subsystems/SCIMSubsystem/Services/SetUserProvisioningExclusionList
    401 401 401 403 403 200 403 401 GET /admin/v1/openapi.json
    401 401 401 403 403 200 403 401 GET /admin/v1/subsystem
    401 401 401 403 403 200 403 401 POST /admin/v1/metrics/reset
    401 401 401 403 403 200 403 401 GET /admin/v1/configuration
    401 401 401 403 403 400 403 401 PUT /admin/v1/configuration/ProvisioningPolicy
    401 401 401 403 403 200 403 401 GET /admin/v1/audit/export
    401 401 401 403 403 400 403 401 POST /admin/v1/audit/purge
    401 401 401 403 403 200 403 401 GET /admin/v1/sessions/revocations
    401 401 401 403 403 400 403 401 POST /admin/v1/login-decision
    401 401 401 403 403 200 403 401 GET /admin/v1/principals
    401 401 401 403 403 400 403 401 POST /admin/v1/users
    401 401 401 403 403 400 403 401 PATCH /admin/v1/groups/none
    401 401 401 403 403 404 403 401 POST /admin/v1/deleted/none/restore
    401 401 401 403 403 200 403 401 GET /admin/v1/health
    401 401 401 403 403 200 403 401 GET /admin/v1/services
    401 401 401 403 403 200 403 401 POST /admin/v1/services/IsRunning
    401 401 401 403 403 200 403 401 GET /admin/v1/log
    401 401 401 403 403 400 403 401 PUT /admin/v1/log/level
    303 303 303 303 303 303 303 303 GET /console
    401 401 401 401 401 401 401 401 POST /console/subsystem/stop
    200 200 200 200 200 200 200 200 GET /console/asset/style.css
    401 401 401 401 401 401 401 403 GET /t/acme/admin/v1/audit
    401 401 401 401 401 401 401 403 PUT /t/acme/admin/v1/configuration/ProvisioningPolicy
    404 404 404 404 404 404 404 404 GET /t/acme/admin/v1/tenants
    200 200 200 200 200 200 200 200 GET /ready
    200 200 200 200 200 200 200 200 GET /health
    404 404 404 404 404 404 404 404 GET /nowhere
    ");
}

#[tokio::test]
async fn a_missing_and_a_bad_credential_are_told_apart_and_nothing_else_is_told() {
    let server = TestServer::start().await;
    insta::assert_snapshot!(server.ask(request("GET", "/scim/v2/Users", None)).await, @r#"
    401
    content-type: application/scim+json
    www-authenticate: Bearer realm="scim"
    x-request-id: 655815f672000-1

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "401",
      "detail": "a bearer token is needed in the Authorization header"
    }
    "#);
    let token = Some("eyJhbGciOiJub25lIn0.e30.");
    insta::assert_snapshot!(server.ask(request("GET", "/scim/v2/Users", token)).await, @r#"
    401
    content-type: application/scim+json
    www-authenticate: Bearer realm="scim", error="invalid_token"
    x-request-id: 655815f672000-2

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "401",
      "detail": "the token is not accepted; the log has the reason at 655815f672000-2"
    }
    "#);
}

#[tokio::test]
async fn a_service_is_for_administrators() {
    let server = TestServer::start().await;
    let path = "/Thingworx/Subsystems/SCIMSubsystem/Services/Stop";
    let answer = server.ask(request("POST", path, Some(&server.provision_token))).await;
    insta::assert_snapshot!(answer, @r#"
    403
    content-type: text/plain; charset=utf-8
    www-authenticate: Bearer realm="scim", error="insufficient_scope", scope="scim.admin"
    x-request-id: 655815f672000-1

    Unable to Invoke Service Stop on SCIMSubsystem : the token has the rights write; this needs admin (`provost token create --rights admin`)
    "#);
}

#[tokio::test]
async fn without_keys_a_jwt_is_no_fault_of_the_client() {
    let (setup, _) = Setup::in_memory();
    let idp = Idp::new(FrozenClock::default());
    let chain = idp.chain(Keys::Unreachable);
    let server = TestServer::start_with(Setup { chain, ..setup }).await;
    let answer = server.ask(request("GET", "/scim/v2/Users", Some(&idp.token()))).await;
    insta::assert_snapshot!(answer, @r#"
    503
    content-type: application/scim+json
    retry-after: 1
    x-request-id: 655815f672000-1

    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "503",
      "detail": "the keys that tokens are checked with cannot be fetched at the moment; request 655815f672000-1"
    }
    "#);
}

#[tokio::test]
async fn a_jwt_needs_an_administrator_to_run_as() {
    for name in ["", "SuperUser", "administrator", "nobody"] {
        let (setup, _) = Setup::in_memory();
        let idp = Idp::new(setup.clock.clone());
        let chain = idp.chain_that_runs_as(name, Keys::Served);
        let server = TestServer::start_with(Setup { chain, ..setup }).await;
        let answer = server.ask(request("GET", "/scim/v2/Users", Some(&idp.token()))).await;
        assert_eq!(answer.status, 403, "{name:?}: {answer}");
    }
}

#[tokio::test]
async fn a_token_holds_from_its_making_to_its_revocation() {
    let (setup, store) = Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    let name: TokenName = "late".parse().unwrap();
    let life = Life { created_at: 0, expires_at: None };
    let create = |list: &mut TokenList| list.create(name.clone(), Rights::Write, life, [9; 32]);
    let late = create(&mut TokenList::default()).unwrap();
    let ask = async || server.ask(request("GET", "/scim/v2/Users", Some(late.expose()))).await;
    assert_eq!(ask().await.status, 401);
    change(&store, server.tenant, create).await.unwrap();
    assert_eq!(ask().await.status, 200);
    let revoke = |list: &mut TokenList| Ok::<_, NoToken>(list.revoke(&name, None));
    change(&store, server.tenant, revoke).await.unwrap();
    assert_eq!(ask().await.status, 401);
}

#[tokio::test]
async fn the_first_use_of_a_new_token_ends_the_old_one_a_day_later() {
    let (setup, store) = Setup::in_memory();
    let clock = setup.clock.clone();
    let server = TestServer::start_with(setup).await;
    let life = Life { created_at: 0, expires_at: None };
    let rotate = |list: &mut TokenList| {
        list.rotate("provision".parse().unwrap(), life, 24 * 60 * 60, [9; 32])
    };
    let new = change(&store, server.tenant, rotate).await.unwrap();
    let ask =
        async |token: &str| server.ask(request("GET", "/scim/v2/Users", Some(token))).await.status;
    let old = &server.provision_token;
    clock.pass(48 * 60 * 60);
    assert_eq!(ask(old).await, 200, "the new one is not in use yet");
    // Used first by several requests at once, it is told of once.
    let at_once = join_all((0..8).map(|_| ask(new.expose()))).await;
    assert_eq!(at_once, [200; 8]);
    let query = AuditQuery {
        category: Some("Token".into()),
        ..AuditQuery::all(None, NonZeroU16::new(100).unwrap())
    };
    let told = store.audit(server.tenant, query).await.unwrap();
    assert_eq!(told.iter().filter(|it| &*it.entry.action == "retired").count(), 1);
    assert_eq!(ask(old).await, 200);
    clock.pass(24 * 60 * 60);
    assert_eq!(ask(old).await, 401);
    assert_eq!(ask(new.expose()).await, 200);
}

#[tokio::test]
async fn the_last_use_of_a_token_is_written_when_the_server_ends() {
    let (setup, store) = Setup::in_memory();
    let (clock, server) = (setup.clock.clone(), TestServer::start_with(setup).await);
    clock.pass(60);
    let at = clock.seconds();
    assert_eq!(server.send("GET", "/Users", None).await.status, 200);
    let (tenant, used) = (server.tenant, TokenId::of(&server.provision_token));
    let unused = TokenId::of(&server.admin_token);
    server.stop().await;
    let uses: LastUses = read(&store, tenant).await.unwrap();
    assert_eq!((uses.of(&used), uses.of(&unused)), (Some(at), None));
}

#[tokio::test]
async fn a_token_that_reads_is_told_what_it_lacks() {
    let server = TestServer::start().await;
    let delete = request("DELETE", "/scim/v2/Users/none", Some(&server.read_token));
    let answer = server.ask(delete).await;
    // RFC 6750 §3.1
    let challenge = "Bearer realm=\"scim\", error=\"insufficient_scope\", scope=\"scim.write\"";
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
    let answer = answer.json();
    let want =
        "the token has the rights read; this needs write (`provost token create --rights write`)";
    assert_eq!(answer["detail"], want);
}

#[tokio::test]
async fn a_damaged_list_of_tokens_lets_nobody_in_and_is_our_fault() {
    let (setup, store) = Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    let document =
        store.document(server.tenant, TokenList::DOCUMENT.into()).await.unwrap().unwrap();
    let body = b"{".to_vec();
    let put = DocumentPut::new(TokenList::DOCUMENT, Some(document.rev), body);
    store.put_document(server.tenant, put).await.unwrap();
    assert_eq!(server.send("GET", "/Users", None).await.status, 500);
}

#[tokio::test]
async fn nothing_of_a_body_is_read_before_the_door() {
    let server = TestServer::start().await;
    let head = "POST /scim/v2/Users HTTP/1.1\r\nHost: a\r\nContent-Type: application/scim+json\r\n\
                Content-Length: 100\r\nConnection: close\r\n\r\n";
    let answer = crate::support::raw(&server, head).await;
    assert_eq!(crate::support::status(&answer), "HTTP/1.1 401 Unauthorized");
}
