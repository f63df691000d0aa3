//! Load on one server: closed loops for the rate, then an open one for the latencies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::child::Provost;
use super::connection::Connection;
use super::operation::{Operation, user};

/// Makes the n-th request: method, path, body.
pub(crate) type MakeRequest = Arc<dyn Fn(u64) -> (Method, String, Vec<u8>) + Send + Sync>;

/// What is asked of whom.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) token: Option<String>,
    pub(crate) request: MakeRequest,
    pub(crate) expected: u16,
}

/// What a server holds when the measuring begins.
pub(crate) struct Filled {
    pub(crate) ids: Arc<Vec<String>>,
    pub(crate) group: Arc<str>,
}

/// What came out.
pub(crate) struct Measured {
    /// Requests per second, as fast as it goes.
    pub(crate) rate: f64,
    /// At half of that rate.
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) answer_bytes: usize,
    pub(crate) request_bytes: usize,
}

/// Numbers of requests: none is used twice in a run.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Creates users and one group.
pub(crate) async fn fill(provost: &Provost, users: usize) -> anyhow::Result<Filled> {
    let empty = Filled { ids: Arc::new(vec![String::new()]), group: "".into() };
    let target = provost.target(Operation::Create, &empty);
    let connections = 32;
    let mut loaders = JoinSet::new();
    for first in 0..connections {
        let target = target.clone();
        loaders.spawn(async move {
            let mut connection = Connection::open(target.address).await?;
            let mut made = Vec::new();
            for n in (first..users).step_by(connections) {
                let (path, body) = ("/scim/v2/Users", user(&format!("user{n}")));
                let answer =
                    connection.send(&Method::POST, path, target.token.as_deref(), body).await?;
                made.push(id(answer.status, &answer.body)?);
            }
            anyhow::Ok(made)
        });
    }
    let mut ids = Vec::with_capacity(users);
    while let Some(made) = loaders.join_next().await {
        ids.extend(made??);
    }
    let group =
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Crowd"});
    let mut connection = Connection::open(target.address).await?;
    let body = group.to_string().into_bytes();
    let answer =
        connection.send(&Method::POST, "/scim/v2/Groups", target.token.as_deref(), body).await?;
    Ok(Filled { ids: Arc::new(ids), group: id(answer.status, &answer.body)?.into() })
}

fn id(status: u16, body: &[u8]) -> anyhow::Result<String> {
    let resource: Value = serde_json::from_slice(body).unwrap_or_default();
    match resource["id"].as_str() {
        Some(id) if status == 201 => Ok(id.to_owned()),
        Some(_) | None => {
            bail!("a create was answered {status}: {}", String::from_utf8_lossy(body))
        }
    }
}

/// Measures one operation over a number of connections.
pub(crate) async fn measure(
    target: &Target,
    connections: usize,
    phase: Duration,
) -> anyhow::Result<Measured> {
    let (count, answer_bytes, request_bytes) = closed(target, connections, phase).await?;
    let rate = count as f64 / phase.as_secs_f64();
    let latencies = open(target, connections, phase, rate / 2.0).await?;
    let at = |quantile| Duration::from_micros(latencies.value_at_quantile(quantile));
    Ok(Measured { rate, p50: at(0.5), p99: at(0.99), answer_bytes, request_bytes })
}

/// Every connection sends as soon as it is answered.
async fn closed(
    target: &Target,
    connections: usize,
    phase: Duration,
) -> anyhow::Result<(u64, usize, usize)> {
    let mut loops = JoinSet::new();
    for _ in 0..connections {
        let target = target.clone();
        loops.spawn(async move {
            let mut connection = Connection::open(target.address).await?;
            // Warm: the first requests of a connection are not counted.
            for _ in 0..20 {
                once(&mut connection, &target).await?;
            }
            let (begin, mut count, mut sizes) = (Instant::now(), 0_u64, (0, 0));
            while begin.elapsed() < phase {
                sizes = once(&mut connection, &target).await?;
                count += 1;
            }
            anyhow::Ok((count, sizes))
        });
    }
    let (mut total, mut last) = (0, (0, 0));
    while let Some(done) = loops.join_next().await {
        let (count, sizes) = done??;
        total += count;
        last = sizes;
    }
    Ok((total, last.0, last.1))
}

/// Sends fall due at fixed times, whether or not earlier answers are there.
async fn open(
    target: &Target,
    connections: usize,
    phase: Duration,
    rate: f64,
) -> anyhow::Result<Histogram<u64>> {
    let begin = Instant::now();
    let turn = Arc::new(AtomicU64::new(0));
    let last = (rate * phase.as_secs_f64()) as u64;
    let mut loops = JoinSet::new();
    for _ in 0..connections {
        let (target, turn) = (target.clone(), turn.clone());
        loops.spawn(async move {
            let mut connection = Connection::open(target.address).await?;
            let mut seen = Histogram::<u64>::new(3).context("a histogram")?;
            loop {
                let n = turn.fetch_add(1, Ordering::Relaxed);
                if n > last {
                    return anyhow::Ok(seen);
                }
                let due = begin + Duration::from_secs_f64(n as f64 / rate);
                tokio::time::sleep_until(due.into()).await;
                once(&mut connection, &target).await?;
                let micros = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
                seen.record(micros).context("a latency")?;
            }
        });
    }
    let mut all = Histogram::<u64>::new(3).context("a histogram")?;
    while let Some(done) = loops.join_next().await {
        all.add(done??).context("adding up")?;
    }
    Ok(all)
}

/// One request; gives the sizes of its answer and of its body.
async fn once(connection: &mut Connection, target: &Target) -> anyhow::Result<(usize, usize)> {
    let (method, path, body) = (target.request)(NEXT.fetch_add(1, Ordering::Relaxed));
    let size = body.len();
    let answer = connection.send(&method, &path, target.token.as_deref(), body).await?;
    if answer.status != target.expected {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        bail!("{method} {path} was answered {}, not {}: {text}", answer.status, target.expected);
    }
    Ok((answer.body.len(), size))
}
