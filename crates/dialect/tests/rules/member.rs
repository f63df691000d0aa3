//! Members of a group: nobody comes or goes who was not named.

use provost_dialect::interpret;
use provost_scim::ErrorKind;
use provost_scim::membership::Delta;
use provost_scim::patch::{GroupReplace, MemberEdit, Patch};
use provost_scim::value::{Message, Mode, Reader};
use serde_json::{Value, json};

use super::{patch_body, with};

fn edits(operation: &Value) -> Result<Vec<MemberEdit>, ErrorKind> {
    with("Group", Message::Patch, |cx| {
        let (body, _) = interpret(cx, patch_body(&json!([operation])), Mode::Lenient).unwrap();
        let mut reader = Reader::new(cx.schemas, cx.kind, Mode::Lenient);
        let patch = Patch::parse(&mut reader, &body, GroupReplace::Rfc).map_err(|it| it.kind)?;
        Ok(patch.member_edits())
    })
}

#[track_caller]
fn check(op: &str, value: Value, expected: Result<Delta<Box<str>>, ErrorKind>) {
    let expected = expected.map(|delta| vec![MemberEdit::Delta(delta)]);
    assert_eq!(
        edits(&json!({"op": op, "path": "members", "value": value})),
        expected,
        "{op} {value}"
    );
    if op != "remove" {
        assert_eq!(
            edits(&json!({"op": op, "value": {"members": value}})),
            expected,
            "{op} {value}"
        );
    }
}

#[test]
fn a_member_may_be_a_text() {
    let members = || ["u".into(), "v".into()];
    let one = || ["u".into()];
    for (op, delta) in [
        ("add", Delta::add as fn(Vec<Box<str>>) -> _),
        ("replace", Delta::replace),
        ("remove", Delta::remove),
    ] {
        check(op, json!("u"), Ok(delta(one().to_vec())));
        check(op, json!(["u", {"value": "v"}]), Ok(delta(members().to_vec())));
        check(op, json!({"value": "u", "displayName": "U"}), Ok(delta(one().to_vec())));
    }
}

#[test]
fn an_empty_value_never_empties_a_group() {
    let nobody = || Ok(Delta::remove([]));
    check("remove", json!([]), nobody());
    check("remove", json!({}), nobody());
    check("remove", json!({"value": ""}), nobody());
    check("remove", json!([{"$ref": null, "value": ""}]), nobody());
    for op in ["add", "replace"] {
        check(op, json!({"value": ""}), Err(ErrorKind::InvalidValue));
        check(op, json!([{"value": ""}]), Err(ErrorKind::InvalidValue));
    }
    for op in ["add", "replace", "remove"] {
        check(op, json!(""), Err(ErrorKind::InvalidValue));
        check(op, json!([""]), Err(ErrorKind::InvalidValue));
    }
}

#[test]
fn a_group_is_emptied_by_the_letter_alone() {
    check("remove", Value::Null, Ok(Delta::replace([])));
    check("replace", json!([]), Ok(Delta::replace([])));
}
