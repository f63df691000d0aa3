//! `provost try`: the main job, once through, by real HTTP.

use std::pin::pin;
use std::sync::Arc;

use provost_auth::{Life, Rights};
use provost_platform::setting::{Flags, Inputs, load};
use tokio::sync::oneshot;

use super::serve::stop_signal;
use super::{tenants, token};
use crate::clock::now;
use crate::failure::Failure;
use crate::trial::{Cycle, Narrator, Provider, write_settings};
use crate::{log, wiring};

pub(crate) async fn run() -> Result<(), Failure> {
    let mut stopped = pin!(stop_signal()?);
    let narrator = Narrator::new();
    let folder = tempfile::tempdir().map_err(Failure::unable("make a temporary folder"))?;
    let provider = Provider::start().await?;
    let [platform_settings, sso_settings] = write_settings(folder.path(), &provider)?;
    narrator.beginning(&platform_settings, &sso_settings)?;
    let flags = Flags {
        platform_settings: Some(platform_settings),
        sso_settings: Some(sso_settings),
        data: Some(folder.path().join("data")),
        listen: Some("127.0.0.1:0".into()),
    };
    // The environment of whoever tries it must not change what is shown.
    let inputs = Inputs { flags, folder: folder.path().into(), ..Inputs::default() };
    let settings = load(&inputs)
        .into_settings()
        .map_err(|report| Failure::Settings(format!("the settings of the trial: {report}")))?;
    let logging = log::start(&settings.provost.log);
    let running = wiring::start(&settings, Arc::clone(&logging.book)).await?;
    let address = running.address();
    let name = "trial".parse().expect("is the name of a token");
    let life = Life { created_at: now(), expires_at: None };
    let tenant = tenants::id(&*running.store(), None).await?;
    let plain = token::make(&*running.store(), tenant, name, Rights::Administer, life).await?;
    let (stop, told) = oneshot::channel::<()>();
    let serving = tokio::spawn(running.serve(async { drop(told.await) }));
    let cycle = Cycle::new(address, provider.token()?)?;
    let shown = async {
        cycle.play(&narrator).await?;
        narrator.end(address, plain.expose())
    };
    tokio::select! {
        () = &mut stopped => {}
        shown = shown => {
            shown?;
            stopped.await;
        }
    }
    drop(stop);
    serving.await.map_err(Failure::unable("serve"))
}
