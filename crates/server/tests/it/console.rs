//! The console over HTTP: signing in and out, who sees what, and what a foreign page can do. What people see
//! and click is tested in a browser.

use std::convert::Infallible;
use std::sync::Mutex;

use provost_auth::{Rights, TokenList};
use provost_server::issued::change;
use provost_testkit::idp::{Idp, Keys};
use provost_testkit::server::{Answer, Setup, TestServer, request};
use provost_testkit::witness;
use serde_json::json;

use crate::support::{created, user};
use crate::tenant::make_with;

/// A browser without a window: it keeps the cookie, and sends forms as pages have them.
struct Browser<'s> {
    server: &'s TestServer,
    root: &'static str,
    cookie: Mutex<Option<String>>,
}

impl<'s> Browser<'s> {
    fn new(server: &'s TestServer, root: &'static str) -> Self {
        Self { server, root, cookie: Mutex::default() }
    }

    async fn signed_in(server: &'s TestServer) -> Self {
        let browser = Self::new(server, "/console");
        let answer = browser.sign_in(&server.admin_token).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/console")), "{answer}");
        browser
    }

    async fn sign_in(&self, token: &str) -> Answer {
        witness::know(token);
        self.post("/sign-in", &[("token", token)], &[]).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, &[]).await
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer}");
        String::from_utf8(answer.body).unwrap()
    }

    /// Sends a form with what a page of this session holds.
    async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.page("/audit").await;
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let fields: Vec<_> = [("csrf", csrf)].into_iter().chain(fields.iter().copied()).collect();
        self.post(path, &fields, &[]).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send("POST", path, Some(body), headers).await
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = request(method, &format!("{}{path}", self.root), None);
        let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        request.headers.extend(headers.iter().copied().map(text));
        if let Some(cookie) = &*self.cookie.lock().unwrap() {
            request.headers.push(text(("Cookie", cookie)));
        }
        if let Some(body) = body {
            request.headers.push(text(("Content-Type", "application/x-www-form-urlencoded")));
            request.body = Some(body.into_bytes());
        }
        let answer = self.server.ask(request).await;
        if let Some(cookie) = answer.header("set-cookie") {
            *self.cookie.lock().unwrap() = cookie.split(';').next().map(ToOwned::to_owned);
        }
        answer
    }
}

#[tokio::test]
async fn who_is_not_signed_in_is_asked_to_and_comes_back() {
    let server = TestServer::start().await;
    let browser = Browser::new(&server, "/console");
    let answer = browser.get("/history").await;
    insta::assert_snapshot!(answer, @"
    303
    cache-control: no-store
    content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'
    location: /console/sign-in?next=%2Fhistory
    referrer-policy: same-origin
    x-content-type-options: nosniff
    x-frame-options: DENY
    x-request-id: 655815f672000-1
    ");
    let refused = browser.sign_in("pvt_nothing").await;
    assert_eq!(refused.status, 401, "{refused}");
    assert_eq!(refused.header("www-authenticate"), None, "no box of the browser's own");
    let fields = [("token", server.admin_token.as_str()), ("next", "/history")];
    let answer = browser.post("/sign-in", &fields, &[]).await;
    assert_eq!(answer.header("location"), Some("/console/history"));
    assert!(browser.page("/history").await.contains("Change history"));
    // With what was asked for.
    let other = Browser::new(&server, "/console");
    let answer = other.get("/audit?target=a%26b&category=User").await;
    let next = "/audit?target=a%26b&category=User";
    let encoded = form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>();
    assert_eq!(answer.header("location"), Some(&*format!("/console/sign-in?next={encoded}")));
    let fields = [("token", server.admin_token.as_str()), ("next", next)];
    let answer = other.post("/sign-in", &fields, &[]).await;
    assert_eq!(answer.header("location"), Some(&*format!("/console{next}")));
}

#[tokio::test]
async fn signing_in_leads_to_pages_of_the_console_only() {
    let server = TestServer::start().await;
    for next in [
        "//evil.example",
        "https://evil.example",
        "/../admin/v1",
        "/history/../x?a=b",
        "//evil.example?a=b",
        "/subsystem/stop",
        "\r\nX: y",
    ] {
        let browser = Browser::new(&server, "/console");
        let fields = [("token", server.admin_token.as_str()), ("next", next)];
        let answer = browser.post("/sign-in", &fields, &[]).await;
        assert_eq!(answer.header("location"), Some("/console"), "{next:?}");
    }
}

#[tokio::test]
async fn the_cookie_is_for_our_pages_alone() {
    let (mut setup, _) = Setup::in_memory();
    setup.proxies.networks = vec!["127.0.0.0/8".parse().unwrap()];
    let server = TestServer::start_with(setup).await;
    let browser = Browser::new(&server, "/console");
    let cookie = |answer: &Answer| {
        let (name, rest) = answer.header("set-cookie").unwrap().split_once('=').unwrap();
        format!("{name} {}", rest.split_once(';').unwrap().1)
    };
    let plain = browser.sign_in(&server.admin_token).await;
    assert_eq!(cookie(&plain), "provost_session  Path=/console; HttpOnly; SameSite=Strict");
    let by_proxy = [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https")];
    let fields = [("token", server.admin_token.as_str())];
    let secure = browser.post("/sign-in", &fields, &by_proxy).await;
    assert_eq!(
        cookie(&secure),
        "__Secure-provost_session  Path=/console; HttpOnly; SameSite=Strict; Secure"
    );
}

#[tokio::test]
async fn only_a_token_that_was_made_here_for_an_administrator_signs_in() {
    let (setup, _) = Setup::in_memory();
    let idp = Idp::new(setup.clock.clone());
    let chain = idp.chain(Keys::Served);
    let server = TestServer::start_with(Setup { chain, ..setup }).await;
    for (token, status) in [
        (server.read_token.as_str(), 403),
        (server.provision_token.as_str(), 403),
        (idp.token().as_str(), 403),
        ("", 401),
        ("two words", 401),
        ("\u{e9}", 401),
    ] {
        let answer = Browser::new(&server, "/console").sign_in(token).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (status, None), "{answer}");
    }
}

#[tokio::test]
async fn a_session_ends_with_its_token_with_time_and_with_signing_out() {
    let (setup, store) = Setup::in_memory();
    let clock = setup.clock.clone();
    let server = TestServer::start_with(setup).await;
    let browser = Browser::signed_in(&server).await;
    clock.pass(29 * 60);
    browser.page("").await;
    // What a page does by itself keeps nobody signed in.
    clock.pass(29 * 60);
    browser.page("/monitoring?refresh=on").await;
    clock.pass(60);
    assert_eq!(browser.get("").await.header("location"), Some("/console/sign-in"));

    // Whoever signs in again has one session, and a cookie that is planted beside it hides nothing.
    let browser = Browser::signed_in(&server).await;
    let first = browser.cookie.lock().unwrap().clone().unwrap();
    browser.sign_in(&server.admin_token).await;
    let second = browser.cookie.lock().unwrap().clone().unwrap();
    for (cookie, status) in [(first.clone(), 303), (format!("{first}; a=b; {second}"), 200)] {
        *browser.cookie.lock().unwrap() = Some(cookie);
        assert_eq!(browser.get("").await.status, status);
    }

    let browser = Browser::signed_in(&server).await;
    let kept = browser.cookie.lock().unwrap().clone();
    let answer = browser.submit("/sign-out", &[]).await;
    assert_eq!(answer.header("location"), Some("/console/sign-in"));
    *browser.cookie.lock().unwrap() = kept;
    assert_eq!(browser.get("").await.status, 303, "the cookie alone is of no use");

    let browser = Browser::signed_in(&server).await;
    let name = "admin".parse().unwrap();
    let revoked = change(&store, server.tenant, |list: &mut TokenList| {
        Ok::<_, Infallible>(list.revoke(&name, None))
    });
    assert_eq!(revoked.await.unwrap().len(), 1);
    // Lists of tokens are believed for a moment.
    clock.pass(60);
    assert_eq!(browser.get("").await.status, 303);
}

#[tokio::test]
async fn a_foreign_page_does_nothing() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server).await;
    for fields in [&[][..], &[("csrf", "")], &[("csrf", "guessed")]] {
        let answer = browser.post("/subsystem/stop", fields, &[]).await;
        assert_eq!(answer.status, 403, "{answer}");
    }
    assert!(browser.page("").await.contains("RUNNING"));
    // What was written with a form of another session comes back, with one of this one.
    let rows = [("csrf", "old"), ("version", "x"), ("0.userLimit", "77")];
    let answer = browser.post("/configuration/ProvisioningPolicy/rows", &rows, &[]).await;
    let text = String::from_utf8(answer.body).unwrap();
    assert!(answer.status == 403 && text.contains("value=\"77\""), "{text}");
    let fields = [("token", server.admin_token.as_str())];
    for headers in [
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
        [("Origin", "https://scim.example")],
        [("Origin", "ftp://scim.example")],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
    ] {
        let answer = browser.post("/sign-in", &fields, &headers).await;
        assert_eq!(answer.status, 403, "{headers:?}: {answer}");
    }
    // What a browser says of itself counts, also before a proxy that nobody told of.
    let by_proxy = [("Sec-Fetch-Site", "same-origin"), ("Origin", "https://scim.example")];
    for headers in [&[("Origin", "http://scim.example")][..], &by_proxy] {
        assert_eq!(browser.post("/sign-in", &fields, headers).await.status, 303, "{headers:?}");
    }
}

#[tokio::test]
async fn what_was_to_be_done_while_signed_out_is_not_done() {
    let server = TestServer::start().await;
    let browser = Browser::new(&server, "/console");
    let answer = browser.post("/subsystem/stop", &[("csrf", "any")], &[]).await;
    assert_eq!(answer.status, 401, "{answer}");
    assert_eq!(server.send("GET", "/Users", None).await.status, 200);
}

#[tokio::test]
async fn errors_are_pages_too() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server).await;
    insta::assert_snapshot!(browser.get("/nowhere").await, @r#"
    404
    cache-control: no-store
    content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'
    content-type: text/html; charset=utf-8
    referrer-policy: same-origin
    x-content-type-options: nosniff
    x-frame-options: DENY
    x-request-id: 655815f672000-2

    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Not Found · Provost</title>
    <link rel="icon" href="/console/asset/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/console/asset/style.css">
    </head>
    <body class="outside">
    <main>
      <p class="brand"><strong>Provost</strong> SCIM subsystem</p>
      
    <h1>Not Found</h1>
    <p class="problem" role="alert">there is no endpoint &#34;/console/nowhere&#34;; SCIM is below /Thingworx/SCIMProvider/SCIM/v2 and /scim/v2</p>
    <p><a href="/console">To the console</a></p>

    </main>
    </body>
    </html>
    "#);
    for (method, path, status) in [
        ("GET", "/configuration/Nothing", 404),
        ("GET", "/users/none", 404),
        ("DELETE", "/configuration", 405),
        ("GET", "/sign-out", 405),
    ] {
        let answer = browser.send(method, path, None, &[]).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    }
    // A form that is none is none of ours.
    let answer = browser.send("POST", "/subsystem/stop", None, &[]).await;
    assert_eq!(answer.status, 400, "{answer}");
    // What a query string asks for wrongly is said on the page.
    let answer = browser.get("/audit?since=yesterday").await;
    let text = String::from_utf8(answer.body).unwrap();
    assert!(
        answer.status == 400 && text.contains("since") && text.contains("Audit trail"),
        "{text}"
    );
    // What leads to a form leads to its page.
    assert_eq!(browser.get("/subsystem/stop").await.header("location"), Some("/console"));
    let head = browser.send("HEAD", "/configuration", None, &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn what_people_are_called_is_never_markup() {
    let server = TestServer::start().await;
    let name = "<script>alert(1)</script>\"'&";
    let path = created(&server, "/Users", &user(name)).await;
    let browser = Browser::signed_in(&server).await;
    let found = form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>();
    for page in [&path.to_lowercase(), "/audit", &format!("/principals?name={found}")] {
        let text = browser.page(page).await;
        assert!(!text.contains("<script") && text.contains("script&#62;"), "{page}: {text}");
    }
}

#[tokio::test]
async fn rows_of_the_trail_are_files() {
    let server = TestServer::start().await;
    created(&server, "/Users", &user("ann")).await;
    let browser = Browser::signed_in(&server).await;
    for (format, name, beginning) in
        [("csv", "audit.csv", "place,at,"), ("ndjson", "audit.ndjson", "{\"place\":1,")]
    {
        let answer = browser.get(&format!("/audit/export?format={format}&target=ann")).await;
        let disposition = format!("attachment; filename=\"{name}\"");
        assert_eq!(answer.header("content-disposition"), Some(&*disposition), "{answer}");
        let text = String::from_utf8(answer.body).unwrap();
        assert!(text.starts_with(beginning), "{text}");
    }
    assert_eq!(browser.get("/audit/export?format=xml").await.status, 400);
}

#[tokio::test]
async fn a_tenant_has_a_console_of_its_own() {
    let (setup, store) = Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    let (_, token) = make_with(&store, server.tenant, "acme", Rights::Administer).await;
    let browser = Browser::new(&server, "/t/acme/console");
    assert_eq!(browser.sign_in(&server.admin_token).await.status, 401);
    let answer = browser.sign_in(&token).await;
    assert_eq!(answer.header("location"), Some("/t/acme/console/configuration"), "{answer}");
    let page = browser.page("/configuration").await;
    assert!(page.contains("tenant acme") && !page.contains("/logs"), "{page}");
    assert_eq!(browser.get("/logs").await.status, 404);
    assert_eq!(browser.get("").await.header("location"), Some("/t/acme/console/configuration"));
    // A session is one of its tenant.
    let own = Browser {
        cookie: Mutex::new(browser.cookie.lock().unwrap().clone()),
        ..Browser::new(&server, "/console")
    };
    assert_eq!(own.get("").await.header("location"), Some("/console/sign-in"));
}

/// What a form of a table says that it was made from.
async fn version(browser: &Browser<'_>, table: &str) -> String {
    let page = browser.page(&format!("/configuration/{table}")).await;
    page.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_a_form_says_is_what_the_admin_api_is_asked() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server).await;
    let list = "UserProvisioningExclusionList";
    let table = format!("/configuration/{list}/rows");
    let before = version(&browser, list).await;
    let rows = [
        ("version", before.as_str()),
        ("0.thingworxUserName", "Administrator"),
        ("1.thingworxUserName", "gone"),
        ("1.remove", "true"),
        ("2.thingworxUserName", " boss "),
        ("3.thingworxUserName", ""),
        ("reason", "a boss"),
    ];
    let answer = browser.submit(&table, &rows).await;
    let page = format!("/console/configuration/{list}");
    assert_eq!((answer.status, answer.header("location")), (303, Some(&*page)), "{answer}");
    let page = format!("/configuration/{list}");
    let shown = browser.page(&page).await;
    assert!(shown.contains("value=\"boss\"") && !shown.contains("gone"), "{shown}");
    assert!(shown.contains("is saved"), "{shown}");
    assert!(!browser.page(&page).await.contains("is saved"), "it is said once");
    // Somebody was quicker: what was written stays, and the next time it takes the other's place.
    let answer = browser.submit(&table, &rows).await;
    let text = String::from_utf8(answer.body).unwrap();
    assert_eq!(answer.status, 412, "{text}");
    let now = version(&browser, list).await;
    let (held, kept) = (format!("value=\"{now}\""), "value=\"boss\"");
    assert!(text.contains(&held) && text.contains(kept) && text.contains("a boss"), "{text}");
    // Where nothing differs nothing is saved.
    let same = [("version", now.as_str()), ("0.thingworxUserName", "boss")];
    assert_eq!(browser.submit(&table, &same).await.status, 303);
    assert_eq!(
        browser
            .submit(
                &table,
                &[("version", &version(&browser, list).await), ("5.thingworxUserName", "boss")]
            )
            .await
            .status,
        303
    );
    assert!(browser.page(&page).await.contains("nothing was saved"));
    // What is wrong is told, and what was written stays, under the number that the page has for it.
    let now = version(&browser, list).await;
    let twice = [
        ("version", now.as_str()),
        ("0.thingworxUserName", "gone"),
        ("0.remove", "true"),
        ("3.thingworxUserName", "ann"),
        ("7.thingworxUserName", "ANN"),
    ];
    let answer = browser.submit(&table, &twice).await;
    let text = String::from_utf8(answer.body).unwrap();
    assert_eq!(answer.status, 400, "{text}");
    assert!(text.contains("row 2, thingworxUserName: ANN is there twice"), "{text}");
    assert!(text.contains("name=\"1.thingworxUserName\" value=\"ANN\""), "{text}");
    assert_eq!(browser.submit(&table, &[("rows", "1")]).await.status, 400, "without a version");
}

#[tokio::test]
async fn forms_are_bounded_as_bodies_are() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server).await;
    let policy = "/configuration/ProvisioningPolicy/rows";
    let now = version(&browser, "ProvisioningPolicy").await;
    // Fields that are none of the table take no rows.
    let names: Vec<String> = (0..30_000).map(|it| format!("{it}.userLimit")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|it| (it.as_str(), "x")).collect();
    let many: Vec<_> = [("version", now.as_str())].into_iter().chain(many).collect();
    let answer = browser.submit(policy, &many).await;
    assert_eq!((answer.status, answer.body.len() < 20_000), (400, true), "{}", answer.body.len());
    assert_eq!(browser.post(policy, &vec![("a", ""); 40_001], &[]).await.status, 413);
    let large = "x".repeat(2 * 1024 * 1024);
    assert_eq!(browser.post(policy, &[("a", &large)], &[]).await.status, 413);
    // What the admin API does not take as a body, a form does not bring in.
    let reason = [("version", now.as_str()), ("0.userLimit", "7"), ("reason", &large[..1_500_000])];
    assert_eq!(browser.submit(policy, &reason).await.status, 413);
    let reason = [("version", now.as_str()), ("0.userLimit", "7"), ("reason", &large[..1_025])];
    assert_eq!(browser.submit(policy, &reason).await.status, 400);
    let service = "/services/SetUserProvisioningExclusionList";
    let twice = r#"[{"thingworxUserName": "a", "thingworxUserName": "b"}]"#;
    let answer = browser.submit(service, &[("json.users", twice)]).await;
    let text = String::from_utf8(answer.body).unwrap();
    assert!(answer.status == 400 && text.contains("twice"), "{text}");
    let deep = "[".repeat(100) + &"]".repeat(100);
    assert_eq!(browser.submit(service, &[("json.users", &deep)]).await.status, 400);
}

#[tokio::test]
async fn fields_that_nobody_touched_stay_as_they_are() {
    let server = TestServer::start().await;
    let path = created(&server, "/Users", &user("ann")).await.to_lowercase();
    let kept = json!({
        "description": "line 1\nline 2\n  indented ",
        "projectName": "  lead",
        "homeMashup": "old",
        "tags": ["a,b", " x "],
    });
    let patched = crate::policy::admin(&server, "PATCH", &path, Some(kept.clone())).await;
    assert_eq!(patched.status, 200, "{patched}");
    let browser = Browser::signed_in(&server).await;
    let page = browser.page(&path).await;
    let hidden = |name: &str| {
        let rest = page.split(&format!("name=\"was.{name}\" value=\"")).nth(1).unwrap();
        let value = rest.split('"').next().unwrap();
        value.replace("&#38;", "&").replace('\n', "\r\n")
    };
    let names = ["description", "projectName", "homeMashup", "mobileMashup", "tags"];
    let was = names.map(|name| (format!("was.{name}"), hidden(name)));
    let mut fields: Vec<(&str, &str)> = was.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let same = names.map(|name| (name, hidden(name)));
    fields.extend(
        same.iter().filter(|(name, _)| *name != "homeMashup").map(|(n, v)| (*n, v.as_str())),
    );
    fields.push(("homeMashup", "new"));
    let answer = browser.submit(&format!("{path}/fields"), &fields).await;
    assert_eq!(answer.status, 303, "{answer}");
    let shown = crate::policy::admin(&server, "GET", &path, None).await.json();
    for (name, value) in kept.as_object().unwrap() {
        let expected = if name == "homeMashup" { &json!("new") } else { value };
        assert_eq!(&shown[name], expected, "{name}");
    }
    // What is refused stays in the form.
    let tags = "t\r\n".repeat(101);
    let answer =
        browser.submit(&format!("{path}/fields"), &[("tags", &tags), ("was.tags", "")]).await;
    let text = String::from_utf8(answer.body).unwrap();
    assert!(answer.status == 400 && text.contains("t\nt\nt\n"), "{text}");
}

#[tokio::test]
async fn every_category_of_the_trail_can_be_chosen() {
    let server = TestServer::start().await;
    let page = Browser::signed_in(&server).await.page("/audit").await;
    for category in provost_platform::message::categories() {
        assert!(page.contains(&format!("<option>{category}</option>")), "{category}");
    }
}
