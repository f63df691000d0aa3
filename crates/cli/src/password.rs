//! Hashing passwords beside the threads that serve.

use std::sync::Arc;
use std::thread::available_parallelism;

use bytes::Bytes;
use provost_auth::PasswordHash;
use provost_engine::{Hashing, SecretHasher};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Hashes one password a core at a time: others wait, and nothing else does.
pub(crate) struct Hasher(Arc<Semaphore>);

impl Hasher {
    pub(crate) fn new() -> Self {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        Self(Arc::new(Semaphore::new(cores)))
    }
}

impl SecretHasher for Hasher {
    fn hash(&self, secret: Box<str>) -> Hashing<'_> {
        Box::pin(async move {
            let turn = self.0.clone().acquire_owned().await?;
            let hash = spawn_blocking(move || {
                // It is held until the work is done, whether or not anyone still waits for it.
                let _turn = turn;
                PasswordHash::of(&secret)
            });
            Ok(Bytes::from(hash.await??.to_string()))
        })
    }
}
