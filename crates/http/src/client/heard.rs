//! When a server was last heard of.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of the last word that came, whatever it said: what is shown of a server is no later than that. Clones share it.
#[derive(Clone, Default)]
pub(super) struct LastHeard(Arc<AtomicU64>);

impl LastHeard {
    pub(super) fn note(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.0.store(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// In Unix milliseconds; nothing before the first word.
    pub(super) fn at(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }
}
