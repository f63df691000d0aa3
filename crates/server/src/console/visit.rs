//! A request of a browser: who sent it, what it says, and where it is led.

use std::sync::Arc;

use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode, request};
use hyper::body::Incoming;
use provost_auth::Caller;
use provost_console::{Action, Form, Page, Place, Request};
use provost_scim::Error as Refusal;
use serde_json::Value;

use super::entrance::cookie;
use super::session::Found;
use crate::admin::{self, Known};
use crate::base_url::base_url;
use crate::body::Bodies;
use crate::cause::cause;
use crate::client::{Client, Peer};
use crate::context::{App, Call};
use crate::error::Error;
use crate::request_line::RequestLine;
use crate::respond::{self, Response};
use crate::route::CONSOLE;
use crate::tenant::Tenant;
use crate::worker::in_time;
use crate::{body, door};

/// A request, when its parts are told apart.
pub(super) struct Visit {
    pub(super) app: Arc<App>,
    pub(super) tenant: Arc<Tenant>,
    pub(super) line: Arc<RequestLine>,
    pub(super) client: Client,
    pub(super) head: request::Parts,
    /// The path of the console.
    pub(super) root: String,
    peer: Peer,
    body: Option<Incoming>,
}

/// Somebody who is signed in.
pub(super) struct Visitor {
    pub(super) session: Found,
    pub(super) known: Known,
}

impl Visit {
    pub(super) fn of(call: Call) -> Self {
        let Call { app, line, tenant, peer, client, head, body } = call;
        let root = format!("{}{CONSOLE}", tenant.path);
        Self { app, tenant, line, client, head, root, peer, body: Some(body) }
    }

    /// Whether a form was sent.
    pub(super) fn is_form(&self) -> bool {
        self.head.method == Method::POST
    }

    /// The name of the tenant, if it is not the platform's own.
    pub(super) fn tenant_name(&self) -> Option<&str> {
        self.tenant.path.rsplit_once('/').map(|(_, name)| name)
    }

    /// Who is signed in, if anybody is. A session whose token does not hold any more ends.
    pub(super) async fn visitor(&self) -> Result<Option<Visitor>, Error> {
        let now = self.app.now_seconds();
        let key = cookie(&self.head.headers);
        let found = key.and_then(|key| self.app.sessions.find(key, self.tenant.id, now));
        let Some(session) = found else { return Ok(None) };
        match self.authenticate(session.token()).await {
            Ok(caller) => {
                let known = Known {
                    app: Arc::clone(&self.app),
                    tenant: Arc::clone(&self.tenant),
                    line: Arc::clone(&self.line),
                    cause: cause(&self.line, &caller, &self.client),
                    base: format!(
                        "{}{}",
                        base_url(&self.app, &self.client, &self.head),
                        self.tenant.path
                    ),
                    caller,
                };
                Ok(Some(Visitor { session, known }))
            }
            Err(Error::BadCredential | Error::NoCredential) => {
                self.app.sessions.end(&session.key);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn authenticate(&self, token: &str) -> Result<Caller, Error> {
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut bearer = bearer.map_err(|_| Error::BadCredential)?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        let from = door::From { peer: &self.peer, client: &self.client };
        let authenticating =
            door::authenticate(&self.app, &self.tenant, from, &headers, &self.line);
        let caller = in_time(&self.app, authenticating).await?;
        door::check_operator(&caller)?;
        Ok(caller)
    }

    /// The form of somebody who is signed in.
    pub(super) async fn form(&mut self, bytes_max: usize) -> Result<Form, Error> {
        let tenant = Arc::clone(&self.tenant);
        self.form_within(&tenant.bodies, bytes_max).await
    }

    /// A form of at most so many bytes, which takes room with others of its kind.
    pub(super) async fn form_within(
        &mut self,
        bodies: &Bodies,
        bytes_max: usize,
    ) -> Result<Form, Error> {
        let is_form = body::is_form(&self.head.headers);
        let Some(body) = self.body.take().filter(|_| is_form) else {
            return Err(Refusal::invalid_syntax("this takes a form").into());
        };
        let read = body::read_at_most(body, &self.app.limits, bodies, bytes_max).await?;
        self.line.received(read.bytes.len());
        Ok(Form::parse(&read.bytes))
    }

    pub(super) fn query(&self) -> Form {
        Form::parse(self.head.uri.query().unwrap_or_default().as_bytes())
    }

    /// To a path of the console.
    pub(super) fn redirect(&self, path: &str) -> Response {
        let mut response = respond::empty(StatusCode::SEE_OTHER);
        let location = HeaderValue::from_str(&format!("{}{path}", self.root));
        let location = location.expect("paths of pages are encoded");
        response.headers_mut().insert(LOCATION, location);
        response
    }

    /// The page at a path that somebody was on the way to; nothing else is ever led to.
    pub(super) fn page_at(&self, path: &str) -> Page {
        match Place::parse(path) {
            Some(Place::Page(page)) if self.has(&page) => page,
            Some(_) | None => self.first(),
        }
    }

    pub(super) fn has(&self, page: &Page) -> bool {
        self.tenant.path.is_empty() || page.is_in_tenants()
    }

    pub(super) fn first(&self) -> Page {
        Page::first(!self.tenant.path.is_empty())
    }
}

impl Visitor {
    /// The answers to requests, in their order.
    pub(super) async fn ask(&self, requests: Vec<Request>) -> Result<Vec<Value>, Error> {
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            answers.push(self.ask_one(request).await?);
        }
        Ok(answers)
    }

    async fn ask_one(&self, request: Request) -> Result<Value, Error> {
        let response = admin::ask(self.known.clone(), request).await?;
        let body = response.into_body().into_bytes();
        serde_json::from_slice(&body).map_err(|error| Error::NoPage(error.into()))
    }

    pub(super) async fn act(&self, action: &Action, form: &Form) -> Result<Value, Error> {
        let answers = self.ask(action.needs()).await?;
        let request = action.request(form, &answers).map_err(Refusal::invalid_value)?;
        self.ask_one(request).await
    }
}
