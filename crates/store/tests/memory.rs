//! The in-memory store keeps the contract.

use std::sync::Arc;

use provost_scim::schema::{Options, Schemas};
use provost_store::memory::MemoryStore;
use provost_store::suite::{Opened, sequences};

provost_store::contract_suite!(|schemas, _| Opened {
    store: Arc::new(MemoryStore::new(schemas)),
    keep: Box::new(()),
});

#[tokio::test]
async fn two_memory_stores_answer_random_sequences_alike() {
    let schemas = Arc::new(Schemas::builtin(&Options::default()));
    let [left, right] = [(); 2].map(|()| Arc::new(MemoryStore::new(schemas.clone())));
    sequences(0..200, schemas, left, right).await;
}
