//! The list of opaque tokens that are accepted, stored as one document.

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::caller::Rights;
use crate::token::{PlainToken, RANDOM_BYTES, TokenHash, TokenId, TokenKind};

const FORMAT: u32 = 2;
/// The format before tokens had a life; all that it has, this one has too.
const FORMAT_WITHOUT_LIFE: u32 = 1;

/// How many tokens of one name hold at once.
const PER_NAME_MAX: usize = 10;
/// How long an expired token stays on the list, so that an operator sees why a client is refused.
const EXPIRED_KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// The name of a token, which is that of its client: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenName(String);

/// What is kept of a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRecord {
    /// Its name, for people and logs. Several tokens of a name are one client's.
    pub name: TokenName,
    /// Its hash.
    pub hash: TokenHash,
    /// What its bearer may do.
    pub rights: Rights,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// When it ends, in Unix seconds; without it, by revocation alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// With its first use the older tokens of its name end, so many seconds later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retires_others_after: Option<i64>,
}

/// The tokens that are accepted, in the order of their making; stored as one document.
#[derive(Debug, Clone, Default)]
pub struct TokenList {
    tokens: Vec<TokenRecord>,
}

/// Why there is no further token.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// A token of this name is on the list already.
    #[error("there is a token named {0} already; `provost token rotate` makes another of its name")]
    NameTaken(TokenName),
    /// No token of this name holds.
    #[error("there is no token named {0} that holds")]
    NoSuchName(TokenName),
    /// The client has enough.
    #[error("{PER_NAME_MAX} tokens named {0} hold already; revoke one by its id")]
    TooMany(TokenName),
}

/// The life of a token, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// When it is made.
    pub created_at: i64,
    /// When it ends.
    pub expires_at: Option<i64>,
}

/// The name of a token is too short, too long, or has other characters.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token's name is 1 to 64 of the characters A-Z a-z 0-9 . _ -")]
pub struct TokenNameError;

/// Why a stored list is not read.
#[derive(Debug, thiserror::Error)]
pub enum TokenListError {
    /// Not the document that this version writes.
    #[error("the list is damaged")]
    Damaged(#[source] serde_json::Error),
    /// Written by another version.
    #[error("the list has format {found}; this version reads up to {newest}")]
    Format {
        /// Its format.
        found: u32,
        /// The newest that this version knows.
        newest: u32,
    },
}

impl TokenRecord {
    /// For how many seconds it has been expired; `None` while it holds.
    pub fn expired_for(&self, now: i64) -> Option<i64> {
        self.expires_at.map(|at| now.saturating_sub(at)).filter(|seconds| *seconds >= 0)
    }
}

impl TokenList {
    /// Reads a stored list.
    ///
    /// # Errors
    /// A list of another format, or a damaged one, is refused whole: a list that is half read would
    /// be stored again without its other half.
    pub fn from_json(document: &[u8]) -> Result<Self, TokenListError> {
        read_document(document).map(|tokens| Self { tokens })
    }

    /// The list as it is stored.
    pub fn to_json(&self) -> serde_json::Value {
        write_document(&self.tokens)
    }

    /// Makes the first token of a name out of fresh randomness and puts it on the list.
    ///
    /// # Errors
    /// A token of the name is there.
    pub fn create(
        &mut self,
        name: TokenName,
        rights: Rights,
        life: Life,
        random: [u8; RANDOM_BYTES],
    ) -> Result<PlainToken, NoToken> {
        self.forget(life.created_at);
        if self.tokens.iter().any(|record| record.name == name) {
            return Err(NoToken::NameTaken(name));
        }
        Ok(self.add(name, rights, life, None, random))
    }

    /// Makes a further token of a name, with the rights of the newest. With its first use the others
    /// end `grace_seconds` later.
    ///
    /// # Errors
    /// No token of the name holds, or too many do.
    pub fn rotate(
        &mut self,
        name: TokenName,
        life: Life,
        grace_seconds: i64,
        random: [u8; RANDOM_BYTES],
    ) -> Result<PlainToken, NoToken> {
        self.forget(life.created_at);
        let Some(newest) = self.named(&name, life.created_at) else {
            return Err(NoToken::NoSuchName(name));
        };
        let rights = newest.rights;
        if self.holding(&name, life.created_at).count() >= PER_NAME_MAX {
            return Err(NoToken::TooMany(name));
        }
        Ok(self.add(name, rights, life, Some(grace_seconds), random))
    }

    /// Whether the use of a token ends others of its name: its first one does, if it was made to.
    pub fn retires_others(&self, id: &TokenId) -> bool {
        let mut tokens = self.tokens.iter();
        tokens.any(|it| it.retires_others_after.is_some() && it.hash.id() == *id)
    }

    /// A token was used at `now`; gives whether that changes the list.
    pub fn used(&mut self, id: &TokenId, now: i64) -> bool {
        let Some(at) = self.tokens.iter().position(|record| record.hash.id() == *id) else {
            return false;
        };
        let (older, rest) = self.tokens.split_at_mut(at);
        let Some(used) = rest.first_mut() else { return false };
        let Some(grace_seconds) = used.retires_others_after.take() else { return false };
        let ends = now.saturating_add(grace_seconds);
        // Those that were made after it may be about to take its place.
        for other in older.iter_mut().filter(|it| it.name == used.name) {
            other.expires_at = Some(other.expires_at.map_or(ends, |at| at.min(ends)));
        }
        true
    }

    /// Takes the tokens of a name off the list, or the one of an id.
    pub fn revoke(&mut self, name: &TokenName, id: Option<&TokenId>) -> Vec<TokenRecord> {
        let goes = |record: &mut TokenRecord| {
            record.name == *name && id.is_none_or(|id| record.hash.id() == *id)
        };
        self.tokens.extract_if(.., goes).collect()
    }

    /// The tokens, oldest first.
    pub fn records(&self) -> &[TokenRecord] {
        &self.tokens
    }

    /// The record of a token, if it is on the list; it may be expired.
    pub fn find(&self, plain: &PlainToken) -> Option<&TokenRecord> {
        let hash = plain.hash();
        self.tokens.iter().find(|record| record.hash == hash)
    }

    /// The token of an id, if it holds at `now`.
    pub(crate) fn holding_id(&self, id: &TokenId, now: i64) -> Option<&TokenRecord> {
        self.tokens.iter().find(|it| it.hash.id() == *id && it.expired_for(now).is_none())
    }

    /// The newest token of a name that holds at `now`.
    fn named(&self, name: &TokenName, now: i64) -> Option<&TokenRecord> {
        self.holding(name, now).last()
    }

    fn holding(&self, name: &TokenName, now: i64) -> impl Iterator<Item = &TokenRecord> {
        let holds = move |record: &&TokenRecord| record.expired_for(now).is_none();
        self.tokens.iter().filter(move |record| record.name == *name).filter(holds)
    }

    fn add(
        &mut self,
        name: TokenName,
        rights: Rights,
        Life { created_at, expires_at }: Life,
        retires_others_after: Option<i64>,
        random: [u8; RANDOM_BYTES],
    ) -> PlainToken {
        let plain = PlainToken::from_random(TokenKind::Client, random);
        let hash = plain.hash();
        let record =
            TokenRecord { name, hash, rights, created_at, expires_at, retires_others_after };
        self.tokens.push(record);
        plain
    }

    fn forget(&mut self, now: i64) {
        self.tokens.retain(|it| it.expired_for(now).is_none_or(|it| it < EXPIRED_KEPT_SECONDS));
    }
}

impl FromStr for TokenName {
    type Err = TokenNameError;

    fn from_str(text: &str) -> Result<Self, TokenNameError> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for TokenName {
    type Error = TokenNameError;

    fn try_from(text: String) -> Result<Self, TokenNameError> {
        let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        match (1..=64).contains(&text.len()) && text.bytes().all(fit) {
            true => Ok(Self(text)),
            false => Err(TokenNameError),
        }
    }
}

impl From<TokenName> for String {
    fn from(name: TokenName) -> Self {
        name.0
    }
}

impl TokenName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a list out of its document.
pub(crate) fn read_document<T: DeserializeOwned>(
    document: &[u8],
) -> Result<Vec<T>, TokenListError> {
    let Head { format } = serde_json::from_slice(document).map_err(TokenListError::Damaged)?;
    if !(FORMAT_WITHOUT_LIFE..=FORMAT).contains(&format) {
        return Err(TokenListError::Format { found: format, newest: FORMAT });
    }
    let Document { tokens, .. } =
        serde_json::from_slice(document).map_err(TokenListError::Damaged)?;
    Ok(tokens)
}

/// The document of a list.
pub(crate) fn write_document<T: Serialize>(tokens: &[T]) -> serde_json::Value {
    serde_json::json!({ "format": FORMAT, "tokens": tokens })
}

// The format is read before the rest: another one may look different in everything else.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<T> {
    #[serde(rename = "format")]
    _format: u32,
    tokens: Vec<T>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn name(text: &str) -> TokenName {
        text.parse().unwrap()
    }

    fn made_at(created_at: i64) -> Life {
        Life { created_at, expires_at: None }
    }

    fn list_of(names: &[&str]) -> (TokenList, Vec<PlainToken>) {
        let mut list = TokenList::default();
        let plain = (1..).zip(names).map(|(at, text)| {
            list.create(name(text), Rights::Write, made_at(at), [at as u8; 32]).unwrap()
        });
        let plain = plain.collect();
        (list, plain)
    }

    #[test]
    fn token_is_found_until_it_is_revoked() {
        let (mut list, plain) = list_of(&["a", "b"]);
        assert_eq!(list.find(&plain[0]).unwrap().name, name("a"));
        assert_eq!(list.find(&plain[1]).unwrap().name, name("b"));
        assert_eq!(list.revoke(&name("a"), None)[0].created_at, 1);
        assert!(list.find(&plain[0]).is_none());
        assert!(list.find(&plain[1]).is_some());
        assert!(list.revoke(&name("a"), None).is_empty());
    }

    #[test]
    fn name_taken_leaves_the_list_as_it_is() {
        let (mut list, plain) = list_of(&["a"]);
        let again = list.create(name("a"), Rights::Administer, made_at(9), [9; 32]);
        assert_eq!(again.unwrap_err(), NoToken::NameTaken(name("a")));
        assert_eq!(list.records().len(), 1);
        assert_eq!(list.find(&plain[0]).unwrap().rights, Rights::Write);
    }

    #[test]
    fn a_token_ends_at_its_second_and_is_forgotten_a_month_later() {
        let mut list = TokenList::default();
        let life = Life { created_at: 0, expires_at: Some(DAY) };
        let plain = list.create(name("a"), Rights::Read, life, [1; 32]).unwrap();
        let expired_for = |now| list.find(&plain).unwrap().expired_for(now);
        assert_eq!((expired_for(DAY - 1), expired_for(DAY)), (None, Some(0)));
        assert!(list.named(&name("a"), DAY - 1).is_some());
        assert!(list.named(&name("a"), DAY).is_none());
        let again = |list: &mut TokenList, now| {
            list.create(name("a"), Rights::Read, made_at(now), [2; 32]).map(drop)
        };
        assert_eq!(again(&mut list, 30 * DAY), Err(NoToken::NameTaken(name("a"))));
        assert_eq!(again(&mut list, 31 * DAY), Ok(()));
    }

    #[test]
    fn the_first_use_of_a_new_token_ends_the_old_ones_after_a_time() {
        let (mut list, plain) = list_of(&["a", "b"]);
        let life = Life { created_at: 100, expires_at: Some(1_000 * DAY) };
        let new = list.rotate(name("a"), life, DAY, [9; 32]).unwrap();
        let (old_id, new_id) = (plain[0].hash().id(), new.hash().id());
        assert_eq!(list.find(&new).unwrap().rights, Rights::Write, "those of the old one");
        assert!(!list.used(&old_id, 150), "the old one changes nothing");
        assert_eq!(list.find(&plain[0]).unwrap().expires_at, None, "nor does the making");
        assert!(list.used(&new_id, 200));
        assert_eq!(list.find(&plain[0]).unwrap().expires_at, Some(200 + DAY));
        assert_eq!(list.find(&plain[1]).unwrap().expires_at, None, "another client's");
        assert_eq!(list.find(&new).unwrap().expires_at, Some(1_000 * DAY));
        assert!(!list.used(&new_id, 300), "the first use alone");
        let newest = list.rotate(name("a"), made_at(3), DAY, [7; 32]).unwrap();
        let between = list.rotate(name("a"), made_at(4), DAY, [6; 32]).unwrap();
        assert!(list.used(&newest.hash().id(), 400));
        assert_eq!(list.find(&between).unwrap().expires_at, None, "made after it");
        let other = list.rotate(name("b"), made_at(2), DAY, [8; 32]).unwrap();
        assert_eq!(list.revoke(&name("b"), Some(&other.hash().id())).len(), 1);
        assert!(list.find(&plain[1]).is_some(), "one of two can be revoked");
    }

    #[test]
    fn a_client_has_ten_tokens_at_once_and_needs_one_to_rotate() {
        let (mut list, _) = list_of(&["a"]);
        let mut rotate = |text, n| list.rotate(name(text), made_at(5), 0, [n; 32]).map(drop);
        assert_eq!(rotate("b", 1), Err(NoToken::NoSuchName(name("b"))));
        (11..20).for_each(|n| rotate("a", n).unwrap());
        assert_eq!(rotate("a", 20), Err(NoToken::TooMany(name("a"))));
    }

    #[test]
    fn names_are_short_words() {
        let longest = "x".repeat(64);
        for text in ["a", "Corp.2026_prod-1", &longest] {
            assert_eq!(name(text).to_string(), text);
        }
        for text in ["", "a b", "a/b", "é", "a\n", &"x".repeat(65)] {
            assert_eq!(text.parse::<TokenName>(), Err(TokenNameError), "{text}");
        }
    }

    #[test]
    fn stored_list_comes_back_and_holds_no_token() {
        let (mut list, plain) = list_of(&["a", "b"]);
        let life = Life { created_at: 3, expires_at: Some(9) };
        list.rotate(name("b"), life, 7, [3; 32]).unwrap();
        let stored = list.to_json();
        let [first, _, third] = stored["tokens"].as_array().unwrap().as_slice() else {
            panic!("{stored}")
        };
        assert_eq!(first["hash"].as_str().unwrap().len(), 43);
        let mut rest = first.clone();
        rest.as_object_mut().unwrap().remove("hash");
        assert_eq!(rest, json!({"name": "a", "rights": "write", "created_at": 1}));
        assert_eq!((&third["expires_at"], &third["retires_others_after"]), (&json!(9), &json!(7)));
        assert!(!stored.to_string().contains(plain[0].expose()));

        let read = TokenList::from_json(stored.to_string().as_bytes()).unwrap();
        assert_eq!(read.to_json(), stored);
        assert_eq!(read.find(&plain[1]).unwrap().name, name("b"));
    }

    #[test]
    fn a_list_from_before_tokens_had_a_life_is_read() {
        let hash = "A".repeat(43);
        let record =
            |name, rights| json!({"name": name, "hash": hash, "rights": rights, "created_at": 1});
        let old =
            json!({"format": 1, "tokens": [record("a", "provision"), record("b", "administer")]});
        let list = TokenList::from_json(old.to_string().as_bytes()).unwrap();
        let rights: Vec<_> = list.records().iter().map(|it| it.rights).collect();
        assert_eq!(rights, [Rights::Write, Rights::Administer]);
        assert!(list.records().iter().all(|it| it.expires_at.is_none()));
    }

    #[track_caller]
    fn check_refused(document: &str, want: &str) {
        let error = TokenList::from_json(document.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), want, "{document}");
    }

    #[test]
    fn list_that_is_not_ours_is_refused() {
        let damaged = "the list is damaged";
        check_refused("", damaged);
        check_refused("[]", damaged);
        check_refused("{}", damaged);
        check_refused(r#"{"format":2}"#, damaged);
        check_refused(r#"{"format":2,"tokens":[],"more":1}"#, damaged);
        let record = |name: &str, hash: &str| json!({"name": name, "hash": hash, "rights": "write", "created_at": 1});
        let list =
            |tokens: &[serde_json::Value]| json!({"format": 2, "tokens": tokens}).to_string();
        check_refused(&list(&[record("a b", &"A".repeat(43))]), damaged);
        check_refused(&list(&[record("a", "AAAA")]), damaged);
        let newer = "the list has format 3; this version reads up to 2";
        check_refused(r#"{"format":3,"grants":{}}"#, newer);
        check_refused(
            r#"{"format":0,"tokens":[]}"#,
            "the list has format 0; this version reads up to 2",
        );
    }
}
