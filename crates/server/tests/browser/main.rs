//! The console in a real browser: what people see, click and write.

mod window;

use std::sync::Arc;

use provost_auth::{Life, Rights, TokenList};
use provost_platform::setting::LogLevel;
use provost_server::LogBook;
use provost_server::issued::change;
use provost_store::Store as _;
use provost_testkit::server::{Answer, Setup, TestServer, request};
use serde_json::{Value, json};

use window::{Window, visit};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// Pages that need nothing to be there.
const PAGES: [&str; 12] = [
    "",
    "/services",
    "/configuration",
    "/configuration/UserProvisioningExclusionList",
    "/configuration/ProvisioningPolicy",
    "/monitoring",
    "/logs",
    "/audit",
    "/history",
    "/principals?name=ann",
    "/deleted",
    "/tenants",
];

async fn created(server: &TestServer, name: &str) -> String {
    let body = json!({"schemas": [USER], "userName": name});
    let answer = server.send("POST", "/Users", Some(&body)).await;
    assert_eq!(answer.status, 201, "{answer}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn admin(server: &TestServer, method: &str, path: &str, body: Value) -> Answer {
    let mut request = request(method, &format!("/admin/v1{path}"), Some(&server.admin_token));
    request.body = Some(body.to_string().into_bytes());
    server.ask(request).await
}

/// A window in which the administrator is signed in.
async fn signed_in(server: &TestServer, test: impl AsyncFnOnce(Window)) {
    visit(server, "/console", async |window| {
        window.sign_in(&server.admin_token).await;
        test(window).await;
    })
    .await;
}

#[tokio::test]
async fn an_administrator_signs_in_looks_around_and_signs_out() {
    let server = TestServer::start().await;
    visit(&server, "/console", async |window| {
        window.open("/history").await;
        assert_eq!(window.path().await, "/sign-in?next=%2Fhistory");
        window.fill("token", "pvt_wrong").await;
        window.press("Sign in").await;
        assert!(window.text("[role=alert]").await.contains("not accepted"));
        window.fill("token", &server.admin_token).await;
        window.press("Sign in").await;
        assert_eq!(window.path().await, "/history");
        assert_eq!(window.text("header .signed-in span").await, "token:admin");
        for (link, title) in [("General", "General"), ("Audit trail", "Audit trail")] {
            window.follow(link).await;
            assert_eq!(window.text("h1").await, title);
            assert_eq!(window.text("nav [aria-current=page]").await, link);
        }
        window.press("Sign out").await;
        assert_eq!(window.path().await, "/sign-in");
        window.open("/audit").await;
        assert_eq!(window.path().await, "/sign-in?next=%2Faudit");
    })
    .await;
}

#[tokio::test]
async fn general_shows_the_state_and_steers_it() {
    let server = TestServer::start().await;
    signed_in(&server, async |window| {
        assert_eq!(window.text(".state").await, "RUNNING");
        let facts = window.text("dl").await;
        let url = format!("http://{}/Thingworx/SCIMProvider/SCIM/v2", server.address);
        assert!(facts.contains(&url) && facts.contains("2026-07-01 00:00:00 UTC"), "{facts}");
        // What stops everything asks once more.
        window.unfold("Stop").await;
        window.press("Stop").await;
        assert_eq!(window.text(".state").await, "STOPPED");
        assert_eq!(window.text("[role=status]").await, "The subsystem is STOPPED.");
        assert_eq!(server.send("GET", "/Users", None).await.status, 503);
        window.press("Start").await;
        assert_eq!(window.text(".state").await, "RUNNING");
        assert_eq!(server.send("GET", "/Users", None).await.status, 200);
        window.unfold("Restart").await;
        window.press("Restart").await;
        assert_eq!(window.text("[role=status]").await, "The subsystem is RUNNING.");
        window.open("/audit?category=Subsystem").await;
        let rows = window.text("tbody").await;
        assert!(rows.contains("token:admin restarted SCIMSubsystem"), "{rows}");
    })
    .await;
}

#[tokio::test]
async fn services_are_run_with_their_parameters() {
    let server = TestServer::start().await;
    signed_in(&server, async |window| {
        window.open("/services").await;
        window.unfold("SetUserProvisioningExclusionList").await;
        window.fill("json.users", "no rows").await;
        window.press("Run SetUserProvisioningExclusionList").await;
        let problem = window.text("[role=alert]").await;
        assert!(problem.contains("the parameter users is no JSON"), "{problem}");
        assert_eq!(window.value("json.users").await, "no rows");
        window.fill("json.users", r#"[{"thingworxUserName": "boss"}]"#).await;
        window.press("Run SetUserProvisioningExclusionList").await;
        assert!(window.text("[role=status]").await.contains("Done"));
        window.open("/services").await;
        window.unfold("GetUserProvisioningExclusionList").await;
        window.press("Run GetUserProvisioningExclusionList").await;
        // The answer is in sight.
        let top =
            "return document.querySelector('details[open] table').getBoundingClientRect().top";
        let height = window.script("return window.innerHeight").await.as_f64().unwrap();
        assert!(window.script(top).await.as_f64().unwrap() < height);
        let rows = window.text("details[open] table").await;
        assert!(rows.contains("boss") && rows.contains("Administrator"), "{rows}");
    })
    .await;
}

#[tokio::test]
async fn a_table_is_changed_with_a_reason_and_holds_at_once() {
    let server = TestServer::start().await;
    created(&server, "boss").await;
    signed_in(&server, async |window| {
        window.follow("Configuration").await;
        window.follow("UserProvisioningExclusionList").await;
        assert_eq!(window.value("0.thingworxUserName").await, "Administrator");
        window.fill("3.thingworxUserName", "boss").await;
        window.fill("4.thingworxUserName", "gone").await;
        window.fill("reason", "the boss is ours").await;
        window.press("Save").await;
        assert!(window.text("[role=status]").await.contains("is saved"));
        window.tick("4.remove").await;
        window.press("Save").await;
        assert_eq!(window.value("3.thingworxUserName").await, "boss");
        assert_eq!(window.value("4.thingworxUserName").await, "");
        window.follow("Change history").await;
        let rows = window.text("tbody").await;
        assert!(rows.contains("the boss is ours"), "{rows}");
        assert_eq!(window.text("tbody tr:first-child .gone").await, "thingworxUserName: gone");
        assert_eq!(
            window.text("tbody tr:last-child td:last-child").await,
            "thingworxUserName: boss\nthingworxUserName: gone"
        );
    })
    .await;
    let query = "/Users?filter=userName%20eq%20%22boss%22";
    let found = server.send("GET", query, None).await.json();
    let path = format!("/Users/{}", found["Resources"][0]["id"].as_str().unwrap());
    let refused = server.send("DELETE", &path, None).await;
    assert_eq!(refused.status, 403, "{refused}");
}

#[tokio::test]
async fn what_is_wrong_or_too_late_is_told_and_stays_in_the_form() {
    let server = TestServer::start().await;
    signed_in(&server, async |window| {
        window.open("/configuration/ProvisioningPolicy").await;
        window.choose("#localAccounts", "review").await;
        window.tick("0.enforceNameRules").await;
        window.fill("0.userLimit", "many").await;
        window.fill("reason", "a limit").await;
        window.press("Save").await;
        let problem = window.text("[role=alert]").await;
        assert!(problem.contains("userLimit: a whole number"), "{problem}");
        assert_eq!(window.value("0.userLimit").await, "many");
        window.fill("0.userLimit", "500").await;
        // Somebody else is quicker.
        let rows = json!({"rows": [{"groupLimit": 7}]});
        let other = admin(&server, "PUT", "/configuration/ProvisioningPolicy", rows).await;
        assert_eq!(other.status, 200, "{other}");
        window.press("Save").await;
        let problem = window.text("[role=alert]").await;
        assert!(problem.contains("changed it meanwhile"), "{problem}");
        assert_eq!(window.value("0.userLimit").await, "500");
        // Whoever is told saves on purpose.
        window.fill("0.groupLimit", "7").await;
        window.press("Save").await;
        assert!(window.text("[role=status]").await.contains("is saved"));
    })
    .await;
    let shown = admin(&server, "GET", "/configuration/ProvisioningPolicy", Value::Null).await;
    let row = &shown.json()["rows"][0];
    let found = (&row["localAccounts"], &row["enforceNameRules"], &row["groupLimit"]);
    assert_eq!(found, (&json!("review"), &json!(true), &json!(7)));
}

#[tokio::test]
async fn monitoring_shows_what_is_counted_and_how_the_server_is() {
    let server = TestServer::start().await;
    created(&server, "ann").await;
    signed_in(&server, async |window| {
        window.follow("Monitoring").await;
        let health = window.text("section:first-of-type").await;
        assert!(health.contains("RUNNING") && health.contains("Database ok"), "{health}");
        let value = "//tr[td/code='resourcesCreated']/td[3]";
        let script =
            format!("return document.evaluate(\"{value}\", document, null, 2, null).stringValue");
        assert_eq!(window.script(&script).await, "1");
        window.unfold("Reset").await;
        window.press("Reset").await;
        assert_eq!(window.script(&script).await, "0");
        window.follow("Look again every 10 seconds").await;
        let refresh = "return document.querySelector('meta[http-equiv=refresh]').content";
        assert_eq!(window.script(refresh).await, "10");
    })
    .await;
}

#[tokio::test]
async fn logs_are_shown_by_level_and_text_and_the_level_is_set() {
    let (setup, _) = Setup::in_memory();
    let log = Arc::new(LogBook::new(LogLevel::Info, |_| {}));
    for (level, target, message) in [
        ("WARN", "provost_server", "The disk is nearly full"),
        ("INFO", "security", "Token refused"),
    ] {
        let time = "2026-07-01T00:00:00.000000Z";
        let line = json!({"timestamp": time, "level": level, "message": message, "target": target, "request.id": "1-2"});
        log.write(line.to_string().as_bytes());
    }
    let server = TestServer::start_with(Setup { log: Arc::clone(&log), ..setup }).await;
    signed_in(&server, async |window| {
        window.follow("Logs").await;
        assert_eq!(
            window.text("tbody").await,
            "2026-07-01 00:00:00 UTC INFO security Token refused request.id=1-2\n\
             2026-07-01 00:00:00 UTC WARN application The disk is nearly full request.id=1-2"
        );
        window.choose("form[method=get] [name=log]", "security").await;
        window.press("Show").await;
        assert_eq!(window.script("return document.querySelectorAll('tbody tr').length").await, 1);
        window.choose("form[method=post] [name=level]", "debug").await;
        window.press("Set").await;
        assert_eq!(window.text("[role=status]").await, "The level of the log is debug.");
    })
    .await;
    assert_eq!(log.level(), LogLevel::Debug);
}

#[tokio::test]
async fn a_user_is_found_locked_unlocked_and_described() {
    let server = TestServer::start().await;
    let name = "<b>ann</b>";
    let id = created(&server, name).await;
    signed_in(&server, async |window| {
        window.follow("Users and groups").await;
        window.fill("name", name).await;
        window.press("Look for it").await;
        window.follow(name).await;
        assert_eq!(window.path().await, format!("/users/{id}"));
        assert_eq!(window.text("h1").await, name);
        window.unfold("Lock").await;
        window.press("Lock").await;
        let facts = window.text("dl").await;
        assert!(facts.contains("yes since 2026-07-01 00:00:00 UTC"), "{facts}");
        window.press("Unlock").await;
        window.fill("projectName", "PTCDefaultProject").await;
        window.fill("tags", "Applications:Testing\nPlants:Boston").await;
        window.press("Save").await;
        assert_eq!(window.value("tags").await, "Applications:Testing\nPlants:Boston");
        window.follow("What was done to it").await;
        let rows = window.text("tbody").await;
        assert_eq!(rows.matches("changed the user <b>ann</b>").count(), 3, "{rows}");
        window.open("/principals?name=nobody").await;
        assert!(window.text("main").await.contains("neither a user nor a group"));
    })
    .await;
}

#[tokio::test]
async fn what_was_deleted_comes_back() {
    let server = TestServer::start().await;
    let policy = json!({"rows": [{"keepDeletedDays": 30}]});
    let set = admin(&server, "PUT", "/configuration/ProvisioningPolicy", policy).await;
    assert_eq!(set.status, 200, "{set}");
    let id = created(&server, "ann").await;
    let path = format!("/Users/{id}");
    assert_eq!(server.send("DELETE", &path, None).await.status, 204);
    signed_in(&server, async |window| {
        window.follow("Deleted").await;
        let row = window.text("tbody").await;
        assert!(row.contains("ann") && row.contains("2026-07-31 00:00:00 UTC"), "{row}");
        window.press("Restore").await;
        assert_eq!(window.text("[role=status]").await, "ann is back.");
    })
    .await;
    assert_eq!(server.send("GET", &path, None).await.status, 200);
}

#[tokio::test]
async fn a_tenant_is_made_paused_and_has_a_console() {
    let (setup, store) = Setup::in_memory();
    let server = TestServer::start_with(setup).await;
    signed_in(&server, async |window| {
        window.follow("Tenants").await;
        window.fill("name", "Not A Name").await;
        window.press("Make a tenant").await;
        assert!(!window.text("[role=alert]").await.is_empty());
        window.fill("name", "acme").await;
        window.press("Make a tenant").await;
        let row = window.text("tbody").await;
        assert!(row.contains("/t/acme/scim/v2") && row.contains("open"), "{row}");
        window.unfold("Pause").await;
        window.press("Pause").await;
        assert!(window.text("tbody").await.contains("paused"));
        window.press("Resume").await;
        assert!(window.text("tbody").await.contains("open"));
    })
    .await;
    let acme = store.tenant("acme".into()).await.unwrap();
    let life = Life { created_at: 0, expires_at: None };
    let token = change(&store, acme, |list: &mut TokenList| {
        list.create("ops".parse().unwrap(), Rights::Administer, life, [9; 32])
    });
    let token = token.await.unwrap().expose().to_owned();
    visit(&server, "/t/acme/console", async |window| {
        window.sign_in(&token).await;
        assert_eq!(window.path().await, "/configuration");
        assert!(window.text("header").await.contains("tenant acme"));
        assert_eq!(
            window.text("nav").await,
            "Configuration\nAudit trail\nChange history\nUsers and groups\nDeleted"
        );
    })
    .await;
}

#[tokio::test]
async fn every_page_is_labelled_fits_a_narrow_window_and_holds_no_script() {
    let server = TestServer::start().await;
    created(&server, "ann").await;
    signed_in(&server, async |window| {
        for width in [1280, 500] {
            window.narrow(width).await;
            for page in PAGES {
                window.open(page).await;
                check(&window, page).await;
            }
        }
    })
    .await;
}

/// What holds for every page.
async fn check(window: &Window, page: &str) {
    let unlabelled = "return [...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')]
        .filter(it => it.labels.length === 0 && !it.ariaLabel).map(it => it.name)";
    assert_eq!(window.script(unlabelled).await, json!([]), "{page}");
    let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(window.script(wide).await, false, "{page} is wider than its window");
    let scripts = "return document.querySelectorAll('script, [style], [onclick]').length";
    assert_eq!(window.script(scripts).await, 0, "{page}");
    // The style is there: the policy of the page lets it in.
    let ground = "return getComputedStyle(document.querySelector('header')).borderBottomStyle";
    assert_eq!(window.script(ground).await, "solid", "{page}");
    let ids = "const ids = [...document.querySelectorAll('[id]')].map(it => it.id);
        return ids.filter((it, place) => ids.indexOf(it) !== place)";
    assert_eq!(window.script(ids).await, json!([]), "{page} has an id twice");
}
