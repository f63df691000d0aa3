//! A disk that takes no more of the log: commits fail, and nothing that was said is taken back.
//!
//! The limit is the kernel's on the size of files. A process cannot have it lifted again, so the
//! test starts itself as a child that has it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use provost_scim::membership::Delta;
use provost_scim::schema::{Options as SchemaOptions, Schemas};
use provost_scim::value::{Message, Mode as Reading, Reader};
use provost_sqlite::{Options, SqliteStore, open};
use provost_store::{
    Act, Cause, Content, Error, Indexes, Mode, Position, ResourceId, Store as _, TenantId, Write,
};
use serde_json::json;
use uuid::Uuid;

const NAME: &str = "a_commit_that_the_disk_refuses_is_not_acknowledged";
/// In units of 512 bytes, as POSIX has it; some shells count in 1,024.
const LIMIT: &str = "800";

#[expect(clippy::print_stdout, reason = "a test without a harness names itself")]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |flag: &str| arguments.iter().any(|it| it == flag);
    match arguments.get(1).map(String::as_str) {
        Some("child") => child(Path::new(&arguments[2])),
        Some(_) if has("--list") && has("--ignored") => {}
        Some(_) if has("--list") => println!("{NAME}: test"),
        Some(_) | None => {
            parent();
            println!("test {NAME} ... ok");
        }
    }
}

fn parent() {
    let folder = tempfile::tempdir().unwrap();
    drop(Site::open(folder.path()));
    // A process over the limit gets a signal; ignored, the write fails instead.
    let script = format!("trap '' XFSZ; ulimit -f {LIMIT}; exec \"$0\" child \"$1\"");
    let itself = std::env::current_exe().unwrap();
    let child = Command::new("sh").arg("-c").arg(script).arg(itself).arg(folder.path()).output();
    let child = child.unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success(), "{text}{}", String::from_utf8_lossy(&child.stderr));
    let acknowledged: BTreeSet<u128> = text.lines().map(|line| line.parse().unwrap()).collect();
    assert!(acknowledged.len() > 5, "{acknowledged:?}");

    let site = Site::open(folder.path());
    assert_eq!(site.store.verify().unwrap(), []);
    let found = site.found();
    assert!(found.is_superset(&acknowledged), "{found:?} lacks some of {acknowledged:?}");
    site.create(99_999).expect("writes without the limit");
}

/// Writes until it was refused often enough, and prints what was acknowledged.
#[expect(clippy::print_stdout, reason = "it is how the child answers its parent")]
fn child(folder: &Path) {
    let site = Site::open(folder);
    let (mut refused, mut written) = (0, 0);
    for n in 0.. {
        match site.create(n) {
            Ok(()) => {
                written += 1;
                println!("{n}");
            }
            Err(Error::Unavailable(cause)) => {
                assert!(cause.to_string().contains("disk"), "{cause}");
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
        assert!(n < 100_000, "{written} written: the limit does not hold");
        if refused == 20 {
            break;
        }
    }
    // Reads are not hurt.
    assert!(site.found().len() >= written);
}

/// A store, used without a crowd.
struct Site {
    runtime: tokio::runtime::Runtime,
    schemas: Arc<Schemas>,
    indexes: Arc<Indexes>,
    store: SqliteStore,
    tenant: TenantId,
}

impl Site {
    fn open(folder: &Path) -> Self {
        let schemas = Arc::new(Schemas::builtin(&SchemaOptions::default()));
        let indexes = Arc::new(Indexes::new(&schemas));
        // A server: the limit meets the log and the database that it is copied back to.
        let store = open(Options::serve(folder), schemas.clone(), indexes.clone()).expect("opens");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let tenant = runtime.block_on(store.tenant("default".into())).expect("a tenant");
        Self { runtime, schemas, indexes, store, tenant }
    }

    fn create(&self, n: u128) -> Result<(), Error> {
        let kind = self.schemas.resource_type_by_name("User").expect("is built in").kind;
        let json = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": format!("u{n}"),
        });
        let mut reader = Reader::new(&self.schemas, kind, Reading::Strict);
        let new = reader.resource(&json, Message::Post).expect("is legal");
        let content = Content::between(&self.schemas, &self.indexes, kind, None, &new);
        let content = content.expect("is legal").expect("is a change");
        let act = Act::create(content, Delta::none());
        let (id, cause, now) = (ResourceId(Uuid::from_u128(n)), Cause::default(), n as i64);
        let write = Write {
            id,
            kind,
            if_match: None,
            act,
            secrets: Vec::new(),
            now,
            cause,
            entries: Vec::new(),
            mode: Mode::Commit,
        };
        self.runtime.block_on(self.store.apply(self.tenant, write)).map(drop)
    }

    fn found(&self) -> BTreeSet<u128> {
        let max = std::num::NonZeroU16::MAX;
        let events = self.runtime.block_on(self.store.feed(self.tenant, Position(0), max));
        events.expect("answers").iter().map(|event| event.id.0.as_u128()).collect()
    }
}
