//! `provost backup` and `provost verify`: the database as a whole, beside a server or without one.

use std::path::Path;
use std::process::ExitCode;

use provost_platform::setting::Flags;

use crate::failure::Failure;
use crate::{output, wiring};

#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) fn backup(flags: Flags, file: &Path) -> Result<ExitCode, Failure> {
    let store = wiring::open_beside(&wiring::Place::existing(flags)?)?;
    store.backup(file).map_err(Failure::unable("back up the database"))?;
    eprintln!("the database is copied to {}, and the copy checks out", file.display());
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn verify(flags: Flags) -> Result<ExitCode, Failure> {
    let place = wiring::Place::existing(flags)?;
    let store = wiring::open_beside(&place)?;
    let flaws = store.verify().map_err(Failure::unable("read the database"))?;
    for flaw in &flaws {
        output::print(format_args!("{flaw}\n"))?;
    }
    match flaws.len() {
        0 => output::print(format_args!("no contradiction in {}\n", place.data.display()))?,
        count => return Err(Failure::Wrong(format!("{count} contradictions; restore a backup"))),
    }
    Ok(ExitCode::SUCCESS)
}
