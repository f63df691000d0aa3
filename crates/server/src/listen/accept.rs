//! The accept loop: each connection in a task, HTTP/1.1 or HTTP/2, with hyper's bounds set.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use provost_auth::CertificateNames;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::drain::{Connections, DrainSignal};
use super::peer::{Peers, Slot};
use super::watched::{Activity, Watched};
use crate::client::Peer;
use crate::context::App;
use crate::limit::Limits;
use crate::worker;

/// The pause after a failure that concerns no single connection, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until `stop` is there; gives those that are open then.
pub(super) async fn accept(
    listener: &TcpListener,
    app: &Arc<App>,
    stop: impl Future<Output = ()>,
) -> Connections {
    let limits = &app.limits;
    let peers = Peers::new(limits.connections, limits.connections_per_address);
    let builder = Arc::new(builder(limits));
    let mut connections = Connections::default();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => return connections,
            () = connections.closed() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match peers.admit(peer.ip()) {
                Some(slot) => {
                    let open = Open { stream, peer, slot, builder: Arc::clone(&builder) };
                    connections.spawn(serve(open, Arc::clone(app), connections.drain_signal()));
                }
                None => debug!("Closed a connection: there are too many"),
            },
            Err(error) if concerns_one(&error) => {}
            Err(error) => {
                warn!("Could not accept a connection: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}

struct Open {
    stream: TcpStream,
    peer: SocketAddr,
    slot: Slot,
    builder: Arc<Builder<TokioExecutor>>,
}

/// Shakes hands, where TLS is spoken, and serves. A certificate is judged at the handshake, so its
/// connection ends when there may be another judgement.
async fn serve(open: Open, app: Arc<App>, drain: DrainSignal) {
    let Open { stream, peer, slot, builder } = open;
    let _slot = slot;
    // Answers are written whole: there is nothing to gather.
    drop(stream.set_nodelay(true));
    let address = peer.ip().to_canonical();
    let Some(tls) = &app.parts.tls else {
        let peer = Peer { address, is_tls: false, certificate: None };
        // In memory of its own, like the other: a connection takes what its kind needs.
        return Box::pin(serve_stream(stream, peer, &builder, app, drain, pending())).await;
    };
    // Before the handshake: what is read again during it counts too.
    let mut reloads = tls.reloads();
    let shaking = timeout(app.limits.handshake_time, Box::pin(tls.acceptor().accept(stream)));
    match shaking.await {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let certificate = shown.and_then(|it| CertificateNames::from_der(it)).map(Arc::new);
            let has_certificate = certificate.is_some();
            let peer = Peer { address, is_tls: true, certificate };
            let outdated = async {
                if !has_certificate || reloads.changed().await.is_err() {
                    pending::<()>().await;
                }
            };
            Box::pin(serve_stream(stream, peer, &builder, Arc::clone(&app), drain, outdated)).await;
        }
        Ok(Err(error)) => debug!(peer = %address, "No TLS: {error}"),
        Err(_) => debug!(peer = %address, "No TLS within the time for it"),
    }
}

async fn serve_stream<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: Peer,
    builder: &Builder<TokioExecutor>,
    app: Arc<App>,
    mut drain: DrainSignal,
    outdated: impl Future<Output = ()>,
) {
    let address = peer.address;
    let activity = Arc::new(Activity::default());
    let (head_time, idle_time) = (app.limits.header_time, app.limits.idle_time);
    let drain_time = app.limits.drain_time;
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity), head_time, idle_time));
    let service = service_fn(move |request| {
        let (app, peer, in_work) = (Arc::clone(&app), peer.clone(), activity.begin());
        async move {
            let response = worker::serve(app, peer, request).await;
            drop(in_work);
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = pin!(builder.serve_connection(io, service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = drain.begun() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = outdated => {
            connection.as_mut().graceful_shutdown();
            match timeout(drain_time, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        debug!(peer = %address, "A connection ended: {error}");
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // `Watched` knows the time for a head from the time between requests.
        .header_read_timeout(None)
        .max_headers(limits.header_count)
        .max_buf_size(limits.header_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        // Streams that their client reset before they were begun: more end the connection.
        .max_pending_accept_reset_streams(10)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX));
    builder
}

/// Whether a failure to accept is one of the connection that was to be accepted.
fn concerns_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
