//! Whose tokens are trusted: `SCIMAccessTokenServicesSettings`, in the shape with
//! `scimAdminName` and in that of 9.5 and later.

use secrecy::SecretString;

use super::block::{Block, Setting};
use super::issuer::{self, KeyPlace};
use super::kind::{AdministratorName, Name, Secret};
use crate::client_binding::{self, ClientBinding};

/// The issuer whose tokens are trusted, and as whom their requests run.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The platform's administrator that requests run as (`scimAdminName`).
    pub admin_name: String,
    /// The client that tokens must belong to (`authScimOAuthClientId`).
    pub client_id: String,
    /// The one claim that must equal `client_id` (`authScimOAuthClientIdAttrName`).
    pub client_id_claim: Option<String>,
    /// The claim `iss` of every token, byte for byte (`issuer`).
    pub issuer: String,
    /// Where the keys of the issuer are.
    pub keys: KeyPlace,
    /// Accepted for the platform's older releases; nothing uses it.
    pub client_secret: Option<SecretString>,
}

impl Trust {
    /// Which of the issuer's tokens may provision.
    #[must_use]
    pub fn client_binding(&self) -> ClientBinding {
        ClientBinding::new(&self.client_id, self.client_id_claim.as_deref())
    }
}

/// The name of the object, in either file.
pub(crate) const BLOCK: &str = "SCIMAccessTokenServicesSettings";

/// The names by which token introspection is configured instead of a JWT.
const INTROSPECTION: [&str; 2] = ["checkTokenEndpointUrl", "userAuthenticationConverterClassName"];

pub(crate) fn read(block: &mut Block<'_, '_>) -> Option<Trust> {
    block.ignore(&INTROSPECTION);
    if refuse_introspection(block) {
        block.ignore(&["scimAdminName", "authScimOAuthClientId", "authScimOAuthClientIdAttrName"]);
        block.ignore(&["clientId", "clientSecret", "issuer"]);
        block.ignore(&["jwtPublicKeyUrl", "openIdMetadataUrl"]);
        return None;
    }
    let admin_name = block.get(
        &AdministratorName,
        Setting {
            name: "scimAdminName",
            default: "Administrator".to_owned(),
            why: "Requests with a token of this issuer run as this user.",
        },
    );
    let client_id = block.mandatory(
        &Name("the Application (client) ID of the enterprise application"),
        "authScimOAuthClientId",
        "A token that does not belong to this client is refused.",
    );
    let client_id_claim = block.optional(
        &Name("the name of a claim, such as \"appid\""),
        "authScimOAuthClientIdAttrName",
        "If set, this claim and no other must equal authScimOAuthClientId: the narrowest choice.",
    );
    let issuer_name = block.mandatory(
        &Name("the issuer with your tenant's id, exactly as tokens carry it in iss"),
        "issuer",
        "A token of another issuer is refused; the last slash counts.",
    );
    let keys = issuer::read_key_place(block);
    let client_secret = read_unused(block, client_id.as_deref());
    warn_of_last_slash(block, issuer_name.as_deref());
    let (client_id, issuer, keys) = (client_id?, issuer_name?, keys?);
    Some(Trust { admin_name, client_id, client_id_claim, issuer, keys, client_secret })
}

/// Refuses the introspection shape by its names, rather than by all that it lacks of ours.
fn refuse_introspection(block: &mut Block<'_, '_>) -> bool {
    let mut refused = false;
    for name in INTROSPECTION {
        let Some(source) = block.source_of(name) else { continue };
        let message = format!(
            "token introspection ({}) is not offered yet by this version; it reads JWTs: \
             authScimOAuthClientId, issuer, jwtPublicKeyUrl",
            INTROSPECTION.join(", "),
        );
        block.error_at(source, name, message);
        refused = true;
    }
    refused
}

/// `clientId` and `clientSecret`: their part in checking a JWT is none, in any release.
fn read_unused(block: &mut Block<'_, '_>, client_id: Option<&str>) -> Option<SecretString> {
    let repeated = block.optional(
        &Name("the same value as authScimOAuthClientId"),
        "clientId",
        "Accepted for the shape before 9.5; authScimOAuthClientId is what counts.",
    );
    let secret = block.optional(
        &Secret,
        "clientSecret",
        "Accepted for the shape before 9.5; checking a JWT needs no secret, and it is never sent.",
    );
    if let (Some(source), Some(repeated), Some(client_id)) =
        (block.source_of("clientId"), repeated, client_id)
        && repeated != client_id
    {
        let message = "differs from authScimOAuthClientId, which is what counts".to_owned();
        block.warn_at(source, "clientId", message);
    }
    if let (Some(source), Some(_)) = (block.source_of("clientSecret"), &secret) {
        let message = "checking JWTs uses no secret; this one is never sent and may be taken out";
        block.warn_at(source, "clientSecret", message.to_owned());
    }
    secret
}

fn warn_of_last_slash(block: &mut Block<'_, '_>, issuer: Option<&str>) {
    let Some(issuer) = issuer else { return };
    let Some(expected) = client_binding::issuer_with_the_usual_slash(issuer) else { return };
    let Some(source) = block.source_of("issuer") else { return };
    let message = format!(
        "issuers of this form are written \"{expected}\"; iss is compared byte for byte, so every \
         token would be refused"
    );
    block.warn_at(source, "issuer", message);
}

/// The other objects of sso-settings.json, as the platform documents them.
pub(crate) const SSO_SETTINGS: [&str; 4] = [
    "AccessTokenPersistenceSettings",
    "ApplicationKeySettings",
    "AuthorizationServersSettings",
    "KeyManagerSettings",
];

/// The names of sso-settings.json's own `BasicSettings`, as the platform documents them.
pub(crate) const BASIC_SETTINGS: [&str; 16] = [
    "administratorAlias",
    "administratorInternalName",
    "authenticationType",
    "authnContextAsPassword",
    "clientBaseUrl",
    "idpMetadataFilePath",
    "metadataEntityBaseUrl",
    "metadataEntityId",
    "ptcOperatorsGroupName",
    "retriggerOnScopesRemoval",
    "samlAssertionMaxAuthenticationAge",
    "samlAssertionUserNameAttributeName",
    "samlGroupClaimName",
    "webSSOProfileConsumerReleaseDOM",
    "webSSOProfileConsumerResponseSkew",
    "webSSOProfileResponseSkew",
];
