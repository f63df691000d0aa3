//! The names of tenants, which stand in URLs.

use std::fmt;
use std::str::FromStr;

use crate::DEFAULT_TENANT;

/// The name of a tenant beside the platform's own: 1 to 63 of `a-z 0-9 -`, a letter or digit first
/// and last, and not the platform's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantName(Box<str>);

/// No name of a tenant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a tenant's name is 1 to 63 of the characters a-z 0-9 -, with no - at either end, and not {DEFAULT_TENANT}"
)]
pub struct TenantNameError;

impl TenantName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantName {
    type Err = TenantNameError;

    fn from_str(text: &str) -> Result<Self, TenantNameError> {
        let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_legal = (1..=63).contains(&text.len())
            && text.bytes().all(is_fit)
            && !text.starts_with('-')
            && !text.ends_with('-')
            && text != DEFAULT_TENANT;
        if is_legal { Ok(Self(text.into())) } else { Err(TenantNameError) }
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_fit_for_a_url_and_not_the_platforms() {
        let longest = "a".repeat(63);
        for text in ["acme", "a", "7", "acme-2", &longest] {
            assert_eq!(text.parse::<TenantName>().unwrap().as_str(), text);
        }
        for text in ["", "Acme", "-a", "a-", "a b", "a/b", "é", "default", &"a".repeat(64)] {
            assert_eq!(text.parse::<TenantName>(), Err(TenantNameError), "{text}");
        }
    }
}
