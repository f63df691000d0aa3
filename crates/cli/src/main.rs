//! The binary `provost`: the SCIM subsystem of an application platform.

mod address;
mod announcement;
mod clock;
mod command;
mod credential;
mod doctor;
mod failure;
mod http;
mod import;
mod log;
mod output;
mod password;
mod reload;
mod setup;
mod trail;
mod trial;
mod trust;
mod wiring;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use provost_auth::{Rights, TokenId, TokenName};
use provost_platform::secret_store::SecretName;
use provost_platform::setting::Flags;
use provost_platform::tenant_name::TenantName;

use command::audit::{Format, Moment, Wanted};
use command::healthcheck::Question;
use command::token::{Lifetime, Of};
use doctor::DoctorArgs;
use failure::Failure;
use import::ImportCommand;
use setup::SetupCommand;

/// The SCIM subsystem of an application platform: identity providers provision users and groups into
/// it.
#[derive(Parser)]
#[command(
    name = "provost",
    version,
    after_help = "Exit codes: 0 done; 1 the settings, or what was asked for, are wrong; 2 the command line is wrong; 3 something that the command needs is not to be had."
)]
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
    /// Prints what to enter in the portal of an identity provider, with the values of the settings.
    Setup {
        #[command(subcommand)]
        command: SetupCommand,
    },
    /// Plays what an identity provider does against a running server, and explains what fails.
    ///
    /// The token comes from standard input or a file, and is never shown. A temporary user and a
    /// temporary group, provost-doctor-…, are made and deleted again. Exit codes: 0 all well; 1
    /// something is wrong; 3 the server is not reached.
    Doctor(DoctorArgs),
    /// Makes, rotates, lists and revokes the tokens of clients; works beside a running server.
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Makes, lists, pauses and resumes tenants beside the platform's own; works beside a server.
    Tenant {
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// Brings in users and groups that were provisioned to another system.
    Import {
        #[command(subcommand)]
        command: ImportCommand,
    },
    /// Writes the audit trail to the output or to files; works beside a running server.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Keeps secrets that settings name by "encrypt.NAME", encrypted in the data folder.
    Secret {
        #[command(subcommand)]
        command: SecretCommand,
    },
    /// Copies the database to a file, as it is at one moment; works beside a running server.
    ///
    /// To restore: stop the server, put the file in place of provost.db in the data folder, take
    /// provost.db-wal and provost.db-shm away, start.
    Backup {
        /// The file; it must not be there.
        file: PathBuf,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Reads the whole database and looks for contradictions; works beside a running server.
    Verify {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Has the running server read its settings again, like SIGHUP: the log says what takes effect, and
    /// what needs a restart.
    Reload(DataArgs),
    /// Asks the server of these settings, on this machine, whether it is there and reaches its
    /// database. Exit code 0 if so, 1 if not: for containers and whoever else restarts it.
    Healthcheck {
        #[command(flatten)]
        settings: SettingArgs,
        /// Whether SCIM requests are served, instead: not while the subsystem is stopped.
        #[arg(long)]
        ready: bool,
    },
    /// Plays what an identity provider does, once through, on a database in a temporary folder.
    Try,
}

#[derive(Args)]
struct SettingArgs {
    /// The platform's settings [usual place: ThingworxPlatform/platform-settings.json, or what
    /// THINGWORX_PLATFORM_SETTINGS names]
    #[arg(long, value_name = "FILE")]
    platform_settings: Option<PathBuf>,
    /// The settings of single sign-on [usual place:
    /// ThingworxPlatform/ssoSecurityConfig/sso-settings.json, or what THINGWORX_SSO_SETTINGS names]
    #[arg(long, value_name = "FILE")]
    sso_settings: Option<PathBuf>,
    /// The folder of the database, made if it is absent [default: dataFolder of the settings, ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address to listen on [default: listen of the settings, 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
}

/// Where the database is, for commands that work beside a server.
#[derive(Args)]
struct DataArgs {
    /// The folder of the database [default: dataFolder of the settings, ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The platform's settings, if they are not in their usual place
    #[arg(long, value_name = "FILE")]
    platform_settings: Option<PathBuf>,
}

impl From<DataArgs> for Flags {
    fn from(args: DataArgs) -> Self {
        let DataArgs { data, platform_settings } = args;
        Self { data, platform_settings, ..Self::default() }
    }
}

impl From<SettingArgs> for Flags {
    fn from(args: SettingArgs) -> Self {
        let SettingArgs { platform_settings, sso_settings, data, listen } = args;
        Self { platform_settings, sso_settings, data, listen }
    }
}

#[derive(Subcommand)]
enum SecretCommand {
    /// Reads a secret from standard input and keeps it.
    Set {
        /// The name of the secret.
        name: SecretName,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lists the names.
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Forgets a secret.
    Delete {
        /// The name of the secret.
        name: SecretName,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Subcommand)]
enum TenantCommand {
    /// Makes a tenant, with its SCIM base URL at /t/NAME/scim/v2.
    Create {
        /// The name of the tenant.
        name: TenantName,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lists the tenants.
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Answers the requests of a tenant 503 from the next one on.
    Pause {
        /// The name of the tenant.
        name: TenantName,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Serves a paused tenant again.
    Resume {
        /// The name of the tenant.
        name: TenantName,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Prints rows, the oldest first.
    Export {
        #[command(flatten)]
        of: OfArgs,
        /// A JSON object a line, or comma-separated values.
        #[arg(long, value_enum, default_value_t = Format::Ndjson)]
        format: Format,
        /// No row before this time, such as 2026-01-31T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        since: Option<Moment>,
        /// No row from this time on.
        #[arg(long, value_name = "TIME")]
        until: Option<Moment>,
        /// Rows of this category alone: User, Group, Configuration, Token, …
        #[arg(long)]
        category: Option<String>,
    },
    /// Writes rows to a new file, reads it again, and removes them from the trail.
    ///
    /// A row is removed only once the file that holds it is on the disk. Interrupted, it may leave
    /// rows in both places, and none in neither.
    Archive {
        /// The file; it must not be there.
        file: PathBuf,
        #[command(flatten)]
        of: OfArgs,
        /// The time before which rows are archived, at least a minute ago.
        #[arg(long, value_name = "TIME")]
        before: Moment,
    },
    /// Removes rows from the trail, for good.
    Purge {
        #[command(flatten)]
        of: OfArgs,
        /// The time before which rows are removed.
        #[arg(long, value_name = "TIME")]
        before: Moment,
    },
}

/// Which tenant, in which database.
#[derive(Args)]
struct OfArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The tenant [default: the platform's own]
    #[arg(long, value_name = "NAME")]
    tenant: Option<TenantName>,
}

impl From<OfArgs> for Of {
    fn from(OfArgs { data, tenant }: OfArgs) -> Self {
        Self { flags: data.into(), tenant }
    }
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Prints a token, which is not shown again.
    Create {
        #[command(flatten)]
        of: OfArgs,
        /// What the token and its client are called in lists and in the log.
        #[arg(long)]
        name: TokenName,
        /// What its bearer may do: read, write (all of SCIM), or admin (the services too).
        #[arg(long, default_value = "write", value_name = "read|write|admin")]
        rights: Rights,
        /// The same as --rights admin.
        #[arg(long, conflicts_with = "rights")]
        admin: bool,
        #[command(flatten)]
        life: LifeArgs,
    },
    /// Prints a further token of a name. With its first use the older ones of the name end, after a time.
    Rotate {
        #[command(flatten)]
        of: OfArgs,
        /// The name of the token.
        #[arg(long)]
        name: TokenName,
        #[command(flatten)]
        life: LifeArgs,
        /// How many hours the older ones hold on after the first use of the new one.
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        grace_hours: u32,
    },
    /// Lists the tokens: everything but the secrets.
    List {
        #[command(flatten)]
        of: OfArgs,
    },
    /// Reads a token from standard input and says, check by check, what accepts or refuses it under
    /// these settings. Never prints the token. Exit code 0 if it is accepted, 1 if not, 3 if the keys
    /// to judge it with are out of reach.
    Explain {
        #[command(flatten)]
        settings: SettingArgs,
        /// The tenant [default: the platform's own]
        #[arg(long, value_name = "NAME")]
        tenant: Option<TenantName>,
    },
    /// Makes tokens worthless from the next request on.
    Revoke {
        #[command(flatten)]
        of: OfArgs,
        /// The name of the tokens.
        #[arg(long)]
        name: TokenName,
        /// The id of the one to revoke; without it all of the name are.
        #[arg(long)]
        id: Option<String>,
    },
}

#[derive(Args)]
struct LifeArgs {
    /// In how many days it expires; without it, by revocation alone.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3_650))]
    expires_in: Option<u32>,
}

impl From<LifeArgs> for Lifetime {
    fn from(args: LifeArgs) -> Self {
        Self(args.expires_in.map(|days| Duration::from_secs(u64::from(days) * 24 * 60 * 60)))
    }
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::CheckConfig(args) => command::check_config::run(args.into()),
        Command::Setup { command } => setup::run(command),
        Command::Doctor(args) => run(doctor::run(args)),
        Command::Serve(args) => run(async { command::serve::run(args.into()).await.map(done) }),
        Command::Try => run(async { command::trial::run().await.map(done) }),
        Command::Healthcheck { settings, ready } => {
            let question = if ready { Question::Ready } else { Question::Health };
            run(command::healthcheck::run(settings.into(), question))
        }
        Command::Reload(args) => command::reload::run(args.into()),
        Command::Token { command } => run(token(command)),
        Command::Tenant { command } => run(tenant(command)),
        Command::Import { command } => run(import::run(command)),
        Command::Audit { command } => run(audit(command)),
        Command::Secret { command } => match command {
            SecretCommand::Set { name, data } => command::secret::set(data.into(), &name),
            SecretCommand::List { data } => command::secret::list(data.into()),
            SecretCommand::Delete { name, data } => command::secret::delete(data.into(), &name),
        },
        Command::Backup { file, data } => command::database::backup(data.into(), &file),
        Command::Verify { data } => command::database::verify(data.into()),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

async fn tenant(command: TenantCommand) -> Result<ExitCode, Failure> {
    use command::tenants;
    match command {
        TenantCommand::Create { name, data } => tenants::create(data.into(), name).await,
        TenantCommand::List { data } => tenants::list(data.into()).await,
        TenantCommand::Pause { name, data } => tenants::set_paused(data.into(), &name, true).await,
        TenantCommand::Resume { name, data } => {
            tenants::set_paused(data.into(), &name, false).await
        }
    }
    .map(done)
}

async fn audit(command: AuditCommand) -> Result<ExitCode, Failure> {
    use command::audit;
    match command {
        AuditCommand::Export { of, format, since, until, category } => {
            audit::export(of.into(), format, Wanted { since, until, category }).await
        }
        AuditCommand::Archive { file, of, before } => {
            audit::archive(of.into(), &file, before).await
        }
        AuditCommand::Purge { of, before } => audit::purge(of.into(), before).await,
    }
    .map(done)
}

async fn token(command: TokenCommand) -> Result<ExitCode, Failure> {
    match command {
        TokenCommand::Create { of, name, rights, admin, life } => {
            let rights = if admin { Rights::Administer } else { rights };
            command::token::create(of.into(), name, rights, &life.into()).await.map(done)
        }
        TokenCommand::Rotate { of, name, life, grace_hours } => {
            let grace = Duration::from_secs(u64::from(grace_hours) * 60 * 60);
            command::token::rotate(of.into(), name, &life.into(), grace).await.map(done)
        }
        TokenCommand::List { of } => command::token::list(of.into()).await.map(done),
        TokenCommand::Explain { settings, tenant } => {
            command::explain::run(settings.into(), tenant).await
        }
        TokenCommand::Revoke { of, name, id } => {
            let id = id.as_deref().map(TokenId::from);
            command::token::revoke(of.into(), &name, id.as_ref()).await.map(done)
        }
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

/// Runs a command to its end on all cores.
fn run(command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Failure::unable("start the runtime"))?.block_on(command)
}
