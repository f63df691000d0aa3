//! `provost serve`: settings, database, server; until SIGTERM or Ctrl-C.

use std::sync::Arc;

use provost_platform::setting::{Flags, Inputs, load};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::failure::Failure;
use crate::reload::Reload;
use crate::{log, wiring};

pub(crate) async fn run(flags: Flags) -> Result<(), Failure> {
    let inputs =
        Inputs::of_process(flags.clone()).map_err(Failure::unable("find the working directory"))?;
    let report = load(&inputs);
    let effective = report.effective.clone();
    let warnings: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
    let settings = report.into_settings().map_err(|report| Failure::settings(&report))?;
    let logging = log::start(&settings.provost.log);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let running = wiring::start(&settings, Arc::clone(&logging.book)).await?;
    let reload = Reload::new(flags, effective, running.reloadable(), Arc::clone(&logging.book));
    let following = follow_hangup(reload)?;
    running.serve(stop_signal()?).await;
    following.abort();
    tracing::info!("Stopped");
    Ok(())
}

/// Reads settings, certificate and key again at each SIGHUP, which by itself would end the process.
fn follow_hangup(mut reload: Reload) -> Result<JoinHandle<()>, Failure> {
    let mut hangup = signal(SignalKind::hangup()).map_err(Failure::unable("listen for signals"))?;
    Ok(tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            reload.run();
        }
    }))
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
