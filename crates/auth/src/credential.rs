//! The bearer credential of a request (RFC 6750 §2.1).

use std::fmt;

use ::http::header::AUTHORIZATION;
use ::http::{HeaderMap, HeaderValue};

use crate::rejection::Rejection;
use crate::token::{PlainToken, TokenId, TokenKind};

/// The longest token that is looked at.
pub(crate) const TOKEN_MAX_BYTES: usize = 8 * 1024;

/// A token as it was presented; `Debug` shows its fingerprint alone.
#[derive(Clone, Copy)]
pub struct BearerToken<'h>(&'h str);

impl<'h> BearerToken<'h> {
    /// Reads the `Authorization` header; `None` where there is none. A token in the query or in a
    /// form is no credential: it would end up in logs and in the browser's history (RFC 6750 §5.3).
    ///
    /// # Errors
    /// Says what is wrong with the header.
    pub fn from_headers(headers: &'h HeaderMap) -> Result<Option<Self>, Rejection> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => Self::from_value(value).map(Some),
            (Some(_), Some(_)) => Err(Rejection::SeveralHeaders),
        }
    }

    /// Its id, so that a log line can be matched with a token by whoever has the token.
    pub fn fingerprint(&self) -> TokenId {
        TokenId::of(self.0)
    }

    /// Its kind, if it has the form of an opaque token, checksum included: only then a list of tokens
    /// can hold it.
    pub fn kind(&self) -> Option<TokenKind> {
        PlainToken::parse(self.0).map(|plain| plain.kind())
    }

    pub(crate) fn as_str(&self) -> &'h str {
        self.0
    }

    // RFC 6750 §2.1: credentials = "Bearer" 1*SP b64token
    fn from_value(value: &'h HeaderValue) -> Result<Self, Rejection> {
        let text = value.to_str().map_err(|_| Rejection::NotAscii)?.trim();
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        // RFC 9110 §11.1: the scheme is compared without regard to case.
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Rejection::OtherScheme);
        }
        Self::from_text(token.trim())
    }

    /// A token without the header around it.
    pub(crate) fn from_text(token: &'h str) -> Result<Self, Rejection> {
        if token.is_empty() {
            return Err(Rejection::Empty);
        }
        if token.len() > TOKEN_MAX_BYTES {
            return Err(Rejection::TooLong { bytes: token.len() });
        }
        if token.contains([' ', '\t']) {
            return Err(Rejection::SeveralTokens);
        }
        Ok(Self(token))
    }
}

impl fmt::Debug for BearerToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerToken(sha256:{})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&str], want: &str) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let got = match BearerToken::from_headers(&headers) {
            Ok(None) => "no credential".to_owned(),
            Ok(Some(token)) => token.as_str().to_owned(),
            Err(reason) => format!("rejected: {reason}"),
        };
        assert_eq!(got, want, "{values:?}");
    }

    #[test]
    fn header_forms() {
        check(&[], "no credential");
        check(&["Bearer abc"], "abc");
        check(&["bEARER abc"], "abc");
        check(&["Bearer   abc  "], "abc");
        check(&["Bearer"], "rejected: the scheme is Bearer, but no token follows");
        check(&["Bearer "], "rejected: the scheme is Bearer, but no token follows");
        check(&[""], "rejected: the scheme is not Bearer");
        check(&["abc"], "rejected: the scheme is not Bearer");
        check(&["Basic YTpi"], "rejected: the scheme is not Bearer");
        check(&["Bearerabc"], "rejected: the scheme is not Bearer");
        check(&["Bearer a b"], "rejected: more than one token, or a space inside the token");
        check(&["Bearer a\tb"], "rejected: more than one token, or a space inside the token");
        check(&["Bearer a", "Bearer a"], "rejected: more than one Authorization header");
    }

    #[test]
    fn token_of_8_kib_is_the_longest() {
        let longest = "a".repeat(TOKEN_MAX_BYTES);
        check(&[&format!("Bearer {longest}")], &longest);
        check(
            &[&format!("Bearer {longest}a")],
            "rejected: the token has 8193 bytes, more than the 8192 that are read",
        );
    }

    #[test]
    fn bytes_outside_ascii_are_rejected() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap());
        assert_eq!(BearerToken::from_headers(&headers).unwrap_err(), Rejection::NotAscii);
    }

    #[test]
    fn debug_shows_the_fingerprint_alone() {
        let token = BearerToken("abc");
        assert_eq!(token.fingerprint(), TokenId::from("ba7816bf8f01")); // FIPS 180-4's own example digests "abc".
        assert_eq!(format!("{token:?}"), "BearerToken(sha256:ba7816bf8f01)");
    }
}
