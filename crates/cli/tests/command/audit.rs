//! `provost audit`.

use std::path::Path;
use std::sync::Arc;

use provost_engine::{Clock as _, SystemClock};
use provost_platform::DEFAULT_TENANT;
use provost_store::{AuditOutcome, Cause, Entry, Indexes, Store as _, Target};
use serde_json::{Value, json};

use crate::process::{Running, done_by, enable, run, text};

fn said(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(folder, arguments);
    (output.status.code(), text(&output.stderr))
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|it| serde_json::from_str(it).expect("a line is JSON")).collect()
}

fn exported(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = run(folder, &[&["audit", "export"], arguments].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    rows(&text(&output.stdout))
}

fn messages(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|it| it["message"].as_str().expect("is a text")).collect()
}

/// Writes rows that are an hour old.
fn record_old(folder: &Path, names: &[&str]) {
    let schemas = Arc::new(provost_platform::schema::schemas(&Default::default()));
    let indexes = Arc::new(Indexes::new(&schemas));
    let options = provost_sqlite::Options::command(&folder.join("data"));
    let store = provost_sqlite::open(options, schemas, indexes).unwrap();
    let entry = |name: &&str| Entry {
        at: SystemClock.now_micros() - 3_600_000_000,
        category: "Thing".into(),
        action: "done".into(),
        outcome: AuditOutcome::Done,
        cause: Cause { caller: "somebody".into(), ..Cause::default() },
        target: Target::named(name),
        detail: Default::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let tenant = store.tenant(DEFAULT_TENANT.into()).await.unwrap();
        store.record(tenant, names.iter().map(entry).collect()).await.unwrap();
    });
}

#[test]
fn rows_are_exported_as_json_and_as_csv_and_chosen_by_time_and_category() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record_old(folder, &["a"]);
    done_by("ann", folder, &["tenant", "create", "acme"]);
    let all = exported(folder, &[]);
    assert_eq!(messages(&all), ["Thing a: done (somebody)", "command:ann made the tenant acme"]);
    assert_eq!(exported(folder, &["--category", "Thing"]), all[..1]);
    let between = all[1]["at"].as_str().unwrap();
    assert_eq!(exported(folder, &["--until", between]), all[..1]);
    assert_eq!(exported(folder, &["--since", between]), all[1..]);
    assert_eq!(exported(folder, &["--tenant", "acme"]), [] as [Value; 0]);
    let csv = text(&run(folder, &["audit", "export", "--format", "csv"]).stdout);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("place,at,category,action,outcome,actor,"), "{csv}");
    assert!(lines[2].contains(",Tenant,created,done,command:ann,"), "{csv}");
    let (code, said) = said(folder, &["audit", "export", "--since", "yesterday"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("it is no time, as 2026-01-31T00:00:00Z is"), "{said}");
}

#[test]
fn rows_are_moved_to_a_file_beside_a_server_and_none_besides() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    enable(folder, "true");
    let (_server, _port) = Running::serve(folder, "/ready");
    record_old(folder, &["a", "b", "c"]);
    let old = exported(folder, &["--category", "Thing"]);
    let (code, text) =
        said(folder, &["audit", "archive", "old", "--before", "2001-01-01T00:00:00Z"]);
    assert_eq!((code, folder.join("old").exists()), (Some(0), false), "{text}");
    assert_eq!(text, "no row is before 2001-01-01T00:00:00Z; old is not made\n");
    let (code, text) =
        said(folder, &["audit", "archive", "old", "--before", "2999-01-01T00:00:00Z"]);
    assert_eq!((code, folder.join("old").exists()), (Some(1), false), "{text}");
    assert!(text.contains("rows that are older are archived"), "{text}");
    done_by("ann", folder, &["token", "create", "--name", "d"]);
    let half = half_an_hour_after(old[0]["at"].as_str().unwrap());
    let (code, text) = said(folder, &["audit", "archive", "old", "--before", &half]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.starts_with("3 rows before ") && text.ends_with(" are in old, and purged\n"),
        "{text}"
    );
    let archived = rows(&std::fs::read_to_string(folder.join("old")).unwrap());
    let names = |rows: &[Value]| -> Vec<Value> {
        rows.iter().map(|it| it["target"]["name"].clone()).collect()
    };
    assert_eq!(names(&archived), ["a", "b", "c"]);
    let left = exported(folder, &[]);
    assert_eq!(names(&left), ["SCIMSubsystem", "d", "audit"]);
    assert_eq!(left[2]["action"], "archived");
    assert_eq!((&left[2]["detail"]["rows"], &left[2]["detail"]["purged"]), (&json!(3), &json!(3)));
    record_old(folder, &["e"]);
    let (code, text) = said(folder, &["audit", "archive", "old", "--before", &half]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("cannot write old: File exists"), "{text}");
    assert_eq!(exported(folder, &[]).len(), 4, "what is in no file stays");
}

fn half_an_hour_after(time: &str) -> String {
    let time: jiff::Timestamp = time.parse().expect("is a time");
    (time + jiff::SignedDuration::from_mins(30)).to_string()
}

#[test]
fn purged_rows_are_gone_and_a_row_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    done_by("ann", folder, &["token", "create", "--name", "a"]);
    let (code, text) = said(folder, &["audit", "purge", "--before", "2999-01-01T00:00:00Z"]);
    assert_eq!((code, text.as_str()), (Some(0), "1 rows before 2999-01-01T00:00:00Z are purged\n"));
    let left = exported(folder, &[]);
    assert_eq!((left.len(), &left[0]["action"]), (1, &json!("purged")));
}
