//! The pages: which requests of the admin API each needs, and how it shows their answers.

pub(crate) mod configuration;
mod filters;
mod general;
mod history;
mod logs;
mod monitoring;
mod outside;
mod principal;
mod services;
mod tenants;
mod trail;

use askama::Template;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::{Request, query, segment};
use crate::view::Link;
use crate::{Form, View};

pub use outside::{failure, sign_in};

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// What the subsystem is, and its state.
    General,
    /// The services of the platform.
    Services,
    /// The configuration tables.
    Configuration,
    /// One configuration table.
    Table(String),
    /// How the server is, and what it counts.
    Monitoring,
    /// The last lines of the log.
    Logs,
    /// The audit trail.
    Audit,
    /// Changes of the configuration.
    History,
    /// Where users and groups are looked for.
    Principals,
    /// A user or a group.
    Principal(Type, String),
    /// What was deleted and can come back.
    Deleted,
    /// The tenants.
    Tenants,
}

/// A type of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Users.
    User,
    /// Groups.
    Group,
}

/// The admin API answered in another way than its description says: a defect of ours.
#[derive(Debug, thiserror::Error)]
pub enum UnexpectedAnswer {
    /// There are fewer answers than a page needs.
    #[error("an answer is missing")]
    Missing,
    /// An answer is another one.
    #[error("an answer of the admin API is not as expected")]
    Other(#[from] serde_json::Error),
    /// A page cannot be written.
    #[error("a page could not be written")]
    Page(#[from] askama::Error),
}

/// What is around a page: its title, the links, and what is said at its top.
struct Frame<'v> {
    view: &'v View,
    title: String,
    links: Vec<Link>,
    /// After so many seconds the browser asks for the page again.
    refresh: Option<u32>,
}

impl Page {
    /// The pages that the links of every page lead to.
    pub(crate) fn main() -> impl Iterator<Item = Self> {
        let pages = [
            Self::General,
            Self::Services,
            Self::Configuration,
            Self::Monitoring,
            Self::Logs,
            Self::Audit,
            Self::History,
            Self::Principals,
            Self::Deleted,
            Self::Tenants,
        ];
        pages.into_iter()
    }

    pub(crate) fn at(segments: &[&str]) -> Option<Self> {
        Some(match *segments {
            [] => Self::General,
            ["services"] => Self::Services,
            ["configuration"] => Self::Configuration,
            ["configuration", table] => Self::Table(table.to_owned()),
            ["monitoring"] => Self::Monitoring,
            ["logs"] => Self::Logs,
            ["audit"] => Self::Audit,
            ["history"] => Self::History,
            ["principals"] => Self::Principals,
            ["deleted"] => Self::Deleted,
            ["tenants"] => Self::Tenants,
            [of, id] => Self::Principal(Type::at(of)?, id.to_owned()),
            _ => return None,
        })
    }

    /// The page that is shown first.
    #[must_use]
    pub fn first(in_tenant: bool) -> Self {
        if in_tenant { Self::Configuration } else { Self::General }
    }

    /// Its path below the console's root.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Table(table) => format!("/configuration/{}", segment(table)),
            Self::Principal(of, id) => of.path_of(id),
            page => page.template().to_owned(),
        }
    }

    pub(crate) fn template(&self) -> &'static str {
        match self {
            Self::General => "",
            Self::Services => "/services",
            Self::Configuration => "/configuration",
            Self::Table(_) => "/configuration/{table}",
            Self::Monitoring => "/monitoring",
            Self::Logs => "/logs",
            Self::Audit => "/audit",
            Self::History => "/history",
            Self::Principals => "/principals",
            Self::Principal(Type::User, _) => "/users/{id}",
            Self::Principal(Type::Group, _) => "/groups/{id}",
            Self::Deleted => "/deleted",
            Self::Tenants => "/tenants",
        }
    }

    /// The words that lead to it, or to the page above it.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::General => "General",
            Self::Services => "Services",
            Self::Configuration | Self::Table(_) => "Configuration",
            Self::Monitoring => "Monitoring",
            Self::Logs => "Logs",
            Self::Audit => "Audit trail",
            Self::History => "Change history",
            Self::Principals | Self::Principal(..) => "Users and groups",
            Self::Deleted => "Deleted",
            Self::Tenants => "Tenants",
        }
    }

    /// Whether each tenant has it: the admin API offers all that it needs to tenants.
    #[must_use]
    pub fn is_in_tenants(&self) -> bool {
        match self {
            Self::General | Self::Services | Self::Monitoring | Self::Logs | Self::Tenants => false,
            Self::Configuration
            | Self::Table(_)
            | Self::Audit
            | Self::History
            | Self::Principals
            | Self::Principal(..)
            | Self::Deleted => true,
        }
    }

    /// The requests of the admin API whose answers it shows.
    #[must_use]
    pub fn needs(&self, query: &Form) -> Vec<Request> {
        match self {
            Self::General => general::needs(),
            Self::Services => services::needs(),
            Self::Configuration => configuration::needs(),
            Self::Table(table) => vec![configuration::table(table)],
            Self::Monitoring => monitoring::needs(),
            Self::Logs => logs::needs(query),
            Self::Audit => trail::needs(query),
            Self::History => history::needs(query),
            Self::Principals => principal::looked_for(query),
            Self::Principal(of, id) => vec![Request::get(of.path_of(id))],
            Self::Deleted => principal::deleted(query),
            Self::Tenants => tenants::needs(),
        }
    }

    /// The page, as HTML, with the answers to the requests that it needs.
    ///
    /// # Errors
    /// An answer is not as the description of the admin API says.
    pub fn show(&self, view: &View, answers: Vec<Value>) -> Result<String, UnexpectedAnswer> {
        let frame =
            Frame { view, title: self.title().to_owned(), links: view.links(self), refresh: None };
        let answers = Answers(answers.into_iter());
        match self {
            Self::General => general::show(frame, answers),
            Self::Services => services::show(frame, answers),
            Self::Configuration => configuration::show(frame, answers),
            Self::Table(_) => configuration::show_table(frame, answers),
            Self::Monitoring => monitoring::show(frame, answers),
            Self::Logs => logs::show(frame, answers),
            Self::Audit => trail::show(frame, answers),
            Self::History => history::show(frame, answers),
            Self::Principals => principal::show_found(frame, answers),
            Self::Principal(of, _) => principal::show(frame, *of, answers),
            Self::Deleted => principal::show_deleted(frame, answers),
            Self::Tenants => tenants::show(frame, answers),
        }
    }
}

impl Type {
    pub(crate) fn at(segment: &str) -> Option<Self> {
        match segment {
            "users" => Some(Self::User),
            "groups" => Some(Self::Group),
            _ => None,
        }
    }

    /// The path of all, in the admin API and in the console.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::User => "/users",
            Self::Group => "/groups",
        }
    }

    /// The path of one, in the admin API and in the console.
    pub(crate) fn path_of(self, id: &str) -> String {
        format!("{}/{}", self.path(), segment(id))
    }
}

/// The request for rows of the audit trail, to be kept as a file, that a query string asks for.
#[must_use]
pub fn export(query: &Form) -> Request {
    trail::export(query)
}

/// Answers, to be taken one after the other.
struct Answers(std::vec::IntoIter<Value>);

impl Answers {
    fn next<T: DeserializeOwned>(&mut self) -> Result<T, UnexpectedAnswer> {
        let answer = self.0.next().ok_or(UnexpectedAnswer::Missing)?;
        Ok(serde_json::from_value(answer)?)
    }

    fn next_if_any<T: DeserializeOwned>(&mut self) -> Result<Option<T>, UnexpectedAnswer> {
        self.0.next().map(serde_json::from_value).transpose().map_err(Into::into)
    }
}

impl Frame<'_> {
    fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }
}

fn written(page: &impl Template) -> Result<String, UnexpectedAnswer> {
    Ok(page.render()?)
}
