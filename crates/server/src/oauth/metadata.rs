//! What a client must know of the token endpoint (RFC 8414 §2).

use http::StatusCode;
use serde_json::json;

use crate::base_url::base_url;
use crate::context::Call;
use crate::door;
use crate::error::Error;
use crate::respond::{MediaType, Response, json};
use crate::route::TOKEN_ENDPOINT;

pub(crate) fn metadata(call: &Call) -> Result<Response, Error> {
    door::check_enabled(&call.app)?;
    let issuer = format!("{}{}", base_url(&call.app, &call.client, &call.head), call.tenant.path);
    let mut methods = vec!["client_secret_basic", "client_secret_post"];
    if call.tenant.chain.is_federated() {
        methods.push("private_key_jwt");
    }
    let metadata = json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}{TOKEN_ENDPOINT}"),
        "grant_types_supported": ["client_credentials"],
        // Required, and there is no authorization endpoint that would have any.
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["scim.read", "scim.write", "scim.admin"],
    });
    Ok(json(StatusCode::OK, MediaType::Json, &metadata))
}
