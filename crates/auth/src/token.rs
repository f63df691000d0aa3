//! Opaque bearer tokens and their hashes.

use std::fmt;

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use subtle::ConstantTimeEq;

/// What an opaque token is for; it begins with it. The prefix, the fixed length and the checksum let
/// us, and whoever scans a repository for leaked secrets, tell one from any other text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `pvt_`: made by an operator, for years.
    Client,
    /// `pva_`: made by the token endpoint, for an hour.
    Access,
}

pub(crate) const RANDOM_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 3;

/// A token in the clear: shown once to whoever made it, and presented by the client.
pub struct PlainToken {
    kind: TokenKind,
    text: SecretString,
}

/// The first 12 hexadecimal digits of a token's SHA-256: they name a token in lists and in the log,
/// and whoever has the token can find them out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(Box<str>);

/// The SHA-256 of a token. The token is random, so nobody finds it from its hash, and a slow hash
/// would protect nothing.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

/// The operating system has no randomness to give.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source failed")]
pub struct RandomUnavailable;

/// Randomness for [`TokenList::create`](crate::TokenList::create), from the operating system.
///
/// # Errors
/// Fails where the system has none.
pub fn system_random() -> Result<[u8; RANDOM_BYTES], RandomUnavailable> {
    let mut bytes = [0; RANDOM_BYTES];
    rand::fill(&mut bytes).map_err(|_| RandomUnavailable)?;
    Ok(bytes)
}

impl TokenKind {
    const ALL: [Self; 2] = [Self::Client, Self::Access];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Client => "pvt_",
            Self::Access => "pva_",
        }
    }
}

impl TokenId {
    /// The id of any token, of ours or not.
    pub fn of(token: &str) -> Self {
        Self::of_hash(&sha256(token.as_bytes()))
    }

    fn of_hash(hash: &[u8; 32]) -> Self {
        Self(hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect::<String>().into())
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for TokenId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl TokenHash {
    /// The id of the token.
    pub fn id(&self) -> TokenId {
        TokenId::of_hash(&self.0)
    }
}

// token = prefix base64url(random[32] checksum[3]); checksum = the first bytes of SHA-256(random)
impl PlainToken {
    /// The token itself.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What it is for.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Its hash.
    pub fn hash(&self) -> TokenHash {
        TokenHash(sha256(self.expose().as_bytes()))
    }

    pub(crate) fn has_prefix(text: &str) -> bool {
        TokenKind::ALL.into_iter().any(|kind| text.starts_with(kind.prefix()))
    }

    /// Reads a token; `None` if its form or its checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = TokenKind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, text.strip_prefix(kind.prefix())?)))?;
        let bytes = URL_SAFE_NO_PAD.decode(rest).ok()?;
        let (random, checksum) = bytes.split_first_chunk::<RANDOM_BYTES>()?;
        (checksum == checksum_of(random)).then(|| Self { kind, text: text.into() })
    }

    pub(crate) fn from_random(kind: TokenKind, random: [u8; RANDOM_BYTES]) -> Self {
        let mut bytes = random.to_vec();
        bytes.extend(checksum_of(&random));
        let text = format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(bytes)).into();
        Self { kind, text }
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainToken(…)")
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(String::deserialize(input)?).ok();
        let hash = bytes.and_then(|bytes| bytes.try_into().ok()).map(Self);
        hash.ok_or_else(|| de::Error::custom("a hash is 32 bytes in base64url"))
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

fn checksum_of(random: &[u8; RANDOM_BYTES]) -> [u8; CHECKSUM_BYTES] {
    let [a, b, c, ..] = sha256(random);
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_prefix_and_47_characters() {
        let plain = PlainToken::from_random(TokenKind::Client, [7; 32]);
        assert_eq!(plain.expose(), "pvt_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwdLsG8");
        assert_eq!(PlainToken::parse(plain.expose()).unwrap().hash(), plain.hash());
    }

    #[test]
    fn any_change_of_a_token_is_seen_without_the_list() {
        let whole = PlainToken::from_random(TokenKind::Client, [7; 32]);
        let whole = whole.expose();
        let changed = [
            whole[..50].to_owned(),
            format!("{whole}A"),
            format!("{whole}="),
            whole.replacen('B', "C", 1),
            whole.replace("pvt_", "PVT_"),
            "pvt_".to_owned(),
            "pva_".to_owned(),
            String::new(),
        ];
        for text in changed {
            assert!(PlainToken::parse(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_token_of_one_kind_is_none_of_the_other() {
        let access = PlainToken::from_random(TokenKind::Access, [7; 32]);
        assert_eq!(access.expose(), "pva_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwdLsG8");
        assert_eq!(PlainToken::parse(access.expose()).unwrap().kind(), TokenKind::Access);
        let client = PlainToken::from_random(TokenKind::Client, [7; 32]);
        assert_ne!(client.hash(), access.hash());
        assert_eq!(client.hash().id(), TokenId::of(client.expose()));
    }

    #[test]
    fn system_randomness_differs_from_call_to_call() {
        assert_ne!(system_random().unwrap(), system_random().unwrap());
    }

    #[test]
    fn nothing_prints_a_token() {
        let plain = PlainToken::from_random(TokenKind::Client, [7; 32]);
        assert_eq!(format!("{plain:?} {:?}", plain.hash()), "PlainToken(…) TokenHash(…)");
    }
}
