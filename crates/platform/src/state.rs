//! The life of the SCIM subsystem: its six states, and who may bring it from one to the next.

use std::fmt;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

use crate::setting::Settings;

/// The state of the subsystem, named as the platform names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Off by the settings; cannot be started.
    Disabled,
    /// On its way to RUNNING.
    Starting,
    /// Serves SCIM.
    Running,
    /// Waits for somebody to start it.
    Stopped,
    /// Could not start or stop; may be started again.
    Error,
    /// Finishes the requests in work.
    Stopping,
}

/// A state and, where there is one, its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// Why, for DISABLED and ERROR.
    pub reason: Option<String>,
}

/// What may happen to the subsystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody asks it to start.
    Start,
    /// What starting needs is done.
    Started,
    /// Somebody asks it to stop.
    Stop,
    /// No request is in work any more.
    Stopped,
    /// Starting or stopping failed.
    Failed(String),
}

/// What an event leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The next status.
    Becomes(Status),
    /// What was asked for is the case.
    Unchanged,
    /// It cannot happen here.
    Refused(Refused),
}

/// Why the subsystem did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The settings keep it off.
    #[error("the subsystem is DISABLED: {0}")]
    Disabled(String),
    /// It is on its way somewhere else.
    #[error("the subsystem is {0}; ask again when it has finished")]
    Busy(State),
}

/// The subsystem, shared by all that serve and steer it; reading its status takes no lock.
#[derive(Debug, Clone)]
pub struct Subsystem(Arc<Shared>);

/// A start that is under way; dropped before [`finish`](Starting::finish), it is an ERROR.
#[must_use = "the subsystem stays STARTING until this is finished"]
#[derive(Debug)]
pub struct Starting(Transition);

/// A stop that is under way; dropped before [`finish`](Stopping::finish), it is an ERROR.
#[must_use = "the subsystem stays STOPPING until this is finished"]
#[derive(Debug)]
pub struct Stopping(Transition);

impl State {
    /// The name that the platform's service `GetSubsystemState` gives.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Disabled => "DISABLED",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
            Self::Error => "ERROR",
            Self::Stopping => "STOPPING",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Status {
    /// The status that the settings ask for at the server's start.
    #[must_use]
    pub fn at_start(settings: &Settings) -> Self {
        if !settings.scim.enabled {
            return Self::because(State::Disabled, "enableSCIM is false");
        }
        if !settings.sso_enabled {
            return Self::because(State::Disabled, "EnableSSO is false");
        }
        let state = if settings.scim.auto_start { State::Starting } else { State::Stopped };
        state.into()
    }

    /// What an event leads to.
    #[must_use]
    pub fn on(&self, event: &Event) -> Outcome {
        use State::{Disabled, Error, Running, Starting, Stopped, Stopping};
        match (event, self.state) {
            (Event::Start, Stopped | Error) => Outcome::Becomes(Starting.into()),
            (Event::Start, Starting | Running) => Outcome::Unchanged,
            (Event::Start, Stopping) => Outcome::Refused(Refused::Busy(self.state)),
            (Event::Start, Disabled) => {
                Outcome::Refused(Refused::Disabled(self.reason.clone().unwrap_or_default()))
            }
            (Event::Started, Starting) => Outcome::Becomes(Running.into()),
            (Event::Stop, Running) => Outcome::Becomes(Stopping.into()),
            // Nothing is in work after a failure.
            (Event::Stop, Error) => Outcome::Becomes(Stopped.into()),
            (Event::Stop, Stopped | Stopping | Disabled) => Outcome::Unchanged,
            (Event::Stop, Starting) => Outcome::Refused(Refused::Busy(self.state)),
            (Event::Stopped, Stopping) => Outcome::Becomes(Stopped.into()),
            (Event::Failed(reason), Starting | Running | Stopping) => {
                Outcome::Becomes(Self::because(Error, reason))
            }
            (Event::Started, Disabled | Running | Stopped | Error | Stopping)
            | (Event::Stopped, Disabled | Starting | Running | Stopped | Error)
            | (Event::Failed(_), Disabled | Stopped | Error) => Outcome::Unchanged,
        }
    }

    fn because(state: State, reason: &str) -> Self {
        Self { state, reason: Some(reason.to_owned()) }
    }
}

impl From<State> for Status {
    fn from(state: State) -> Self {
        Self { state, reason: None }
    }
}

impl Subsystem {
    /// The subsystem at the server's start; if the settings start it, that start is under way.
    #[must_use]
    pub fn at_start(settings: &Settings) -> (Self, Option<Starting>) {
        let status = Status::at_start(settings);
        let is_starting = status.state == State::Starting;
        let subsystem = Self(Arc::new(Shared {
            status: ArcSwap::from_pointee(status),
            change: Mutex::new(()),
            starts_by_itself: settings.scim.auto_start,
        }));
        let starting = is_starting.then(|| Starting(Transition::of(&subsystem)));
        (subsystem, starting)
    }

    /// The state at this moment.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.status.load().state
    }

    /// The state at this moment and its reason.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        self.0.status.load_full()
    }

    /// Whether it starts with the server, by the settings.
    #[must_use]
    pub fn starts_by_itself(&self) -> bool {
        self.0.starts_by_itself
    }

    /// Begins a start; `None` if the subsystem runs or somebody starts it.
    ///
    /// # Errors
    /// The subsystem is DISABLED or STOPPING.
    pub fn begin_start(&self) -> Result<Option<Starting>, Refused> {
        match self.0.happen(&Event::Start) {
            Outcome::Becomes(_) => Ok(Some(Starting(Transition::of(self)))),
            Outcome::Unchanged => Ok(None),
            Outcome::Refused(refused) => Err(refused),
        }
    }

    /// Begins a stop: from here on SCIM requests are refused, and the caller waits for those in
    /// work; `None` if nothing runs or somebody stops it.
    ///
    /// # Errors
    /// The subsystem is STARTING.
    pub fn begin_stop(&self) -> Result<Option<Stopping>, Refused> {
        match self.0.happen(&Event::Stop) {
            Outcome::Becomes(Status { state: State::Stopping, .. }) => {
                Ok(Some(Stopping(Transition::of(self))))
            }
            Outcome::Becomes(_) | Outcome::Unchanged => Ok(None),
            Outcome::Refused(refused) => Err(refused),
        }
    }
}

impl Starting {
    /// What starting needs is done: RUNNING.
    pub fn finish(self) {
        self.0.end(&Event::Started);
    }

    /// Starting failed: ERROR, with the reason.
    pub fn fail(self, reason: &str) {
        self.0.end(&Event::Failed(reason.to_owned()));
    }
}

impl Stopping {
    /// No request is in work any more: STOPPED.
    pub fn finish(self) {
        self.0.end(&Event::Stopped);
    }

    /// Stopping failed: ERROR, with the reason.
    pub fn fail(self, reason: &str) {
        self.0.end(&Event::Failed(reason.to_owned()));
    }
}

#[derive(Debug)]
struct Shared {
    status: ArcSwap<Status>,
    change: Mutex<()>,
    starts_by_itself: bool,
}

impl Shared {
    fn happen(&self, event: &Event) -> Outcome {
        // The lock guards no data, so one that a panic left behind is as good as any.
        let _one_at_a_time = self.change.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let outcome = self.status.load().on(event);
        if let Outcome::Becomes(status) = &outcome {
            self.status.store(Arc::new(status.clone()));
        }
        outcome
    }
}

/// A change that its holder must end.
#[derive(Debug)]
struct Transition(Option<Arc<Shared>>);

impl Transition {
    fn of(subsystem: &Subsystem) -> Self {
        Self(Some(Arc::clone(&subsystem.0)))
    }

    fn end(mut self, event: &Event) {
        let shared = self.0.take().expect("only `end` takes it, and `end` consumes the holder");
        shared.happen(event);
    }
}

impl Drop for Transition {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.happen(&Event::Failed("interrupted".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests;
