//! `provost reload`: the server that is running reads its settings again.

use std::process::ExitCode;

use provost_platform::setting::Flags;
use rustix::process::{Pid, Signal, kill_process};

use crate::failure::Failure;
use crate::wiring::Place;

#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let place = Place::existing(flags)?;
    let data = place.data.display();
    let process = provost_sqlite::serving_process(&place.data);
    let process = process.map_err(Failure::unable("find the server"))?;
    let pid = process.and_then(|it| i32::try_from(it).ok()).and_then(Pid::from_raw);
    let Some(pid) = pid else {
        return Err(Failure::Wrong(format!(
            "no server of this machine is running on the data folder {data}; in a container, ask for this inside of it"
        )));
    };
    kill_process(pid, Signal::HUP).map_err(Failure::unable("reach the server"))?;
    eprintln!(
        "the server (process {}) reads its settings again; its log says what takes effect",
        pid.as_raw_nonzero()
    );
    Ok(ExitCode::SUCCESS)
}
