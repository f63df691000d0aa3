//! What the player sends and gets back, whatever carries it: a socket, or a service called in process.

use std::future::Future;

use http::{HeaderMap, Method};

/// A way to a server.
///
/// Steps that run in parallel are polled as one task: a transport that wants them on several threads spawns each.
pub trait Transport: Send + Sync {
    /// Sends one request and waits for the whole answer.
    ///
    /// # Errors
    /// The reason why there is no answer: the step then fails with this text.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, String>> + Send;
}

/// One HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query, percent-encoded, from the root of the server.
    pub target: String,
    /// Names and values in the order in which they are sent; the transport adds what HTTP itself needs.
    pub headers: Vec<(String, String)>,
    /// The body, if one is sent.
    pub body: Option<Vec<u8>>,
}

/// One HTTP answer, its body read to the end.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty if there is none.
    pub body: Vec<u8>,
}
