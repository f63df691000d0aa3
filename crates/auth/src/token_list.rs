//! The list of opaque tokens that are accepted, stored as one document.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::caller::Rights;
use crate::token::{PlainToken, RANDOM_BYTES, TokenHash};

const FORMAT: u32 = 1;

/// The name of a token: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenName(String);

/// What is kept of a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRecord {
    /// Its name, for people and logs.
    pub name: TokenName,
    /// Its hash.
    pub hash: TokenHash,
    /// What its bearer may do.
    pub rights: Rights,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
}

/// The tokens that are accepted, in the order of their making; stored as one document.
#[derive(Debug, Clone, Default)]
pub struct TokenList {
    tokens: Vec<TokenRecord>,
}

/// A token of this name is on the list already.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is a token named {0} already")]
pub struct NameTaken(pub TokenName);

/// The name of a token is too short, too long, or has other characters.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token's name is 1 to 64 of the characters A-Z a-z 0-9 . _ -")]
pub struct TokenNameError;

/// Why a stored list is not read.
#[derive(Debug, thiserror::Error)]
pub enum TokenListError {
    /// Not the document that this version writes.
    #[error("the list of tokens is damaged")]
    Damaged(#[source] serde_json::Error),
    /// Written by another version.
    #[error("the list of tokens has format {0}; this version reads {FORMAT}")]
    Format(u32),
    /// Two tokens of one name.
    #[error("the list of tokens holds {0} twice")]
    Twice(TokenName),
}

impl TokenList {
    /// Reads a stored list.
    ///
    /// # Errors
    /// A list of another format, or a damaged one, is refused whole: a list that is half read would
    /// be stored again without its other half.
    pub fn from_json(document: &[u8]) -> Result<Self, TokenListError> {
        let Head { format } = serde_json::from_slice(document).map_err(TokenListError::Damaged)?;
        if format != FORMAT {
            return Err(TokenListError::Format(format));
        }
        let Document { tokens, .. } =
            serde_json::from_slice(document).map_err(TokenListError::Damaged)?;
        let mut list = Self::default();
        for record in tokens {
            list.add(record).map_err(|NameTaken(name)| TokenListError::Twice(name))?;
        }
        Ok(list)
    }

    /// The list as it is stored.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "format": FORMAT, "tokens": self.tokens })
    }

    /// Makes a token out of fresh randomness and puts it on the list.
    ///
    /// # Errors
    /// Names are unique.
    pub fn create(
        &mut self,
        name: TokenName,
        rights: Rights,
        created_at: i64,
        random: [u8; RANDOM_BYTES],
    ) -> Result<PlainToken, NameTaken> {
        let plain = PlainToken::from_random(random);
        self.add(TokenRecord { name, hash: plain.hash(), rights, created_at })?;
        Ok(plain)
    }

    /// Takes a token off the list; `None` if there is none of this name.
    pub fn revoke(&mut self, name: &TokenName) -> Option<TokenRecord> {
        let at = self.tokens.iter().position(|record| record.name == *name)?;
        Some(self.tokens.remove(at))
    }

    /// The tokens, oldest first.
    pub fn records(&self) -> &[TokenRecord] {
        &self.tokens
    }

    /// The record of a token, if it is on the list.
    pub fn find(&self, plain: &PlainToken) -> Option<&TokenRecord> {
        let hash = plain.hash();
        self.tokens.iter().find(|record| record.hash == hash)
    }

    fn add(&mut self, record: TokenRecord) -> Result<(), NameTaken> {
        if self.tokens.iter().any(|other| other.name == record.name) {
            return Err(NameTaken(record.name));
        }
        self.tokens.push(record);
        Ok(())
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

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// The format is read before the rest: another one may look different in everything else.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "format")]
    _format: u32,
    tokens: Vec<TokenRecord>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn name(text: &str) -> TokenName {
        text.parse().unwrap()
    }

    fn list_of(names: &[&str]) -> (TokenList, Vec<PlainToken>) {
        let mut list = TokenList::default();
        let plain = (1..).zip(names).map(|(at, text)| {
            list.create(name(text), Rights::Provision, at, [at as u8; 32]).unwrap()
        });
        let plain = plain.collect();
        (list, plain)
    }

    #[test]
    fn token_is_found_until_it_is_revoked() {
        let (mut list, plain) = list_of(&["a", "b"]);
        assert_eq!(list.find(&plain[0]).unwrap().name, name("a"));
        assert_eq!(list.find(&plain[1]).unwrap().name, name("b"));
        assert_eq!(list.revoke(&name("a")).unwrap().created_at, 1);
        assert!(list.find(&plain[0]).is_none());
        assert!(list.find(&plain[1]).is_some());
        assert!(list.revoke(&name("a")).is_none());
    }

    #[test]
    fn name_taken_leaves_the_list_as_it_is() {
        let (mut list, plain) = list_of(&["a"]);
        let again = list.create(name("a"), Rights::Administer, 9, [9; 32]);
        assert_eq!(again.unwrap_err(), NameTaken(name("a")));
        assert_eq!(list.records().len(), 1);
        assert_eq!(list.find(&plain[0]).unwrap().rights, Rights::Provision);
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
        let (list, plain) = list_of(&["a", "b"]);
        let stored = list.to_json();
        let [first, second] = stored["tokens"].as_array().unwrap().as_slice() else {
            panic!("{stored}")
        };
        assert_eq!(first["hash"].as_str().unwrap().len(), 43);
        assert_eq!(
            (&first["name"], &first["rights"], &first["created_at"]),
            (&json!("a"), &json!("provision"), &json!(1)),
        );
        assert_eq!(second["name"], "b");
        assert!(!stored.to_string().contains(plain[0].expose()));

        let read = TokenList::from_json(stored.to_string().as_bytes()).unwrap();
        assert_eq!(read.to_json(), stored);
        assert_eq!(read.find(&plain[1]).unwrap().name, name("b"));
    }

    #[track_caller]
    fn check_refused(document: &str, want: &str) {
        let error = TokenList::from_json(document.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), want, "{document}");
    }

    #[test]
    fn list_that_is_not_ours_is_refused() {
        let damaged = "the list of tokens is damaged";
        check_refused("", damaged);
        check_refused("[]", damaged);
        check_refused("{}", damaged);
        check_refused(r#"{"format":1}"#, damaged);
        check_refused(r#"{"format":1,"tokens":[],"more":1}"#, damaged);
        let record = |name: &str, hash: &str| json!({"name": name, "hash": hash, "rights": "provision", "created_at": 1});
        let list =
            |tokens: &[serde_json::Value]| json!({"format": 1, "tokens": tokens}).to_string();
        let hash = "A".repeat(43);
        check_refused(&list(&[record("a b", &hash)]), damaged);
        check_refused(&list(&[record("a", "AAAA")]), damaged);
        let twice = [record("a", &hash), record("a", &hash)];
        check_refused(&list(&twice), "the list of tokens holds a twice");
        let newer = "the list of tokens has format 2; this version reads 1";
        check_refused(r#"{"format":2,"grants":{}}"#, newer);
    }
}
