//! The compact serialization of a signed token and its header (RFC 7515 §3.1, §4.1, §7.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::json;
use crate::rejection::{Excerpt, Part, Rejection};

/// The one algorithm that is accepted. The list is ours, never the token's (RFC 8725 §3.1).
const ALGORITHM: &str = "RS256";

/// The kinds of token that are accepted, in any letter case (RFC 7519 §5.1, RFC 9068 §4).
const TYPES: [&str; 3] = ["JWT", "at+jwt", "application/at+jwt"];

const KEY_NAME_MAX_BYTES: usize = 256;

/// A signed token, taken apart. Nothing in it is proven yet.
#[derive(Debug)]
pub(crate) struct Compact<'t> {
    header: Map<String, Value>,
    /// The bytes that the issuer encoded.
    pub(crate) payload: Vec<u8>,
    /// The text that is signed: header and payload as they were sent.
    pub(crate) signed: &'t str,
    /// The signature, in base64url.
    pub(crate) signature: &'t str,
}

/// How a header names the key that signed the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyName<'h> {
    /// By `kid`.
    Id(&'h str),
    /// By `x5t`, the thumbprint of the key's certificate.
    Thumbprint(&'h str),
    /// Not at all.
    Unnamed,
}

impl<'t> Compact<'t> {
    // RFC 7515 §7.1: BASE64URL(header) || '.' || BASE64URL(payload) || '.' || BASE64URL(signature)
    /// Takes a token apart; every part must be the one canonical encoding of what it holds, so that
    /// no two texts are the same token.
    pub(crate) fn parse(token: &'t str) -> Result<Self, Rejection> {
        let segments: Vec<&str> = token.splitn(5, '.').collect();
        let &[header, payload, signature] = segments.as_slice() else {
            return Err(Rejection::Segments { found: token.split('.').count() });
        };
        decode(Part::Signature, signature)?;
        let (signed, _) = token.rsplit_once('.').unwrap_or_default();
        Ok(Self {
            header: read_object(Part::Header, &decode(Part::Header, header)?)?,
            payload: decode(Part::Claims, payload)?,
            signed,
            signature,
        })
    }

    /// Checks the header. What it brings of a key (`jwk`, `x5c`) or of a place to fetch one from
    /// (`jku`, `x5u`) is ignored: keys come from the configured place alone (RFC 8725 §3.10).
    pub(crate) fn check_header(&self) -> Result<KeyName<'_>, Rejection> {
        match self.header.get("alg") {
            Some(Value::String(algorithm)) if algorithm == ALGORITHM => {}
            other => return Err(Rejection::Algorithm(describe(other))),
        }
        // RFC 7515 §4.1.11: what is listed there must be understood, and an empty list is an error.
        if self.header.contains_key("crit") {
            return Err(Rejection::Critical);
        }
        if self.header.contains_key("cty") {
            return Err(Rejection::ContentType);
        }
        match self.header.get("typ") {
            None => {}
            Some(Value::String(kind))
                if TYPES.iter().any(|ours| ours.eq_ignore_ascii_case(kind)) => {}
            other => return Err(Rejection::Type(describe(other))),
        }
        self.key_name()
    }

    fn key_name(&self) -> Result<KeyName<'_>, Rejection> {
        if let Some(id) = self.bounded_text("kid")? {
            return Ok(KeyName::Id(id));
        }
        Ok(self.bounded_text("x5t")?.map_or(KeyName::Unnamed, KeyName::Thumbprint))
    }

    fn bounded_text(&self, name: &'static str) -> Result<Option<&str>, Rejection> {
        match self.header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= KEY_NAME_MAX_BYTES => Ok(Some(text)),
            Some(_) => Err(Rejection::KeyId(name)),
        }
    }
}

/// Reads a part as JSON.
pub(super) fn read_object(part: Part, bytes: &[u8]) -> Result<Map<String, Value>, Rejection> {
    json::parse_object(bytes)
        .map_err(|cause| Rejection::NotJson { part, cause: Excerpt::plain(&cause.to_string()) })
}

fn decode(part: Part, text: &str) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Rejection::Base64(part))
}

fn describe(value: Option<&Value>) -> Excerpt {
    match value {
        None => Excerpt::plain("missing"),
        Some(Value::String(text)) => Excerpt::quote(text),
        Some(other) => Excerpt::plain(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[track_caller]
    fn check_header(header: &str, want: Result<KeyName<'_>, &str>) {
        let token = format!("{}.{}.AA", encode(header), encode("{}"));
        let got = Compact::parse(&token)
            .and_then(|compact| compact.check_header().map(|name| format!("{name:?}")));
        let want = want.map(|name| format!("{name:?}")).map_err(str::to_owned);
        assert_eq!(got.map_err(|reason| reason.to_string()), want, "{header}");
    }

    #[track_caller]
    fn check_form(token: &str, want: Rejection) {
        assert_eq!(Compact::parse(token).unwrap_err(), want, "{token}");
    }

    #[test]
    fn three_segments_make_a_token() {
        let compact = Compact::parse("e30.e30.AA").unwrap();
        assert_eq!(compact.payload, b"{}");
        assert_eq!((compact.signed, compact.signature), ("e30.e30", "AA"));

        check_form("", Rejection::Segments { found: 1 });
        check_form("e30.e30", Rejection::Segments { found: 2 });
        check_form("e30.e30.AA.x", Rejection::Segments { found: 4 });
        check_form("e30.AA.AA.AA.AA", Rejection::Segments { found: 5 });
        check_form(&".".repeat(4000), Rejection::Segments { found: 4001 });
    }

    #[test]
    fn base64url_has_one_form() {
        for (token, part) in [
            ("e30=.e30.AA", Part::Header),
            ("e30.e30=.AA", Part::Claims),
            ("e30.e30.AA==", Part::Signature),
            ("e30.e30.AB", Part::Signature), // The four bits that carry nothing are set.
            ("e30.e31.AA", Part::Claims),
            ("e30.e30.A", Part::Signature),
            ("e30.e30.-_+A", Part::Signature), // The other alphabet.
            ("e30.e30.A/8A", Part::Signature),
            ("e30.e30.A%0A", Part::Signature),
            ("e3\n0.e30.AA", Part::Header),
            ("e30.é.AA", Part::Claims),
        ] {
            check_form(token, Rejection::Base64(part));
        }
    }

    #[test]
    fn header_must_be_an_object() {
        for text in [r#"["RS256"]"#, "", "{", r#"{"alg":"none","alg":"RS256"}"#] {
            let token = format!("{}.e30.AA", encode(text));
            let got = Compact::parse(&token).unwrap_err();
            assert!(matches!(got, Rejection::NotJson { part: Part::Header, .. }), "{text}: {got}");
        }
    }

    #[test]
    fn algorithm_is_rs256_in_this_spelling() {
        check_header(r#"{"alg":"RS256"}"#, Ok(KeyName::Unnamed));
        for (algorithm, shown) in [
            (r#""none""#, r#""none""#),
            (r#""""#, r#""""#),
            (r#""rs256""#, r#""rs256""#),
            (r#""RS512""#, r#""RS512""#),
            (r#""HS256""#, r#""HS256""#),
            (r#"["RS256"]"#, r#"["RS256"]"#),
            ("null", "null"),
        ] {
            let want = format!("the algorithm is not RS256, but {shown}");
            check_header(&format!(r#"{{"alg":{algorithm}}}"#), Err(&want));
        }
        check_header("{}", Err("the algorithm is not RS256, but missing"));
    }

    #[test]
    fn critical_extensions_and_nested_tokens_are_refused() {
        for crit in [r#"["exp"]"#, "[]", r#"["b64"]"#, "null", "1"] {
            let header = format!(r#"{{"alg":"RS256","crit":{crit}}}"#);
            check_header(&header, Err("the header holds `crit`"));
        }
        let want = "the header holds `cty`: nested tokens are not read";
        check_header(r#"{"alg":"RS256","cty":"JWT"}"#, Err(want));
    }

    #[test]
    fn type_is_absent_or_an_access_token() {
        for kind in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
            check_header(&format!(r#"{{"alg":"RS256","typ":"{kind}"}}"#), Ok(KeyName::Unnamed));
        }
        let want = r#"the type is not JWT or at+jwt, but "dpop+jwt""#;
        check_header(r#"{"alg":"RS256","typ":"dpop+jwt"}"#, Err(want));
        let want = "the type is not JWT or at+jwt, but null";
        check_header(r#"{"alg":"RS256","typ":null}"#, Err(want));
    }

    #[test]
    fn key_is_named_by_kid_else_by_x5t() {
        let header = |members: &str| format!(r#"{{"alg":"RS256",{members}}}"#);
        check_header(&header(r#""kid":"a","x5t":"b""#), Ok(KeyName::Id("a")));
        check_header(&header(r#""x5t":"b""#), Ok(KeyName::Thumbprint("b")));
        check_header(&header(r#""jwk":{"kty":"RSA"},"jku":"https://x""#), Ok(KeyName::Unnamed));

        let longest = "k".repeat(256);
        check_header(&header(&format!(r#""kid":"{longest}""#)), Ok(KeyName::Id(&longest)));
        let want = "`kid` is not a string of at most 256 bytes";
        check_header(&header(&format!(r#""kid":"{longest}k""#)), Err(want));
        check_header(&header(r#""kid":7"#), Err(want));
        check_header(&header(r#""kid":null,"x5t":"b""#), Err(want));
        let want = "`x5t` is not a string of at most 256 bytes";
        check_header(&header(r#""x5t":["b"]"#), Err(want));
    }
}
