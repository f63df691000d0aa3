//! The caller that a credential stands for.

use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::token::TokenId;

/// Who calls, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name for logs: `jwt:<client id>`, `token:<name>` or `client:<name>`; printable ASCII
    /// without spaces.
    pub principal: Box<str>,
    /// What the caller may do.
    pub rights: Rights,
    /// Whose rights on the platform the request takes.
    pub run_as: RunAs,
    /// The token that was made here, where it is one.
    pub token: Option<TokenId>,
}

/// What a caller may do; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rights {
    /// Look at all that SCIM shows.
    Read,
    /// All of SCIM, and none of the subsystem's services.
    #[serde(alias = "provision")]
    Write,
    /// All of SCIM and all of the subsystem's services.
    #[serde(rename = "admin", alias = "administer")]
    Administer,
}

impl Rights {
    /// The word for them, in settings, scopes and lists.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Administer => "admin",
        }
    }
}

impl FromStr for Rights {
    type Err = RightsError;

    fn from_str(text: &str) -> Result<Self, RightsError> {
        let all = [Self::Read, Self::Write, Self::Administer];
        all.into_iter().find(|rights| rights.word() == text).ok_or(RightsError)
    }
}

/// No word for rights.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("rights are read, write or admin")]
pub struct RightsError;

/// Whose rights on the platform a request takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunAs {
    /// This user of the platform: a JWT names none itself, so the settings do (`scimAdminName`). The
    /// request is refused where that user is missing, disabled or no administrator.
    User(Arc<str>),
    /// Nobody of the platform: the credential carries its rights itself.
    Own,
}
