//! What can be done with a form, and the one request of the admin API that does it.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::api::{Request, segment};
use crate::page::configuration;
use crate::page::{Page, Type};
use crate::{Entered, Form};

/// What can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The subsystem is started.
    Start,
    /// The subsystem is stopped.
    Stop,
    /// The subsystem is stopped and started.
    Restart,
    /// A service of the platform is run.
    RunService(String),
    /// A configuration table gets other rows.
    SetTable(String),
    /// What is counted is counted from 0 again.
    ResetMetrics,
    /// The log gets another level.
    SetLogLevel,
    /// A user may not log in, or may again.
    SetLocked(String, bool),
    /// What the platform keeps of a user or a group is changed.
    SetFields(Type, String),
    /// A local account becomes one of the identity provider.
    Adopt(Type, String),
    /// What was deleted comes back.
    Restore(String),
    /// There is one tenant more.
    CreateTenant,
    /// A tenant is paused, or goes on.
    SetPaused(String, bool),
}

/// What is to be shown when an action is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// Another page, at a path below the console's root, with a sentence.
    Elsewhere {
        /// The path.
        path: String,
        /// What was done.
        notice: String,
    },
    /// The page that has the form, with the outcome.
    Here(Value),
}

/// The fields of a user or a group that a form sets as text.
const TEXTS: [&str; 4] = ["description", "projectName", "homeMashup", "mobileMashup"];

impl Action {
    pub(crate) fn at(segments: &[&str]) -> Option<Self> {
        let text = |it: &str| it.to_owned();
        Some(match *segments {
            ["subsystem", "start"] => Self::Start,
            ["subsystem", "stop"] => Self::Stop,
            ["subsystem", "restart"] => Self::Restart,
            ["services", name] => Self::RunService(text(name)),
            ["configuration", table, "rows"] => Self::SetTable(text(table)),
            ["monitoring", "reset"] => Self::ResetMetrics,
            ["logs", "level"] => Self::SetLogLevel,
            ["users", id, "lock"] => Self::SetLocked(text(id), true),
            ["users", id, "unlock"] => Self::SetLocked(text(id), false),
            [of, id, "fields"] => Self::SetFields(Type::at(of)?, text(id)),
            [of, id, "adopt"] => Self::Adopt(Type::at(of)?, text(id)),
            ["deleted", id, "restore"] => Self::Restore(text(id)),
            ["tenants", "new"] => Self::CreateTenant,
            ["tenants", name, "pause"] => Self::SetPaused(text(name), true),
            ["tenants", name, "resume"] => Self::SetPaused(text(name), false),
            _ => return None,
        })
    }

    pub(crate) fn template(&self) -> &'static str {
        match self {
            Self::Start => "/subsystem/start",
            Self::Stop => "/subsystem/stop",
            Self::Restart => "/subsystem/restart",
            Self::RunService(_) => "/services/{name}",
            Self::SetTable(_) => "/configuration/{table}/rows",
            Self::ResetMetrics => "/monitoring/reset",
            Self::SetLogLevel => "/logs/level",
            Self::SetLocked(_, true) => "/users/{id}/lock",
            Self::SetLocked(_, false) => "/users/{id}/unlock",
            Self::SetFields(Type::User, _) => "/users/{id}/fields",
            Self::SetFields(Type::Group, _) => "/groups/{id}/fields",
            Self::Adopt(Type::User, _) => "/users/{id}/adopt",
            Self::Adopt(Type::Group, _) => "/groups/{id}/adopt",
            Self::Restore(_) => "/deleted/{id}/restore",
            Self::CreateTenant => "/tenants/new",
            Self::SetPaused(_, true) => "/tenants/{name}/pause",
            Self::SetPaused(_, false) => "/tenants/{name}/resume",
        }
    }

    /// The page that has the form.
    #[must_use]
    pub fn page(&self) -> Page {
        match self {
            Self::Start | Self::Stop | Self::Restart => Page::General,
            Self::RunService(_) => Page::Services,
            Self::SetTable(table) => Page::Table(table.clone()),
            Self::ResetMetrics => Page::Monitoring,
            Self::SetLogLevel => Page::Logs,
            Self::SetLocked(id, _) => Page::Principal(Type::User, id.clone()),
            Self::SetFields(of, id) | Self::Adopt(of, id) => Page::Principal(*of, id.clone()),
            Self::Restore(_) => Page::Deleted,
            Self::CreateTenant | Self::SetPaused(..) => Page::Tenants,
        }
    }

    /// The requests whose answers are needed to read the form.
    #[must_use]
    pub fn needs(&self) -> Vec<Request> {
        let Self::SetTable(table) = self else { return Vec::new() };
        vec![configuration::table(table)]
    }

    /// The request that does it.
    ///
    /// # Errors
    /// A sentence about what is wrong with the form.
    pub fn request(&self, form: &Form, answers: &[Value]) -> Result<Request, String> {
        let set_paused = |name: &str, word: &str| {
            Request::post(format!("/tenants/{}/{word}", segment(name)), &json!({}))
        };
        Ok(match self {
            Self::Start => Request::post("/subsystem/start", &json!({})),
            Self::Stop => Request::post("/subsystem/stop", &json!({})),
            Self::Restart => Request::post("/subsystem/restart", &json!({})),
            Self::RunService(name) => {
                Request::post(format!("/services/{}", segment(name)), &parameters(form)?)
            }
            Self::SetTable(table) => configuration::change(table, form, answers)?,
            Self::ResetMetrics => Request::post("/metrics/reset", &json!({})),
            Self::SetLogLevel => Request::put("/log/level", &json!({"level": form.get("level")})),
            Self::SetLocked(id, locked) => {
                Request::patch(Type::User.path_of(id), &json!({"locked": locked}))
            }
            Self::SetFields(of, id) => Request::patch(of.path_of(id), &fields(form)),
            Self::Adopt(of, id) => Request::post(format!("{}/adopt", of.path_of(id)), &json!({})),
            Self::Restore(id) => {
                Request::post(format!("/deleted/{}/restore", segment(id)), &json!({}))
            }
            Self::CreateTenant => Request::post("/tenants", &json!({"name": form.get("name")})),
            Self::SetPaused(name, true) => set_paused(name, "pause"),
            Self::SetPaused(name, false) => set_paused(name, "resume"),
        })
    }

    /// What is to be shown, now that it is done.
    #[must_use]
    pub fn done(&self, form: &Form, answer: Value) -> Done {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let notice = match self {
            Self::Start | Self::Stop | Self::Restart => {
                format!("The subsystem is {}.", text("state"))
            }
            Self::RunService(_) => return Done::Here(answer),
            Self::SetTable(table) if text("version") == form.get("version") => {
                format!("Nothing in {table} differs from what was there: nothing was saved.")
            }
            Self::SetTable(table) => format!("{table} is saved, and holds from here on."),
            Self::ResetMetrics => "Counting from 0 again.".to_owned(),
            Self::SetLogLevel => format!("The level of the log is {}.", text("level")),
            Self::SetLocked(_, true) => "The user is locked: no login is let in.".to_owned(),
            Self::SetLocked(_, false) => "The user is not locked any more.".to_owned(),
            Self::SetFields(..) => "Saved.".to_owned(),
            Self::Adopt(..) => "From here on the identity provider may change it.".to_owned(),
            Self::Restore(_) => format!("{} is back.", text("name")),
            Self::CreateTenant => format!("There is a tenant {}.", text("name")),
            Self::SetPaused(name, true) => format!("The tenant {name} is paused."),
            Self::SetPaused(name, false) => format!("The tenant {name} goes on."),
        };
        Done::Elsewhere { path: self.page().path(), notice }
    }

    /// What was sent with its form, of which nothing came.
    #[must_use]
    pub fn entered(&self, form: Form) -> Entered {
        let name = match self {
            Self::RunService(name) | Self::SetTable(name) | Self::SetPaused(name, _) => name,
            Self::SetLocked(id, _)
            | Self::SetFields(_, id)
            | Self::Adopt(_, id)
            | Self::Restore(id) => id,
            Self::Start
            | Self::Stop
            | Self::Restart
            | Self::ResetMetrics
            | Self::SetLogLevel
            | Self::CreateTenant => "",
        };
        Entered { form, outcome: None, name: name.to_owned(), is_late: false }
    }
}

/// The parameters of a service: fields that begin with `text.` as texts, and with `json.` as the JSON that
/// they are.
fn parameters(form: &Form) -> Result<BTreeMap<&str, Box<RawValue>>, String> {
    let mut parameters = BTreeMap::new();
    for (field, value) in form.fields().filter(|(_, value)| !value.trim().is_empty()) {
        if let Some(name) = field.strip_prefix("text.") {
            let text = serde_json::value::to_raw_value(value.trim());
            parameters.insert(name, text.map_err(|error| error.to_string())?);
        } else if let Some(name) = field.strip_prefix("json.") {
            let value = serde_json::from_str(value);
            let wrong = |error| format!("the parameter {name} is no JSON: {error}");
            parameters.insert(name, value.map_err(wrong)?);
        }
    }
    Ok(parameters)
}

/// What differs of a principal's fields from what the form was made with: what somebody else changed
/// meanwhile, or a form cannot show, stays as it is.
fn fields(form: &Form) -> Value {
    let differs = |name: &str| {
        let was = form.raw(&format!("was.{name}"));
        let sent = form.raw(name);
        // A field of one line has no line ends.
        (sent != was && sent != was.replace('\n', "")).then_some(sent)
    };
    let texts = TEXTS.into_iter().filter_map(|it| Some((it.to_owned(), differs(it)?.into())));
    let tags = differs("tags").map(|tags| {
        let tags = tags.lines().filter(|it| !it.trim().is_empty());
        ("tags".to_owned(), tags.map(Value::from).collect())
    });
    Value::Object(texts.chain(tags).collect::<Map<_, _>>())
}
