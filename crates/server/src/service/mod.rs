//! The subsystem's services, as the platform offers them: `POST …/Services/<Name>`.

use std::sync::Arc;

use http::StatusCode;
use provost_auth::Rights;
use provost_platform::info_table::InfoTable;
use provost_platform::state::State;
use provost_scim::value::Mode;
use tokio::time::timeout;
use tracing::info;

use crate::context::{App, Call};
use crate::error::Error;
use crate::respond::{MediaType, Response, json};
use crate::worker::in_time;
use crate::{body, door, health};

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Start,
    Stop,
    Restart,
    IsRunning,
    GetSubsystemState,
}

impl Service {
    pub(crate) const ALL: [Self; 5] =
        [Self::Start, Self::Stop, Self::Restart, Self::IsRunning, Self::GetSubsystemState];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Stop => "Stop",
            Self::Restart => "Restart",
            Self::IsRunning => "IsRunning",
            Self::GetSubsystemState => "GetSubsystemState",
        }
    }
}

/// Runs a service, in every state of the subsystem.
pub(crate) async fn answer(call: Call, service: Service) -> Result<Response, Error> {
    let Call { app, line, tenant, peer, client, head, body } = call;
    let from = door::From { peer: &peer, client: &client };
    let caller = in_time(&app, async {
        door::authenticate(&app, &tenant, from, &head.headers, &line).await
    })
    .await?;
    door::check_rights(&caller, Rights::Administer)?;
    // No service has parameters: whatever the body holds is read for the connection's sake.
    body::check_kind(&head.headers, &body, Mode::Lenient)?;
    line.received(body::read(body, &app.limits, &tenant.bodies).await?.bytes.len());
    let table = match service {
        Service::IsRunning => InfoTable::boolean(app.parts.subsystem.state() == State::Running),
        Service::GetSubsystemState => InfoTable::string(app.parts.subsystem.state().name()),
        Service::Start | Service::Stop | Service::Restart => {
            info!(request.id = %line.id(), caller = %caller.principal, "{} asked for", service.name());
            // In a task of its own, so that no client that hangs up leaves the subsystem halfway.
            let steering = tokio::spawn(steer(app, service)).await;
            steering.unwrap_or(Err(Error::Panicked))?;
            InfoTable::nothing()
        }
    };
    Ok(json(StatusCode::OK, MediaType::Json, &table))
}

async fn steer(app: Arc<App>, service: Service) -> Result<(), Error> {
    match service {
        Service::Start => start(&app).await,
        Service::Stop => stop(&app).await,
        Service::Restart => {
            stop(&app).await?;
            start(&app).await
        }
        Service::IsRunning | Service::GetSubsystemState => Ok(()),
    }
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
