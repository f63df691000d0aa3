//! Why a credential was refused: for the log, never for the client.

use std::fmt;

use crate::credential::TOKEN_MAX_BYTES;

/// Why a credential does not hold. `Display` is the reason for the log: it quotes what the token
/// claims in [`Excerpt`]s, and never the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    // The header that carries it.
    /// Two headers: which of them counts depends on who reads them.
    #[error("more than one Authorization header")]
    SeveralHeaders,
    /// Bytes that no token has.
    #[error("the Authorization header holds bytes outside printable ASCII")]
    NotAscii,
    /// Another scheme, or a token without one.
    #[error("the scheme is not Bearer")]
    OtherScheme,
    /// The scheme alone.
    #[error("the scheme is Bearer, but no token follows")]
    Empty,
    /// Words after the token.
    #[error("more than one token, or a space inside the token")]
    SeveralTokens,
    /// Too long to be looked at.
    #[error("the token has {bytes} bytes, more than the {TOKEN_MAX_BYTES} that are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },

    // The certificate of the client.
    /// None came, and one is needed besides the token.
    #[error("no client certificate, and one is needed besides the token")]
    NoCertificate,
    /// Of an authority that is trusted, but of nobody that is accepted.
    #[error("the client certificate has none of the accepted names, but {0}")]
    CertificateName(Excerpt),

    /// It was good when the connection began.
    #[error("the client certificate ended {seconds} s ago")]
    CertificateExpired {
        /// Since when.
        seconds: i64,
    },

    // Opaque tokens.
    /// Our prefix, but not what follows it in any token we made.
    #[error("an opaque token with a wrong checksum: cut off or mistyped")]
    Damaged,
    /// Well formed, but not on the list.
    #[error("an opaque token that is not on the list: revoked, or made for other data")]
    NotListed,
    /// On the list, and over.
    #[error("an opaque token that expired {seconds} s ago")]
    TokenExpired {
        /// Since when.
        seconds: i64,
    },
    /// Its client's token is revoked or expired.
    #[error("an access token whose client is revoked or has expired")]
    ClientGone,

    // Tokens that the authorization server knows.
    /// It does not, or no longer.
    #[error("the authorization server says that the token is not active")]
    Inactive,
    /// Nobody to run as.
    #[error("the authorization server names no user for the token (`username`)")]
    NoUsername,

    // The form of a JWT.
    /// Only JWTs are left, and none are trusted.
    #[error("not an opaque token, and no issuer of JWTs is configured")]
    NoIssuer,
    /// Not the compact serialization of a signed token.
    #[error("not a signed JWT: {found} segments, not 3")]
    Segments {
        /// The segments there are.
        found: usize,
    },
    /// Padded, of the other alphabet, or with bits set that carry nothing.
    #[error("the {0} is not canonical unpadded base64url")]
    Base64(Part),
    /// Broken, nested too deep, or with one member twice.
    #[error("the {part} cannot be read as one JSON object: {cause}")]
    NotJson {
        /// The part.
        part: Part,
        /// What is wrong with it.
        cause: Excerpt,
    },

    // Its header.
    /// Missing, no string, or not on the list of algorithms.
    #[error("the algorithm is not RS256, but {0}")]
    Algorithm(Excerpt),
    /// An extension that must be understood (RFC 7515 §4.1.11); none is.
    #[error("the header holds `crit`")]
    Critical,
    /// Another kind of token.
    #[error("the type is not JWT or at+jwt, but {0}")]
    Type(Excerpt),
    /// A token inside the token.
    #[error("the header holds `cty`: nested tokens are not read")]
    ContentType,
    /// No string, or a long one.
    #[error("`{0}` is not a string of at most 256 bytes")]
    KeyId(&'static str),

    // Its key.
    /// Nothing names a key, and there are several: they are not tried in turn.
    #[error("the token names no key (`kid` or `x5t`), and the key set holds several")]
    KeyNotNamed,
    /// A name that the key set does not hold.
    #[error(
        "the key set holds no usable key {0}: another issuer's token, or a key newer than the set"
    )]
    UnknownKey(Excerpt),
    /// The named key did not sign this.
    #[error("the signature is not by key {0}")]
    Signature(Excerpt),
    /// The key signed this, but it is another issuer's.
    #[error("the key that signed it belongs to another issuer than {0}")]
    KeyIssuer(Excerpt),

    // Its claims.
    /// A claim without which nothing is decided.
    #[error("the claim `{0}` is missing")]
    Missing(&'static str),
    /// A claim that is not what RFC 7519 §4.1 says.
    #[error("the claim `{0}` has the wrong type")]
    ClaimType(&'static str),
    /// The issuer differs from a configured one by slashes at its end, which is most often a slip in
    /// the settings.
    #[error("the issuer is {0}, which differs from the configured one only by its last slash")]
    IssuerSlash(Excerpt),
    /// Another issuer.
    #[error("the issuer is {0}, which is not configured")]
    Issuer(Excerpt),
    /// The tenant differs from the one inside the issuer.
    #[error("the claim `tid` is {0}, not the tenant inside the issuer")]
    Tenant(Excerpt),
    /// Over.
    #[error("expired {seconds} s ago")]
    Expired {
        /// Since when.
        seconds: i64,
    },
    /// Not begun.
    #[error("not valid for another {seconds} s (`nbf`)")]
    NotYetValid {
        /// Until when.
        seconds: i64,
    },
    /// From the future: one of the two clocks is wrong.
    #[error("issued {seconds} s in the future (`iat`)")]
    IssuedInFuture {
        /// How far.
        seconds: i64,
    },
    /// Good for longer than any token of the configured issuers should be.
    #[error("valid for another {seconds} s, longer than the {max} s that are accepted")]
    LivesTooLong {
        /// How long.
        seconds: i64,
        /// The cap.
        max: i64,
    },
    /// The client is not one that is accepted.
    #[error("the client is not accepted: {0}")]
    Client(Excerpt),
    /// The client is accepted, for another audience.
    #[error("the client {caller} is accepted, but not for the audience of this token: {audience}")]
    Audience {
        /// The client.
        caller: Excerpt,
        /// What the token is for.
        audience: Excerpt,
    },

    // What the settings ask for besides.
    /// For someone else.
    #[error("the audience is {0}, which is not accepted")]
    OtherAudience(Excerpt),
    /// Asked for by an application that is not listed.
    #[error("the calling application is {0}, which is not accepted")]
    OtherCaller(Excerpt),
    /// Nothing says who asked for it.
    #[error("no claim names the calling application")]
    NoCaller,
    /// Another object of the issuer's directory.
    #[error("the claim `oid` is {0}, which is not accepted")]
    ObjectId(Excerpt),
    /// Another subject.
    #[error("the claim `sub` is {0}, which is not accepted")]
    Subject(Excerpt),
    /// A role that the caller was not given.
    #[error("the role {0} is not in the claim `roles`")]
    Role(Excerpt),
    /// A person's token.
    #[error("it was made for a user who signed in (`{0}`), not for an application")]
    OfUser(&'static str),
    /// The application could be anyone's copy of it.
    #[error("the application gave no proof of itself (`{0}` is 0)")]
    PublicClient(&'static str),
}

/// A part of a JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The JOSE header.
    Header,
    /// The claims.
    Claims,
    /// The signature.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        })
    }
}

/// Foreign text that is fit for one log line: escaped, and cut after 120 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt(Box<str>);

const EXCERPT_MAX_CHARS: usize = 120;

impl Excerpt {
    /// Quotes foreign text.
    pub(crate) fn quote(text: &str) -> Self {
        Self(format!("\"{}\"", shorten(text).replace('"', "\\\"")).into())
    }

    /// Takes text that is partly ours without quotes around it.
    pub(crate) fn plain(text: &str) -> Self {
        Self(shorten(text).into())
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn shorten(text: &str) -> String {
    let mut short = String::new();
    for char in text.chars().take(EXCERPT_MAX_CHARS) {
        match char {
            '\'' | '"' => short.push(char),
            _ => short.extend(char.escape_debug()),
        }
    }
    if text.chars().nth(EXCERPT_MAX_CHARS).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_is_one_short_line() {
        assert_eq!(Excerpt::quote("a\nb\"c\0\u{202e}'").to_string(), r#""a\nb\"c\0\u{202e}'""#);
        assert_eq!(Excerpt::plain("a\n[\"b\"]").to_string(), r#"a\n["b"]"#);
        assert_eq!(Excerpt::quote(&"k".repeat(120)).to_string().len(), 122);
        assert!(Excerpt::quote(&"k".repeat(4000)).to_string().ends_with("kkk…\""));
        assert!(Excerpt::quote(&"é".repeat(4000)).to_string().chars().count() < 130);
    }
}
