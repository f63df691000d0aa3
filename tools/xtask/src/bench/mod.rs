//! `cargo xtask bench`: the release binary beside a bare HTTP server of the same stack, in one run.
//!
//! For each operation, number of users and number of connections: first as fast as it goes, which
//! gives requests per second; then at half of that rate with sends at fixed times, which gives the
//! latencies from the time at which a request should have been sent, so that a stall counts for
//! every request that it delays. Machines differ: quote the ratio to the bare server, of one run.

mod bare;
mod child;
mod connection;
mod load;
mod operation;
mod table;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

pub(crate) use bare::serve as serve_bare;
use child::{Bare, Provost};
use load::measure;
use operation::Operation;
use table::Row;

/// What to measure, and for how long.
pub(crate) struct Plan {
    /// Users in the store when the measuring begins.
    pub(crate) users: Vec<usize>,
    /// Connections at once.
    pub(crate) connections: Vec<usize>,
    /// Of each of the two phases of one measurement.
    pub(crate) phase: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        let phase = Duration::from_secs(2);
        Self { users: vec![1_000, 100_000], connections: vec![1, 8, 64], phase }
    }
}

impl Plan {
    /// A look in passing.
    pub(crate) fn quick() -> Self {
        Self { users: vec![1_000], connections: vec![1, 8], ..Self::default() }
    }
}

/// Measures the binary, and prints a table.
pub(crate) async fn run(binary: &Path, plan: &Plan) -> anyhow::Result<String> {
    let itself: PathBuf = std::env::current_exe().context("the path of this program")?;
    let bare = Bare::start(&itself).await?;
    let mut rows = Vec::new();
    for users in &plan.users {
        let provost = Provost::start(binary).await?;
        let filled = load::fill(&provost, *users).await?;
        for operation in Operation::ALL {
            for connections in &plan.connections {
                let target = provost.target(operation, &filled);
                let measured = measure(&target, *connections, plan.phase).await?;
                let mirror = bare.target(&measured);
                let floor = measure(&mirror, *connections, plan.phase).await?;
                rows.push(Row::new(operation, *users, *connections, &measured, &floor));
            }
        }
    }
    Ok(table::render(&rows))
}
