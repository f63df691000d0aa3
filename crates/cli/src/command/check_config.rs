//! `provost check-config`: every setting, where it came from, and every mistake.

use std::process::ExitCode;

use provost_platform::setting::{Flags, Inputs, load};

use crate::failure::Failure;

#[expect(clippy::print_stdout, reason = "the report is what the command is for")]
pub(crate) fn run(flags: Flags) -> ExitCode {
    let inputs = match Inputs::of_process(flags) {
        Ok(inputs) => inputs,
        Err(error) => return Failure::unable("find the working directory")(error).report(),
    };
    let report = load(&inputs);
    print!("{report}");
    match report.errors.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    }
}
