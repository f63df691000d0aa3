//! Whose tokens are trusted: `SCIMAccessTokenServicesSettings`, in the shape with
//! `scimAdminName`, in that of 9.5 and later, and in that with an introspection endpoint.

use secrecy::SecretString;
use url::Url;

use super::block::{Block, Given, Setting};
use super::document::Value;
use super::issuer::{self, KeyPlace};
use super::kind::{AdministratorName, Fault, Kind, Name, Secret, WebUrl};
use super::source::Source;
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
    /// Where that was said.
    pub(crate) secret_source: Option<Source>,
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

/// How access tokens are judged: one of the two shapes that the platform documents.
#[derive(Debug, Clone)]
pub(crate) enum Service {
    /// By the keys of an issuer.
    Keys(Trust),
    /// By asking the authorization server.
    Introspection(Introspection),
}

/// An authorization server that is asked about each token (RFC 7662), as the platform does it with
/// `PingFederate`. The `username` in its answer is the user of the platform that a request runs as.
#[derive(Debug, Clone)]
pub struct Introspection {
    /// Where it is asked (`checkTokenEndpointUrl`).
    pub endpoint: Url,
    /// As which client this server asks (`clientId`).
    pub client_id: String,
    /// The secret of that client (`clientSecret`).
    pub client_secret: SecretString,
    /// Where that was said.
    pub(crate) secret_source: Source,
    /// The client that tokens must belong to (`authScimOAuthClientId`).
    pub accepted_client: String,
    /// The administrator that requests run as, in place of `username`; of tenants alone
    /// (`scimAdminName`).
    pub admin_name: Option<String>,
}

const ENDPOINT: &str = "checkTokenEndpointUrl";
const CONVERTER: &str = "userAuthenticationConverterClassName";

/// The one converter that the platform accepts: it takes the user's name from `username`.
const CONVERTER_CLASS: &str =
    "com.ptc.eauth.identity.oauth2.rs.IntrospectionUserAuthenticationConverter";

pub(crate) fn read(block: &mut Block<'_, '_>, given: Option<Given>) -> Option<Service> {
    if block.is_declaring() {
        // The rest stands with the other shape, which has the same names.
        read_endpoint(block);
        read_converter(block);
    }
    match block.source_of(ENDPOINT).or(block.source_of(CONVERTER)) {
        Some(_) => {
            read_converter(block);
            read_introspection(block, given).map(Service::Introspection)
        }
        None => read_keys(block).map(Service::Keys),
    }
}

/// What an authorization server is asked, and with what; `given_secret` wins over the file's.
fn read_introspection(
    block: &mut Block<'_, '_>,
    given_secret: Option<Given>,
) -> Option<Introspection> {
    let endpoint = read_endpoint(block);
    let accepted_client = block.mandatory(
        &Name("the client ID that tokens must belong to"),
        "authScimOAuthClientId",
        "A token of another client is refused.",
    );
    let client_id = block.mandatory(
        &Name("the client ID that this server has at the authorization server"),
        "clientId",
        "This server asks about tokens as this client.",
    );
    let secret_source = match &given_secret {
        Some(given) => Some(given.source.clone()),
        None => block.source_of("clientSecret"),
    };
    let client_secret = block.mandatory_over(
        &Secret,
        "clientSecret",
        "The secret of clientId; it is sent to the introspection endpoint and nowhere else.",
        given_secret,
    );
    Some(Introspection {
        endpoint: endpoint?,
        client_id: client_id?,
        client_secret: client_secret?,
        secret_source: secret_source?,
        accepted_client: accepted_client?,
        admin_name: None,
    })
}

/// The authorization server of a tenant beside the platform's own: it need not know the platform's
/// users.
pub(crate) fn read_introspection_of_tenant(block: &mut Block<'_, '_>) -> Option<Introspection> {
    let admin_name = block.optional(
        &AdministratorName,
        "scimAdminName",
        "Requests with a token of this authorization server run as this user; without it, as the \
         one that its answer names in username.",
    );
    let introspection = read_introspection(block, None)?;
    Some(Introspection { admin_name, ..introspection })
}

fn read_endpoint(block: &mut Block<'_, '_>) -> Option<Url> {
    block.mandatory(
        &WebUrl("the introspection endpoint of the authorization server"),
        ENDPOINT,
        "With it the authorization server is asked about tokens (RFC 7662): about all that were \
         not made here or, beside issuers of JWTs, about those that are no JWTs.",
    )
}

fn read_converter(block: &mut Block<'_, '_>) {
    block.optional(
        &ConverterClass,
        CONVERTER,
        "Accepted for the platform's sake: the user's name is always taken from username.",
    );
}

/// The name of the platform's class.
struct ConverterClass;

impl Kind for ConverterClass {
    type Value = ();

    fn legal(&self) -> String {
        format!("\"{CONVERTER_CLASS}\"")
    }

    fn parse(&self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::Text(text) if text == CONVERTER_CLASS => Ok(()),
            _ => Err(Fault::NotLegal),
        }
    }

    fn show(&self, (): &()) -> String {
        format!("\"{CONVERTER_CLASS}\"")
    }
}

fn read_keys(block: &mut Block<'_, '_>) -> Option<Trust> {
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
    let secret_source = block.source_of("clientSecret");
    let client_secret = read_unused(block, client_id.as_deref());
    warn_of_last_slash(block, issuer_name.as_deref());
    let (client_id, issuer, keys) = (client_id?, issuer_name?, keys?);
    Some(Trust {
        admin_name,
        client_id,
        client_id_claim,
        issuer,
        keys,
        client_secret,
        secret_source,
    })
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
