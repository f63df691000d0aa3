//! Signing in and out: a token becomes a session, which a cookie names.

use std::sync::Arc;

use http::header::{COOKIE, HOST, ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use provost_console::{Form, Page, Place, sign_in};
use provost_scim::Error as Refusal;
use secrecy::SecretString;
use tracing::info;

use super::session::Found;
use super::told;
use super::visit::Visit;
use crate::error::Error;
use crate::log::SECURITY;
use crate::respond::{Response, html};

/// The longest form of somebody who is not known yet: a token.
const FORM_BYTES_MAX: usize = 32 * 1024;

/// RFC 6265bis §4.1.3: browsers take the first name over https alone.
const SECURE_COOKIE: &str = "__Secure-provost_session";
const PLAIN_COOKIE: &str = "provost_session";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Visit {
    pub(super) async fn sign_in(&mut self) -> Result<Response, Error> {
        self.check_origin()?;
        let app = Arc::clone(&self.app);
        let (form, _room) = self.form(&app.forms, FORM_BYTES_MAX).await?;
        let next = form.get("next");
        let token = form.get("token");
        let caller = match self.authenticate(token).await {
            Ok(caller) => caller.principal,
            Err(error) => return self.not_signed_in(&error, next),
        };
        // Whoever signs in again has one session.
        for key in cookies(&self.head.headers) {
            self.app.sessions.end(key);
        }
        let (token, now) = (SecretString::from(token.to_owned()), self.app.now_seconds());
        let key = self.app.sessions.begin(self.tenant.id, token, now)?;
        info!(target: SECURITY, { request.id = %self.line.id(), caller = %caller }, "Signed in to the console");
        let mut response = self.redirect(&self.way_to(next));
        self.set_cookie(&mut response, &key, "");
        Ok(response)
    }

    /// The page to sign in with again, and why.
    fn not_signed_in(&self, error: &Error, next: &str) -> Result<Response, Error> {
        self.line.failed(error);
        let (status, mut detail) = told(error, &self.line);
        if let Error::BadCredential | Error::NoCredential = error {
            let id = self.line.id();
            detail = format!("This token is not accepted; the log has the reason at {id}.");
        }
        self.sign_in_page(status, Some(&detail), next)
    }

    pub(super) fn sign_out(&self, session: &Found) -> Response {
        self.app.sessions.end(&session.key);
        info!(target: SECURITY, { request.id = %self.line.id(), caller = %self.line.caller() }, "Signed out of the console");
        let mut response = self.redirect("/sign-in");
        self.set_cookie(&mut response, "", "; Max-Age=0");
        response
    }

    /// Who is not signed in comes back afterwards; a form that was sent is not done.
    pub(super) fn send_to_sign_in(&self, place: &Place) -> Result<Response, Error> {
        let page = match place {
            Place::Page(page) => page.clone(),
            Place::Action(action) => action.page(),
            Place::Export => Page::Audit,
            Place::Asset(_) | Place::SignIn | Place::SignOut => self.first(),
        };
        if self.is_form() {
            let detail = "You are not signed in any more, and nothing was done. To keep what you wrote, \
                          sign in in another window, then load this page again and let the browser \
                          send the form again.";
            let (status, _) = told(&Error::NoCredential, &self.line);
            return self.sign_in_page(status, Some(detail), &page.path());
        }
        let way = match self.head.uri.query() {
            Some(query) if matches!(place, Place::Page(_)) => format!("{}?{query}", page.path()),
            Some(_) | None => page.path(),
        };
        Ok(match way == self.first().path() {
            true => self.redirect("/sign-in"),
            false => {
                let next = form_urlencoded::byte_serialize(way.as_bytes()).collect::<String>();
                self.redirect(&format!("/sign-in?next={next}"))
            }
        })
    }

    /// The way to a page that somebody was on, with its query string; nowhere else is ever led to.
    fn way_to(&self, next: &str) -> String {
        let (path, query) = next.split_once('?').unwrap_or((next, ""));
        let page = self.page_at(path);
        let fields = Form::parse(query.as_bytes()).unwrap_or_default();
        match fields.is_empty() || page.path() != path {
            true => page.path(),
            false => {
                let mut query = form_urlencoded::Serializer::new(String::new());
                format!("{path}?{}", query.extend_pairs(fields.fields()).finish())
            }
        }
    }

    pub(super) fn sign_in_page(
        &self,
        status: StatusCode,
        problem: Option<&str>,
        next: &str,
    ) -> Result<Response, Error> {
        let page = sign_in(&self.root, self.tenant_name(), problem, next);
        Ok(html(status, page.map_err(|error| Error::NoPage(error.into()))?))
    }

    /// A form to sign in with comes from our own page: no foreign page signs anybody in. Browsers say whether
    /// it does; older ones say only where it comes from.
    fn check_origin(&self) -> Result<(), Error> {
        let header = |name: HeaderName| self.head.headers.get(name).and_then(|it| it.to_str().ok());
        let is_ours = match (header(SEC_FETCH_SITE), header(ORIGIN)) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => {
                let scheme = if self.is_https() { "https" } else { "http" };
                let by_host = header(HOST).map(|host| format!("{scheme}://{host}"));
                origin_of(&self.base()) == origin || by_host.as_deref() == Some(origin)
            }
            // No browser sends a form of another page without either.
            (None, None) => true,
        };
        if is_ours {
            return Ok(());
        }
        Err(Refusal::forbidden("this form comes from a page that is not the console's").into())
    }

    /// Gives the browser the name of its session; over https, one that no page without it can give.
    fn set_cookie(&self, response: &mut Response, value: &str, more: &str) {
        let (name, secure) = match self.is_https() {
            true => (SECURE_COOKIE, "; Secure"),
            false => (PLAIN_COOKIE, ""),
        };
        let root = &self.root;
        let cookie =
            format!("{name}={value}; Path={root}; HttpOnly; SameSite=Strict{secure}{more}");
        let mut cookie = HeaderValue::from_str(&cookie).expect("names of sessions are ASCII");
        cookie.set_sensitive(true);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}

/// The names of sessions that a browser has; another host of the domain may have given it some, too.
pub(super) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|it| it.to_str().ok());
    let pairs = cookies.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    let ours = pairs.filter(|(name, _)| [SECURE_COOKIE, PLAIN_COOKIE].contains(name));
    ours.map(|(_, value)| value)
}

/// Scheme, host and port of a URL.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |it| it + 3);
    url[host..].find('/').map_or(url, |end| &url[..host + end])
}
