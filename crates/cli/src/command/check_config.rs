//! `provost check-config`: every setting, where it came from, and every mistake.

use std::process::ExitCode;

use provost_platform::setting::{Flags, Inputs, load};

use crate::failure::Failure;
use crate::output;

pub(crate) fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let inputs =
        Inputs::of_process(flags).map_err(Failure::unable("find the working directory"))?;
    let report = load(&inputs);
    output::print(&report)?;
    match report.errors.is_empty() {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::from(1)),
    }
}
