//! `provost check-config`: every setting, where it came from, and every mistake.

use std::process::ExitCode;

use provost_platform::principal::run_as;
use provost_platform::setting::{Flags, Inputs, load};
use provost_platform::state::Status;

use crate::failure::Failure;
use crate::output;

pub(crate) fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let inputs =
        Inputs::of_process(flags).map_err(Failure::unable("find the working directory"))?;
    let report = load(&inputs);
    output::print(&report)?;
    if let Some(settings) = &report.settings {
        let Status { state, reason } = Status::at_start(settings);
        let reason = reason.map(|it| format!(": {it}")).unwrap_or_default();
        output::print(format_args!("At its start the subsystem is {state}{reason}\n"))?;
        // Who that is stands in the database, which may be in use, or not be there yet.
        let administrators = settings.administrators();
        for name in administrators.into_iter().filter(|name| run_as(name).is_err()) {
            output::print(format_args!(
                "At its start the server looks for scimAdminName {name:?} among the enabled users whom \
                 the table AdministratorAccounts names; it does not start without\n"
            ))?;
        }
    }
    match report.errors.is_empty() {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::from(1)),
    }
}
