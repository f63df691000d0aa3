//! The listener: connections within bounds, each with its own limits, until the server drains.

mod accept;
mod drain;
mod peer;
mod tls;
mod watched;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use provost_store::Cause;
use tokio::net::{TcpListener, TcpSocket};
use tracing::info;

use crate::context::{App, Parts};
use crate::door;
use crate::keeping::remove_what_is_over;
use crate::tenant::Tenancy;

pub use tls::{Tls, TlsError, TlsFiles};

/// How late it may be known when a token was used.
const USES_PAUSE: Duration = Duration::from_secs(60);

/// How long an address that is silent is remembered.
const ADDRESSES_PAUSE: Duration = Duration::from_secs(10);

/// How late what is over is removed.
const KEEPING_PAUSE: Duration = Duration::from_secs(600);

/// How late a changed certificate is noticed.
const FILES_PAUSE: Duration = Duration::from_secs(5);

/// How often it is warned of a revocation list that is over, in seconds.
const DAY: i64 = 24 * 60 * 60;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1_024;

/// A server that listens, and serves once it runs.
pub struct Server {
    listener: TcpListener,
    app: Arc<App>,
}

impl Server {
    /// Listens on an address; port 0 is a free one.
    ///
    /// # Errors
    /// The address is taken, or not one of this machine.
    #[expect(clippy::unused_async, reason = "needs a runtime, and says so")]
    pub async fn bind(address: SocketAddr, parts: Parts, tenancy: Tenancy) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Connections of a predecessor that was killed may linger on the port.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let app = Arc::new(App::new(parts, tenancy, listener.local_addr()?));
        Ok(Self { listener, app })
    }

    /// Whether requests could run as somebody who is none of the platform's own: an enabled user whom
    /// the table `AdministratorAccounts` names.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn is_administrator(&self, name: &str) -> io::Result<bool> {
        let cause = Cause { caller: "server".into(), ..Cause::default() };
        door::is_administrator(&self.app, cause, name).await.map_err(io::Error::other)
    }

    /// Where the server listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.app.address
    }

    /// Serves until `stop` is there; then takes no more connections, finishes the requests in work
    /// within the drain time, and closes the rest.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, app } = self;
        let writing = tokio::spawn(write_uses(Arc::clone(&app)));
        let forgetting = tokio::spawn(forget_addresses(Arc::clone(&app)));
        let keeping = tokio::spawn(forget_what_is_over(Arc::clone(&app)));
        let following = app.parts.tls.clone();
        let following = following.map(|tls| tokio::spawn(follow(Arc::clone(&app), tls)));
        let connections = accept::accept(&listener, &app, stop).await;
        // Readiness goes red before the door closes.
        app.begin_drain();
        drop(listener);
        info!("Draining {} connections", connections.len());
        drain::drain(connections, app.limits.drain_time).await;
        writing.abort();
        forgetting.abort();
        keeping.abort();
        if let Some(following) = following {
            following.abort();
        }
        app.write_uses().await;
    }
}

/// Reads the files of TLS again when they change, as they do when they are renewed, and warns when
/// one should have been.
async fn follow(app: Arc<App>, tls: Arc<Tls>) {
    let mut warned_at = None;
    loop {
        if tls.has_changed() {
            tls.refresh();
        }
        let now = app.now_seconds();
        if warned_at.is_none_or(|at| now.saturating_sub(at) >= DAY) {
            tls.warn_of_ended_lists(now);
            warned_at = Some(now);
        }
        tokio::time::sleep(FILES_PAUSE).await;
    }
}

/// Writes once in a while when tokens were used.
async fn write_uses(app: Arc<App>) {
    loop {
        tokio::time::sleep(USES_PAUSE).await;
        app.write_uses().await;
    }
}

/// Removes what is no longer to be kept of the audit trail and of what was deleted.
async fn forget_what_is_over(app: Arc<App>) {
    loop {
        tokio::time::sleep(KEEPING_PAUSE).await;
        remove_what_is_over(&app).await;
    }
}

/// Keeps the list of addresses that requests came from short, and that of sessions.
async fn forget_addresses(app: Arc<App>) {
    loop {
        tokio::time::sleep(ADDRESSES_PAUSE).await;
        app.rates.forget();
        app.sessions.forget(app.now_seconds());
    }
}
