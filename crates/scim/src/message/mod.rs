//! The messages of the protocol (RFC 7644 §3.4, §3.12; RFC 7643 §5).

mod config;
mod list;
mod search;

pub use config::{AuthenticationScheme, ServiceProviderConfig};
pub use list::ListResponse;
pub use search::{QUERY_BYTES_MAX, SearchRequest, SortOrder};
