//! The clock of the machine and ids made from it: the one place where they are asked for.

use std::sync::{Mutex, PoisonError};

use provost_store::ResourceId;
use uuid::{ContextV7, Timestamp, Uuid};

use crate::{Clock, IdSource};

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the `Clock` that others take")]
    fn now_micros(&self) -> i64 {
        jiff::Timestamp::now().as_microsecond()
    }
}

/// Ids of version 7 (RFC 9562 §5.7): the time, a counter within the moment, then randomness.
#[derive(Debug, Default)]
pub struct SystemIds {
    counter: Mutex<ContextV7>,
}

impl IdSource for SystemIds {
    fn next(&self, now: i64) -> ResourceId {
        let seconds = u64::try_from(now.div_euclid(1_000_000)).unwrap_or(0);
        let nanos = u32::try_from(now.rem_euclid(1_000_000)).unwrap_or(0) * 1_000;
        let counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        ResourceId(Uuid::new_v7(Timestamp::from_unix(&*counter, seconds, nanos)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_also_within_one_moment() {
        let ids = SystemIds::default();
        let made: Vec<ResourceId> = [5, 5, 5, 6, 6].map(|now| ids.next(now * 1_000_000)).into();
        assert!(made.is_sorted_by(|left, right| left < right));
    }
}
