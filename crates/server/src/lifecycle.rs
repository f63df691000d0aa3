//! Starting, stopping and restarting the subsystem, whoever asks for it.

use std::sync::Arc;

use provost_store::{AuditOutcome, Cause, Entry, Target};
use serde_json::json;
use tokio::time::timeout;
use tracing::{error, info};

use crate::context::App;
use crate::error::Error;
use crate::health;

/// The category of starts and stops in the audit trail.
pub(crate) const CATEGORY: &str = "Subsystem";

/// What is asked of the subsystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steering {
    Start,
    Stop,
    Restart,
}

impl Steering {
    const fn action(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Stop => "stopped",
            Self::Restart => "restarted",
        }
    }
}

/// Does what is asked. It goes on in a task of its own, so that no client that hangs up leaves the
/// subsystem halfway.
///
/// # Errors
/// The subsystem cannot do it in its state.
pub(crate) async fn steer(app: Arc<App>, cause: Cause, steering: Steering) -> Result<(), Error> {
    let steered = tokio::spawn(async move {
        let done = match steering {
            Steering::Start => start(&app).await,
            Steering::Stop => stop(&app).await,
            Steering::Restart => match stop(&app).await {
                Ok(()) => start(&app).await,
                refused => refused,
            },
        };
        record(&app, cause, steering, done.as_ref().err()).await;
        done
    });
    steered.await.unwrap_or(Err(Error::Panicked))
}

async fn start(app: &App) -> Result<(), Error> {
    let Some(starting) = app.parts.subsystem.begin_start()? else { return Ok(()) };
    match health::is_store_well(app).await {
        true => starting.finish(),
        false => starting.fail("the store cannot work"),
    }
    info!("The SCIM subsystem is {}", app.parts.subsystem.state());
    Ok(())
}

async fn stop(app: &App) -> Result<(), Error> {
    let Some(stopping) = app.parts.subsystem.begin_stop()? else { return Ok(()) };
    let landing = async {
        for tenant in app.tenants.all() {
            tenant.flights.landed(app.limits.drain_time).await;
        }
    };
    // Who has not landed by then is left to land by itself.
    drop(timeout(app.limits.drain_time, landing).await);
    stopping.finish();
    info!("The SCIM subsystem is {}", app.parts.subsystem.state());
    Ok(())
}

/// Says in the audit trail what was asked and what came of it. A store that cannot take it keeps
/// nobody from stopping the subsystem.
async fn record(app: &App, cause: Cause, steering: Steering, refused: Option<&Error>) {
    let state = app.parts.subsystem.state();
    let entry = Entry {
        at: app.parts.engine.clock.now_micros(),
        category: CATEGORY.into(),
        action: steering.action().into(),
        outcome: if refused.is_some() { AuditOutcome::Refused } else { AuditOutcome::Done },
        cause,
        target: Target::named("SCIMSubsystem"),
        detail: json!({"state": state.name()}).to_string().into(),
    };
    let store = &app.parts.engine.store;
    if let Err(error) = store.record(app.tenants.own.id, vec![entry]).await {
        error!("The audit trail lacks that the subsystem was {}: {error}", steering.action());
    }
}
