//! The console: who is signed in, and pages made of what the admin API answers to them.
//!
//! A session stands for the token of an administrator: each request is judged anew with it, so what ends the
//! token ends the session.

mod session;

use std::sync::Arc;

use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    COOKIE, HOST, LOCATION, ORIGIN, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, request};
use provost_auth::Caller;
use provost_console::{
    Action, Asset, Done, Entered, Form, Page, Place, Request, View, export, sign_in,
};
use provost_scim::Error as Refusal;
use secrecy::SecretString;
use serde_json::Value;

use crate::admin::{self, Known};
use crate::base_url::base_url;
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

use session::Found;
pub(crate) use session::Sessions;

/// The longest form: a configuration table, with the names of its fields.
const FORM_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest form of somebody who is not known yet: a token.
const SIGN_IN_BYTES_MAX: usize = 32 * 1024;

const SESSION_COOKIE: &str = "provost_session";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a browser may do with a page: show it, with our files, and send its forms here.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// A request, when its parts are told apart.
struct Visit {
    app: Arc<App>,
    tenant: Arc<Tenant>,
    line: Arc<RequestLine>,
    peer: Peer,
    client: Client,
    head: request::Parts,
    /// The path of the console.
    root: String,
    body: Option<hyper::body::Incoming>,
}

/// Somebody who is signed in.
struct Visitor {
    session: Found,
    known: Known,
}

/// Answers a browser.
pub(crate) async fn answer(call: Call, place: Place) -> Result<Response, Error> {
    let Call { app, line, tenant, peer, client, head, body } = call;
    let root = format!("{}{CONSOLE}", tenant.path);
    let mut visit = Visit { app, tenant, line, peer, client, head, root, body: Some(body) };
    let is_sent = visit.head.method == Method::POST;
    let response = match place {
        Place::Asset(asset) => return Ok(file(asset)),
        Place::SignIn if is_sent => visit.sign_in().await?,
        Place::SignIn => visit.sign_in_page(StatusCode::OK, None, visit.query().get("next")),
        place => match visit.visitor().await? {
            Some(visitor) => visit.answer(visitor, place).await?,
            None => visit.send_to_sign_in(&place),
        },
    };
    Ok(guarded(response))
}

/// A page about what went wrong.
pub(crate) fn failure(status: StatusCode, root: &str, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("It did not work");
    let page = provost_console::failure(root, title, detail);
    guarded(html(status, page.unwrap_or_else(|_| detail.to_owned())))
}

impl Visit {
    async fn answer(&mut self, visitor: Visitor, place: Place) -> Result<Response, Error> {
        if self.head.method != Method::POST {
            return match place {
                Place::Page(page) if self.has(&page) => self.show(&visitor, &page).await,
                Place::Page(_) => Ok(self.redirect(&self.first().path())),
                Place::Export => self.export(&visitor).await,
                Place::Action(action) => Ok(self.redirect(&action.page().path())),
                Place::Asset(_) | Place::SignIn | Place::SignOut => Ok(self.redirect("")),
            };
        }
        let form = self.form(FORM_BYTES_MAX).await?;
        if !visitor.session.made(form.get("csrf")) {
            return Err(Refusal::forbidden(
                "this form was not made for your session: open the page again, and send it from there",
            )
            .into());
        }
        match place {
            Place::SignOut => Ok(self.sign_out(&visitor.session)),
            Place::Action(action) => self.act(&visitor, &action, form).await,
            Place::Page(_) | Place::Export | Place::Asset(_) | Place::SignIn => {
                Ok(self.redirect(""))
            }
        }
    }

    /// A page; one whose query string asks for what cannot be is shown without it, and says so.
    async fn show(&self, visitor: &Visitor, page: &Page) -> Result<Response, Error> {
        let view = self.view(visitor);
        let (status, view, answers) = match visitor.ask(page.needs(&view.query)).await {
            Ok(answers) => (StatusCode::OK, view, answers),
            Err(error) if error.is_clients() && view.query.fields().next().is_some() => {
                let (status, detail) = told(&error, &self.line);
                let answers = visitor.ask(page.needs(&Form::default())).await?;
                (status, View { problem: Some(detail), ..view }, answers)
            }
            Err(error) => return Err(error),
        };
        Ok(html(status, page.show(&view, answers).map_err(Error::NoPage)?))
    }

    async fn act(&self, visitor: &Visitor, action: &Action, form: Form) -> Result<Response, Error> {
        let outcome = visitor.act(action, &form).await;
        let (status, problem, outcome) = match outcome.map(|it| action.done(it)) {
            Ok(Done::Elsewhere { path, notice }) => {
                self.app.sessions.tell(&visitor.session.key, notice);
                return Ok(self.redirect(&path));
            }
            Ok(Done::Here(outcome)) => (StatusCode::OK, None, Some(outcome)),
            Err(error) => {
                self.line.failed(&error);
                let (status, detail) = told(&error, &self.line);
                (status, Some(detail), None)
            }
        };
        let entered: Entered = action.entered(form, outcome);
        let page = action.page();
        let view = View { problem, entered: Some(entered), ..self.view(visitor) };
        let answers = visitor.ask(page.needs(&view.query)).await?;
        Ok(html(status, page.show(&view, answers).map_err(Error::NoPage)?))
    }

    async fn export(&self, visitor: &Visitor) -> Result<Response, Error> {
        let asked = export(&self.query());
        let mut response = admin::ask(visitor.known.clone(), asked).await?;
        let is_csv =
            response.headers().get(CONTENT_TYPE).is_some_and(|it| it != "application/x-ndjson");
        let name = if is_csv { "audit.csv" } else { "audit.ndjson" };
        let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
        let disposition = disposition.expect("a name of our own is ASCII");
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
        Ok(response)
    }

    fn view(&self, visitor: &Visitor) -> View {
        let tenant = self.tenant.path.rsplit_once('/').map(|(_, name)| name.to_owned());
        View {
            root: self.root.clone(),
            tenant,
            user: visitor.known.caller.principal.to_string(),
            csrf: visitor.session.csrf.to_string(),
            notice: self.app.sessions.take_notice(&visitor.session.key),
            problem: None,
            query: self.query(),
            entered: None,
        }
    }

    /// Who is signed in, if anybody is. A session whose token does not hold any more ends.
    async fn visitor(&self) -> Result<Option<Visitor>, Error> {
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

    async fn authenticate(&self, token: &str) -> Result<Caller, Error> {
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

    async fn sign_in(&mut self) -> Result<Response, Error> {
        self.check_origin()?;
        let form = self.form(SIGN_IN_BYTES_MAX).await?;
        let next = form.get("next");
        let token = form.get("token");
        if let Err(error) = self.authenticate(token).await {
            self.line.failed(&error);
            let (status, detail) = match &error {
                Error::BadCredential | Error::NoCredential => {
                    let id = self.line.id();
                    let detail =
                        format!("This token is not accepted; the log has the reason at {id}.");
                    (StatusCode::UNAUTHORIZED, detail)
                }
                error => told(error, &self.line),
            };
            return Ok(self.sign_in_page(status, Some(&detail), next));
        }
        let (token, now) = (SecretString::from(token.to_owned()), self.app.now_seconds());
        let key = self.app.sessions.begin(self.tenant.id, token, now)?;
        let mut response = self.redirect(&self.page_at(next).path());
        self.set_cookie(&mut response, &key, "");
        Ok(response)
    }

    fn sign_out(&self, session: &Found) -> Response {
        self.app.sessions.end(&session.key);
        let mut response = self.redirect("/sign-in");
        self.set_cookie(&mut response, "", "; Max-Age=0");
        response
    }

    /// Who is not signed in comes back afterwards, but for what a form was to do.
    fn send_to_sign_in(&self, place: &Place) -> Response {
        let page = match place {
            Place::Page(page) => page.clone(),
            Place::Action(action) => action.page(),
            Place::Export => Page::Audit,
            Place::Asset(_) | Place::SignIn | Place::SignOut => self.first(),
        };
        if self.head.method == Method::POST {
            let detail = "You are not signed in any more. Sign in, and do it again.";
            return self.sign_in_page(StatusCode::UNAUTHORIZED, Some(detail), &page.path());
        }
        match page == self.first() {
            true => self.redirect("/sign-in"),
            false => {
                let next =
                    form_urlencoded::byte_serialize(page.path().as_bytes()).collect::<String>();
                self.redirect(&format!("/sign-in?next={next}"))
            }
        }
    }

    fn sign_in_page(&self, status: StatusCode, problem: Option<&str>, next: &str) -> Response {
        let tenant = self.tenant.path.rsplit_once('/').map(|(_, name)| name);
        let page = sign_in(&self.root, tenant, problem, next);
        html(status, page.unwrap_or_default())
    }

    /// The page at a path that somebody was on the way to; nothing else is ever led to.
    fn page_at(&self, path: &str) -> Page {
        match Place::parse(path) {
            Some(Place::Page(page)) if self.has(&page) => page,
            Some(_) | None => self.first(),
        }
    }

    fn has(&self, page: &Page) -> bool {
        self.tenant.path.is_empty() || page.is_in_tenants()
    }

    fn first(&self) -> Page {
        Page::first(!self.tenant.path.is_empty())
    }

    /// A form to sign in with comes from our own page: no foreign page signs anybody in. Browsers say where a
    /// form is from in one of two headers, or in both.
    fn check_origin(&self) -> Result<(), Error> {
        let header = |name: HeaderName| self.head.headers.get(name).and_then(|it| it.to_str().ok());
        let is_foreign_site = header(SEC_FETCH_SITE).is_some_and(|it| it != "same-origin");
        let origin = header(ORIGIN).and_then(|it| it.split_once("://")).map(|(_, host)| host);
        let base = base_url(&self.app, &self.client, &self.head);
        let own = base.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
        let is_foreign_origin = match header(ORIGIN) {
            None => false,
            Some(_) => origin.is_none() || (origin != own && origin != header(HOST)),
        };
        match is_foreign_site || is_foreign_origin {
            true => {
                Err(Refusal::forbidden("this form comes from a page that is not the console's")
                    .into())
            }
            false => Ok(()),
        }
    }

    async fn form(&mut self, bytes_max: usize) -> Result<Form, Error> {
        let is_form = body::is_form(&self.head.headers);
        let Some(body) = self.body.take().filter(|_| is_form) else {
            return Err(Refusal::invalid_syntax("this takes a form").into());
        };
        let bodies = match bytes_max {
            SIGN_IN_BYTES_MAX => &self.app.forms,
            _ => &self.tenant.bodies,
        };
        let read = body::read_at_most(body, &self.app.limits, bodies, bytes_max).await?;
        self.line.received(read.bytes.len());
        Ok(Form::parse(&read.bytes))
    }

    fn query(&self) -> Form {
        Form::parse(self.head.uri.query().unwrap_or_default().as_bytes())
    }

    /// To a path of the console.
    fn redirect(&self, path: &str) -> Response {
        let mut response = respond::empty(StatusCode::SEE_OTHER);
        let location = HeaderValue::from_str(&format!("{}{path}", self.root));
        let location = location.expect("paths of pages are encoded");
        response.headers_mut().insert(LOCATION, location);
        response
    }

    fn set_cookie(&self, response: &mut Response, value: &str, more: &str) {
        let (root, secure) = (&self.root, if self.client.is_https { "; Secure" } else { "" });
        let cookie = format!(
            "{SESSION_COOKIE}={value}; Path={root}; HttpOnly; SameSite=Strict{secure}{more}"
        );
        let mut cookie = HeaderValue::from_str(&cookie).expect("names of sessions are ASCII");
        cookie.set_sensitive(true);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}

impl Visitor {
    /// The answers to requests, in their order.
    async fn ask(&self, requests: Vec<Request>) -> Result<Vec<Value>, Error> {
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

    async fn act(&self, action: &Action, form: &Form) -> Result<Value, Error> {
        let answers = self.ask(action.needs()).await?;
        let request = action.request(form, &answers).map_err(Refusal::invalid_value)?;
        self.ask_one(request).await
    }
}

/// What an error says to whom it happens.
fn told(error: &Error, line: &RequestLine) -> (StatusCode, String) {
    let answer = error.answer(line);
    (answer.status, answer.body["detail"].as_str().unwrap_or_default().to_owned())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut pairs = cookies.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value)
}

fn file(asset: &Asset) -> Response {
    let mut response = Response::new(Payload::from(asset.content.as_bytes().to_vec()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// With what keeps a page from being kept, framed, or made to load something.
fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
