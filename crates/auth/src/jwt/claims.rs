//! The registered claims of a token (RFC 7519 §4.1) and its tenant.

use serde_json::{Map, Value};

use super::compact::read_object;
use crate::rejection::{Excerpt, Part, Rejection};

/// The claims of a token. They are the issuer's once the signature holds, and not before.
#[derive(Debug)]
pub(crate) struct Claims(Map<String, Value>);

/// The times that are accepted, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// The time of the check, in Unix seconds.
    pub(crate) now: i64,
    /// How far the issuer's clock may be from ours.
    pub(crate) skew: i64,
    /// How long a token may be valid from now.
    pub(crate) lifetime_max: i64,
}

impl Claims {
    /// Reads the claims.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Rejection> {
        read_object(Part::Claims, payload).map(Self)
    }

    /// A claim that must be there, and a string.
    pub(crate) fn text(&self, name: &'static str) -> Result<&str, Rejection> {
        match self.0.get(name) {
            None => Err(Rejection::Missing(name)),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Rejection::ClaimType(name)),
        }
    }

    /// A claim, where it is a string.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Whether a claim is this string, or a list with it.
    pub(crate) fn holds(&self, name: &str, value: &str) -> bool {
        match self.0.get(name) {
            Some(Value::String(text)) => text == value,
            Some(Value::Array(elements)) => elements.iter().any(|element| element == value),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
                false
            }
        }
    }

    /// A claim as it stands in the token, for the log.
    pub(crate) fn show(&self, name: &str) -> Option<String> {
        Some(match self.0.get(name)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// The tenant of an issuer that serves several. Its keys sign for all of them, so the tenant
    /// inside the issuer's name and the claim `tid` must both be there and agree.
    pub(crate) fn tenant<'i>(&self, issuer: &'i str) -> Result<Option<&'i str>, Rejection> {
        let Some(tenant) = tenant_in(issuer) else { return Ok(None) };
        match self.text("tid")? {
            found if found == tenant => Ok(Some(tenant)),
            other => Err(Rejection::Tenant(Excerpt::quote(other))),
        }
    }

    /// The audience has the form it must have (RFC 7519 §4.1.3); who may be in it is for the
    /// binding to say.
    pub(crate) fn check_audience_form(&self) -> Result<(), Rejection> {
        match self.0.get("aud") {
            None | Some(Value::String(_)) => Ok(()),
            Some(Value::Array(elements)) if elements.iter().all(Value::is_string) => Ok(()),
            Some(_) => Err(Rejection::ClaimType("aud")),
        }
    }

    /// The token is valid, began before now, and does not live too long (RFC 7519 §4.1.4–4.1.6).
    pub(crate) fn check_time(&self, window: Window) -> Result<(), Rejection> {
        let Window { now, skew, lifetime_max } = window;
        let left = self.seconds("exp")?.ok_or(Rejection::Missing("exp"))?.saturating_sub(now);
        if left.saturating_add(skew) <= 0 {
            return Err(Rejection::Expired { seconds: left.saturating_neg() });
        }
        if left > lifetime_max.saturating_add(skew) {
            return Err(Rejection::LivesTooLong { seconds: left, max: lifetime_max });
        }
        let ahead = |seconds: Option<i64>| seconds.map_or(0, |at| at.saturating_sub(now));
        match ahead(self.seconds("nbf")?) {
            seconds if seconds > skew => return Err(Rejection::NotYetValid { seconds }),
            _ => {}
        }
        match ahead(self.seconds("iat")?) {
            seconds if seconds > skew => Err(Rejection::IssuedInFuture { seconds }),
            _ => Ok(()),
        }
    }

    // RFC 7519 §2: NumericDate is a JSON number, and may have a fraction.
    fn seconds(&self, name: &'static str) -> Result<Option<i64>, Rejection> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        match value.as_f64() {
            // The conversion saturates: what lies beyond i64 is as good as its end.
            Some(seconds) if seconds.is_finite() && seconds >= 0.0 => Ok(Some(seconds as i64)),
            _ => Err(Rejection::ClaimType(name)),
        }
    }
}

/// The first part of a URL that is a GUID: the tenant of a multi-tenant issuer.
pub(crate) fn tenant_in(issuer: &str) -> Option<&str> {
    issuer.split('/').find(|part| is_guid(part))
}

// 8, 4, 4, 4 and 12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_700_000_000;
    const TENANT: &str = "11111111-2222-3333-4444-555555555555";

    fn claims(value: Value) -> Claims {
        Claims::parse(value.to_string().as_bytes()).unwrap()
    }

    #[track_caller]
    fn check_time(value: Value, want: &str) {
        let window = Window { now: NOW, skew: 300, lifetime_max: 86_400 };
        let got = match claims(value.clone()).check_time(window) {
            Ok(()) => "valid".to_owned(),
            Err(reason) => reason.to_string(),
        };
        assert_eq!(got, want, "{value}");
    }

    #[test]
    fn expiry_is_within_the_skew_and_the_cap() {
        check_time(json!({"exp": NOW + 600}), "valid");
        check_time(json!({"exp": NOW - 299}), "valid");
        check_time(json!({"exp": NOW - 300}), "expired 300 s ago");
        check_time(json!({"exp": NOW as f64 - 299.5}), "expired 300 s ago");
        check_time(json!({"exp": NOW as f64 + 600.5}), "valid");
        check_time(json!({"exp": 0}), "expired 1700000000 s ago");
        check_time(json!({"exp": NOW + 86_700}), "valid");
        let want = "valid for another 86701 s, longer than the 86400 s that are accepted";
        check_time(json!({"exp": NOW + 86_701}), want);
        let want =
            "valid for another 9223372035154775807 s, longer than the 86400 s that are accepted";
        check_time(json!({"exp": 1e300}), want);
        check_time(json!({"exp": u64::MAX}), want);
    }

    #[test]
    fn expiry_is_a_number() {
        check_time(json!({}), "the claim `exp` is missing");
        for exp in [json!("1"), json!(null), json!(true), json!([NOW]), json!(-1), json!(-0.5)] {
            check_time(json!({"exp": exp}), "the claim `exp` has the wrong type");
        }
    }

    #[test]
    fn beginning_is_within_the_skew() {
        let with = |name: &str, value: Value| {
            let mut claims = json!({"exp": NOW + 600});
            claims[name] = value;
            claims
        };
        check_time(with("nbf", json!(0)), "valid");
        check_time(with("nbf", json!(NOW + 300)), "valid");
        check_time(with("nbf", json!(NOW + 301)), "not valid for another 301 s (`nbf`)");
        check_time(with("nbf", json!("soon")), "the claim `nbf` has the wrong type");
        check_time(with("nbf", json!(null)), "the claim `nbf` has the wrong type");
        check_time(with("iat", json!(NOW + 300)), "valid");
        check_time(with("iat", json!(NOW + 301)), "issued 301 s in the future (`iat`)");
        check_time(with("iat", json!("1")), "the claim `iat` has the wrong type");
    }

    #[test]
    fn a_clock_at_the_end_of_time_overflows_nothing() {
        for now in [i64::MIN, i64::MAX] {
            let window = Window { now, skew: i64::MAX, lifetime_max: i64::MAX };
            let _ = claims(json!({"exp": 1, "nbf": 1, "iat": 1})).check_time(window);
        }
    }

    #[track_caller]
    fn check_tenant(issuer: &str, value: Value, want: &str) {
        let got = match claims(value).tenant(issuer) {
            Ok(None) => "no tenant".to_owned(),
            Ok(Some(tenant)) => tenant.to_owned(),
            Err(reason) => reason.to_string(),
        };
        assert_eq!(got, want, "{issuer}");
    }

    #[test]
    fn tenant_is_the_one_inside_the_issuer() {
        let issuer = format!("https://id.example/{TENANT}/v2.0");
        check_tenant(&issuer, json!({"tid": TENANT}), TENANT);
        check_tenant(&issuer, json!({}), "the claim `tid` is missing");
        check_tenant(&issuer, json!({"tid": [TENANT]}), "the claim `tid` has the wrong type");
        let want = "the claim `tid` is \"other\", not the tenant inside the issuer";
        check_tenant(&issuer, json!({"tid": "other"}), want);
        check_tenant("https://id.example/realms/x", json!({"tid": "other"}), "no tenant");
        check_tenant(&format!("https://id.example/x{TENANT}"), json!({}), "no tenant");
    }
}
