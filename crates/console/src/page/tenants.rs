//! Tenants: what there is, where their identity providers send to, and one more.

use askama::Template;
use serde::Deserialize;

use super::{Answers, Frame, UnexpectedAnswer, filters, written};
use crate::api::{Request, segment};

#[derive(Deserialize)]
struct Tenants {
    tenants: Vec<Tenant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tenant {
    name: String,
    created: String,
    paused: bool,
    scim_base_url: String,
}

#[derive(Template)]
#[template(path = "tenants.html")]
struct Page<'v> {
    frame: Frame<'v>,
    tenants: Vec<Tenant>,
}

pub(super) fn needs() -> Vec<Request> {
    vec![Request::get("/tenants")]
}

pub(super) fn show(frame: Frame<'_>, mut answers: Answers) -> Result<String, UnexpectedAnswer> {
    let Tenants { tenants } = answers.next()?;
    written(&Page { frame, tenants })
}

impl Page<'_> {
    /// The name of a tenant that could not be made.
    fn name(&self) -> &str {
        self.frame.view.entered.as_ref().map(|it| it.form.get("name")).unwrap_or_default()
    }
}

impl Tenant {
    /// The path of something that can be done with it.
    fn at(&self, what: &str) -> String {
        format!("/tenants/{}/{what}", segment(&self.name))
    }
}
