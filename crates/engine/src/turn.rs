//! Writers of one resource's body take turns, instead of computing changes that come too late.
//!
//! A body change that was computed from an older body is refused by the store and computed anew.
//! Several clients that change one resource at once would keep refusing one another; within a
//! process they wait here for their turn. Other processes are met by computing anew.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use provost_store::{ResourceId, TenantId};
use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard};

/// How many resources can be written at once. Two that share a place wait for one another.
const PLACES: usize = 1_024;

/// The turns of all resources; shared by all requests of a process.
pub struct Turns {
    places: Vec<Mutex<()>>,
    administrators: Arc<Mutex<()>>,
}

impl Default for Turns {
    fn default() -> Self {
        let places = std::iter::repeat_with(Mutex::default).take(PLACES).collect();
        Self { places, administrators: Arc::default() }
    }
}

impl Turns {
    /// Waits for the turn to change the body of a resource; it lasts until the guard is dropped.
    pub(crate) async fn wait(&self, tenant: TenantId, id: ResourceId) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        (tenant, id).hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % PLACES as u64).unwrap_or_default();
        self.places[place].lock().await
    }

    /// Waits for the turn to take an administrator away, of any tenant. Whoever has it waits for no
    /// resource's turn.
    pub(crate) async fn administrators(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.administrators).lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_resource_has_one_turn_at_a_time() {
        let turns = Turns::default();
        let id = ResourceId::parse("00000000-0000-7000-8000-000000000001").unwrap();
        let first = turns.wait(TenantId(1), id).await;
        let mut second = Box::pin(turns.wait(TenantId(1), id));
        let polled =
            std::future::poll_fn(|cx| std::task::Poll::Ready(second.as_mut().poll(cx).is_ready()));
        assert!(!polled.await, "the second one waits");
        drop(first);
        drop(second.await);
    }
}
