//! A stand-in for an issuer: one signing key, its public set, and the tokens that it signs.
//!
//! For `provost try` and for tests. Never part of `serve`: whoever holds a stand-in is its issuer.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::jwt::source::{Fetching, KeySource};

/// An issuer with one RSA key of 2048 bits. A clone has the same key.
#[derive(Debug, Clone)]
pub struct StandIn {
    key: RsaKeyPair,
    id: String,
}

/// The cryptographic library refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stand-in could not {0}")]
pub struct StandInError(&'static str);

impl StandIn {
    /// Makes a fresh key. That takes a few tenths of a second.
    ///
    /// # Errors
    /// Fails where the system has no randomness.
    pub fn generate() -> Result<Self, StandInError> {
        let key = RsaKeyPair::generate(KeySize::Rsa2048)
            .map_err(|_| StandInError("generate an RSA key"))?;
        let id = thumbprint(&key);
        Ok(Self { key, id })
    }

    /// The key's id: its thumbprint (RFC 7638).
    pub fn key_id(&self) -> &str {
        &self.id
    }

    /// The public key, as a JWK Set (RFC 7517 §5).
    pub fn jwks(&self) -> Value {
        let (n, e) = numbers(&self.key);
        let key = json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "x5t": self.id, "n": n, "e": e,
        });
        json!({ "keys": [key] })
    }

    /// Signs a token with these claims by RS256.
    ///
    /// # Errors
    /// Fails where the library does.
    pub fn sign(&self, claims: &Value) -> Result<String, StandInError> {
        let header = json!({"typ": "JWT", "alg": "RS256", "x5t": self.id, "kid": self.id});
        self.sign_with_header(&header, claims)
    }

    /// Signs a token with this header, whatever it says, by RS256.
    ///
    /// # Errors
    /// Fails where the library does.
    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> Result<String, StandInError> {
        let [header, payload] = [header, claims].map(|part| encode(part.to_string()));
        let signed = format!("{header}.{payload}");
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| StandInError("sign a token"))?;
        Ok(format!("{signed}.{}", encode(signature)))
    }
}

impl KeySource for StandIn {
    fn place(&self) -> &str {
        "the stand-in"
    }

    fn fetch(&self) -> Fetching<'_> {
        Box::pin(async { Ok(self.jwks().to_string().into_bytes()) })
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn numbers(key: &RsaKeyPair) -> (String, String) {
    let public = key.public_key();
    let modulus = public.modulus();
    let exponent = public.exponent();
    (
        encode(modulus.big_endian_without_leading_zero()),
        encode(exponent.big_endian_without_leading_zero()),
    )
}

// RFC 7638 §3.2: the required members in the order of their names, without spaces.
fn thumbprint(key: &RsaKeyPair) -> String {
    let (n, e) = numbers(key);
    let members = json!({"e": e, "kty": "RSA", "n": n});
    encode(digest::digest(&digest::SHA256, members.to_string().as_bytes()))
}
