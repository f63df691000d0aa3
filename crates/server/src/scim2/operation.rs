//! The operations of SCIM: an endpoint and a method (RFC 7644 §3.2).

use http::Method;
use provost_auth::Rights;
use provost_scim::endpoint::Endpoint;
use provost_scim::schema::Kind;
use provost_store::EventAct;

/// What a request asks for.
pub(super) enum Operation {
    Read(Kind, Box<str>),
    List(Option<Kind>),
    Search(Option<Kind>),
    Create(Kind),
    Replace(Kind, Box<str>),
    Patch(Kind, Box<str>),
    Delete(Kind, Box<str>),
    Config,
    ResourceTypes(Option<Box<str>>),
    Schemas(Option<Box<str>>),
    NotOffered(&'static str),
}

impl Operation {
    /// The operation of a method that the endpoint offers.
    pub(super) fn of(endpoint: Endpoint, method: &Method) -> Self {
        match endpoint {
            Endpoint::Root => Self::List(None),
            Endpoint::Collection(kind) if *method == Method::POST => Self::Create(kind),
            Endpoint::Collection(kind) => Self::List(Some(kind)),
            Endpoint::Resource(kind, id) => match method.as_str() {
                "PUT" => Self::Replace(kind, id),
                "PATCH" => Self::Patch(kind, id),
                "DELETE" => Self::Delete(kind, id),
                _ => Self::Read(kind, id),
            },
            Endpoint::Search(kind) => Self::Search(kind),
            Endpoint::ServiceProviderConfig => Self::Config,
            Endpoint::ResourceTypes(name) => Self::ResourceTypes(name),
            Endpoint::Schemas(urn) => Self::Schemas(urn),
            Endpoint::Bulk => Self::NotOffered("/Bulk"),
            Endpoint::Me => Self::NotOffered("/Me"),
        }
    }

    /// What a caller must be allowed for it.
    pub(super) const fn rights(&self) -> Rights {
        match self {
            Self::Create(_) | Self::Replace(..) | Self::Patch(..) | Self::Delete(..) => {
                Rights::Write
            }
            Self::Read(..)
            | Self::List(_)
            | Self::Search(_)
            | Self::Config
            | Self::ResourceTypes(_)
            | Self::Schemas(_)
            | Self::NotOffered(_) => Rights::Read,
        }
    }

    /// What a write would do, as the audit trail has it, and to which resource; a new one has no id.
    pub(super) fn attempt(&self) -> Option<(Kind, EventAct, Box<str>)> {
        match self {
            Self::Create(kind) => Some((*kind, EventAct::Created, Box::default())),
            Self::Replace(kind, id) | Self::Patch(kind, id) => {
                Some((*kind, EventAct::Changed, id.clone()))
            }
            Self::Delete(kind, id) => Some((*kind, EventAct::Deleted, id.clone())),
            Self::Read(..)
            | Self::List(_)
            | Self::Search(_)
            | Self::Config
            | Self::ResourceTypes(_)
            | Self::Schemas(_)
            | Self::NotOffered(_) => None,
        }
    }

    /// Whether the operation reads what the request carries.
    pub(super) const fn has_body(&self) -> bool {
        match self {
            Self::Search(_) | Self::Create(_) | Self::Replace(..) | Self::Patch(..) => true,
            Self::Read(..)
            | Self::List(_)
            | Self::Delete(..)
            | Self::Config
            | Self::ResourceTypes(_)
            | Self::Schemas(_)
            | Self::NotOffered(_) => false,
        }
    }
}
