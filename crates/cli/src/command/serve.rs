//! `provost serve`: settings, database, server; until SIGTERM or Ctrl-C.

use provost_platform::setting::{Flags, Inputs, load};
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;
use crate::{log, wiring};

pub(crate) async fn run(flags: Flags) -> Result<(), Failure> {
    let inputs =
        Inputs::of_process(flags).map_err(Failure::unable("find the working directory"))?;
    let report = load(&inputs);
    let warnings: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
    let settings = report.into_settings().map_err(|report| Failure::settings(&report))?;
    let _logging = log::start(&settings.provost.log);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let running = wiring::start(&settings).await?;
    running.serve(stop_signal()?).await;
    tracing::info!("Stopped");
    Ok(())
}

/// Ends with SIGTERM or Ctrl-C, of which none is missed from the call on.
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let listen = |kind| signal(kind).map_err(Failure::unable("listen for signals"));
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
