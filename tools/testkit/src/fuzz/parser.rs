//! Each parser with its promises.

use std::sync::{Arc, LazyLock};

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use provost_auth::stand_in::StandIn;
use provost_auth::{
    AccessTokens, Answer, Binding, CertificateNames, Chain, GrantRequest, Issued, JwtMethod,
    KeyCache, Pace, TokenList, TokenTimes, TrustedIssuer,
};
use provost_platform::setting::{Inputs, load};
use provost_scim::endpoint::Endpoint;
use provost_scim::filter::{self, parse_value_path, resolve, resolve_across};
use provost_scim::json::{Limits, parse};
use provost_scim::message::SearchRequest;
use provost_scim::patch::{GroupReplace, Patch};
use provost_scim::path;
use provost_scim::projection::Projection;
use provost_scim::schema::{Kind, Options, Schemas};
use provost_scim::value::{Attributes, Message, Mode, Reader, body, read_body};
use tokio::runtime::Runtime;

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| Schemas::builtin(&Options::default()));

fn kinds() -> impl Iterator<Item = Kind> {
    SCHEMAS.resource_types().iter().map(|it| it.kind)
}

/// JSON reads as it prints; what is read as a resource can be stored and read back.
pub(super) fn json_value(bytes: &[u8]) {
    let Ok(value) = parse(bytes, &Limits::default()) else { return };
    let again = parse(value.to_string().as_bytes(), &Limits::default());
    assert_eq!(again.expect("what we print is JSON"), value);
    let _ = SearchRequest::from_body(&value);
    for kind in kinds() {
        for mode in [Mode::Lenient, Mode::Strict] {
            let mut reader = Reader::new(&SCHEMAS, kind, mode);
            let Ok(attributes) = reader.resource(&value, Message::Post) else { continue };
            let core = SCHEMAS.resource_type(kind).schema;
            let stored = body(&SCHEMAS, core, &attributes);
            let read = read_body(&SCHEMAS, kind, &stored).expect("what we store we read");
            assert_eq!(read, attributes);
        }
    }
}

/// A filter reads as it prints.
pub(super) fn filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok((tree, _)) = filter::parse(text) else { return };
    let (again, _) = filter::parse(&tree.to_string()).expect("what we print is a filter");
    assert_eq!(again, tree);
    for kind in kinds() {
        let _ = resolve_across(&SCHEMAS, kind, &tree);
        let _ = resolve(&SCHEMAS, kind, &tree);
    }
}

/// Attribute paths, value paths, lists of attributes.
pub(super) fn path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = path::parse(text);
    let _ = parse_value_path(text);
    for kind in kinds() {
        let _ = Projection::new(&SCHEMAS, kind, &[text], &[text], &mut Vec::new());
    }
}

/// What a PATCH makes of a resource can be stored.
pub(super) fn patch(bytes: &[u8]) {
    let Ok(value) = parse(bytes, &Limits::default()) else { return };
    for kind in kinds() {
        let mut reader = Reader::new(&SCHEMAS, kind, Mode::Lenient);
        let Ok(patch) = Patch::parse(&mut reader, &value, GroupReplace::Rfc) else { continue };
        let Ok(patched) = patch.apply(&mut reader, Attributes::new()) else { continue };
        let core = SCHEMAS.resource_type(kind).schema;
        let stored = body(&SCHEMAS, core, &patched.attributes);
        let read = read_body(&SCHEMAS, kind, &stored).expect("what we store we read");
        assert_eq!(read, patched.attributes);
    }
}

/// Paths and queries of URLs.
pub(super) fn endpoint(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (path, query) = text.split_once('?').unwrap_or((text, text));
    let _ = Endpoint::parse(&SCHEMAS, path);
    let _ = SearchRequest::from_query(query);
}

struct Judge {
    chain: Chain,
    runtime: Runtime,
}

/// An issuer whose key is there, so that no token waits for one.
static JUDGE: LazyLock<Judge> = LazyLock::new(|| {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
    let issuer = StandIn::generate().expect("the system has randomness");
    let (keys, refresh) = KeyCache::new(Box::new(issuer), Pace::default(), Box::new(|| 0));
    runtime.spawn(refresh.run());
    let trusted =
        TrustedIssuer::new("https://id.example/", Arc::new(keys), Binding::AnyClient, "nobody");
    let chain = Chain::with_jwt(JwtMethod::new(vec![trusted], TokenTimes::default()));
    Judge { chain, runtime }
});

/// No token that the issuer's key did not sign is accepted, whatever it says.
pub(super) fn jwt(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (tokens, access) = (TokenList::default(), AccessTokens::default());
    let issued = Issued { tokens: &tokens, access: &access };
    let Judge { chain, runtime } = &*JUDGE;
    let (_, answer) = runtime.block_on(chain.explain(text, &issued, 0));
    assert!(!matches!(answer, Answer::Accepted(_)), "{answer:?}");
}

/// The form of the token endpoint, and the same bytes in the header.
pub(super) fn grant(bytes: &[u8]) {
    let _ = GrantRequest::parse(&HeaderMap::new(), bytes);
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        let _ = GrantRequest::parse(&headers, b"grant_type=client_credentials");
    }
}

/// A certificate in DER, and as many names as it may have.
pub(super) fn certificate(bytes: &[u8]) {
    let _ = CertificateNames::from_der(bytes);
}

/// Both files of the settings. They are either in order or have an error that says why not.
pub(super) fn settings(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("settings.json");
    std::fs::write(&file, bytes).expect("a file");
    let mut inputs = Inputs { folder: folder.path().into(), ..Inputs::default() };
    inputs.flags.platform_settings = Some(file.clone());
    inputs.flags.sso_settings = Some(file);
    let report = load(&inputs);
    assert_eq!(report.settings.is_none(), !report.errors.is_empty(), "{report}");
}
