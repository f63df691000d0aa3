//! The time, for commands and for whoever fetches keys.

use provost_engine::{Clock as _, SystemClock};

/// The time in Unix seconds.
pub(crate) fn now() -> i64 {
    now_micros().div_euclid(1_000_000)
}

/// The time in microseconds since 1970.
pub(crate) fn now_micros() -> i64 {
    SystemClock.now_micros()
}
