//! What differs in tenants beside the platform's own: `ProvostSettings.tenants.NAME`.

use super::block::Block;
use super::issuer::{self, FederatedClient, Issuer};
use super::kind::Count;

/// The settings of a tenant; one that is not named has the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tenant {
    /// Whose tokens it accepts, besides those that were made for it.
    pub issuers: Vec<Issuer>,
    /// Its clients of the token endpoint that send assertions.
    pub federated_clients: Vec<FederatedClient>,
    /// What differs from `limits`.
    pub limits: TenantLimits,
}

/// What one tenant may cost; what is absent is as in `limits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TenantLimits {
    /// Requests a second.
    pub rate: Option<usize>,
    /// Requests at once, before `rate` counts.
    pub burst: Option<usize>,
    /// Requests in work at once.
    pub requests_in_flight: Option<usize>,
}

pub(crate) fn read(block: &mut Block<'_, '_>) -> Tenant {
    Tenant {
        issuers: block.blocks("issuers", issuer::read).into_iter().flatten().collect(),
        federated_clients: block
            .blocks("federatedClients", issuer::read_federated)
            .into_iter()
            .flatten()
            .collect(),
        limits: block.block("limits", |block| TenantLimits {
            rate: block.optional(
                &Count(1..=1_000_000, "requests"),
                "tenantRequestsPerSecond",
                "In place of the one in ProvostSettings.limits.",
            ),
            burst: block.optional(
                &Count(1..=1_000_000, "requests"),
                "tenantRequestBurst",
                "In place of the one in ProvostSettings.limits.",
            ),
            requests_in_flight: block.optional(
                &Count(1..=10_000, "requests"),
                "requestsInFlight",
                "In place of the one in ProvostSettings.limits.",
            ),
        }),
    }
}
