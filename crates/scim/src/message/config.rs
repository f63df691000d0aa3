//! The service provider's configuration, as discovery shows it (RFC 7643 §5).

use serde::Serialize;
use serde_json::{Value, json};

use crate::urn;

/// What a service provider offers; every sub-attribute is shown, also of what it does not offer.
#[derive(Debug, Clone)]
pub struct ServiceProviderConfig {
    /// Where its documentation is.
    pub documentation_uri: Option<String>,
    /// The most resources on a page.
    pub filter_max_results: usize,
    /// The ways to authenticate.
    pub authentication_schemes: Vec<AuthenticationScheme>,
}

/// A way to authenticate.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationScheme {
    /// One of `oauth`, `oauth2`, `oauthbearertoken`, `httpbasic`, `httpdigest`.
    #[serde(rename = "type")]
    pub scheme: &'static str,
    /// The name, for people.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Where the scheme is specified.
    pub spec_uri: &'static str,
    /// Whether it is the preferred one.
    pub primary: bool,
}

impl ServiceProviderConfig {
    /// The configuration as a resource; `base` is the URL that `meta.location` begins with.
    pub fn to_resource(&self, base: &str) -> Value {
        let mut resource = json!({
            "schemas": [urn::SERVICE_PROVIDER_CONFIG],
            "patch": {"supported": true},
            "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": true, "maxResults": self.filter_max_results},
            "changePassword": {"supported": false},
            "sort": {"supported": false},
            "etag": {"supported": true},
            "authenticationSchemes": self.authentication_schemes,
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": format!("{base}/ServiceProviderConfig"),
            },
        });
        if let (Some(uri), Value::Object(members)) = (&self.documentation_uri, &mut resource) {
            members.insert("documentationUri".into(), uri.as_str().into());
        }
        resource
    }
}
