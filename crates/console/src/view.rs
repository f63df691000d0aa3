//! What every page shows around what it is about.

use crate::{Form, Page};

/// Who looks at a page, and what is said at its top.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The path of the console: `/console`, or that below the path of a tenant.
    pub root: String,
    /// The name of the tenant, if it is not the platform's own.
    pub tenant: Option<String>,
    /// Who is signed in.
    pub user: String,
    /// What each form gives back, so that no foreign page can send one.
    pub csrf: String,
    /// What was done.
    pub notice: Option<String>,
    /// What went wrong.
    pub problem: Option<String>,
    /// The query string of the page.
    pub query: Form,
    /// A request whose reason the log has.
    pub look_for: Option<String>,
    /// What was sent and not done, or what came of it.
    pub entered: Option<Entered>,
}

/// What somebody sent with a form.
#[derive(Debug, Clone)]
pub struct Entered {
    /// Its fields.
    pub form: Form,
    /// What is shown of its outcome, where that is a document.
    pub outcome: Option<serde_json::Value>,
    /// What the path of the action named.
    pub name: String,
    /// It was not done because somebody else was quicker.
    pub is_late: bool,
}

/// A link to a page.
pub(crate) struct Link {
    pub(crate) path: String,
    pub(crate) title: &'static str,
    pub(crate) is_current: bool,
}

impl View {
    /// The links to the pages that there are.
    pub(crate) fn links(&self, current: &Page) -> Vec<Link> {
        let pages = Page::main().filter(|it| self.tenant.is_none() || it.is_in_tenants());
        let link = |page: Page| Link {
            path: format!("{}{}", self.root, page.path()),
            title: page.title(),
            is_current: page.title() == current.title(),
        };
        pages.map(link).collect()
    }
}
