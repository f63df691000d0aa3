//! The console: who is signed in, and pages made of what the admin API answers to them.
//!
//! A session stands for the token of an administrator: each request is judged anew with it, so what ends the
//! token ends the session.

mod entrance;
mod guard;
mod session;
mod visit;

use std::sync::Arc;

use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use provost_console::{Action, Done, Entered, Form, Page, Place, View, export};
use provost_scim::Error as Refusal;

use crate::admin;
use crate::context::Call;
use crate::error::Error;
use crate::request_line::RequestLine;
use crate::respond::{Response, html};

use guard::{file, guarded};
pub(crate) use session::Sessions;
use visit::{Visit, Visitor};

/// The longest form: a configuration table, with the names of its fields.
const FORM_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Answers a browser.
pub(crate) async fn answer(call: Call, place: Place) -> Result<Response, Error> {
    let mut visit = Visit::of(call);
    let response = match place {
        Place::Asset(asset) => return Ok(file(asset)),
        Place::SignIn if visit.is_form() => visit.sign_in().await?,
        Place::SignIn => visit.sign_in_page(StatusCode::OK, None, visit.query().get("next"))?,
        place => match visit.visitor().await? {
            Some(visitor) => visit.answer(visitor, place).await?,
            None => visit.send_to_sign_in(&place)?,
        },
    };
    Ok(guarded(response))
}

/// A page about what went wrong.
pub(crate) fn failure(status: StatusCode, root: &str, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("It did not work");
    let page = provost_console::failure(root, title, detail);
    guarded(html(status, page.expect("a page of three texts is written into memory")))
}

impl Visit {
    async fn answer(&mut self, visitor: Visitor, place: Place) -> Result<Response, Error> {
        if !self.is_form() {
            return match place {
                Place::Page(page) if self.has(&page) => self.show(&visitor, &page).await,
                Place::Page(_) => Ok(self.redirect(&self.first().path())),
                Place::Export => self.export(&visitor).await,
                Place::Action(action) => Ok(self.redirect(&action.page().path())),
                Place::Asset(_) | Place::SignIn | Place::SignOut => Ok(self.redirect("")),
            };
        }
        let tenant = Arc::clone(&self.tenant);
        let (form, _room) = self.form(&tenant.bodies, FORM_BYTES_MAX).await?;
        let is_ours = visitor.session.made(form.get("csrf"));
        match place {
            Place::Action(action) if is_ours => self.act(&visitor, &action, form).await,
            // Somebody who signed in again has what was written, and a form that is his own.
            Place::Action(action) => {
                let problem = "This form was not made for your session, and nothing was done. What it \
                               holds stands below: look at it, and send it again.";
                let (status, problem) = told(&Refusal::forbidden(problem).into(), &self.line);
                let (problem, entered) = (Some(problem), Some(action.entered(form)));
                let view = View { problem, entered, ..self.view(&visitor) };
                self.shown(&visitor, status, &action.page(), view).await
            }
            Place::SignOut if is_ours => Ok(self.sign_out(&visitor.session)),
            Place::SignOut | Place::Page(_) | Place::Export | Place::Asset(_) | Place::SignIn => {
                Err(Refusal::forbidden("this form was not made for your session").into())
            }
        }
    }

    /// A page; one whose query string asks for what cannot be is shown without it, and says so.
    async fn show(&self, visitor: &Visitor, page: &Page) -> Result<Response, Error> {
        let view = self.view(visitor);
        let answers = match visitor.ask(page.needs(&view.query)).await {
            Ok(answers) => answers,
            Err(error) if error.is_clients() && !view.query.is_empty() => {
                let (status, detail) = told(&error, &self.line);
                let problem =
                    Some(format!("{detail}. This is the page without any of what you asked for."));
                let answers = visitor.ask(page.needs(&Form::default())).await?;
                let page = page.show(&View { problem, ..view }, answers.documents);
                return self.page(status, page.map_err(Error::NoPage)?);
            }
            Err(error) => return Err(error),
        };
        let page = page.show(&view, answers.documents).map_err(Error::NoPage)?;
        self.page(StatusCode::OK, page)
    }

    async fn act(&self, visitor: &Visitor, action: &Action, form: Form) -> Result<Response, Error> {
        let (status, outcome, view) = match visitor.act(action, &form).await {
            Ok(answer) => match action.done(&form, answer) {
                Done::Elsewhere { path, notice } => {
                    self.app.sessions.tell(&visitor.session.key, notice);
                    return Ok(self.redirect(&path));
                }
                Done::Here(outcome) => (StatusCode::OK, Some(outcome), self.view(visitor)),
            },
            Err(error) => {
                self.line.failed(&error);
                let (status, detail) = told(&error, &self.line);
                let look_for = status.is_server_error().then(|| self.line.id().to_owned());
                let problem = match look_for {
                    None => detail,
                    Some(_) => "The server could not do this.".to_owned(),
                };
                (status, None, View { problem: Some(problem), look_for, ..self.view(visitor) })
            }
        };
        let is_late = status == StatusCode::PRECONDITION_FAILED;
        let entered = Entered { outcome, is_late, ..action.entered(form) };
        let view = View { entered: Some(entered), ..view };
        self.shown(visitor, status, &action.page(), view).await
    }

    async fn shown(
        &self,
        visitor: &Visitor,
        status: StatusCode,
        page: &Page,
        view: View,
    ) -> Result<Response, Error> {
        let answers = visitor.ask(page.needs(&view.query)).await?;
        let page = page.show(&view, answers.documents).map_err(Error::NoPage)?;
        self.page(status, page)
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
        let tenant = self.tenant_name().map(ToOwned::to_owned);
        View {
            root: self.root.clone(),
            tenant,
            user: visitor.known.caller.principal.to_string(),
            csrf: visitor.session.csrf.to_string(),
            notice: self.app.sessions.take_notice(&visitor.session.key),
            problem: None,
            look_for: None,
            query: self.query(),
            entered: None,
        }
    }
}

/// What an error says to whom it happens.
fn told(error: &Error, line: &RequestLine) -> (StatusCode, String) {
    let answer = error.answer(line);
    (answer.status, answer.body["detail"].as_str().unwrap_or_default().to_owned())
}
