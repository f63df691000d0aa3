//! What differs in tenants beside the platform's own: `ProvostSettings.tenants.NAME`.

use super::block::Block;
use super::issuer::{self, FederatedClient, Issuer};
use super::kind::Count;
use super::tls::{self, TenantCertificates, Tls};
use super::trust::{self, Introspection};

/// The settings of a tenant; one that is not named has the defaults.
#[derive(Debug, Clone, Default)]
pub struct Tenant {
    /// The certificates of its clients.
    pub certificates: TenantCertificates,
    /// Whose tokens it accepts, besides those that were made for it.
    pub issuers: Vec<Issuer>,
    /// The authorization server that is asked about its tokens.
    pub introspection: Option<Introspection>,
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

pub(crate) fn read(block: &mut Block<'_, '_>, tls: Option<&Tls>) -> Tenant {
    Tenant {
        certificates: tls::read_of_tenant(block, tls),
        issuers: block.blocks("issuers", issuer::read).into_iter().flatten().collect(),
        introspection: read_introspection(block),
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

fn read_introspection(block: &mut Block<'_, '_>) -> Option<Introspection> {
    const NAME: &str = "introspection";
    if block.is_declaring() {
        return block.block(NAME, trust::read_introspection_of_tenant);
    }
    block.optional_block(NAME, trust::read_introspection_of_tenant)?.1
}
