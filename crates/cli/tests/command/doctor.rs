//! `provost doctor`.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::process::{
    Running, enable, free_port, get, provost, request, run, run_with_input, text,
};
use crate::stand_in::{Authority, Request, Requests, answer, serve, serve_nonsense, serve_tls};

const PATH: &str = "/Thingworx/SCIMProvider/SCIM/v2";
const SCIM: &str = "application/scim+json";
/// Nobody knows it.
const TOKEN: &str = "secret-of-mine";

/// What the command says with a token, and its exit code.
fn doctor(folder: &Path, arguments: &[&str], token: &str) -> (String, Option<i32>) {
    let output = run_with_input(folder, &[&["doctor"], arguments].concat(), token);
    let said = text(&output.stdout) + &text(&output.stderr);
    let is_told = !token.trim().is_empty() && said.contains(token.trim());
    assert!(!is_told, "the token is told");
    (said, output.status.code())
}

#[track_caller]
fn check((said, code): (String, Option<i32>), want: i32, sentences: &[&str]) {
    assert_eq!(code, Some(want), "{said}");
    for sentence in sentences {
        assert!(said.contains(sentence), "{sentence:?} is not in:\n{said}");
    }
}

fn token(folder: &Path, more: &[&str]) -> String {
    let create = ["token", "create", "--name", "doctor"];
    text(&run(folder, &[&create, more].concat()).stdout).trim().to_owned()
}

/// The statuses in the lines of requests.
fn statuses(said: &str) -> String {
    let statuses = said.lines().filter(|it| it.contains(" ms  ")).map(|it| &it[..3]);
    statuses.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_server_that_is_well_is_examined_whole_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let (_server, port) = Running::serve(folder.path(), "/ready");
    let token = token(folder.path(), &[]);
    let listen = format!("127.0.0.1:{port}");
    let (said, code) = doctor(folder.path(), &["--listen", &listen], &token);
    assert_eq!(code, Some(0), "{said}");
    let reading = "200 401 200 200 200 200 200";
    let round = "201 200 200 200 200 200 200 201 204 200 204 204 404";
    assert_eq!(statuses(&said), format!("{reading} {round}"));
    assert!(said.ends_with("\nAll well: 20 requests.\n"), "{said}");
    let url = format!("http://{listen}/scim/v2");
    let (said, code) = doctor(folder.path(), &[&url, "--read-only"], &format!("Bearer {token}\n"));
    assert_eq!((statuses(&said).as_str(), code), (reading, Some(0)), "{said}");
    for collection in ["Users", "Groups"] {
        let (_, body) = get(port, &format!("{PATH}/{collection}"), Some(&token)).unwrap();
        assert!(body.contains("\"totalResults\":0"), "{body}");
    }
}

#[test]
fn what_the_server_refuses_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "false");
    let (server, port) = Running::serve(folder.path(), "/health");
    let url = format!("http://127.0.0.1:{port}{PATH}");
    let operator = token(folder.path(), &["--admin"]);
    let stopped = ["The SCIM subsystem is not running", "subsystem is STOPPED", "service Start"];
    check(doctor(folder.path(), &[&url], &operator), 1, &stopped);
    let start = "/Thingworx/Subsystems/SCIMSubsystem/Services/Start";
    assert_eq!(request(port, "POST", start, Some(&operator)).unwrap().0, 200);
    let refused = ["401  WRONG", "The token is refused", "`provost token explain`"];
    check(doctor(folder.path(), &[&url], "nobodys"), 1, &refused);
    let other = format!("http://127.0.0.1:{port}/scim");
    check(doctor(folder.path(), &[&other], &operator), 1, &["404  WRONG", "/scim/v2"]);
    let create = ["token", "create", "--name", "reader", "--rights", "read"];
    let reader = text(&run(folder.path(), &create).stdout);
    let rights = ["403  WRONG", "may not do this", "the token has the rights read"];
    check(doctor(folder.path(), &[&url], &reader), 1, &rights);
    drop(server);
    let closed = ["---  WRONG", &format!("Nothing listens at 127.0.0.1:{port}")];
    check(doctor(folder.path(), &[&url], &operator), 3, &closed);
    let empty = tempfile::tempdir().unwrap();
    let (_server, port) = Running::serve(empty.path(), "/health");
    let url = format!("http://127.0.0.1:{port}{PATH}");
    check(doctor(empty.path(), &[&url], "any"), 1, &["subsystem is switched off", "EnableSSO"]);
}

#[test]
fn what_comes_in_place_of_the_server_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let check_answer = |text: String, sentence: &str| {
        let (port, _) = serve(move |_| text.clone());
        let url = format!("http://127.0.0.1:{port}/scim/v2");
        check(doctor(folder.path(), &[&url], TOKEN), 1, &[sentence]);
    };
    check_answer(answer(200, "text/html", "<html>Log in"), "A web page came with status 200");
    check_answer(answer(200, "application/json", "{}"), "has the Content-Type application/json");
    check_answer(answer(200, SCIM, "{}"), "no ListResponse of SCIM");
    check_answer(answer(200, SCIM, &"x".repeat(2_000_000)), "no JSON, or longer than 1 MiB");
    let echo = json!({"detail": "no user has secret-of-mine"}).to_string();
    check_answer(answer(401, SCIM, &echo), "The server says: no user has (the token).");
    let moved = "HTTP/1.1 301 X\r\nLocation: https://b.example/\r\nContent-Length: 0\r\n\r\n";
    check_answer(moved.to_owned(), "leads on to https://b.example/");
    let stripped =
        "HTTP/1.1 401 X\r\nWWW-Authenticate: Bearer realm=\"a\"\r\nContent-Length: 0\r\n\r\n";
    check_answer(stripped.to_owned(), "takes the header Authorization away");
    let often = "HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
    check_answer(often.to_owned(), "more often than the limits allow (Retry-After: 7)");
    check_answer(answer(503, "text/plain", "no"), "cannot serve at the moment");
    let everybody = list(&[json!({"id": "1", "userName": "somebody"})]);
    check_answer(everybody, "the filter is not looked at");
    check_answer(list(&[]), "without a token: something before it adds a credential");
}

fn list(resources: &[Value]) -> String {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(), "Resources": resources,
    });
    answer(200, SCIM, &body.to_string())
}

#[test]
fn certificates_and_ports_that_are_wrong_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, ours.pem()).unwrap();
    let file = file.to_str().unwrap();
    let examine = |port: u16, sentence: &str, code: i32| {
        let url = format!("https://localhost:{port}/scim/v2");
        check(doctor(folder.path(), &[&url, "--ca-file", file], TOKEN), code, &[sentence]);
    };
    for stranger in [other, Authority::new("ours")] {
        let unknown = serve_tls(stranger.server("localhost", 2999));
        examine(unknown, "comes from an authority that is not known here", 1);
    }
    examine(serve_tls(ours.server("localhost", 2021)), "localhost has expired", 1);
    let named = serve_tls(ours.server("scim.example", 2999));
    examine(named, "is not for localhost, but for", 1);
    examine(serve_tls(ours.server("localhost", 2999)), "503  WRONG", 1);
    examine(serve_nonsense(), "does not speak TLS", 1);
    examine(free_port(), "Nothing listens at localhost", 3);
    // RFC 6761 §6.4: no resolver knows a name that ends like this.
    let nowhere = doctor(folder.path(), &["https://scim.invalid/v2", "--ca-file", file], TOKEN);
    check(nowhere, 3, &["The name scim.invalid leads nowhere: DNS has no address for it"]);
}

const NO_CONTENT: &str = "HTTP/1.1 204 X\r\nConnection: close\r\n\r\n";

/// Answers that are well until a user is created.
fn until_a_user(request: &Request) -> Option<String> {
    let Request { method, path, has_token, .. } = request;
    let names = json!([{"name": "User"}, {"name": "Group"}]);
    let is_supported = json!({"patch": {"supported": true}, "filter": {"supported": true}});
    Some(match (method.as_str(), path.split('?').next()?) {
        ("GET", _) if !has_token => answer(401, SCIM, "{}"),
        ("GET", "/scim/v2/ServiceProviderConfig") => answer(200, SCIM, &is_supported.to_string()),
        ("GET", "/scim/v2/ResourceTypes" | "/scim/v2/Schemas") => list(names.as_array()?),
        ("GET", "/scim/v2/Users" | "/scim/v2/Groups") => list(&[]),
        ("DELETE", _) => NO_CONTENT.to_owned(),
        _ => return None,
    })
}

/// The requests that deleted something.
fn deletions(requests: &Requests) -> Vec<String> {
    let requests = requests.lock().unwrap();
    requests.iter().filter(|it| it.starts_with("DELETE")).cloned().collect()
}

#[test]
fn what_was_made_is_deleted_after_a_failure_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let (port, requests) = serve(|request| match request.method.as_str() {
        "POST" => answer(201, SCIM, "{\"id\": \"one\"}"),
        _ => until_a_user(request).unwrap_or_else(|| answer(500, SCIM, "{}")),
    });
    let url = format!("http://127.0.0.1:{port}/scim/v2");
    check(
        doctor(folder.path(), &[&url], TOKEN),
        1,
        &["500  WRONG", "Clean up", "1 of 10 requests"],
    );
    assert_eq!(deletions(&requests), ["DELETE /scim/v2/Users/one"]);
}

#[test]
fn what_may_have_been_made_is_looked_for_by_its_whole_name() {
    let folder = tempfile::tempdir().unwrap();
    let sent = Mutex::new(String::new());
    let (port, requests) = serve(move |request| {
        let mut sent = sent.lock().unwrap();
        let is_asking = request.path.starts_with("/scim/v2/Users?filter=");
        if request.method == "POST" {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            *sent = body["userName"].as_str().unwrap().to_owned();
            return String::new(); // It was done, and nobody hears of it.
        }
        if !sent.is_empty() && is_asking {
            let other = json!({"id": "other", "userName": "somebody"});
            return list(&[other, json!({"id": "one", "userName": *sent})]);
        }
        until_a_user(request).unwrap()
    });
    let url = format!("http://127.0.0.1:{port}/scim/v2");
    let sentences = ["---  WRONG", "ended before the answer was there", "look for what was sent"];
    check(doctor(folder.path(), &[&url], TOKEN), 1, &sentences);
    assert_eq!(deletions(&requests), ["DELETE /scim/v2/Users/one"]);
}

#[test]
fn what_cannot_be_deleted_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (port, _) = serve(|request| match request.method.as_str() {
        "POST" => answer(201, SCIM, "{\"id\": \"one\"}"),
        "DELETE" => answer(403, SCIM, "{}"),
        _ => until_a_user(request).unwrap_or_else(|| answer(500, SCIM, "{}")),
    });
    let url = format!("http://127.0.0.1:{port}/scim/v2");
    let sentences = ["If the user provost-doctor-", "is there, delete it by hand"];
    check(doctor(folder.path(), &[&url], TOKEN), 1, &sentences);
}

#[test]
fn what_was_made_is_deleted_after_an_interruption() {
    let folder = tempfile::tempdir().unwrap();
    let (created, creation) = channel();
    let (go_on, told) = channel::<()>();
    let (port, requests) = serve(move |request| match request.method.as_str() {
        "POST" => {
            created.send(()).unwrap();
            told.recv().unwrap();
            answer(201, SCIM, "{\"id\": \"one\"}")
        }
        _ => until_a_user(request).unwrap_or_else(|| answer(500, SCIM, "{}")),
    });
    let file = folder.path().join("token");
    std::fs::write(&file, TOKEN).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let url = format!("http://127.0.0.1:{port}/scim/v2");
    let arguments = ["doctor", &url, "--token-file", file.to_str().unwrap()];
    let doctor = Running::start(&mut provost(folder.path(), &arguments));
    creation.recv().unwrap();
    doctor.signal(Signal::INT);
    go_on.send(()).unwrap();
    assert_eq!(doctor.wait(), Some(1));
    assert_eq!(deletions(&requests), ["DELETE /scim/v2/Users/one"]);
}

#[test]
fn tokens_come_from_private_files_and_from_no_argument() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let url = format!("http://127.0.0.1:{}/scim/v2", free_port());
    let arguments = [url.as_str(), "--token-file", file.to_str().unwrap()];
    check(doctor(folder.path(), &arguments, ""), 3, &["cannot read the token in"]);
    std::fs::write(&file, TOKEN).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    check(doctor(folder.path(), &arguments, ""), 1, &["every user of this machine may read"]);
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    check(doctor(folder.path(), &arguments, ""), 3, &["Nothing listens at"]);
    check(doctor(folder.path(), &[&url], " \n"), 1, &["standard input holds no token"]);
    check(doctor(folder.path(), &[&url], "two words"), 1, &["was more copied than the token?"]);
    for wrong in ["http://scim.example/v2", "scim.example", "https://a:b@scim.example/"] {
        assert_eq!(doctor(folder.path(), &[wrong], TOKEN).1, Some(2), "{wrong}");
    }
}
