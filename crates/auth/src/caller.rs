//! The caller that a credential stands for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Who calls, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name for logs: `jwt:<client id>` or `token:<name>`; printable ASCII without spaces.
    pub principal: Box<str>,
    /// What the caller may do.
    pub rights: Rights,
    /// Whose rights on the platform the request takes.
    pub run_as: RunAs,
}

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rights {
    /// All of SCIM, and none of the subsystem's services.
    Provision,
    /// All of SCIM and all of the subsystem's services.
    Administer,
}

/// Whose rights on the platform a request takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunAs {
    /// This user of the platform: a JWT names none itself, so the settings do (`scimAdminName`). The
    /// request is refused where that user is missing, disabled or no administrator.
    User(Arc<str>),
    /// Nobody of the platform: the credential carries its rights itself.
    Own,
}
