//! `provost setup`: what an administrator enters in the portal of an identity provider.

mod credential;
mod entra;
mod plan;
mod values;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use provost_platform::setting::{Inputs, load};

use crate::failure::Failure;
use crate::{SettingArgs, output};
use credential::Credential;

#[derive(Subcommand)]
pub(crate) enum SetupCommand {
    /// Prints the steps in the portal of Microsoft Entra ID, with the values of these settings.
    /// Exit code 1 if something has to be mended first: a "!" stands at the step.
    Entra(EntraArgs),
}

#[derive(Args)]
pub(crate) struct EntraArgs {
    #[command(flatten)]
    settings: SettingArgs,
    /// With a token of `provost token create` in the field Secret Token, whatever the settings
    /// suggest.
    #[arg(long, conflicts_with = "blank")]
    secret_token: bool,
    /// With an empty field Secret Token, whatever the settings suggest.
    #[arg(long)]
    blank: bool,
}

pub(crate) fn run(command: SetupCommand) -> Result<ExitCode, Failure> {
    let SetupCommand::Entra(EntraArgs { settings, secret_token, blank }) = command;
    let asked = match (secret_token, blank) {
        (true, _) => Some(Credential::Token),
        (_, true) => Some(Credential::Blank),
        (false, false) => None,
    };
    let inputs = Inputs::of_process(settings.into());
    let report = load(&inputs.map_err(Failure::unable("find the working directory"))?);
    let plan = entra::plan(&report, asked);
    output::print(&plan)?;
    match plan.is_ready() {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::from(1)),
    }
}
