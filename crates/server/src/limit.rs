//! The bounds on what a client may cost: one table, made from the settings.

use std::time::Duration;

use provost_platform::setting;
use provost_scim::json;

/// The bounds that the server itself holds, in the units of those who hold them.
pub(crate) struct Limits {
    /// Larger header sections: 431.
    pub(crate) header_bytes: usize,
    /// More header fields: 431.
    pub(crate) header_count: usize,
    /// A slower header section: the connection closes.
    pub(crate) header_time: Duration,
    /// A larger body: 413.
    pub(crate) body_bytes: usize,
    /// More bytes of bodies at once: 429.
    pub(crate) bodies_bytes: usize,
    /// More bytes of answers that their clients have not taken yet: 429.
    pub(crate) answers_bytes: usize,
    /// A slower body: 408.
    pub(crate) body_time: Duration,
    /// A body that comes slower, in bytes a second after `body_grace`: 408.
    pub(crate) body_rate_bytes: u32,
    /// The time before `body_rate_bytes` counts.
    pub(crate) body_grace: Duration,
    /// Deeper or larger JSON: 400 invalidSyntax.
    pub(crate) json: json::Limits,
    /// A longer array in a body: 413.
    pub(crate) request_members: usize,
    /// More connections: they close.
    pub(crate) connections: usize,
    /// More connections of one address: they close.
    pub(crate) connections_per_address: usize,
    /// A slower TLS handshake: the connection closes.
    pub(crate) handshake_time: Duration,
    /// A connection on which nothing is asked: it closes.
    pub(crate) idle_time: Duration,
    /// More HTTP/2 streams: refused.
    pub(crate) streams: u32,
    /// More requests in work: 429.
    pub(crate) requests_in_flight: u32,
    /// More requests of one address: 429.
    pub(crate) address_rate: Rate,
    /// More requests of one tenant: 429.
    pub(crate) tenant_rate: Rate,
    /// More tokens of one address that were never accepted before: 429, and they are not judged.
    pub(crate) strange_token_rate: Rate,
    /// A slower answer, the reading of the body apart: 503.
    pub(crate) request_time: Duration,
    /// What is in work has this long when the server or the subsystem stops.
    pub(crate) drain_time: Duration,
}

/// How often something may happen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
}

impl Rate {
    /// Another rate where it is given.
    pub(crate) fn but(self, per_second: Option<usize>, burst: Option<usize>) -> Self {
        Self {
            per_second: per_second.map_or(self.per_second, narrow),
            burst: burst.map_or(self.burst, narrow),
        }
    }

    fn new(per_second: usize, burst: usize) -> Self {
        Self { per_second: narrow(per_second), burst: narrow(burst) }
    }
}

impl Limits {
    pub(crate) fn new(settings: &setting::Limits) -> Self {
        Self {
            header_bytes: settings.header_bytes,
            header_count: settings.header_count,
            header_time: settings.header_time,
            body_bytes: settings.body_bytes,
            bodies_bytes: settings.bodies_bytes,
            answers_bytes: settings.answers_bytes,
            body_time: settings.body_time,
            body_rate_bytes: narrow(settings.body_rate_bytes).max(1),
            body_grace: settings.body_grace,
            json: json::Limits {
                depth: settings.json_depth,
                nodes: settings.json_nodes,
                string_bytes: settings.string_bytes,
                members: settings.object_keys,
            },
            request_members: settings.request_members,
            connections: settings.connections,
            connections_per_address: settings.connections_per_address,
            handshake_time: settings.handshake_time,
            idle_time: settings.idle_time,
            streams: narrow(settings.streams),
            requests_in_flight: narrow(settings.requests_in_flight),
            address_rate: Rate::new(settings.address_rate, settings.address_burst),
            tenant_rate: Rate::new(settings.tenant_rate, settings.tenant_burst),
            strange_token_rate: Rate::new(
                settings.strange_token_rate,
                settings.strange_token_burst,
            ),
            request_time: settings.request_time,
            drain_time: settings.drain_time,
        }
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
