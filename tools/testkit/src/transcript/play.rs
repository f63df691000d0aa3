//! Plays transcripts: fills in a request, sends it, judges the answer, captures from it.
//!
//! The player is the first half; the other one is its tests, against a transport that they script.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _};
use serde_json::Value;

use super::answer::Answer;
use super::encode::encode_path;
use super::format::{Level, Step, Transcript};
use super::invariant::{Asked, breaches};
use super::json_path::JsonPath;
use super::outcome::{Outcome, Report, StepOutcome, Verdict};
use super::transport::{Request, Transport};
use super::variable::{Scope, Unresolved, Variables};

const SCIM: &str = "application/scim+json";

/// Plays transcripts through a transport.
pub struct Player<T> {
    transport: T,
    setup: Setup,
}

/// What a player needs to know.
pub struct Setup {
    /// The path of the SCIM base, or its URL; its query, if it has one, is added to every request.
    pub base: String,
    /// The bearer token.
    pub token: String,
    /// What makes the names of this run its own. A second run against the same server needs another one.
    pub run: String,
    /// The time of `{{ts:}}`, in Unix seconds.
    pub now: i64,
    /// Variables that transcripts may require.
    pub given: BTreeMap<String, String>,
    /// The levels whose failures count; the others warn.
    pub levels: BTreeSet<Level>,
}

impl Setup {
    /// A run at `now` (Unix seconds) in which every level counts and no variables are given.
    pub fn new(
        base: impl Into<String>,
        token: impl Into<String>,
        run: impl Into<String>,
        now: i64,
    ) -> Self {
        Self {
            base: base.into(),
            token: token.into(),
            run: run.into(),
            now,
            given: BTreeMap::new(),
            levels: BTreeSet::from([Level::Must, Level::Should, Level::Compat]),
        }
    }
}

impl<T: Transport> Player<T> {
    /// Makes a player.
    pub fn new(transport: T, setup: Setup) -> Self {
        Self { transport, setup }
    }

    /// Plays transcripts one after another.
    pub async fn play_all(&self, transcripts: &[Transcript]) -> Report {
        let mut outcomes = Vec::new();
        for transcript in transcripts {
            outcomes.push(self.play(transcript).await);
        }
        Report { outcomes }
    }

    /// Plays one transcript, then its cleanup.
    ///
    /// A step is played whatever came of the one before: what follows from a failure is shown as well.
    pub async fn play(&self, transcript: &Transcript) -> Outcome {
        let file = transcript.file.clone();
        let missing = self.missing(transcript);
        if !missing.is_empty() {
            return Outcome::Skipped { file, steps: transcript.steps.len(), missing };
        }
        let mut variables = self.variables();
        let mut steps = Vec::new();
        for (number, step) in (1..).zip(&transcript.steps) {
            let problems = self.run(step, &mut variables).await;
            steps.push(self.outcome(number, step, problems));
        }
        for step in &transcript.cleanup {
            self.run(step, &mut variables).await; // Best effort: what was never made cannot be deleted.
        }
        Outcome::Played { file, steps }
    }

    fn missing(&self, transcript: &Transcript) -> Vec<String> {
        let given = &self.setup.given;
        transcript.requires.iter().filter(|name| !given.contains_key(*name)).cloned().collect()
    }

    fn variables(&self) -> Variables {
        let mut variables = Variables::new(&self.setup.run, self.setup.now, &self.setup.given);
        variables.capture("base", self.setup.base.trim_end_matches('/').into());
        variables
    }

    fn outcome(&self, number: usize, step: &Step, problems: Vec<String>) -> StepOutcome {
        let verdict = match (problems.is_empty(), self.setup.levels.contains(&step.level)) {
            (true, _) => Verdict::Passed,
            (false, true) => Verdict::Failed,
            (false, false) => Verdict::Warned,
        };
        StepOutcome { number, title: step.title.clone(), level: step.level, verdict, problems }
    }

    /// Sends a step as often as it says; what its answers give is captured in the order of the requests.
    async fn run(&self, step: &Step, variables: &mut Variables) -> Vec<String> {
        let count = step.repeat.unwrap_or(1);
        let scope = |index| variables.scope(step.repeat.map(|_| index));
        let attempts = stream::iter(0..count).map(|index| self.attempt(step, scope(index)));
        let attempts: Vec<Attempt> = attempts.buffered(step.parallel.max(1)).collect().await;
        let mut problems = Vec::new();
        for (index, attempt) in attempts.into_iter().enumerate() {
            let tag = if count == 1 { String::new() } else { format!("(#{index}) ") };
            problems.extend(attempt.problems.iter().map(|problem| format!("{tag}{problem}")));
            for (name, value) in attempt.captures {
                variables.capture(&name, value);
            }
        }
        problems
    }

    async fn attempt(&self, step: &Step, scope: Scope<'_>) -> Attempt {
        let sent = match self.fill(step, &scope) {
            Ok(sent) => sent,
            Err(unresolved) => return Attempt::failed(unresolved.to_string()),
        };
        let Sent { request, path, accepts_plain_json } = sent;
        match self.transport.send(request).await {
            Err(error) => Attempt::failed(format!("{} {path}: {error}", step.request.method)),
            Ok(response) => {
                let method = &step.request.method;
                let asked = Asked { method, path: &path, accepts_plain_json };
                judge(step, &asked, &Answer::from(response), &scope)
            }
        }
    }

    fn fill(&self, step: &Step, scope: &Scope<'_>) -> Result<Sent, Unresolved> {
        let template = &step.request;
        let filled =
            if template.absolute { scope.text(&template.path) } else { scope.path(&template.path) };
        let path = encode_path(&filled?);
        let body = body(step, scope)?;
        let headers = self.headers(step, scope, body.is_some())?;
        let accepts_plain_json = names_plain_json(step, scope)?;
        let target = if template.absolute { path.clone() } else { self.below_base(&path) };
        let request = Request { method: template.method.clone(), target, headers, body };
        Ok(Sent { request, path, accepts_plain_json })
    }

    fn below_base(&self, path: &str) -> String {
        let base =
            self.setup.base.split_once("://").map_or(self.setup.base.as_str(), |(_, rest)| {
                rest.find('/').map_or("", |start| &rest[start..])
            });
        let (prefix, query) = base.split_once('?').unwrap_or((base, ""));
        let separator = match (query.is_empty(), path.contains('?')) {
            (true, _) => "",
            (false, true) => "&",
            (false, false) => "?",
        };
        format!("{}{path}{separator}{query}", prefix.trim_end_matches('/'))
    }

    fn headers(
        &self,
        step: &Step,
        scope: &Scope<'_>,
        has_body: bool,
    ) -> Result<Vec<(String, String)>, Unresolved> {
        let mut headers = vec![
            ("Accept".to_owned(), SCIM.to_owned()),
            ("Authorization".to_owned(), format!("Bearer {}", self.setup.token)),
        ];
        headers.extend(has_body.then(|| ("Content-Type".to_owned(), SCIM.to_owned())));
        for (name, value) in &step.request.headers {
            headers.retain(|(default, _)| !default.eq_ignore_ascii_case(name));
            if let Some(value) = value {
                headers.push((name.clone(), scope.text(value)?));
            }
        }
        Ok(headers)
    }
}

/// A request, and what of it the judge needs.
struct Sent {
    request: Request,
    path: String,
    accepts_plain_json: bool,
}

struct Attempt {
    problems: Vec<String>,
    captures: Vec<(String, Value)>,
}

impl Attempt {
    fn failed(problem: String) -> Self {
        Self { problems: vec![problem], captures: Vec::new() }
    }
}

fn body(step: &Step, scope: &Scope<'_>) -> Result<Option<Vec<u8>>, Unresolved> {
    if let Some(raw) = &step.request.body_raw {
        return Ok(Some(scope.text(raw)?.into_bytes()));
    }
    let Some(body) = &step.request.body else { return Ok(None) };
    Ok(Some(scope.value(body)?.to_string().into_bytes()))
}

fn names_plain_json(step: &Step, scope: &Scope<'_>) -> Result<bool, Unresolved> {
    let accept = step.request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Accept"));
    let Some((_, Some(value))) = accept else { return Ok(false) };
    Ok(scope.text(value)?.contains("application/json"))
}

fn judge(step: &Step, asked: &Asked<'_>, answer: &Answer, scope: &Scope<'_>) -> Attempt {
    let mut problems = step.expect.problems(answer, scope).unwrap_or_else(|e| vec![e.to_string()]);
    let mut captures = Vec::new();
    for (name, place) in &step.capture {
        match captured(place, answer) {
            Ok(Some(value)) => captures.push((name.clone(), value)),
            // A wrong answer says why there is nothing: one problem is enough.
            Ok(None) if !problems.is_empty() => {}
            Ok(None) => problems.push(format!("nothing at {place} to capture as {name}")),
            Err(error) => problems.push(error),
        }
    }
    if step.invariants {
        let mut found = breaches(asked, answer);
        found.retain(|breach| !step.skip_invariants.contains(&breach.invariant));
        problems.extend(found.iter().map(ToString::to_string));
    }
    Attempt { problems, captures }
}

fn captured(place: &str, answer: &Answer) -> Result<Option<Value>, String> {
    if let Some(name) = place.strip_prefix("header:") {
        return Ok(answer.header(name).filter(|value| !value.is_empty()).map(Value::from));
    }
    let path = JsonPath::parse(place).map_err(|error| error.to_string())?;
    Ok(answer.document.as_ref().and_then(|document| path.query(document)))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http::header::{HeaderMap, HeaderName, HeaderValue};
    use serde_json::json;

    use super::super::transport::Response;
    use super::*;

    /// Answers from a list, and keeps what was sent.
    #[derive(Default)]
    struct Script {
        answers: Mutex<VecDeque<Result<Response, String>>>,
        sent: Mutex<Vec<Request>>,
    }

    impl Script {
        fn new(answers: impl IntoIterator<Item = Result<Response, String>>) -> Self {
            let answers = Mutex::new(answers.into_iter().collect());
            Self { answers, sent: Mutex::default() }
        }
    }

    impl Transport for &Script {
        async fn send(&self, request: Request) -> Result<Response, String> {
            self.sent.lock().expect("nobody panicked").push(request);
            let answer = self.answers.lock().expect("nobody panicked").pop_front();
            answer.unwrap_or_else(|| Err("connection refused".to_owned()))
        }
    }

    /// Answers with a count of its own, and sees how many requests are in flight at once.
    #[derive(Default)]
    struct Crowd {
        sent: AtomicUsize,
        in_flight: AtomicUsize,
        most: AtomicUsize,
    }

    impl Transport for &Crowd {
        async fn send(&self, _: Request) -> Result<Response, String> {
            let number = self.sent.fetch_add(1, Ordering::SeqCst);
            let in_flight = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(in_flight, Ordering::SeqCst);
            for _ in 0..=number % 3 {
                tokio::task::yield_now().await; // Some overtake others.
            }
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            answer(200, json!({"id": number}))
        }
    }

    fn answer(status: u16, body: Value) -> Result<Response, String> {
        let location = body.pointer("/meta/location").and_then(Value::as_str).map(str::to_owned);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(SCIM));
        headers.extend(location.map(|location| {
            (HeaderName::from_static("location"), location.parse().expect("a good value"))
        }));
        Ok(Response { status, headers, body: text.into_bytes() })
    }

    fn user(active: Value) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": "7", "userName": "ann-run1", "active": active,
            "meta": {"resourceType": "User", "location": "/scim/v2/Users/7"},
        })
    }

    fn transcript(document: Value) -> Transcript {
        Transcript::parse("sample", &document.to_string()).expect("the transcript is good")
    }

    fn with_steps(steps: Value) -> Transcript {
        transcript(json!({"name": "n", "idp": "x", "source_url": "u", "steps": steps}))
    }

    fn setup() -> Setup {
        Setup::new("/scim/v2", "t0", "run1", 1_790_000_000)
    }

    fn body_text(request: &Request) -> &str {
        request.body.as_deref().map_or("", |body| std::str::from_utf8(body).expect("it is UTF-8"))
    }

    #[tokio::test]
    async fn passing_and_failing_steps_are_told_apart() {
        let script = Script::new([
            answer(201, user(json!(true))),
            answer(200, user(json!("True"))),
            answer(404, json!({"detail": "no such user"})),
            Err("connection reset".to_owned()),
            answer(204, Value::Null),
        ]);
        let get = json!({"method": "GET", "path": "/Users/{{id}}"});
        let played = transcript(json!({
            "name": "n", "idp": "x", "source_url": "u",
            "steps": [
                {"title": "create",
                 "request": {"method": "POST", "path": "/Users", "body": {"userName": "ann-{{run}}"}},
                 "expect": {"status": [201], "json_paths": [{"path": "active", "equals": true}]},
                 "capture": {"id": "id", "at": "header:Location"}},
                {"title": "read", "request": get, "level": "compat",
                 "expect": {"status": [200], "json_paths": [
                    {"path": "active", "equals": true}, {"path": "id", "equals": "{{id}}"}]}},
                {"title": "read again", "request": get,
                 "expect": {"status": [200]}, "capture": {"gone": "id"}},
                {"title": "read and lose", "request": get, "expect": {"status": [200]}},
                {"title": "use what was lost",
                 "request": {"method": "GET", "path": "/Users/{{gone}}"}, "expect": {"status": [200]}},
            ],
            "cleanup": [
                {"title": "clean up", "request": {"method": "DELETE", "path": "{{at}}", "absolute": true}},
            ],
        }));
        let outcome = Player::new(&script, setup()).play(&played).await;
        let lines = "\
FAIL sample #2 read [compat]: active: want true, got \"True\"
FAIL sample #3 read again [must]: status 404, want 200; [error-body] error 404 without a SCIM Error body
FAIL sample #4 read and lose [must]: GET /Users/7: connection reset
FAIL sample #5 use what was lost [must]: {{gone}} was never captured
";
        assert_eq!(outcome.to_string(), lines);
        assert_eq!((outcome.count(Verdict::Passed), outcome.count(Verdict::Failed)), (1, 4));
        let sent = script.sent.lock().expect("nobody panicked");
        let targets: Vec<String> =
            sent.iter().map(|r| format!("{} {}", r.method, r.target)).collect();
        let read = "GET /scim/v2/Users/7";
        assert_eq!(targets, ["POST /scim/v2/Users", read, read, read, "DELETE /scim/v2/Users/7"]);
        assert_eq!(body_text(&sent[0]), r#"{"userName":"ann-run1"}"#);
    }

    #[tokio::test]
    async fn level_that_does_not_count_warns() {
        let script = Script::new([answer(500, Value::Null)]);
        let step = json!({"title": "t", "level": "should", "invariants": false,
            "request": {"method": "GET", "path": "/Users"}, "expect": {"status": [200]}});
        let levels = BTreeSet::from([Level::Must]);
        let player = Player::new(&script, Setup { levels, ..setup() });
        let report = player.play_all(&[with_steps(json!([step]))]).await;
        let lines = "\
warn sample #1 t [should]: status 500, want 200
1 of 1 transcripts clean
0 passed, 1 warned, 0 failed
";
        assert_eq!(report.to_string(), lines);
    }

    #[tokio::test]
    async fn transcript_without_its_variables_is_skipped_and_named() {
        let script = Script::default();
        let played = transcript(json!({
            "name": "n", "idp": "x", "source_url": "u", "requires": ["client_id", "token_path"],
            "steps": [{"title": "t", "request": {"method": "POST", "path": "{{token_path}}"}}],
        }));
        let given = BTreeMap::from([("client_id".to_owned(), "c".to_owned())]);
        let report = Player::new(&script, Setup { given, ..setup() }).play_all(&[played]).await;
        assert_eq!(report.skipped(), ["sample"]);
        assert!(report.to_string().starts_with("skip sample: 1 steps, requires token_path\n"));
        assert!(script.sent.lock().expect("nobody panicked").is_empty());
    }

    #[tokio::test]
    async fn invariants_hold_for_every_step_but_the_excused() {
        let bare = || answer(200, json!({"id": "7"}));
        let script = Script::new([bare(), bare(), bare()]);
        let step = |more: Value| {
            let mut step = json!({"title": "t", "request": {"method": "GET", "path": "/Users/7"}});
            step.as_object_mut().expect("an object").extend(more.as_object().expect("one").clone());
            step
        };
        let steps = json!([
            step(json!({})),
            step(json!({"skip_invariants": ["resource"]})),
            step(json!({"invariants": false})),
        ]);
        let outcome = Player::new(&script, setup()).play(&with_steps(steps)).await;
        let line = "FAIL sample #1 t [must]: [resource] no schemas in the resource; [resource] no meta.resourceType\n";
        assert_eq!(outcome.to_string(), line);
    }

    #[tokio::test]
    async fn plain_json_is_fine_where_the_request_names_it() {
        let plain = || {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static("application/json"));
            Ok(Response { status: 200, headers, body: b"{}".to_vec() })
        };
        let script = Script::new([plain(), plain()]);
        let request =
            |accept| json!({"method": "GET", "path": "/Schemas", "headers": {"accept": accept}});
        let steps = json!([
            {"title": "named", "request": request("application/scim+json, application/json")},
            {"title": "not named", "request": request("*/*")},
        ]);
        let outcome = Player::new(&script, setup()).play(&with_steps(steps)).await;
        let line = "FAIL sample #2 not named [must]: [content-type] Content-Type is \"application/json\", not application/scim+json\n";
        assert_eq!(outcome.to_string(), line);
    }

    #[tokio::test]
    async fn headers_replace_and_remove_the_defaults() {
        let script = Script::default();
        let steps = json!([
            {"title": "defaults", "request": {"method": "GET", "path": "/"}},
            {"title": "body", "request": {"method": "POST", "path": "/", "body_raw": "a={{run}}",
                "headers": {"content-type": "text/plain", "Authorization": null, "X-Run": "{{run}}"}}},
        ]);
        Player::new(&script, setup()).play(&with_steps(steps)).await;
        let sent = script.sent.lock().expect("nobody panicked");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(sent[0].headers, [pair("Accept", SCIM), pair("Authorization", "Bearer t0")]);
        let replaced =
            [pair("Accept", SCIM), pair("X-Run", "run1"), pair("content-type", "text/plain")];
        assert_eq!(sent[1].headers, replaced);
        assert_eq!((sent[0].body.as_deref(), body_text(&sent[1])), (None, "a=run1"));
    }

    #[tokio::test]
    async fn base_carries_its_query_into_every_request() {
        let script = Script::default();
        let base = "http://localhost:8080/scim/v2?flag".to_owned();
        let path = |path: &str, absolute: bool| json!({"title": "t", "request": {"method": "GET", "path": path, "absolute": absolute}});
        let steps = json!([
            path("/Users", false), path("/Users?filter=a eq \"{{run}}\"", false), path("/oauth2/token", true),
            {"title": "t", "request": {"method": "POST", "path": "/Users", "body": "{{base}}"}},
        ]);
        Player::new(&script, Setup { base, ..setup() }).play(&with_steps(steps)).await;
        let sent = script.sent.lock().expect("nobody panicked");
        assert_eq!(sent[0].target, "/scim/v2/Users?flag");
        assert_eq!(sent[1].target, "/scim/v2/Users?filter=a%20eq%20%22run1%22&flag");
        assert_eq!(sent[2].target, "/oauth2/token");
        assert_eq!(body_text(&sent[3]), r#""http://localhost:8080/scim/v2?flag""#);
    }

    #[track_caller]
    fn check_target(base: &str, path: &str, expected: &str) {
        let script = Script::default();
        let setup = Setup { base: base.to_owned(), ..setup() };
        assert_eq!(Player::new(&script, setup).below_base(path), expected);
    }

    #[test]
    fn base_may_be_a_path_or_a_url() {
        check_target("/scim/v2/", "/Users", "/scim/v2/Users");
        check_target("", "/Users", "/Users");
        check_target("https://host.example", "/Users", "/Users");
        check_target("https://host.example/a/", "/Users?x", "/a/Users?x");
        check_target("/a?x=1&y", "/Users?z", "/a/Users?z&x=1&y");
    }

    async fn crowd_of(parallel: usize) -> (usize, Vec<Request>) {
        let crowd = Crowd::default();
        let collect = json!({"title": "t", "repeat": 7, "parallel": parallel, "invariants": false,
            "request": {"method": "GET", "path": "/Users/{{i}}"}, "capture": {"ids[]": "id"}});
        let mut variables = Variables::new("run1", 0, &BTreeMap::new());
        let step = with_steps(json!([collect])).steps[0].clone();
        let problems = Player::new(&crowd, setup()).run(&step, &mut variables).await;
        assert_eq!(problems, [""; 0]);
        let script = Script::default();
        let read =
            json!({"title": "t", "repeat": 7, "request": {"method": "GET", "path": "/{{ids[i]}}"}});
        let step = with_steps(json!([read])).steps[0].clone();
        Player::new(&script, setup()).run(&step, &mut variables).await;
        (crowd.most.into_inner(), script.sent.into_inner().expect("nobody panicked"))
    }

    #[tokio::test]
    async fn parallel_requests_are_in_flight_at_once_and_captured_in_order() {
        let (most, sent) = crowd_of(3).await;
        let targets: Vec<&str> = sent.iter().map(|request| request.target.as_str()).collect();
        assert_eq!(most, 3);
        let in_order = ["0", "1", "2", "3", "4", "5", "6"].map(|id| format!("/scim/v2/{id}"));
        assert_eq!(targets, in_order);
    }

    #[tokio::test]
    async fn repeated_requests_go_one_by_one_without_parallel() {
        assert_eq!(crowd_of(1).await.0, 1);
    }

    #[tokio::test]
    async fn problems_of_a_repeated_step_carry_its_number() {
        let ok = || answer(200, json!({"n": 1}));
        let script = Script::new([ok(), answer(200, json!({"n": 2})), ok()]);
        let steps = json!([{"title": "t", "repeat": 3, "request": {"method": "GET", "path": "/Schemas"},
            "expect": {"json_paths": [{"path": "n", "equals": 1}]}}]);
        let outcome = Player::new(&script, setup()).play(&with_steps(steps)).await;
        assert_eq!(outcome.to_string(), "FAIL sample #1 t [must]: (#1) n: want 1, got 2\n");
    }

    #[tokio::test]
    async fn nothing_to_capture_is_a_problem_of_a_right_answer_only() {
        let script = Script::new([answer(200, json!({})), answer(400, json!({}))]);
        let step = json!({"title": "t", "invariants": false, "capture": {"id": "id"},
            "request": {"method": "GET", "path": "/"}, "expect": {"status": [200]}});
        let outcome = Player::new(&script, setup()).play(&with_steps(json!([step, step]))).await;
        let lines = "\
FAIL sample #1 t [must]: nothing at id to capture as id
FAIL sample #2 t [must]: status 400, want 200
";
        assert_eq!(outcome.to_string(), lines);
    }

    #[test]
    fn playing_may_move_between_threads() {
        fn movable<F: Send>(_: &F) {}
        let script = Script::default();
        let (player, played) = (Player::new(&script, setup()), with_steps(json!([])));
        movable(&player.play(&played));
    }
}
