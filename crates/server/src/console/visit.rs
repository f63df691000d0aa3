//! A request of a browser: who sent it, what it says, and where it is led.

use std::sync::Arc;

use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode, request};
use hyper::body::Incoming;
use provost_auth::Caller;
use provost_console::{Action, Form, Page, Place, Request};
use provost_scim::Error as Refusal;
use provost_scim::error::ErrorKind;
use serde_json::Value;

use super::entrance::cookies;
use super::session::Found;
use crate::admin::{self, Known};
use crate::base_url::base_url;
use crate::body::{Bodies, Body, Room};
use crate::cause::cause;
use crate::client::{Client, Peer};
use crate::context::{App, Call};
use crate::error::Error;
use crate::payload::Payload;
use crate::request_line::RequestLine;
use crate::respond::{self, Response, html};
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
        let mut keys = cookies(&self.head.headers);
        let found = keys.find_map(|key| self.app.sessions.find(key, self.tenant.id, now));
        let Some(session) = found else { return Ok(None) };
        // What a page does by itself keeps nobody signed in.
        if !self.query().has("refresh") {
            self.app.sessions.touch(&session.key, now);
        }
        match self.authenticate(session.token()).await {
            Ok(caller) => {
                let known = Known {
                    app: Arc::clone(&self.app),
                    tenant: Arc::clone(&self.tenant),
                    line: Arc::clone(&self.line),
                    cause: cause(&self.line, &caller, &self.client),
                    base: format!("{}{}", self.base(), self.tenant.path),
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

    /// A form of at most so many bytes, and the room that it takes.
    pub(super) async fn form(
        &mut self,
        bodies: &Bodies,
        bytes_max: usize,
    ) -> Result<(Form, Room), Error> {
        let is_form = body::is_form(&self.head.headers);
        let Some(body) = self.body.take().filter(|_| is_form) else {
            return Err(Refusal::invalid_syntax("this takes a form").into());
        };
        let Body { bytes, mut room } =
            body::read_at_most(body, &self.app.limits, bodies, bytes_max).await?;
        self.line.received(bytes.len());
        let form = Form::parse(&bytes)
            .map_err(|reason| Refusal::new(ErrorKind::TooLarge, reason.to_string()))?;
        room.take(bytes.len() + form.bytes())?;
        Ok((form, room))
    }

    /// The fields of the query string, which is bounded by what a request's head may be.
    pub(super) fn query(&self) -> Form {
        Form::parse(self.head.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default()
    }

    /// A page, which takes room until its client has it.
    pub(super) fn page(&self, status: StatusCode, page: String) -> Result<Response, Error> {
        let mut response = html(status, page);
        let bytes = response.body().len();
        response.body_mut().hold(self.tenant.answers.room_for(bytes)?);
        Ok(response)
    }

    /// Whether browsers reach this by https, also through a proxy that is not told of.
    pub(super) fn is_https(&self) -> bool {
        self.client.is_https || self.base().starts_with("https://")
    }

    /// What URLs of this server begin with.
    pub(super) fn base(&self) -> String {
        base_url(&self.app, &self.client, &self.head)
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

/// What the admin API answered.
pub(super) struct Answers {
    pub(super) documents: Vec<Value>,
    /// They take room until the page is made.
    _payloads: Vec<Payload>,
}

impl Visitor {
    /// The answers to requests, in their order.
    pub(super) async fn ask(&self, requests: Vec<Request>) -> Result<Answers, Error> {
        let mut answers = Answers { documents: Vec::new(), _payloads: Vec::new() };
        for request in requests {
            let payload = admin::ask(self.known.clone(), request).await?.into_body();
            let document = serde_json::from_slice(payload.bytes());
            answers.documents.push(document.map_err(|error| Error::NoPage(error.into()))?);
            answers._payloads.push(payload);
        }
        Ok(answers)
    }

    /// Does what a form asks for; gives what the admin API answered.
    pub(super) async fn act(&self, action: &Action, form: &Form) -> Result<Value, Error> {
        let needed = self.ask(action.needs()).await?;
        let request = action.request(form, &needed.documents).map_err(Refusal::invalid_value)?;
        let answers = self.ask(vec![request]).await?;
        Ok(answers.documents.into_iter().next().unwrap_or_default())
    }
}
