//! The two settings files, in the shape that the platform documents.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::Provider;
use crate::failure::Failure;

/// Writes the two files where they are looked for, below a folder.
pub(crate) fn write_settings(folder: &Path, provider: &Provider) -> Result<[PathBuf; 2], Failure> {
    let platform = json!({"PlatformSettingsConfig": {
        "BasicSettings": {"EnableSSO": true},
        "SCIMSettings": {"enableSCIM": "true", "autoStart": "true"},
        "ProvostSettings": {"log": {"level": "error"}},
    }});
    let client_id = provider.client_id.to_string();
    let sso = json!({"SCIMAccessTokenServicesSettings": {
        "scimAdminName": "Administrator",
        "authScimOAuthClientId": client_id,
        "clientId": client_id,
        "issuer": provider.issuer(),
        "jwtPublicKeyUrl": provider.key_url(),
    }});
    let platform_folder = folder.join("ThingworxPlatform");
    let sso_folder = platform_folder.join("ssoSecurityConfig");
    std::fs::create_dir_all(&sso_folder).map_err(Failure::unable("make a folder"))?;
    let files = [
        (platform_folder.join("platform-settings.json"), platform),
        (sso_folder.join("sso-settings.json"), sso),
    ];
    for (path, content) in &files {
        std::fs::write(path, format!("{content:#}\n"))
            .map_err(Failure::unable("write settings"))?;
    }
    Ok(files.map(|(path, _)| path))
}
