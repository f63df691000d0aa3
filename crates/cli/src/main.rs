//! The binary `provost`: the SCIM subsystem of an application platform.

mod announcement;
mod command;
mod failure;
mod log;
mod output;
mod password;
mod trial;
mod trust;
mod wiring;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use provost_auth::TokenName;
use provost_platform::setting::Flags;

use failure::Failure;

/// The SCIM subsystem of an application platform.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves SCIM until it is told to stop.
    Serve(SettingArgs),
    /// Shows every setting, where it came from, and every mistake; exit code 1 if there is one.
    CheckConfig(SettingArgs),
    /// Makes, lists and revokes the tokens of clients; works beside a running server.
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Plays what an identity provider does, once through, on a database in a temporary folder.
    Try,
}

#[derive(Args)]
struct SettingArgs {
    /// The platform's settings, `platform-settings.json`.
    #[arg(long, value_name = "FILE")]
    platform_settings: Option<PathBuf>,
    /// The settings of single sign-on, `sso-settings.json`.
    #[arg(long, value_name = "FILE")]
    sso_settings: Option<PathBuf>,
    /// The folder of the database; made if it is absent.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
}

impl From<SettingArgs> for Flags {
    fn from(args: SettingArgs) -> Self {
        let SettingArgs { platform_settings, sso_settings, data, listen } = args;
        Self { platform_settings, sso_settings, data, listen }
    }
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Prints a token, which is not shown again.
    Create {
        /// The folder of the database.
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
        /// What the token is called in lists and in the log.
        #[arg(long)]
        name: TokenName,
        /// For the services of the subsystem too, and not for SCIM alone.
        #[arg(long)]
        admin: bool,
    },
    /// Lists the tokens by name.
    List {
        /// The folder of the database.
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
    },
    /// Makes a token worthless from the next request on.
    Revoke {
        /// The folder of the database.
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
        /// The name of the token.
        #[arg(long)]
        name: TokenName,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::CheckConfig(args) => command::check_config::run(args.into()),
        Command::Serve(args) => run(command::serve::run(args.into())),
        Command::Try => run(command::trial::run()),
        Command::Token { command } => run(async {
            match command {
                TokenCommand::Create { data, name, admin } => {
                    command::token::create(&data, name, admin.into()).await
                }
                TokenCommand::List { data } => command::token::list(&data).await,
                TokenCommand::Revoke { data, name } => command::token::revoke(&data, &name).await,
            }
        }),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// Runs a command to its end on all cores.
fn run(command: impl Future<Output = Result<(), Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Failure::unable("start the runtime"))?.block_on(command)?;
    Ok(ExitCode::SUCCESS)
}
