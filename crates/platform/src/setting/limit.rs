//! The bounds on what clients may cost: `ProvostSettings.limits`.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::block::{Block, Setting};
use super::kind::{Count, Seconds};

/// The bounds on what a connection, a request and its body may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Size of a header section.
    pub header_bytes: usize,
    /// Header fields in a request.
    pub header_count: usize,
    /// Time to read a header section.
    pub header_time: Duration,
    /// Size of a body.
    pub body_bytes: usize,
    /// Size of all bodies of a tenant that are being read or worked on.
    pub bodies_bytes: usize,
    /// Size of all answers of a tenant that their clients have not taken yet.
    pub answers_bytes: usize,
    /// Time to read a body.
    pub body_time: Duration,
    /// Lowest rate of a body, in bytes a second, once `body_grace` has passed.
    pub body_rate_bytes: usize,
    /// Time before `body_rate_bytes` counts.
    pub body_grace: Duration,
    /// Nesting of a JSON body.
    pub json_depth: usize,
    /// Values in a JSON body.
    pub json_nodes: usize,
    /// Names in one JSON object.
    pub object_keys: usize,
    /// Size of a string, which may be a photo or certificate.
    pub string_bytes: usize,
    /// Members in one request.
    pub request_members: usize,
    /// Members in one response.
    pub response_members: usize,
    /// Resources on a page.
    pub page_size: usize,
    /// Connections in all.
    pub connections: usize,
    /// Connections of one peer address.
    pub connections_per_address: usize,
    /// Time that a TLS handshake may take.
    pub handshake_time: Duration,
    /// Time that a connection may be idle.
    pub idle_time: Duration,
    /// Streams of one HTTP/2 connection.
    pub streams: usize,
    /// Requests in work at once, a tenant.
    pub requests_in_flight: usize,
    /// Requests a second of one address.
    pub address_rate: usize,
    /// Requests of one address at once, before `address_rate` counts.
    pub address_burst: usize,
    /// Requests a second of one tenant.
    pub tenant_rate: usize,
    /// Requests of one tenant at once, before `tenant_rate` counts.
    pub tenant_burst: usize,
    /// Tokens a second of one address that were never accepted before.
    pub strange_token_rate: usize,
    /// Such tokens at once, before `strange_token_rate` counts.
    pub strange_token_burst: usize,
    /// Time from a request's head to its answer.
    pub request_time: Duration,
    /// Time that requests in work have when the server stops.
    pub drain_time: Duration,
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A bound's name, default and legal range.
struct Bound(&'static str, usize, RangeInclusive<usize>);

pub(crate) fn read(block: &mut Block<'_, '_>) -> Limits {
    let limits = read_each(block);
    if limits.bodies_bytes < limits.body_bytes {
        let names = ["bodiesBytes", "bodyBytes"];
        let said = names.iter().find_map(|name| Some((*name, block.source_of(name)?)));
        let (name, source) = said.unwrap_or((names[0], block.source()));
        let message = "bodiesBytes is less than bodyBytes: the largest body would never be read";
        block.error_at(source, name, message.to_owned());
    }
    limits
}

#[expect(clippy::too_many_lines, reason = "a table: one row a bound")]
fn read_each(block: &mut Block<'_, '_>) -> Limits {
    Limits {
        header_bytes: bytes(
            block,
            Bound("headerBytes", 32 * KIB, 16 * KIB..=256 * KIB),
            "More is answered 431. Tokens travel in headers, so never below 16 KiB.",
        ),
        header_count: count(
            block,
            Bound("headerCount", 100, 20..=1_000),
            "header fields",
            "More are answered 431; proxies add theirs.",
        ),
        header_time: seconds(
            block,
            Bound("headerSeconds", 10, 1..=60),
            "A slower head closes the connection: slow clients hold them open.",
        ),
        body_bytes: bytes(
            block,
            Bound("bodyBytes", 8 * MIB, 64 * KIB..=64 * MIB),
            "A larger body is answered 413. Raise it for groups that come whole with more than \
             100,000 members.",
        ),
        bodies_bytes: bytes(
            block,
            Bound("bodiesBytes", 64 * MIB, 8 * MIB..=16 * 1024 * MIB),
            "More at once, of all requests of a tenant together and as they are in memory, are answered \
             429; at least bodyBytes.",
        ),
        answers_bytes: bytes(
            block,
            Bound("answersBytes", 128 * MIB, 32 * MIB..=16 * 1024 * MIB),
            "While clients of a tenant have so much of their answers still to take, it is asked \
             nothing more: 429.",
        ),
        body_time: seconds(
            block,
            Bound("bodySeconds", 30, 1..=300),
            "A body that takes longer is answered 408.",
        ),
        body_rate_bytes: bytes(
            block,
            Bound("bodyRateBytes", KIB, 1..=MIB),
            "A body that comes slower, a second, is answered 408; bodyGraceSeconds go first.",
        ),
        body_grace: seconds(
            block,
            Bound("bodyGraceSeconds", 5, 0..=60),
            "The time before bodyRateBytes counts.",
        ),
        json_depth: count(
            block,
            Bound("jsonDepth", 32, 8..=128),
            "levels",
            "Deeper JSON is answered 400; SCIM needs 6.",
        ),
        json_nodes: count(
            block,
            Bound("jsonNodes", 500_000, 1_000..=5_000_000),
            "values",
            "A body with more values is answered 400; a member has 3.",
        ),
        object_keys: count(
            block,
            Bound("objectKeys", 1_000, 100..=10_000),
            "names",
            "An object with more names is answered 400.",
        ),
        string_bytes: bytes(
            block,
            Bound("stringBytes", MIB, 64 * KIB..=8 * MIB),
            "A longer string is answered 400: a photo or a certificate. Attributes of type string hold \
             64 KiB whatever is set here.",
        ),
        request_members: count(
            block,
            Bound("requestMembers", 100_000, 1_000..=1_000_000),
            "members",
            "A request with more members is answered 413.",
        ),
        response_members: count(
            block,
            Bound("responseMembers", 100_000, 1_000..=1_000_000),
            "members",
            "A group with more is answered 400 tooMany unless the request excludes its members.",
        ),
        page_size: count(
            block,
            Bound("pageSize", 1_000, 10..=10_000),
            "resources",
            "A page never has more; clients that ask for more get this many.",
        ),
        connections: count(
            block,
            Bound("connections", 1_024, 8..=65_536),
            "connections",
            "More are closed; each takes a file descriptor.",
        ),
        connections_per_address: count(
            block,
            Bound("connectionsPerAddress", 256, 1..=65_536),
            "connections",
            "More are closed. Behind a proxy all come from its address: set it to connections.",
        ),
        handshake_time: seconds(
            block,
            Bound("handshakeSeconds", 5, 1..=60),
            "A TLS handshake that takes longer is given up.",
        ),
        idle_time: seconds(
            block,
            Bound("idleSeconds", 75, 5..=3_600),
            "An idle connection is closed; keep it above the proxy's own time.",
        ),
        streams: count(
            block,
            Bound("streams", 100, 1..=1_000),
            "streams",
            "More HTTP/2 streams of one connection are refused.",
        ),
        requests_in_flight: count(
            block,
            Bound("requestsInFlight", 64, 1..=10_000),
            "requests",
            "More at once are answered 429 with Retry-After.",
        ),
        address_rate: count(
            block,
            Bound("addressRequestsPerSecond", 100, 1..=1_000_000),
            "requests",
            "More of one address are answered 429; identity providers keep below 25. This machine \
             itself has no such bound.",
        ),
        address_burst: count(
            block,
            Bound("addressRequestBurst", 400, 1..=1_000_000),
            "requests",
            "So many of one address may come at once.",
        ),
        tenant_rate: count(
            block,
            Bound("tenantRequestsPerSecond", 100, 1..=1_000_000),
            "requests",
            "More of one tenant are answered 429.",
        ),
        tenant_burst: count(
            block,
            Bound("tenantRequestBurst", 400, 1..=1_000_000),
            "requests",
            "So many of one tenant may come at once.",
        ),
        strange_token_rate: count(
            block,
            Bound("strangeTokensPerSecond", 10, 1..=1_000_000),
            "tokens",
            "More tokens of one address that were never accepted before are answered 429 and not \
             judged; tokens that were accepted are not counted.",
        ),
        strange_token_burst: count(
            block,
            Bound("strangeTokenBurst", 100, 1..=1_000_000),
            "tokens",
            "So many of them may come at once.",
        ),
        request_time: seconds(
            block,
            Bound("requestSeconds", 10, 1..=300),
            "A request that takes longer is answered 503; nothing half done stays.",
        ),
        drain_time: seconds(
            block,
            Bound("drainSeconds", 10, 0..=300),
            "Requests in work have this long to finish when the server stops.",
        ),
    }
}

fn bytes(block: &mut Block<'_, '_>, bound: Bound, why: &'static str) -> usize {
    count(block, bound, "bytes", why)
}

fn count(
    block: &mut Block<'_, '_>,
    Bound(name, default, range): Bound,
    of: &'static str,
    why: &'static str,
) -> usize {
    block.get(&Count(range, of), Setting { name, default, why })
}

fn seconds(
    block: &mut Block<'_, '_>,
    Bound(name, default, range): Bound,
    why: &'static str,
) -> Duration {
    let default = Duration::from_secs(default as u64);
    block.get(&Seconds(range), Setting { name, default, why })
}
