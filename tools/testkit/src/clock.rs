//! A clock that stands still, and ids that count: what a test sees is the same each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use provost_engine::{Clock, IdSource};
use provost_store::ResourceId;
use uuid::Uuid;

/// The time at which clocks begin: 2026-07-01T00:00:00Z, in Unix seconds.
pub const START: i64 = 1_782_864_000;

/// A clock that is set by hand. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct FrozenClock(Arc<AtomicI64>);

impl FrozenClock {
    /// A clock that stands at a time in Unix seconds.
    pub fn at(seconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(seconds * 1_000_000)))
    }

    /// Moves the clock by seconds, forward or back.
    pub fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// The time in Unix seconds.
    pub fn seconds(&self) -> i64 {
        self.now_micros() / 1_000_000
    }
}

impl Default for FrozenClock {
    fn default() -> Self {
        Self::at(START)
    }
}

impl Clock for FrozenClock {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Ids from 1 on: `00000000-0000-7000-8000-000000000001`.
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU64);

impl CountingIds {
    /// The id that is given as the `number`th, from 1.
    pub fn nth(number: u64) -> ResourceId {
        ResourceId(Uuid::from_u128(0x7000_8000_0000_0000_0000_u128 | u128::from(number)))
    }
}

impl IdSource for CountingIds {
    fn next(&self, _now: i64) -> ResourceId {
        Self::nth(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_count_and_the_clock_moves_only_by_hand() {
        let ids = CountingIds::default();
        assert_eq!(ids.next(0).to_string(), "00000000-0000-7000-8000-000000000001");
        assert_eq!(ids.next(0).to_string(), "00000000-0000-7000-8000-000000000002");
        let clock = FrozenClock::default();
        assert_eq!(clock.seconds(), START);
        clock.clone().pass(-1);
        assert_eq!(clock.seconds(), START - 1);
    }
}
