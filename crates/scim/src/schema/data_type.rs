//! The data types of attributes (RFC 7643 §2.3).

/// A data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DataType {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A number, possibly with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// A date with a time, as in `2008-01-23T04:56:22Z`.
    DateTime,
    /// Base64 text.
    Binary,
    /// A URI.
    Reference,
    /// A set of sub-attributes.
    Complex,
}

impl DataType {
    /// The JSON form that a single value takes, for error texts.
    pub const fn json_form(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Boolean => "true or false",
            Self::Decimal => "a number",
            Self::Integer => "a whole number of 64 bits",
            Self::DateTime => "a date and time such as \"2008-01-23T04:56:22Z\"",
            Self::Binary => "a base64 string",
            Self::Reference => "a URI as a string",
            Self::Complex => "an object",
        }
    }
}
