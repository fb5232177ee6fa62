//! Unix milliseconds that never jump within a run: the wall clock at the start plus the time since, sleep included.
//!
//! Timeouts and durations are not taken from here; they use `Instant`, the monotonic clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Debug, Clone, Copy)]
pub struct Clock {
    wall: Duration,
    boot: Duration,
}

impl Clock {
    pub fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall, boot: crate::sys::since_boot() }
    }

    pub fn now_ms(&self) -> u64 {
        let now = self.wall + crate::sys::since_boot().saturating_sub(self.boot);
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }
}
