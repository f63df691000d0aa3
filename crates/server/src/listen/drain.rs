//! The end: connections finish what is in work and close, within a time.

use std::future::{Future, pending};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::warn;

/// The open connections.
pub(super) struct Connections {
    tasks: JoinSet<()>,
    drain: watch::Sender<bool>,
}

/// The word to finish.
pub(super) struct DrainSignal(watch::Receiver<bool>);

impl Default for Connections {
    fn default() -> Self {
        Self { tasks: JoinSet::new(), drain: watch::Sender::new(false) }
    }
}

impl Connections {
    pub(super) fn spawn(&mut self, connection: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(connection);
    }

    /// Tells a connection when it is to finish.
    pub(super) fn drain_signal(&self) -> DrainSignal {
        DrainSignal(self.drain.subscribe())
    }

    /// Waits until one has closed.
    pub(super) async fn closed(&mut self) {
        if self.tasks.join_next().await.is_none() {
            pending::<()>().await;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }
}

impl DrainSignal {
    /// Waits until the drain begins, or everybody who could begin it is gone.
    pub(super) async fn begun(&mut self) {
        drop(self.0.wait_for(|is_draining| *is_draining).await);
    }
}

/// Lets connections finish; those that are open after `time_max` are closed.
pub(super) async fn drain(mut connections: Connections, time_max: Duration) {
    connections.drain.send_replace(true);
    let all = async { while connections.tasks.join_next().await.is_some() {} };
    if timeout(time_max, all).await.is_err() {
        warn!("Closed {} connections that did not finish in time", connections.len());
        connections.tasks.shutdown().await;
    }
}
