//! SCIM requests in work: no more than a bound, and a way to wait until there are none.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The SCIM requests in work.
pub(crate) struct Flights {
    permits: Arc<Semaphore>,
    max: u32,
}

/// A request in work, until it is dropped.
pub(crate) struct Flight(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Flights {
    pub(crate) fn new(max: u32) -> Self {
        Self { permits: Arc::new(Semaphore::new(max as usize)), max }
    }

    /// Counts a request in; `None` if there are too many.
    pub(crate) fn enter(&self) -> Option<Flight> {
        Arc::clone(&self.permits).try_acquire_owned().ok().map(Flight)
    }

    /// Waits until none is in work, but no longer than `time_max`. Requests that come in meanwhile
    /// must be turned away, or the wait is in vain.
    pub(crate) async fn landed(&self, time_max: Duration) {
        let all = self.permits.acquire_many(self.max);
        drop(timeout(time_max, all).await);
    }
}
