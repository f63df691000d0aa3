//! Where mangling begins: what identity providers really send.

use std::path::Path;

use serde_json::{Value, json};

use crate::transcript::{Step, load};

/// Good inputs for the parser of a name.
///
/// # Panics
/// If the transcripts beside the project's tests cannot be read.
pub fn seeds(name: &str) -> Vec<Vec<u8>> {
    let own: &[&str] = match name {
        "path" => &[
            "userName",
            "emails[type eq \"work\"].value",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
            "members[value eq \"1\" and not (display pr)]",
        ],
        "jwt" => {
            &["eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUvIn0.AAAA"]
        }
        "grant" => &[
            "grant_type=client_credentials&client_id=a&client_secret=pvt_x&scope=scim.read",
            "Basic YTpi",
        ],
        "settings" => &[
            "{\"PlatformSettingsConfig\": {\"BasicSettings\": {\"EnableSSO\": true}, \"SCIMSettings\": {\"enableSCIM\": \"true\"}, \"ProvostSettings\": {\"listen\": \"127.0.0.1:1\", \"jwt\": {\"issuers\": [{\"issuer\": \"https://id.example/\", \"audiences\": [\"a\"], \"jwtPublicKeyUrl\": \"https://id.example/k\"}]}, \"tenants\": {\"acme\": {\"limits\": {}}}, \"tls\": {\"certificateFile\": \"a\", \"keyFile\": \"b\"}}}}",
            "{\"SCIMAccessTokenServicesSettings\": {\"authScimOAuthClientId\": \"a\", \"issuer\": \"https://id.example/\", \"jwtPublicKeyUrl\": \"https://id.example/k\", \"clientSecret\": \"encrypt.x\"}}",
        ],
        // A sequence of a sequence, an integer and a text: enough for a mangler to begin with.
        "certificate" => &["\u{30}\u{8}\u{30}\u{6}\u{2}\u{1}\u{1}\u{c}\u{1}a"],
        _ => &[],
    };
    let own = own.iter().map(|text| text.as_bytes().to_vec());
    let sent = steps().into_iter().filter_map(|step| of_step(name, &step));
    own.chain(sent).collect()
}

/// What a step of a transcript has for a parser.
fn of_step(name: &str, step: &Step) -> Option<Vec<u8>> {
    let request = &step.request;
    let text = match name {
        "json_value" => request.body.clone().unwrap_or_else(|| json!({})).to_string(),
        "patch" => request.body.clone().filter(is_patch)?.to_string(),
        "endpoint" => request.path.clone(),
        "filter" => {
            let (_, query) = request.path.split_once('?')?;
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let (_, filter) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("filter"))?;
            filter.replace('+', " ").replace("%22", "\"").replace("%20", " ")
        }
        "grant" => request.body_raw.clone().filter(|it| it.contains("grant_type"))?,
        _ => return None,
    };
    Some(text.into_bytes())
}

fn is_patch(body: &Value) -> bool {
    body.get("Operations").is_some()
}

fn steps() -> Vec<Step> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/transcripts");
    let transcripts = load(&folder).expect("the transcripts are there");
    transcripts.into_iter().flat_map(|it| it.steps).collect()
}
