//! The one table of SCIM errors: cause, HTTP status, `scimType` (RFC 7644 §3.12).

use std::fmt;

use serde::Serialize;

use crate::urn;

/// What went wrong with a request, as the client is told it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct Error {
    /// The cause, which decides status and `scimType`.
    pub kind: ErrorKind,
    /// A sentence for the person who reads the provisioning log: what was sent, what is allowed.
    pub detail: String,
}

/// The causes of errors (RFC 7644 §3.12, tables 8 and 9; RFC 9110 for the rest).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The filter cannot be read, or is not allowed on the attribute.
    InvalidFilter,
    /// The filter selects more than the service provider is willing to process.
    TooMany,
    /// A unique value is taken.
    Uniqueness,
    /// A read-only or immutable attribute would change.
    Mutability,
    /// The body is not JSON, or not the message.
    InvalidSyntax,
    /// A PATCH path is malformed or names no attribute.
    InvalidPath,
    /// A PATCH path selects nothing, or a remove has no path.
    NoTarget,
    /// A value is missing, of the wrong type, or not allowed.
    InvalidValue,
    /// The SCIM version is not supported.
    InvalidVers,
    /// The request would leak what must not be told (RFC 7644 §7.5.2).
    Sensitive,
    /// No credential, or a bad one.
    Unauthorized,
    /// The caller or a policy does not allow it.
    Forbidden,
    /// No such resource or endpoint.
    NotFound,
    /// The method is not offered at this endpoint.
    MethodNotAllowed,
    /// The request body did not come in time.
    RequestTimeout,
    /// `If-Match` differs from the version of the resource.
    PreconditionFailed,
    /// The request is larger than a limit.
    TooLarge,
    /// The media type or content coding is not supported.
    UnsupportedMediaType,
    /// Too many requests.
    TooManyRequests,
    /// The header section is larger than a limit.
    HeaderTooLarge,
    /// A defect of the service provider.
    Internal,
    /// The operation is not offered.
    NotImplemented,
    /// The service provider cannot answer at present.
    Unavailable,
}

impl ErrorKind {
    /// Every cause, for tests that walk the table.
    pub const ALL: [Self; 23] = [
        Self::InvalidFilter,
        Self::TooMany,
        Self::Uniqueness,
        Self::Mutability,
        Self::InvalidSyntax,
        Self::InvalidPath,
        Self::NoTarget,
        Self::InvalidValue,
        Self::InvalidVers,
        Self::Sensitive,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::TooManyRequests,
        Self::HeaderTooLarge,
        Self::Internal,
        Self::NotImplemented,
        Self::Unavailable,
    ];

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidFilter
            | Self::TooMany
            | Self::Mutability
            | Self::InvalidSyntax
            | Self::InvalidPath
            | Self::NoTarget
            | Self::InvalidValue
            | Self::InvalidVers => 400,
            Self::Unauthorized => 401,
            Self::Sensitive | Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::Uniqueness => 409,
            Self::PreconditionFailed => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::TooManyRequests => 429,
            Self::HeaderTooLarge => 431,
            Self::Internal => 500,
            Self::NotImplemented => 501,
            Self::Unavailable => 503,
        }
    }

    /// The `scimType` keyword, where the RFC gives the cause one.
    pub const fn scim_type(self) -> Option<&'static str> {
        match self {
            Self::InvalidFilter => Some("invalidFilter"),
            Self::TooMany => Some("tooMany"),
            Self::Uniqueness => Some("uniqueness"),
            Self::Mutability => Some("mutability"),
            Self::InvalidSyntax => Some("invalidSyntax"),
            Self::InvalidPath => Some("invalidPath"),
            Self::NoTarget => Some("noTarget"),
            Self::InvalidValue => Some("invalidValue"),
            Self::InvalidVers => Some("invalidVers"),
            Self::Sensitive => Some("sensitive"),
            Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::RequestTimeout
            | Self::PreconditionFailed
            | Self::TooLarge
            | Self::UnsupportedMediaType
            | Self::TooManyRequests
            | Self::HeaderTooLarge
            | Self::Internal
            | Self::NotImplemented
            | Self::Unavailable => None,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scim_type() {
            Some(scim_type) => f.write_str(scim_type),
            None => write!(f, "{}", self.status()),
        }
    }
}

impl Error {
    /// Makes an error from its cause and a sentence for the client.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

/// The error message as JSON: `status` is a string, `scimType` is there only if the cause has one.
impl Serialize for Error {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Message<'a> {
            schemas: [&'a str; 1],
            status: String,
            #[serde(rename = "scimType", skip_serializing_if = "Option::is_none")]
            scim_type: Option<&'a str>,
            detail: &'a str,
        }
        let message = Message {
            schemas: [urn::ERROR],
            status: self.kind.status().to_string(),
            scim_type: self.kind.scim_type(),
            detail: &self.detail,
        };
        message.serialize(serializer)
    }
}

macro_rules! constructors {
    ($($name:ident => $kind:ident,)*) => {
        impl Error {
            $(
                #[doc = concat!("An error of kind [`ErrorKind::", stringify!($kind), "`].")]
                pub fn $name(detail: impl Into<String>) -> Self {
                    Self::new(ErrorKind::$kind, detail)
                }
            )*
        }
    };
}

constructors! {
    invalid_filter => InvalidFilter,
    invalid_path => InvalidPath,
    invalid_syntax => InvalidSyntax,
    invalid_value => InvalidValue,
    mutability => Mutability,
    no_target => NoTarget,
    not_found => NotFound,
    forbidden => Forbidden,
    sensitive => Sensitive,
    too_many => TooMany,
}

/// Shortens text from outside so that an error can quote it: at most 80 characters, no controls.
pub fn quote(text: &str) -> String {
    format!("\"{}\"", shorten(text, 80))
}

/// The beginning of a text from outside, with a stand-in for each control character.
pub(crate) fn shorten(text: &str, characters_max: usize) -> String {
    let mut characters = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut short: String = characters.by_ref().take(characters_max).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scim_type_of_the_rfc_has_its_status() {
        let table: Vec<String> = ErrorKind::ALL
            .iter()
            .map(|kind| format!("{} {}", kind.status(), kind.scim_type().unwrap_or("-")))
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        400 invalidFilter
        400 tooMany
        409 uniqueness
        400 mutability
        400 invalidSyntax
        400 invalidPath
        400 noTarget
        400 invalidValue
        400 invalidVers
        403 sensitive
        401 -
        403 -
        404 -
        405 -
        408 -
        412 -
        413 -
        415 -
        429 -
        431 -
        500 -
        501 -
        503 -
        ");
    }

    #[test]
    fn status_is_a_string_and_scim_type_is_left_out_without_one() {
        let taken = Error::new(ErrorKind::Uniqueness, "userName is taken");
        let text = serde_json::to_string(&taken).unwrap();
        assert_eq!(
            text,
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"userName is taken"}"#
        );
        let missing = serde_json::to_value(Error::not_found("no User 1")).unwrap();
        assert_eq!(missing.get("scimType"), None);
    }

    #[test]
    fn quoted_text_is_short_and_has_no_control_characters() {
        assert_eq!(quote("a\nb"), "\"a\u{fffd}b\"");
        assert_eq!(quote(&"x".repeat(200)).chars().count(), 83);
    }
}
