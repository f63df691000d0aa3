//! `provost token`, without a server and beside one.

use crate::process::{Running, enable, get, request, run, run_with_input, text, trust};

#[test]
fn tokens_are_made_listed_and_revoked_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["token", "create", "--data", "d", "--name", "entra"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let token = text(&made.stdout);
    assert!(
        token.starts_with("pvt_") && token.ends_with('\n') && token.lines().count() == 1,
        "{token:?}"
    );
    let again = run(folder.path(), &["token", "create", "--data", "d", "--name", "entra"]);
    assert_eq!((again.status.code(), text(&again.stdout)), (Some(1), String::new()));
    let admin = run(folder.path(), &["token", "create", "--data", "d", "--name", "ops", "--admin"]);
    assert!(admin.status.success());
    let list = text(&run(folder.path(), &["token", "list", "--data", "d"]).stdout);
    let names: Vec<&str> = list.lines().filter_map(|it| it.split('\t').next()).collect();
    assert_eq!(names, ["NAME", "entra", "ops"]);
    assert!(!list.contains("pvt_"), "{list}");
    assert!(
        run(folder.path(), &["token", "revoke", "--data", "d", "--name", "entra"]).status.success()
    );
    let none = run(folder.path(), &["token", "revoke", "--data", "d", "--name", "entra"]);
    assert_eq!(none.status.code(), Some(1));
}

#[test]
fn the_database_is_the_one_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("platform-settings.json");
    let content = r#"{"PlatformSettingsConfig": {"ProvostSettings": {"dataFolder": "elsewhere"}}}"#;
    std::fs::write(&settings, content).unwrap();
    let file = settings.to_str().unwrap();
    let made = ["token", "create", "--name", "a", "--platform-settings", file];
    let made = run(folder.path(), &made);
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert!(text(&made.stderr).contains("elsewhere"), "{}", text(&made.stderr));
    assert!(folder.path().join("elsewhere/provost.db").is_file());
    let listed = run(folder.path(), &["token", "list", "--platform-settings", file]);
    assert!(text(&listed.stdout).contains("\na\t"));
}

#[test]
fn a_folder_without_a_database_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        ["token", "list", "--data", "typo"].as_slice(),
        &["token", "revoke", "--name", "a", "--data", "typo"],
        &["backup", "copy.db", "--data", "typo"],
        &["verify", "--data", "typo"],
    ] {
        let refused = run(folder.path(), arguments);
        assert_eq!(refused.status.code(), Some(1));
        let want = "error: there is no database in typo; --data names the folder of the server's\n";
        assert_eq!(text(&refused.stderr), want);
        assert!(!folder.path().join("typo").exists());
    }
}

#[test]
fn a_database_is_backed_up_and_verified_beside_a_server() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let (_server, _port) = Running::serve(folder.path(), "/ready");
    assert!(run(folder.path(), &["token", "create", "--name", "a"]).status.success());
    let copied = run(folder.path(), &["backup", "copy.db"]);
    assert!(copied.status.success(), "{}", text(&copied.stderr));
    let again = run(folder.path(), &["backup", "copy.db"]);
    assert_eq!(again.status.code(), Some(3), "{}", text(&again.stderr));
    let verified = run(folder.path(), &["verify"]);
    assert_eq!(text(&verified.stdout), "no contradiction in ./data\n");
    // Restored: the copy in the place of the database of another folder.
    std::fs::create_dir(folder.path().join("restored")).unwrap();
    let (copy, place) = (folder.path().join("copy.db"), folder.path().join("restored/provost.db"));
    std::fs::copy(copy, place).unwrap();
    let listed = run(folder.path(), &["token", "list", "--data", "restored"]);
    assert!(text(&listed.stdout).contains("\na\t"), "{}", text(&listed.stderr));
}

#[test]
fn a_token_made_beside_a_server_holds_from_the_next_request_and_no_longer_than_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let (_server, port) = Running::serve(folder.path(), "/ready");
    let token =
        text(&run(folder.path(), &["token", "create", "--name", "a"]).stdout).trim().to_owned();
    let admin = text(&run(folder.path(), &["token", "create", "--name", "b", "--admin"]).stdout)
        .trim()
        .to_owned();
    assert_eq!(get(port, "/scim/v2/Users", Some(&token)).unwrap().0, 200);
    let service = "/Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning";
    assert_eq!(request(port, "POST", service, None).unwrap().0, 401);
    assert_eq!(request(port, "POST", service, Some(&token)).unwrap().0, 403);
    let (status, body) = request(port, "POST", service, Some(&admin)).unwrap();
    assert_eq!(status, 200);
    assert!(
        body.contains("\"dataShape\"") && body.contains("\"rows\":[{\"result\":true}]"),
        "{body}"
    );
    assert!(run(folder.path(), &["token", "revoke", "--name", "a"]).status.success());
    assert_eq!(get(port, "/scim/v2/Users", Some(&token)).unwrap().0, 401);
}

#[test]
fn a_token_is_rotated_expires_and_is_listed_without_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let ask = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, old, said) =
        ask(&["token", "create", "--name", "a", "--rights", "read", "--expires-in", "30"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ends at 20"), "{said}");
    let (code, new, said) = ask(&["token", "rotate", "--name", "a", "--grace-hours", "1"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(new.starts_with("pvt_") && new != old);
    let (_, list, _) = ask(&["token", "list"]);
    let rows: Vec<Vec<&str>> = list.lines().map(|it| it.split('\t').collect()).collect();
    assert_eq!(rows[0], ["NAME", "ID", "RIGHTS", "CREATED", "EXPIRES", "LAST USED"]);
    assert_eq!((rows[1][0], rows[1][2], rows[1][5]), ("a", "read", "never"));
    assert!(rows[1][4].starts_with("20"), "{list}");
    assert_eq!((rows[2][0], rows[2][2], rows[2][4]), ("a", "read", "never"));
    assert!(!list.contains("pvt_"), "{list}");
    let (code, _, said) = ask(&["token", "revoke", "--name", "a", "--id", rows[2][1]]);
    assert_eq!((code, said), (Some(0), format!("the token a ({}) is revoked\n", rows[2][1])));
    assert_eq!(ask(&["token", "list"]).1.lines().count(), 2);
    let (code, _, said) = ask(&["token", "rotate", "--name", "b"]);
    assert_eq!((code, said.as_str()), (Some(1), "error: there is no token named b that holds\n"));
    let (code, _, said) = ask(&["token", "create", "--name", "c", "--rights", "all"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("rights are read, write or admin"), "{said}");
}

fn explain(folder: &std::path::Path, token: &str) -> (Option<i32>, String) {
    let output = run_with_input(folder, &["token", "explain"], token);
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn explain_says_which_check_decides_and_never_prints_the_token() {
    let folder = tempfile::tempdir().unwrap();
    enable(folder.path(), "true");
    let made = text(&run(folder.path(), &["token", "create", "--name", "a"]).stdout);
    let made = made.trim();
    let (code, said) = explain(folder.path(), &format!("Bearer {made}\n"));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.ends_with("accepted: token:a, with the rights write\n"), "{said}");
    assert!(!said.contains(&made[4..20]), "{said}");

    assert!(run(folder.path(), &["token", "revoke", "--name", "a"]).status.success());
    let (code, said) = explain(folder.path(), made);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("REFUSED an opaque token that is not on the list"), "{said}");

    trust(folder.path(), "Administrator");
    let unsigned = "eyJhbGciOiJub25lIn0.e30.";
    let (code, said) = explain(folder.path(), unsigned);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("passed  form: three segments"), "{said}");
    assert!(said.contains("REFUSED the algorithm is not RS256, but \"none\""), "{said}");
    assert!(!said.contains(unsigned), "{said}");
    let header = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ"; // {"alg":"RS256","kid":"a"}
    let claims = "eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLyJ9"; // {"iss":"https://issuer.example/"}
    let (code, said) = explain(folder.path(), &format!("{header}.{claims}.AAAA"));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("passed  issuer: https://issuer.example/ is trusted"), "{said}");
    assert!(said.ends_with("503: no verdict\n"), "{said}");
    assert_eq!(explain(folder.path(), "").0, Some(1));
}
