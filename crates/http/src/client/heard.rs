//! When a server was last heard of.

use solti_model::unix_ms;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// The time of the last word that came, whatever it said: what is shown of a server is no later than that. Clones share it.
#[derive(Clone, Default)]
pub(super) struct LastHeard(Arc<AtomicU64>);

impl LastHeard {
    pub(super) fn note(&self) {
        self.0.store(unix_ms(SystemTime::now()), Ordering::Relaxed);
    }

    /// In Unix milliseconds; nothing before the first word.
    pub(super) fn at(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }
}
