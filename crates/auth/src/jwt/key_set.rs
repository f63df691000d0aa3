//! The keys that an issuer signs with, out of its JWK Set (RFC 7517).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
    RSAKeyParameters,
};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde_json::Value;

use super::claims::tenant_in;
use super::compact::{Compact, KeyName};

// RFC 7518 §3.3 wants 2048 bits at least; the backend verifies up to 8192.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Two keys may share a name while one replaces the other; more are not tried.
const SAME_NAME_MAX: usize = 2;

/// The keys of a set that can verify a token.
#[derive(Debug)]
pub(crate) struct KeySet {
    keys: Vec<Arc<Key>>,
    /// Keys of the set that are of no use here.
    pub(crate) dropped: usize,
}

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    id: Option<String>,
    thumbprint: Option<String>,
    issuer: KeyIssuer,
    public: DecodingKey,
}

/// Which issuer a key belongs to. Issuers that share one set for several tenants say so in each
/// key's member `issuer`, with a placeholder for the tenant or with one fixed tenant. One key signs
/// under several of its issuer's names (of two generations of tokens, say), so what is compared is
/// the tenant, not the name around it.
#[derive(Debug, PartialEq, Eq)]
enum KeyIssuer {
    Unsaid,
    EveryTenant,
    Tenant(String),
    Named(String),
}

/// Why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeySetError {
    #[error("what came is not a JWK Set")]
    NotKeySet(#[from] serde_json::Error),
    #[error("none of the set's {0} keys is an RSA key of 2048 to 8192 bits that may sign by RS256")]
    NothingUsable(usize),
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Takes the usable keys out of a JWK Set. Keys of other kinds and broken keys are dropped one
    /// by one (RFC 7517 §5); symmetric ones above all, or their public text would sign tokens.
    pub(crate) fn load(document: &[u8]) -> Result<Self, KeySetError> {
        let Document { keys: found } = serde_json::from_slice(document)?;
        let of = found.len();
        let keys: Vec<_> = found.into_iter().filter_map(Key::load).map(Arc::new).collect();
        match keys.len() {
            0 => Err(KeySetError::NothingUsable(of)),
            usable => Ok(Self { keys, dropped: of - usable }),
        }
    }

    /// The keys of a name, or the only key where none is named. A token without a name is not
    /// tried with each key of several: its issuer does not say which of them it trusts.
    pub(crate) fn find(&self, name: KeyName<'_>) -> Vec<Arc<Key>> {
        let named = |key: &&Arc<Key>| match name {
            KeyName::Id(id) => key.id.as_deref() == Some(id),
            KeyName::Thumbprint(thumbprint) => key.thumbprint.as_deref() == Some(thumbprint),
            KeyName::Unnamed => self.keys.len() == 1,
        };
        self.keys.iter().filter(named).take(SAME_NAME_MAX).cloned().collect()
    }
}

impl Key {
    /// Whether this key made the token's signature.
    pub(crate) fn signed(&self, token: &Compact<'_>) -> bool {
        let Compact { signed, signature, .. } = token;
        crypto::verify(signature, signed.as_bytes(), &self.public, Algorithm::RS256)
            .unwrap_or(false)
    }

    /// Whether the key belongs to this issuer and tenant.
    pub(crate) fn belongs_to(&self, issuer: &str, tenant: Option<&str>) -> bool {
        match &self.issuer {
            KeyIssuer::Unsaid => true,
            KeyIssuer::EveryTenant => tenant.is_some(),
            KeyIssuer::Tenant(own) => tenant == Some(own),
            KeyIssuer::Named(own) => issuer == own,
        }
    }

    fn load(document: Value) -> Option<Self> {
        let issuer = match document.get("issuer") {
            None => KeyIssuer::Unsaid,
            Some(value) => KeyIssuer::read(value.as_str()?),
        };
        let Jwk { common, algorithm } = serde_json::from_value(document).ok()?;
        let AlgorithmParameters::RSA(parameters) = algorithm else { return None };
        if !may_verify(&common) {
            return None;
        }
        let public = public_key(&parameters)?;
        Some(Self { id: common.key_id, thumbprint: common.x509_sha1_fingerprint, issuer, public })
    }
}

impl KeyIssuer {
    fn read(text: &str) -> Self {
        if text.contains("{tenantid}") {
            return Self::EveryTenant;
        }
        match tenant_in(text) {
            Some(tenant) => Self::Tenant(tenant.to_owned()),
            None => Self::Named(text.to_owned()),
        }
    }
}

// RFC 7517 §4.2–4.4: a key says what it is for, or leaves it open.
fn may_verify(key: &CommonParameters) -> bool {
    matches!(key.public_key_use, None | Some(PublicKeyUse::Signature))
        && matches!(key.key_algorithm, None | Some(KeyAlgorithm::RS256))
        && key.key_operations.as_ref().is_none_or(|list| list.contains(&KeyOperations::Verify))
}

// RFC 7518 §6.3.1: both numbers are big-endian. Leading zeros, which some producers write, are cut
// off, so that they count neither as bits nor against the backend's own form.
fn public_key(parameters: &RSAKeyParameters) -> Option<DecodingKey> {
    let number = |text: &str| -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
    };
    let (modulus, exponent) = (number(&parameters.n)?, number(&parameters.e)?);
    let top = modulus.first()?;
    let bits = modulus.len() * 8 - top.leading_zeros() as usize;
    // An exponent of 1 would make every message its own signature.
    let sound = MODULUS_BITS.contains(&bits) && exponent != [1] && !exponent.is_empty();
    sound.then(|| DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn modulus(bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0xff; bytes])
    }

    fn rsa(over: Value) -> Value {
        let mut key = json!({"kty": "RSA", "kid": "a", "n": modulus(256), "e": "AQAB"});
        for (name, value) in over.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    }

    fn load(keys: &[Value]) -> Result<KeySet, KeySetError> {
        KeySet::load(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[track_caller]
    fn check(key: Value, usable: bool) {
        assert_eq!(load(std::slice::from_ref(&key)).is_ok(), usable, "{key}");
    }

    #[test]
    fn only_rsa_signature_keys_are_kept() {
        check(rsa(json!({})), true);
        check(rsa(json!({"use": "sig", "alg": "RS256", "key_ops": ["verify"]})), true);
        check(rsa(json!({"x5t": "t", "x5c": ["MII="], "unknown": {"a": 1}})), true);
        check(rsa(json!({"use": "enc"})), false);
        check(rsa(json!({"use": "tls"})), false);
        check(rsa(json!({"alg": "RS512"})), false);
        check(rsa(json!({"alg": "XX999"})), false);
        check(rsa(json!({"key_ops": ["encrypt"]})), false);
        check(rsa(json!({"kid": 7})), false);
        check(rsa(json!({"issuer": ["x"]})), false);
        check(json!({"kty": "oct", "kid": "a", "k": "AAAA"}), false);
        check(json!({"kty": "EC", "crv": "P-256", "x": modulus(32), "y": modulus(32)}), false);
        check(json!({"kty": "OKP", "crv": "Ed25519", "x": modulus(32)}), false);
        check(json!({"kty": "RSA", "kid": "a"}), false);
        check(json!("RSA"), false);
    }

    #[test]
    fn modulus_and_exponent_are_bounded() {
        check(rsa(json!({"n": modulus(128)})), false);
        check(rsa(json!({"n": modulus(255)})), false);
        check(rsa(json!({"n": modulus(1024)})), true);
        check(rsa(json!({"n": modulus(1025)})), false);
        check(rsa(json!({"n": ""})), false);
        check(rsa(json!({"n": "AAAA"})), false);
        check(rsa(json!({"n": format!("{}=", modulus(256))})), false);
        let zero_in_front = URL_SAFE_NO_PAD.encode([&[0], vec![0xff; 256].as_slice()].concat());
        check(rsa(json!({ "n": zero_in_front })), true);
        let short = URL_SAFE_NO_PAD.encode([&[0], vec![0xff; 255].as_slice()].concat());
        check(rsa(json!({ "n": short })), false);
        check(rsa(json!({"e": "AQ"})), false);
        check(rsa(json!({"e": ""})), false);
        check(rsa(json!({"e": "AA"})), false);
        check(rsa(json!({"e": "Aw"})), true);
    }

    #[test]
    fn unusable_keys_are_counted_and_a_set_of_them_is_refused() {
        let set = load(&[rsa(json!({})), json!({"kty": "oct", "k": "AAAA"}), json!(null)]).unwrap();
        assert_eq!((set.keys.len(), set.dropped), (1, 2));
        let want =
            "none of the set's 1 keys is an RSA key of 2048 to 8192 bits that may sign by RS256";
        assert_eq!(load(&[json!({})]).unwrap_err().to_string(), want);
        assert!(matches!(load(&[]), Err(KeySetError::NothingUsable(0))));
        for text in ["", "[]", "<html>", r#"{"keys":{}}"#, r#"{"error":"x"}"#, "\u{0}"] {
            let error = KeySet::load(text.as_bytes()).unwrap_err();
            assert!(matches!(error, KeySetError::NotKeySet(_)), "{text}: {error}");
        }
    }

    #[track_caller]
    fn check_find(keys: &[Value], name: KeyName<'_>, want: usize) {
        assert_eq!(load(keys).unwrap().find(name).len(), want, "{name:?}");
    }

    #[test]
    fn keys_are_found_by_name() {
        let keys = [rsa(json!({"x5t": "t"})), rsa(json!({"kid": "b", "x5t": "u"}))];
        check_find(&keys, KeyName::Id("a"), 1);
        check_find(&keys, KeyName::Id("t"), 0);
        check_find(&keys, KeyName::Thumbprint("u"), 1);
        check_find(&keys, KeyName::Thumbprint("a"), 0);
        check_find(&keys, KeyName::Unnamed, 0);
        check_find(&keys[..1], KeyName::Unnamed, 1);
        check_find(&[rsa(json!({})), rsa(json!({}))], KeyName::Id("a"), 2);
        check_find(&vec![rsa(json!({})); 5], KeyName::Id("a"), 2);
    }

    #[test]
    fn a_key_belongs_to_its_issuer() {
        let (ours, other) =
            ("11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555");
        let issuer = format!("https://sts.example/{ours}/");
        for (own, want) in [
            (None, true),
            (Some("https://id.example/{tenantid}/v2.0".to_owned()), true),
            (Some(format!("https://id.example/{ours}/v2.0")), true),
            (Some(format!("https://id.example/{other}/v2.0")), false),
            (Some("https://id.example/".to_owned()), false),
            (Some(String::new()), false),
        ] {
            let key = match &own {
                None => rsa(json!({})),
                Some(own) => rsa(json!({ "issuer": own })),
            };
            let key = Key::load(key).unwrap();
            assert_eq!(key.belongs_to(&issuer, Some(ours)), want, "{own:?}");
        }
    }

    #[test]
    fn a_key_of_several_tenants_needs_a_tenant() {
        let shared = Key::load(rsa(json!({"issuer": "https://id.example/{tenantid}/"}))).unwrap();
        assert!(!shared.belongs_to("https://id.example/", None));
        let named = Key::load(rsa(json!({"issuer": "https://id.example/"}))).unwrap();
        assert!(named.belongs_to("https://id.example/", None));
        assert!(!named.belongs_to("https://id.example", None));
    }
}
