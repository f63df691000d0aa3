//! SQLite keeps the store's contract, and answers as the in-memory store does.

use std::path::Path;
use std::sync::Arc;

use provost_scim::schema::{Options as SchemaOptions, Schemas};
use provost_sqlite::{Options, open};
use provost_store::memory::MemoryStore;
use provost_store::suite::{Opened, sequences};
use provost_store::{Indexes, Store};

fn fresh(schemas: Arc<Schemas>, indexes: Arc<Indexes>) -> Opened {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(Options::serve(folder.path()), schemas, indexes).expect("opens");
    Opened { store: Arc::new(store), keep: Box::new(folder) }
}

provost_store::contract_suite!(fresh);

/// Random sequences compare answers, not durability: where the machine has memory for files, the
/// database lies there.
fn quick_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary folder")
}

async fn compare(seeds: std::ops::Range<u64>) {
    let schemas = Arc::new(Schemas::builtin(&SchemaOptions::default()));
    let indexes = Arc::new(Indexes::new(&schemas));
    let folder = quick_folder();
    let options = Options { readers: 1, ..Options::serve(folder.path()) };
    let sqlite = open(options, schemas.clone(), indexes).expect("opens");
    let sqlite = Arc::new(sqlite);
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new(schemas.clone()));
    sequences(seeds, schemas, memory, sqlite.clone()).await;
    assert_eq!(sqlite.verify().expect("is readable"), []);
}

// Ten thousand sequences, in four parts that run beside one another.
#[tokio::test]
async fn random_sequences_0_to_2500_are_answered_as_in_memory() {
    compare(0..2_500).await;
}

#[tokio::test]
async fn random_sequences_2500_to_5000_are_answered_as_in_memory() {
    compare(2_500..5_000).await;
}

#[tokio::test]
async fn random_sequences_5000_to_7500_are_answered_as_in_memory() {
    compare(5_000..7_500).await;
}

#[tokio::test]
async fn random_sequences_7500_to_10000_are_answered_as_in_memory() {
    compare(7_500..10_000).await;
}
