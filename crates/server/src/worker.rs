//! A request in a task of its own: a panic is an answer, and a client that hangs up stops nothing.

use std::future::Future;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, Request};
use hyper::body::Incoming;
use provost_scim::Error as Refusal;
use provost_scim::error::quote;
use tokio::time::{Instant, timeout};

use crate::client::{Client, Peer};
use crate::context::{App, Call};
use crate::error::Error;
use crate::request_line::RequestLine;
use crate::respond::{self, Form, Response};
use crate::route::{Head, Located, Route, is_scim};
use crate::{admin, console, health, oauth, scim2, service};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers a request, whatever becomes of it.
pub(crate) async fn serve(app: Arc<App>, peer: Peer, request: Request<Incoming>) -> Response {
    let (head, body) = request.into_parts();
    let line = Arc::new(RequestLine::begin(app.next_request_id(), head.method.clone()));
    let form = Form::of(head.uri.path(), &head.headers);
    let is_scim = is_scim(head.uri.path());
    let method = head.method.clone();
    let (begun, counting) = (Instant::now(), Arc::clone(&app));
    let is_head = head.method == Method::HEAD;
    let client = Client::of(&peer, &head.headers, &app.parts.proxies);
    let tenant = Arc::clone(&app.tenants.own);
    let call = Call { app, line: Arc::clone(&line), tenant, peer, client, head, body };
    let answer = tokio::spawn(answer(call)).await.unwrap_or(Err(Error::Panicked));
    let mut response = answer.unwrap_or_else(|error| {
        line.failed(&error);
        respond::error(error.answer(&line), &form)
    });
    if is_scim {
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        counting.metrics.count(&method, response.status(), millis);
    }
    let id = HeaderValue::from_str(line.id()).expect("a request's id is printable ASCII");
    response.headers_mut().insert(REQUEST_ID, id);
    line.end(response.status(), respond::body_bytes(&response));
    if is_head { respond::without_body(response) } else { response }
}

async fn answer(mut call: Call) -> Result<Response, Error> {
    let schemas = Arc::clone(&call.app.parts.engine.schemas);
    let Some(located) = Located::parse(&schemas, call.head.uri.path()) else {
        call.line.routed("(unknown)".to_owned());
        return Err(no_endpoint(call.head.uri.path()).into());
    };
    call.line.routed(located.template(&schemas));
    let Located { tenant, route } = located;
    if !matches!(route, Route::Health | Route::Ready) {
        call.app.rates.check_address(&call.client)?;
    }
    if let Some(name) = tenant {
        let store = &*call.app.parts.engine.store;
        call.tenant = in_time(&call.app, call.app.tenants.find(&name, store)).await?;
    }
    match route {
        Route::Scim(head, endpoint) => Box::pin(scim2::answer(call, head, endpoint)).await,
        Route::Service(service) => {
            check_method(&call, route.methods())?;
            Box::pin(service::answer(call, service)).await
        }
        Route::Admin(route) => {
            check_method(&call, route.endpoint.methods)?;
            Box::pin(admin::answer(call, route)).await
        }
        Route::Console(place) => {
            check_method(&call, place.methods())?;
            Box::pin(console::answer(call, place)).await
        }
        Route::Token => {
            check_method(&call, route.methods())?;
            Box::pin(oauth::token(call)).await
        }
        Route::TokenMetadata => {
            check_method(&call, route.methods())?;
            oauth::metadata(&call)
        }
        Route::Health => {
            check_method(&call, route.methods())?;
            Ok(health::health(&call.app).await)
        }
        Route::Ready => {
            check_method(&call, route.methods())?;
            Ok(health::ready(&call.app).await)
        }
    }
}

/// A wrong Tenant URL is met here first: the answer says what was asked for, and where SCIM is.
fn no_endpoint(path: &str) -> Refusal {
    let bases = Head::ALL.map(Head::path).join(" and ");
    Refusal::not_found(format!("there is no endpoint {}; SCIM is below {bases}", quote(path)))
}

/// Whether a method is offered. HEAD is where GET is (RFC 9110 §9.3.2).
pub(crate) fn check_method(call: &Call, offered: &'static [&'static str]) -> Result<(), Error> {
    let method = match call.head.method.as_str() {
        "HEAD" => "GET",
        other => other,
    };
    offered.contains(&method).then_some(()).ok_or(Error::MethodNotAllowed(offered))
}

/// Gives work the time that a request has. It has memory of its own while it goes on: a connection
/// that waits for its client holds little. A write that was submitted is not undone by it: the
/// store finishes what it took.
pub(crate) async fn in_time<T>(
    app: &App,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(app.limits.request_time, Box::pin(work)).await.unwrap_or(Err(Error::Deadline))
}
