//! How the store is: what the threads know and its callers ask.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// With a log of this length no write is taken.
const LOG_BYTES_MAX: u64 = 1 << 30;

#[derive(Default)]
pub(crate) struct Condition {
    trouble: Mutex<Option<String>>,
    log_bytes: AtomicU64,
}

impl Condition {
    /// What keeps the writer from writing.
    pub(crate) fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        trouble.or_else(|| {
            let bytes = self.log_bytes();
            let text =
                || format!("the write-ahead log has {bytes} bytes and cannot be copied back");
            (bytes >= LOG_BYTES_MAX).then(text)
        })
    }

    pub(crate) fn set_trouble(&self, text: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    /// What of the write-ahead log is in use.
    pub(crate) fn log_bytes(&self) -> u64 {
        self.log_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn set_log_bytes(&self, bytes: u64) {
        self.log_bytes.store(bytes, Ordering::Relaxed);
    }

    /// The log begins anew, unless someone wrote since it had this length.
    pub(crate) fn log_restarted(&self, bytes: u64) {
        let order = Ordering::Relaxed;
        // Whoever wrote in between has set the length that is right.
        let _ = self.log_bytes.compare_exchange(bytes, 0, order, order);
    }

    pub(crate) fn is_log_full(&self) -> bool {
        self.log_bytes() >= LOG_BYTES_MAX
    }
}
