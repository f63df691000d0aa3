//! The floor: axum and hyper answering a constant of a given size, after reading the request.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::any;

/// Serves `/{bytes}` until the process is killed, and prints the address first.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let app = Router::new().route("/{bytes}", any(constant));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.context("a free port")?;
    let address: SocketAddr = listener.local_addr()?;
    println!("{address}");
    axum::serve(listener, app).await.context("serving")
}

async fn constant(Path(bytes): Path<usize>, _: Bytes) -> impl IntoResponse {
    let body = vec![b'x'; bytes.min(1 << 20)];
    ([(header::CONTENT_TYPE, "application/scim+json")], body)
}
