//! When callers last took the rights of a user of the platform.

use quick_cache::sync::Cache;

/// How often it is told of one caller, in seconds.
const PAUSE: i64 = 60 * 60;

/// How many callers are remembered; of others it is told again.
const CALLERS_MAX: usize = 1_000;

pub(crate) struct Switches(Cache<Box<str>, i64>);

impl Default for Switches {
    fn default() -> Self {
        Self(Cache::new(CALLERS_MAX))
    }
}

impl Switches {
    /// Whether it is to be told of a caller, at `now` in Unix seconds.
    pub(crate) fn is_due(&self, caller: &str, now: i64) -> bool {
        self.0.get(caller).is_none_or(|last| now.saturating_sub(last) >= PAUSE)
    }

    /// It was told.
    pub(crate) fn told(&self, caller: &str, now: i64) {
        self.0.insert(caller.into(), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_told_of_once_an_hour() {
        let switches = Switches::default();
        let due = [0, 1, 3_599, 3_600, 3_601].map(|now| {
            let due = switches.is_due("jwt:a", now);
            if due {
                switches.told("jwt:a", now);
            }
            due
        });
        assert_eq!(due, [true, false, false, true, false]);
        assert!(switches.is_due("jwt:b", 2));
    }
}
