//! `provost import`: users, groups and memberships of the platform, with the ids that the identity
//! provider knows.

mod circle;
mod collect;
mod document;
mod draft;
mod mapping;
mod plan;
mod row;
mod write;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use provost_engine::Policy;
use provost_platform::policy::policy;
use provost_platform::setting::user_name;
use provost_platform::table::{Configuration, DOCUMENT, Provisioning};
use provost_store::{Cause, Entry, Store, Target, TenantId};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use crate::command::tenants;
use crate::command::token::Of;
use crate::failure::Failure;
use crate::wiring::{self, Place};
use crate::{OfArgs, output, trail};
use collect::{Collected, Lines};
use draft::Types;
use plan::{Count, Summary, plan};
use write::Desk;

/// The largest file: some hundred thousand users, which are held in memory until all are checked.
const FILE_BYTES_MAX: u64 = 512 << 20;

/// The category of imports in the audit trail.
const CATEGORY: &str = "Import";

#[derive(Subcommand)]
pub(crate) enum ImportCommand {
    /// Brings in the users and groups of a ThingWorx platform, under the ids that they have there.
    ///
    /// The file is JSON as the platform's services return it: an object with the InfoTables users,
    /// groups and members, or an array of such objects; docs/import.md says how to make it. All rows
    /// are checked before one is written. The same import again does what is left of an interrupted
    /// one. Works beside a running server.
    Thingworx(ImportArgs),
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    of: OfArgs,
    /// Only checks, also against what is in the database.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(command: ImportCommand) -> Result<ExitCode, Failure> {
    let ImportCommand::Thingworx(ImportArgs { file, of, dry_run }) = command;
    // Whoever tells the server of this folder to read its settings again means no import.
    let _hangup = signal(SignalKind::hangup()).map_err(Failure::unable("listen for signals"))?;
    let Of { flags, tenant } = of.into();
    let engine = wiring::open_to_write(&Place::of(flags)?, dry_run)?;
    let tenant = tenants::id(&*engine.store, tenant.as_ref()).await?;
    let schemas = engine.schemas.clone();
    let types = Types::of(&schemas);
    let tables = tables(&*engine.store, tenant).await?;
    let desk = Arc::new(Desk {
        policy: policy(&schemas, &Policy::new(&schemas), &tables),
        engine,
        tenant,
        cause: cause(),
        group: types.group,
    });
    let collected = collect(&file, Collected::new(types, &tables))?;
    refuse(&file, &collected.wrong)?;
    let remarks = remarks(&collected);
    let mut wrong = Lines::default();
    let plan = plan(&desk.context(), collected, &mut wrong).await?;
    refuse(&file, &wrong)?;
    let mut text = summary(&plan.summary, dry_run);
    if !dry_run {
        let entry = entry(&file, &plan.summary);
        write::write(&desk, plan).await?;
        let recorded = desk.engine.store.record(tenant, vec![entry]).await;
        recorded.map_err(Failure::unable("write the audit trail"))?;
    }
    text += &remarks;
    output::print(text)?;
    Ok(ExitCode::SUCCESS)
}

fn cause() -> Cause {
    let by = user_name().unwrap_or_else(|| "command".to_owned());
    Cause { caller: format!("import:{by}").into(), ..Cause::default() }
}

/// What the configuration of the tenant says.
async fn tables(store: &dyn Store, tenant: TenantId) -> Result<Provisioning, Failure> {
    let found = store.document(tenant, DOCUMENT.into()).await;
    let configuration = match found.map_err(Failure::unable("read the configuration"))? {
        None => Configuration::default(),
        Some(document) => Configuration::from_document(&document.body)
            .map_err(Failure::unable("read the configuration"))?,
    };
    Ok(Provisioning::of(&configuration))
}

fn collect<'a>(path: &Path, mut collected: Collected<'a>) -> Result<Collected<'a>, Failure> {
    let shown = path.display();
    let what = format!("read {shown}");
    let unable = || Failure::unable(&what);
    let file = File::open(path).map_err(unable())?;
    let bytes = file.metadata().map_err(unable())?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(Failure::Wrong(format!(
            "{shown} has {bytes} bytes; {FILE_BYTES_MAX} are read: make several files of it, users \
             first, then groups, then members"
        )));
    }
    document::read(BufReader::new(file), &mut |row| collected.take(&row))
        .map_err(|error| Failure::Wrong(format!("{shown} is not what is imported: {error}")))?;
    Ok(collected)
}

fn refuse(file: &Path, wrong: &Lines) -> Result<(), Failure> {
    match wrong.count {
        0 => Ok(()),
        count => Err(Failure::Wrong(format!(
            "{count} rows of {} are wrong; nothing is imported\n{}",
            file.display(),
            wrong.to_string().trim_end()
        ))),
    }
}

/// What is left out of the file.
fn remarks(collected: &Collected<'_>) -> String {
    let mut text = String::new();
    if collected.skipped.count > 0 {
        text += &format!("skipped:\n{}", collected.skipped);
    }
    if !collected.unread.is_empty() {
        let columns: Vec<&str> = collected.unread.iter().map(String::as_str).collect();
        text += &format!("columns that nothing is read from: {}\n", columns.join(", "));
    }
    text
}

fn summary(summary: &Summary, is_rehearsal: bool) -> String {
    let created = if is_rehearsal { "would be created" } else { "created" };
    let line = |what: &str, count: &Count| {
        let Count { created: new, present, skipped } = count;
        format!("{what}: {new} {created}, {present} there already, {skipped} skipped\n")
    };
    let Summary { users, groups, memberships } = summary;
    [line("users", users), line("groups", groups), line("memberships", memberships)].concat()
}

fn entry(file: &Path, summary: &Summary) -> Entry {
    let name = file.file_name().map(|it| it.to_string_lossy()).unwrap_or_default();
    let count = |it: &Count| -> Value {
        json!({"created": it.created, "present": it.present, "skipped": it.skipped})
    };
    let detail = json!({
        "users": count(&summary.users),
        "groups": count(&summary.groups),
        "memberships": count(&summary.memberships),
    });
    Entry { cause: cause(), ..trail::entry(CATEGORY, "done", Target::named(&name), &detail) }
}
