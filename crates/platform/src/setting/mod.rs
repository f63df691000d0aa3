//! The settings: two files of the platform, the environment and the flags, made typed once.

mod block;
mod dialect;
mod document;
mod file;
mod inputs;
mod issuer;
mod kind;
mod limit;
mod load;
mod nearest;
mod page;
mod provost;
mod report;
mod scim;
mod secret;
mod source;
mod tenant;
mod tls;
mod trust;

pub use dialect::{Dialect, EmptyString, GroupReplace, Mode, Put, UnknownMember};
pub use inputs::{Flags, Inputs, VARIABLES, user_name};
pub use issuer::{ClientRights, FederatedClient, Issuer, KeyPlace, Requirements};
pub use limit::Limits;
pub use load::{Settings, load};
pub(crate) use nearest::nearest;
pub use page::settings_page;
pub use provost::{Jwt, Log, LogFormat, LogLevel, Passwords, Provost, ProxyHeaders};
pub use report::{Line, Problem, Report};
pub use scim::Scim;
pub use source::{Place, Source};
pub use tenant::{Tenant, TenantLimits};
pub use tls::{Authorities, ClientCertificates, TenantCertificates, Tls};
pub use trust::{Introspection, Trust};
