//! The issuers of JWTs beside the platform's own, and what tokens must be besides.

use url::Url;

use super::block::{Block, Setting};
use super::kind::{
    AdministratorName, Choice, Host, List, Name, OneOf, Switch, TokenNameText, WebUrl,
};
use crate::client_binding::Explanation;

/// An issuer beside the one of `SCIMAccessTokenServicesSettings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The claim `iss` of every token, byte for byte.
    pub issuer: String,
    /// Where its keys are.
    pub keys: KeyPlace,
    /// The platform's administrator that requests run as.
    pub admin_name: String,
    /// What its tokens must be.
    pub requirements: Requirements,
}

/// A client of the token endpoint whose assertions an issuer signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedClient {
    /// The client id.
    pub client_id: String,
    /// The issuer of its assertions.
    pub issuer: String,
    /// Where the keys of the issuer are.
    pub keys: KeyPlace,
    /// The claim `sub` of its assertions.
    pub subject: String,
    /// Whom its assertions are for; one of these.
    pub audiences: Vec<String>,
    /// What it may do.
    pub rights: ClientRights,
}

/// What a client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientRights {
    /// Look at all that SCIM shows.
    Read,
    /// All of SCIM.
    Write,
    /// All of SCIM and the services.
    Admin,
}

impl Choice for ClientRights {
    const ALL: &'static [(&'static str, Self)] =
        &[("read", Self::Read), ("write", Self::Write), ("admin", Self::Admin)];
}

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// At this URL (`jwtPublicKeyUrl`).
    Keys(Url),
    /// Where the issuer's metadata says (`openIdMetadataUrl`).
    Metadata(Url),
}

/// What tokens must be besides; an empty list asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirements {
    /// The token is for one of these.
    pub audiences: Vec<String>,
    /// One of these applications asked for it.
    pub callers: Vec<String>,
    /// The caller's object in the directory is one of these.
    pub object_ids: Vec<String>,
    /// The caller has all of these roles.
    pub roles: Vec<String>,
    /// The token is an application's own, and not a user's.
    pub app_only: bool,
}

impl KeyPlace {
    /// The URL, of either.
    #[must_use]
    pub fn url(&self) -> &Url {
        match self {
            Self::Keys(url) | Self::Metadata(url) => url,
        }
    }
}

impl Requirements {
    /// What a token must be, in words; nothing where nothing is asked.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let one_of = |what: &str, list: &[String]| match list {
            [] => None,
            list => Some(format!("{what} {}", list.join(" or "))),
        };
        let roles = match self.roles.as_slice() {
            [] => None,
            roles => Some(format!("the roles {}", roles.join(" and "))),
        };
        let app_only = self.app_only.then(|| "an application's own proof, not a user's".to_owned());
        [
            one_of("the audience", &self.audiences),
            one_of("the calling application", &self.callers),
            one_of("the object", &self.object_ids),
            roles,
            app_only,
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Issuer {
    /// Who is accepted, and what that does not protect from.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let issuer = &self.issuer;
        let words = self.requirements.in_words().join("; ");
        let unprotected = match self.requirements.callers.is_empty() {
            true => vec![format!(
                "not protected from: any other application that {issuer} gives a token for this \
                 audience; `callers` names the ones that may provision"
            )],
            false => Vec::new(),
        };
        let accepted = vec![format!("accepted: tokens of {issuer} with {words}")];
        Explanation { accepted, unprotected }
    }
}

const KEYS: &str = "jwtPublicKeyUrl";
const METADATA: &str = "openIdMetadataUrl";

/// How many issuers, audiences, callers, objects, roles, hosts there may be.
const ENTRIES_MAX: usize = 100;

pub(crate) fn read(block: &mut Block<'_, '_>) -> Option<Issuer> {
    let issuer = block.mandatory(
        &Name("the issuer exactly as tokens carry it in iss"),
        "issuer",
        "Tokens of this issuer are accepted besides those of SCIMAccessTokenServicesSettings.",
    );
    let keys = read_key_place(block);
    let admin_name = block.get(
        &AdministratorName,
        Setting {
            name: "scimAdminName",
            default: "Administrator".to_owned(),
            why: "Requests with a token of this issuer run as this user.",
        },
    );
    let requirements = read_requirements(block);
    if requirements.audiences.is_empty() {
        let source = block.source();
        let message = "missing: without it every token that this issuer signs for anyone would be \
                       accepted here"
            .to_owned();
        block.error_at(source, "audiences", message);
    }
    Some(Issuer { issuer: issuer?, keys: keys?, admin_name, requirements })
}

/// A client that sends assertions in place of a secret.
pub(crate) fn read_federated(block: &mut Block<'_, '_>) -> Option<FederatedClient> {
    let client_id = block.mandatory(
        &TokenNameText,
        "clientId",
        "The client ID that the identity provider is told to use.",
    );
    let issuer = block.mandatory(
        &Name("the issuer exactly as assertions carry it in iss"),
        "issuer",
        "Assertions of another issuer are refused.",
    );
    let keys = read_key_place(block);
    let subject = block.mandatory(
        &Name("the claim sub of its assertions: the object ID of the provisioning application"),
        "subject",
        "Only this application's assertions are accepted.",
    );
    let audiences = block.get(
        &List(Name("whom the assertion is for, as it stands in aud"), ENTRIES_MAX),
        Setting {
            name: "audiences",
            default: Vec::new(),
            why: "An assertion must be for one of these; at least one is needed.",
        },
    );
    let rights = block.get(
        &OneOf::new(),
        Setting {
            name: "rights",
            default: ClientRights::Write,
            why: "Write is all of SCIM; admin is the services of the subsystem too.",
        },
    );
    if audiences.is_empty() {
        let (source, message) = (block.source(), "missing: name at least one audience".to_owned());
        block.error_at(source, "audiences", message);
    }
    let (client_id, issuer, keys, subject) = (client_id?, issuer?, keys?, subject?);
    Some(FederatedClient { client_id, issuer, keys, subject, audiences, rights })
}

/// Where the keys are: one of two settings.
pub(crate) fn read_key_place(block: &mut Block<'_, '_>) -> Option<KeyPlace> {
    let is_absent = block.source_of(KEYS).is_none() && block.source_of(METADATA).is_none();
    let keys = WebUrl("the jwks_uri of the issuer's OpenID metadata");
    let why = "The keys that tokens are signed with are fetched from here.";
    let keys = match is_absent {
        true => block.mandatory(&keys, KEYS, why),
        false => block.optional(&keys, KEYS, why),
    };
    let metadata = block.optional(
        &WebUrl("the issuer's OpenID metadata, most often …/.well-known/openid-configuration"),
        METADATA,
        "In place of jwtPublicKeyUrl: the metadata says where the keys are, and must name the \
         issuer.",
    );
    if let (Some(_), Some(_), Some(source)) = (&keys, &metadata, block.source_of(METADATA)) {
        block.error_at(source, METADATA, format!("stands beside {KEYS}; keep one of them"));
    }
    keys.map(KeyPlace::Keys).or(metadata.map(KeyPlace::Metadata))
}

/// The hosts that metadata may send us to.
pub(crate) fn read_key_hosts(block: &mut Block<'_, '_>) -> Vec<String> {
    block.get(
        &List(Host, ENTRIES_MAX),
        Setting {
            name: "keyHosts",
            default: Vec::new(),
            why: "Hosts on which the keys may be that an issuer's metadata points to, besides the \
                  metadata's own.",
        },
    )
}

pub(crate) fn read_requirements(block: &mut Block<'_, '_>) -> Requirements {
    let mut list = |what, name, why| {
        block.get(&List(Name(what), ENTRIES_MAX), Setting { name, default: Vec::new(), why })
    };
    Requirements {
        audiences: list(
            "whom the token is for, as it stands in aud",
            "audiences",
            "If any is set, a token must be for one of them.",
        ),
        callers: list(
            "the client ID of an application, as it stands in appid, azp, client_id or cid",
            "callers",
            "If any is set, one of these applications must have asked for the token; without it, \
             every application that the issuer gives a token for the audience may provision.",
        ),
        object_ids: list(
            "the object ID of a service principal, as it stands in oid",
            "objectIds",
            "If any is set, the caller must be one of these objects of the directory: this pins \
             one provisioning job.",
        ),
        roles: list(
            "an application role, as it stands in roles",
            "requiredRoles",
            "A token must have all of these.",
        ),
        app_only: block.get(
            &Switch,
            Setting {
                name: "appOnly",
                default: true,
                why: "Tokens of users who signed in, and of applications that gave no proof of \
                      themselves, are refused.",
            },
        ),
    }
}
