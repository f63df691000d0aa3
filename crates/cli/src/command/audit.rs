//! `provost audit`: the audit trail as lines of text, and its way into files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr;

use clap::ValueEnum;
use jiff::Timestamp;
use provost_platform::message::Language;
use provost_server::audit::{self, CATEGORY, PURGED_AT_ONCE, csv, csv_head, show_row, time};
use provost_store::{AuditQuery, Position, Purge, Recorded, Store, Target, TenantId};
use serde_json::{Value, json};

use super::tenants;
use super::token::Of;
use crate::clock::now_micros;
use crate::failure::Failure;
use crate::wiring::{self, Place};
use crate::{output, trail};

/// How many rows are read at once.
const PAGE: NonZeroU16 = NonZeroU16::new(1_000).expect("is not 0");

/// How old rows are that are archived: no younger one is still on its way into the trail.
const AGE_MICROS_MIN: i64 = 60 * 1_000_000;

/// The form of an export.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// A JSON object a line.
    Ndjson,
    /// Comma-separated values, with the names of the columns first.
    Csv,
}

/// A time, in microseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(i64);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time: Result<Timestamp, _> = text.parse();
        time.map(|it| Self(it.as_microsecond()))
            .map_err(|_| "it is no time, as 2026-01-31T00:00:00Z is".to_owned())
    }
}

/// Which rows are exported.
pub(crate) struct Wanted {
    pub(crate) since: Option<Moment>,
    pub(crate) until: Option<Moment>,
    pub(crate) category: Option<String>,
}

pub(crate) async fn export(of: Of, format: Format, wanted: Wanted) -> Result<(), Failure> {
    let store = wiring::open_beside(&Place::existing(of.flags)?)?;
    let tenant = tenants::id(&store, of.tenant.as_ref()).await?;
    let mut query = AuditQuery {
        since: wanted.since.map(|it| it.0),
        until: wanted.until.map(|it| it.0),
        category: wanted.category.map(String::into_boxed_str),
        ..AuditQuery::all(None, PAGE)
    };
    if matches!(format, Format::Csv) {
        output::print(text(csv_head()))?;
    }
    loop {
        let rows = read(&store, tenant, &query).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        query.after = Some(last.place);
        let shown = rows.iter().map(|it| show_row(it, Language::English));
        output::print(match format {
            Format::Ndjson => shown.map(|it| format!("{it}\n")).collect(),
            Format::Csv => text(csv(shown)),
        })?;
    }
}

#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) async fn purge(of: Of, Moment(before): Moment) -> Result<(), Failure> {
    let store = wiring::open_beside(&Place::existing(of.flags)?)?;
    let tenant = tenants::id(&store, of.tenant.as_ref()).await?;
    let by = (&trail::cause(), now_micros());
    let purged = audit::purge(&store, tenant, before, by).await;
    let purged = purged.map_err(Failure::unable("purge the audit trail"))?;
    eprintln!("{purged} rows before {} are purged", time(before));
    Ok(())
}

/// Rows of the trail in a file.
#[derive(Debug, PartialEq, Eq)]
struct Archived {
    rows: u64,
    /// The place of the last one.
    last: Position,
}

/// Moves rows to a new file: they go only after they were read there again.
#[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
pub(crate) async fn archive(of: Of, file: &Path, Moment(before): Moment) -> Result<(), Failure> {
    if before > now_micros() - AGE_MICROS_MIN {
        return Err(Failure::Wrong(format!(
            "{} is less than a minute ago, or to come; rows that are older are archived",
            time(before)
        )));
    }
    let store = wiring::open_beside(&Place::existing(of.flags)?)?;
    let tenant = tenants::id(&store, of.tenant.as_ref()).await?;
    let shown = file.display();
    let Some(archived) = write(&store, tenant, file, before).await? else {
        eprintln!("no row is before {}; {shown} is not made", time(before));
        return Ok(());
    };
    let found = read_back(file).map_err(Failure::unable(&format!("read {shown} again")))?;
    if found != archived {
        return Err(Failure::Unable(format!(
            "{shown} does not hold the {} rows that were written to it; none is purged",
            archived.rows
        )));
    }
    let purged = purge_archived(&store, tenant, before, archived.last).await?;
    let detail = json!({
        "before": time(before),
        "rows": archived.rows,
        "purged": purged,
        "file": shown.to_string(),
    });
    let entry = trail::entry(CATEGORY, "archived", Target::named("audit"), &detail);
    let recorded = store.record(tenant, vec![entry]).await;
    recorded.map_err(Failure::unable("write the audit trail"))?;
    eprintln!("{} rows before {} are in {shown}, and purged", archived.rows, time(before));
    Ok(())
}

/// Writes the rows before a time to a new file, to the disk; none without a row.
async fn write(
    store: &dyn Store,
    tenant: TenantId,
    file: &Path,
    before: i64,
) -> Result<Option<Archived>, Failure> {
    let mut query = AuditQuery { until: Some(before), ..AuditQuery::all(None, PAGE) };
    let mut page = read(store, tenant, &query).await?;
    if page.is_empty() {
        return Ok(None);
    }
    let what = format!("write {}", file.display());
    let unable = || Failure::unable(&what);
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut out = BufWriter::new(made.map_err(unable())?);
    let mut archived = Archived { rows: 0, last: Position(0) };
    while let Some(last) = page.last() {
        for row in &page {
            let line = writeln!(out, "{}", show_row(row, Language::English));
            line.map_err(unable())?;
        }
        archived.rows += page.len() as u64;
        archived.last = last.place;
        query.after = Some(last.place);
        page = read(store, tenant, &query).await?;
    }
    let out = out.into_inner().map_err(io::IntoInnerError::into_error);
    out.and_then(|it| it.sync_all()).and_then(|()| sync_folder_of(file)).map_err(unable())?;
    Ok(Some(archived))
}

/// The name of a new file is on the disk when its folder is.
fn sync_folder_of(file: &Path) -> io::Result<()> {
    let folder = fs::canonicalize(file)?;
    folder.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn read_back(file: &Path) -> io::Result<Archived> {
    let mut archived = Archived { rows: 0, last: Position(0) };
    for line in BufReader::new(File::open(file)?).lines() {
        let row: Value = serde_json::from_str(&line?)?;
        archived.rows += 1;
        archived.last = Position(row["place"].as_i64().unwrap_or_default());
    }
    Ok(archived)
}

/// Removes the rows before a time that are in a file, which ends with one of a place. Places are
/// given in the order of commits: what is before the time, and no later than the place, is in the
/// file.
async fn purge_archived(
    store: &dyn Store,
    tenant: TenantId,
    before: i64,
    last: Position,
) -> Result<u64, Failure> {
    let purge = Purge { up_to: Some(last), ..Purge::before(before, PURGED_AT_ONCE) };
    let purged = audit::remove(store, tenant, purge).await;
    purged.map_err(Failure::unable("purge the audit trail"))
}

async fn read(
    store: &dyn Store,
    tenant: TenantId,
    query: &AuditQuery,
) -> Result<Vec<Recorded>, Failure> {
    let rows = store.audit(tenant, query.clone()).await;
    rows.map_err(Failure::unable("read the audit trail"))
}

fn text(csv: Vec<u8>) -> String {
    String::from_utf8(csv).expect("texts in CSV are a text")
}

#[cfg(test)]
mod tests {
    use provost_store::Entry;
    use provost_store::memory::MemoryStore;
    use std::sync::Arc;

    use super::*;

    fn entry(at: i64) -> Entry {
        let entry = trail::entry("Thing", "done", Target::named(&at.to_string()), &Value::Null);
        Entry { at, ..entry }
    }

    async fn times(store: &MemoryStore, tenant: TenantId) -> Vec<i64> {
        let rows = read(store, tenant, &AuditQuery::all(None, PAGE)).await.expect("it is there");
        rows.iter().map(|it| it.entry.at).collect()
    }

    #[tokio::test]
    async fn what_came_too_late_for_the_file_stays_also_while_others_purge() {
        let schemas = provost_platform::schema::schemas(&Default::default());
        let store = MemoryStore::new(Arc::new(schemas));
        let tenant = store.tenant("default".into()).await.unwrap();
        store.record(tenant, [1, 9, 2, 3].map(entry).to_vec()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("old");
        let archived = write(&store, tenant, &file, 5).await.ok().flatten().unwrap();
        assert_eq!(archived, Archived { rows: 3, last: Position(4) });
        assert_eq!(read_back(&file).unwrap(), archived);
        store.record(tenant, [4, 4].map(entry).to_vec()).await.unwrap();
        store.purge_audit(tenant, Purge::before(2, 1)).await.unwrap();
        let purged = purge_archived(&store, tenant, 5, archived.last).await.ok();
        assert_eq!((purged, times(&store, tenant).await), (Some(2), vec![9, 4, 4]));
        let lines = fs::read_to_string(&file).unwrap();
        fs::write(&file, &lines[..lines.len() - 2]).unwrap();
        assert!(read_back(&file).is_err(), "a line that is cut off");
        assert!(write(&store, tenant, &file, 5).await.is_err(), "no file is written over");
    }
}
