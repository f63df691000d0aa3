//! Signing in and out: a token becomes a session, which a cookie names.

use std::sync::Arc;

use http::header::{COOKIE, HOST, ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use provost_console::{Page, Place, sign_in};
use provost_scim::Error as Refusal;
use secrecy::SecretString;

use super::session::Found;
use super::told;
use super::visit::Visit;
use crate::base_url::base_url;
use crate::error::Error;
use crate::respond::{Response, html};

/// The longest form of somebody who is not known yet: a token.
const FORM_BYTES_MAX: usize = 32 * 1024;

const SESSION_COOKIE: &str = "provost_session";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Visit {
    pub(super) async fn sign_in(&mut self) -> Result<Response, Error> {
        self.check_origin()?;
        let app = Arc::clone(&self.app);
        let form = self.form_within(&app.forms, FORM_BYTES_MAX).await?;
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

    pub(super) fn sign_out(&self, session: &Found) -> Response {
        self.app.sessions.end(&session.key);
        let mut response = self.redirect("/sign-in");
        self.set_cookie(&mut response, "", "; Max-Age=0");
        response
    }

    /// Who is not signed in comes back afterwards, but for what a form was to do.
    pub(super) fn send_to_sign_in(&self, place: &Place) -> Response {
        let page = match place {
            Place::Page(page) => page.clone(),
            Place::Action(action) => action.page(),
            Place::Export => Page::Audit,
            Place::Asset(_) | Place::SignIn | Place::SignOut => self.first(),
        };
        if self.is_form() {
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

    pub(super) fn sign_in_page(
        &self,
        status: StatusCode,
        problem: Option<&str>,
        next: &str,
    ) -> Response {
        let page = sign_in(&self.root, self.tenant_name(), problem, next);
        html(status, page.unwrap_or_default())
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

/// The name of the session that a browser says it has.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut pairs = cookies.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value)
}
