//! The SCIM base URL, as it stands in the field Tenant URL.

use std::fmt;
use std::str::FromStr;

use provost_auth::{KeyUrl, KeyUrlError};
use reqwest::Url;

/// A URL that a token may be sent to: `https`, or `http` on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Base(Url);

impl Base {
    /// The URL of what is below it. A query of its own stays, as identity providers keep it.
    pub(super) fn at(&self, segments: &[&str], query: Option<(&str, &str)>) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if let Some((name, value)) = query {
            url.query_pairs_mut().append_pair(name, value);
        }
        url
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// Host and port, for people.
    pub(super) fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        let port = self.0.port_or_known_default().unwrap_or_default();
        format!("{host}:{port}")
    }
}

impl FromStr for Base {
    type Err = KeyUrlError;

    fn from_str(text: &str) -> Result<Self, KeyUrlError> {
        // What holds for the place of keys holds for the place of a token: nobody on the way reads it.
        text.parse::<KeyUrl>()?;
        let mut url = Url::parse(text).map_err(|error| KeyUrlError::NotUrl(error.to_string()))?;
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base: &str, expected: &str) {
        let base: Base = base.parse().unwrap();
        let url = base.at(&["Users", "a/b"], Some(("filter", "userName eq \"a\"")));
        assert_eq!(url.as_str(), expected);
    }

    #[test]
    fn paths_and_queries_are_joined_to_those_of_the_base() {
        let expected = "https://h/scim/v2/Users/a%2Fb?filter=userName+eq+%22a%22";
        check("https://h/scim/v2", expected);
        check("https://h/scim/v2/#x", expected);
        check("https://h/v2?flag", "https://h/v2/Users/a%2Fb?flag&filter=userName+eq+%22a%22");
    }

    #[test]
    fn a_token_is_not_sent_in_the_clear() {
        assert!("http://scim.example/v2".parse::<Base>().is_err());
        assert!("https://a:b@scim.example/v2".parse::<Base>().is_err());
        assert!("http://127.0.0.1:8080/v2".parse::<Base>().is_ok());
    }
}
