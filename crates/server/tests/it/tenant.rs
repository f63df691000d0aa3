//! Tenants: each sees its own, and nothing of another.

use std::collections::HashMap;

use provost_auth::{Chain, IntrospectMethod, IntrospectionTrust, Life, Rights, TokenList};
use provost_platform::setting::TenantLimits;
use provost_platform::tenant_name::TenantName;
use provost_server::issued::change;
use provost_server::tenant::{TenantList, TenantParts};
use provost_store::memory::MemoryStore;
use provost_store::{Store as _, TenantId};
use provost_testkit::idp::{Idp, Keys};
use provost_testkit::server::{Answer, Setup, TestServer, request};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A tenant with a token that writes.
struct Tenant {
    path: String,
    token: String,
}

/// Makes a tenant in the store, as the command does.
pub(crate) async fn make(store: &MemoryStore, own: TenantId, name: &str) -> (TenantId, String) {
    make_with(store, own, name, Rights::Write).await
}

/// The same with a token of other rights.
pub(crate) async fn make_with(
    store: &MemoryStore,
    own: TenantId,
    name: &str,
    rights: Rights,
) -> (TenantId, String) {
    let tenant: TenantName = name.parse().unwrap();
    let create = |list: &mut TenantList| list.create(tenant.clone(), 0);
    change(store, own, create).await.unwrap();
    let id = store.tenant(name.into()).await.unwrap();
    let life = Life { created_at: 0, expires_at: None };
    // The same name in each: a token's name is its tenant's own.
    let create = |list: &mut TokenList| {
        let seed = [name.len() as u8; 32];
        list.create("sync".parse().unwrap(), rights, life, seed)
    };
    let token = change(store, id, create).await.unwrap();
    (id, token.expose().to_owned())
}

async fn two() -> (TestServer, MemoryStore, [Tenant; 2]) {
    let (setup, store) = Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    let mut tenants = Vec::new();
    for name in ["acme", "globex"] {
        let (_, token) = make(&store, server.tenant, name).await;
        tenants.push(Tenant { path: format!("/t/{name}/scim/v2"), token });
    }
    let Ok(tenants) = tenants.try_into() else { panic!("two") };
    (server, store, tenants)
}

async fn ask(
    server: &TestServer,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> Answer {
    let mut request = request(method, path, token);
    if let Some(body) = body {
        let json = ("Content-Type".to_owned(), "application/scim+json".to_owned());
        request.headers.push(json);
        request.body = Some(body.to_string().into_bytes());
    }
    server.ask(request).await
}

impl Tenant {
    async fn send(
        &self,
        server: &TestServer,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        ask(server, method, &format!("{}{path}", self.path), Some(&self.token), body).await
    }

    async fn make(&self, server: &TestServer, kind: &str, body: Value) -> String {
        let made = self.send(server, "POST", kind, Some(body)).await;
        assert_eq!(made.status, 201, "{made}");
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let want = format!("http://scim.example{}{kind}/{id}", self.path);
        assert_eq!(made.header("location"), Some(want.as_str()));
        assert_eq!(made.json()["meta"]["location"], want);
        id
    }
}

#[tokio::test]
async fn a_tenants_resources_are_not_there_for_another() {
    let (server, _, [acme, globex]) = two().await;
    let user = json!({"schemas": [USER], "userName": "bjensen", "externalId": "1"});
    let id = acme.make(&server, "/Users", user.clone()).await;
    let group = json!({"schemas": [GROUP], "displayName": "Crew", "members": [{"value": id}]});
    let crew = acme.make(&server, "/Groups", group.clone()).await;
    // The same names are free in the other one.
    globex.make(&server, "/Users", user).await;

    for (method, path, body) in [
        ("GET", format!("/Users/{id}"), None),
        ("PUT", format!("/Users/{id}"), Some(json!({"schemas": [USER], "userName": "x"}))),
        (
            "PATCH",
            format!("/Groups/{crew}"),
            Some(json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "remove", "path": "members"}],
            })),
        ),
        ("DELETE", format!("/Users/{id}"), None),
        ("DELETE", format!("/Groups/{crew}"), None),
    ] {
        let answer = globex.send(&server, method, &path, body).await;
        assert_eq!(answer.status, 404, "{method} {path}: {answer}");
    }
    for filter in [
        format!("/Users?filter=id+eq+%22{id}%22"),
        format!("/Groups?filter=members+eq+%22{id}%22"),
        format!("/Groups?filter=id+eq+%22{crew}%22"),
        format!("/Users?filter=groups+eq+%22{crew}%22"),
    ] {
        let found = globex.send(&server, "GET", &filter, None).await;
        assert_eq!(found.json()["totalResults"], 0, "{filter}: {found}");
    }
    let found = globex.send(&server, "GET", "/Users", None).await.json();
    assert_eq!(found["totalResults"], 1);
    assert_ne!(found["Resources"][0]["id"], id);
    // Neither a member nor a manager of another tenant's can be named.
    let stranger = globex.send(&server, "POST", "/Groups", Some(group)).await;
    assert_eq!((stranger.status, &stranger.json()["scimType"]), (400, &json!("invalidValue")));
    // All is still there.
    let still = acme.send(&server, "GET", &format!("/Groups/{crew}"), None).await.json();
    assert_eq!(still["members"][0]["value"], id);
    let reference = still["members"][0]["$ref"].as_str().unwrap();
    assert!(reference.ends_with(&format!("/t/acme/scim/v2/Users/{id}")), "{reference}");
    // Nor does the platform's own tenant see it.
    let own = server.send("GET", &format!("/Users/{id}"), None).await;
    assert_eq!(own.status, 404);
}

#[tokio::test]
async fn a_token_opens_its_own_tenant_alone() {
    let (server, _, [acme, globex]) = two().await;
    let own = server.admin_token.as_str();
    let users = |tenant: &Tenant| format!("{}/Users", tenant.path);
    for (path, token, want) in [
        (users(&acme), Some(acme.token.as_str()), 200),
        (users(&acme), Some(globex.token.as_str()), 401),
        (users(&acme), Some(own), 401),
        (users(&acme), None, 401),
        ("/scim/v2/Users".to_owned(), Some(&acme.token), 401),
        ("/t/nobody/scim/v2/Users".to_owned(), Some(own), 404),
        ("/t/default/scim/v2/Users".to_owned(), Some(own), 404),
        ("/admin/v1/tenants".to_owned(), Some(&acme.token), 401),
    ] {
        let answer = ask(&server, "GET", &path, token, None).await;
        assert_eq!(answer.status, want, "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_tenant_has_its_own_issuers_and_token_endpoint() {
    let (mut setup, store) = Setup::in_memory();
    let idp = Idp::new(setup.clock.clone());
    let parts = TenantParts { chain: idp.chain(Keys::Served), limits: TenantLimits::default() };
    setup.tenants = HashMap::from([("acme".parse().unwrap(), parts)]);
    let server = TestServer::start_with(setup).await;
    let (_, secret) = make(&store, server.tenant, "acme").await;
    let jwt = idp.token();
    let users = "/t/acme/scim/v2/Users";
    assert_eq!(ask(&server, "GET", users, Some(&jwt), None).await.status, 200);
    let elsewhere = ask(&server, "GET", "/scim/v2/Users", Some(&jwt), None).await;
    assert_eq!(elsewhere.status, 401, "the platform's own tenant trusts nobody");

    let mut endpoint = request("POST", "/t/acme/oauth2/token", None);
    let form = ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned());
    endpoint.headers.push(form);
    let credentials =
        format!("grant_type=client_credentials&client_id=sync&client_secret={secret}");
    endpoint.body = Some(credentials.into_bytes());
    let given = server.ask(endpoint).await.json();
    let access = given["access_token"].as_str().expect("an access token");
    assert_eq!(ask(&server, "GET", users, Some(access), None).await.status, 200);
    assert_eq!(ask(&server, "GET", "/scim/v2/Users", Some(access), None).await.status, 401);
    let metadata = "/.well-known/oauth-authorization-server/t/acme";
    let metadata = ask(&server, "GET", metadata, None, None).await.json();
    assert_eq!(metadata["issuer"], "http://scim.example/t/acme");
    assert_eq!(metadata["token_endpoint"], "http://scim.example/t/acme/oauth2/token");
}

/// An authorization server that calls every token active, until it is aborted, and a chain that
/// asks it.
async fn authorization_server() -> (Chain, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/introspect", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4_096]).await.unwrap();
            let body = r#"{"active": true, "client_id": "acme-sync", "username": "jane"}"#;
            let (head, bytes) =
                ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length", body.len());
            stream.write_all(format!("{head}: {bytes}\r\n\r\n{body}").as_bytes()).await.unwrap();
        }
    });
    let trust = IntrospectionTrust {
        endpoint: endpoint.parse().unwrap(),
        client_id: "scim".to_owned(),
        client_secret: "secret".into(),
        accepted_client: "acme-sync".to_owned(),
        run_as: Some("Administrator".into()),
    };
    let method = IntrospectMethod::new(trust).unwrap();
    (Chain::opaque_only().with_introspection(method), serving)
}

#[tokio::test]
async fn a_tenant_has_its_own_authorization_server_and_its_health_is_told() {
    let (mut setup, store) = Setup::in_memory();
    let (chain, serving) = authorization_server().await;
    let clock = setup.clock.clone();
    let parts = TenantParts { chain, limits: TenantLimits::default() };
    setup.tenants = HashMap::from([("acme".parse().unwrap(), parts)]);
    let server = TestServer::start_with(setup).await;
    for name in ["acme", "globex"] {
        make(&store, server.tenant, name).await;
    }
    let health = async || server.ask(request("GET", "/health", None)).await.json();
    assert_eq!(health().await["introspection"], json!({"state": "ok"}));
    let users = ["/t/acme/scim/v2/Users", "/t/globex/scim/v2/Users", "/scim/v2/Users"];
    for (path, want) in users.iter().zip([200, 401, 401]) {
        let answer = ask(&server, "GET", path, Some("reference"), None).await;
        assert_eq!(answer.status, want, "{path}: {answer}");
    }

    serving.abort();
    let _ = serving.await;
    let answer = ask(&server, "GET", users[0], Some("another"), None).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{answer}");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    let want = "the authorization server that knows the tokens does not answer at the moment; ";
    assert!(detail.starts_with(want), "{detail}");
    clock.pass(7);
    let failing = json!({"state": "failing", "failing_seconds": 7});
    assert_eq!(health().await["introspection"], failing);
    let remembered = ask(&server, "GET", users[0], Some("reference"), None).await;
    assert_eq!(remembered.status, 200, "{remembered}");
}

#[tokio::test]
async fn a_tenant_has_its_own_limits() {
    let (mut setup, store) = Setup::in_memory();
    let limits = TenantLimits { rate: Some(1), burst: Some(2), requests_in_flight: Some(8) };
    let parts = TenantParts { chain: Chain::opaque_only(), limits };
    setup.tenants = HashMap::from([("acme".parse().unwrap(), parts)]);
    setup.proxies.networks = vec!["127.0.0.0/8".parse().unwrap()];
    let server = TestServer::start_with(setup).await;
    let (_, secret) = make(&store, server.tenant, "acme").await;
    let users = "/t/acme/scim/v2/Users";
    let mut statuses = Vec::new();
    for path in [users, users, users, "/scim/v2/Users"] {
        let token = if path == users { &secret } else { &server.provision_token };
        let mut from_afar = request("GET", path, Some(token));
        from_afar.headers.push(("X-Forwarded-For".to_owned(), "203.0.113.1".to_owned()));
        statuses.push(server.ask(from_afar).await.status);
    }
    assert_eq!(statuses, [200, 200, 429, 200], "its rate is its own");
}

#[tokio::test]
async fn an_operator_makes_pauses_and_resumes_tenants() {
    let (setup, store) = Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    let admin = Some(server.admin_token.as_str());
    let all = "/admin/v1/tenants";
    let made = ask(&server, "POST", all, admin, Some(json!({"name": "acme"}))).await;
    assert_eq!(made.status, 201, "{made}");
    assert_eq!(made.header("location"), Some("http://scim.example/admin/v1/tenants/acme"));
    assert_eq!(made.json()["scimBaseUrl"], "http://scim.example/t/acme/scim/v2");
    let again = ask(&server, "POST", all, admin, Some(json!({"name": "acme"}))).await;
    assert_eq!(again.status, 409, "{again}");
    for body in [json!({"name": "Acme"}), json!({"name": "default"}), json!({}), json!([])] {
        let refused = ask(&server, "POST", all, admin, Some(body.clone())).await;
        assert_eq!(refused.status, 400, "{body}: {refused}");
    }
    let listed = ask(&server, "GET", all, admin, None).await.json();
    assert_eq!(listed["tenants"][0]["name"], "acme");
    assert_eq!(listed["tenants"].as_array().unwrap().len(), 1);

    let (_, token) = make(&store, server.tenant, "globex").await;
    let users = ["/t/acme/scim/v2/Users", "/t/globex/scim/v2/Users"];
    let paused = ask(&server, "POST", "/admin/v1/tenants/globex/pause", admin, None).await;
    assert_eq!((paused.status, &paused.json()["paused"]), (200, &json!(true)));
    let refused = ask(&server, "GET", users[1], Some(&token), None).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("30")), "{refused}");
    assert_eq!(ask(&server, "GET", users[0], None, None).await.status, 401, "that one alone");
    assert_eq!(server.send("GET", "/Users", None).await.status, 200);
    let resumed = ask(&server, "POST", "/admin/v1/tenants/globex/resume", admin, None).await;
    assert_eq!((resumed.status, &resumed.json()["paused"]), (200, &json!(false)));
    assert_eq!(ask(&server, "GET", users[1], Some(&token), None).await.status, 200);
    for path in ["/admin/v1/tenants/nobody/pause", "/admin/v1/tenants/No/resume"] {
        assert_eq!(ask(&server, "POST", path, admin, None).await.status, 404);
    }
    let writer = Some(server.provision_token.as_str());
    assert_eq!(ask(&server, "GET", all, writer, None).await.status, 403);
    assert_eq!(ask(&server, "GET", all, None, None).await.status, 401);
}
