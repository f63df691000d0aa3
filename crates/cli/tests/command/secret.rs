//! `provost secret`.

use crate::process::{run, run_with_input, text};

#[test]
fn secrets_are_kept_listed_and_deleted_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let set = |name: &str, secret: &str| {
        let output = run_with_input(folder.path(), &["secret", "set", name], secret);
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = set("sso.client", "ABC123_xyz\n");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said, "the secret sso.client is kept; settings name it \"encrypt.sso.client\"\n");
    assert_eq!(set("sso.client", "\n").0, Some(1));
    assert_eq!(set("a b", "x").0, Some(2));
    let listed = run(folder.path(), &["secret", "list"]);
    assert_eq!(text(&listed.stdout), "sso.client\n");
    let file = std::fs::read_to_string(folder.path().join("data/secrets.json")).unwrap();
    assert!(!file.contains("ABC123"), "{file}");
    assert_eq!(run(folder.path(), &["secret", "delete", "sso.client"]).status.code(), Some(0));
    assert_eq!(run(folder.path(), &["secret", "delete", "sso.client"]).status.code(), Some(1));
    assert_eq!(text(&run(folder.path(), &["secret", "list"]).stdout), "");
}
