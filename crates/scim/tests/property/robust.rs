//! Whatever a client sends is read or refused: nothing panics.

use proptest::prelude::*;
use provost_scim::endpoint::Endpoint;
use provost_scim::filter::{parse_value_path, resolve, resolve_across};
use provost_scim::json::{Limits, parse};
use provost_scim::message::SearchRequest;
use provost_scim::patch::{GroupReplace, Patch};
use provost_scim::projection::Projection;
use provost_scim::value::{Attributes, Message, Mode, Reader, Time, body, read_body};

use crate::generate::{any_json, any_message, kind, operation, resource, schemas};

proptest! {
    #[test]
    fn any_json_is_read_as_a_resource_or_refused(
        kind in kind(), value in prop_oneof![any_json(), any_message()], strict in any::<bool>()
    ) {
        let schemas = schemas();
        let mode = if strict { Mode::Strict } else { Mode::Lenient };
        let mut reader = Reader::new(schemas, kind, mode);
        let read = reader.resource(&value, Message::Post);
        prop_assert!(!strict || reader.deviations.is_empty());
        if let Ok(attributes) = read {
            let core = schemas.resource_type(kind).schema;
            let again = read_body(schemas, kind, &body(schemas, core, &attributes)).unwrap();
            prop_assert_eq!(again, attributes);
        }
    }

    #[test]
    fn any_json_is_read_as_a_patch_or_refused(
        kind in kind(), value in prop_oneof![any_json(), any_message()]
    ) {
        let schemas = schemas();
        let mut reader = Reader::new(schemas, kind, Mode::Lenient);
        if let Ok(patch) = Patch::parse(&mut reader, &value, GroupReplace::Rfc) {
            let _ = patch.apply(&mut reader, Attributes::new());
        }
    }

    #[test]
    fn a_patched_resource_is_one_that_can_be_stored(
        (kind, before) in resource(), operations in prop::collection::vec(operation(), 1..6)
    ) {
        let schemas = schemas();
        let mut reader = Reader::new(schemas, kind, Mode::Lenient);
        let before = reader.resource(&before, Message::Post).unwrap();
        let patch = serde_json::json!({"schemas": [provost_scim::urn::PATCH_OP], "Operations": operations});
        let patched = Patch::parse(&mut reader, &patch, GroupReplace::Rfc)
            .and_then(|it| it.apply(&mut reader, before));
        let Ok(patched) = patched else { return Ok(()) };
        let core = schemas.resource_type(kind).schema;
        let bytes = body(schemas, core, &patched.attributes);
        prop_assert_eq!(read_body(schemas, kind, &bytes).unwrap(), patched.attributes.clone());
        for (id, value) in patched.attributes.iter() {
            let Some(primary) = schemas.sub_attribute(id, "primary") else { continue };
            let flags = value.each().iter().filter_map(|it| it.as_complex()?.get(primary));
            let set = flags.filter(|it| **it == provost_scim::value::Val::Bool(true)).count();
            prop_assert!(set <= 1, "{} primary values of {}", set, schemas.attribute(id).path);
        }
    }

    #[test]
    fn any_json_is_read_as_a_search_request_or_refused(value in any_message()) {
        let _ = SearchRequest::from_body(&value);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*", kind in kind()) {
        let schemas = schemas();
        let _ = Endpoint::parse(schemas, &text);
        let _ = SearchRequest::from_query(&text);
        let _ = Time::parse(&text);
        let _ = parse_value_path(&text);
        let _ = Projection::new(schemas, kind, &[&text], &[&text], &mut Vec::new());
        let filter = format!("{text} eq \"x\"");
        if let Ok((tree, _)) = provost_scim::filter::parse(&filter) {
            let _ = resolve(schemas, kind, &tree);
            let _ = resolve_across(schemas, kind, &tree);
        }
    }

    #[test]
    fn any_bytes_are_json_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&bytes, &Limits::default());
    }

    #[test]
    fn json_within_the_limits_reads_as_it_prints(value in any_json()) {
        let text = value.to_string();
        if let Ok(read) = parse(text.as_bytes(), &Limits::default()) {
            prop_assert_eq!(read, value);
        }
    }
}
