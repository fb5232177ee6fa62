//! Unix milliseconds that never jump within a run: the wall clock at the start plus the time since, sleep included.
//!
//! A run's timeout is counted on the same clock, so that what a run is shown to have taken is what its timeout has counted. Other
//! waits use `Instant`, which stands still while the machine sleeps.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Waits in a system call stand still while the machine sleeps: a deadline is looked at again after at most so long.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

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

/// A moment on the clock that counts the sleep of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Duration);

impl Deadline {
    /// In so long.
    pub fn within(left: Duration) -> Option<Self> {
        crate::sys::since_boot().checked_add(left).map(Self)
    }

    /// So long after a moment that was `ago`; `None` when that is farther off than a clock reaches.
    pub fn after(ms: u64, ago: Duration) -> Option<Self> {
        crate::sys::since_boot().saturating_sub(ago).checked_add(Duration::from_millis(ms)).map(Self)
    }

    /// What is to come of it.
    pub fn left(self) -> Duration {
        self.0.saturating_sub(crate::sys::since_boot())
    }

    pub fn is_over(self) -> bool {
        self.left().is_zero()
    }

    /// When to look at it again.
    pub fn look_at(self, now: Instant) -> Instant {
        now + self.left().min(LOOK_AGAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_over_when_its_time_has_passed_awake_or_asleep() {
        let hour = Duration::from_secs(3_600);
        assert!(!Deadline::after(3_600_000, Duration::ZERO).unwrap().is_over());
        // As after a night with the lid closed: the clock has gone on, `Instant` has not.
        assert!(Deadline(crate::sys::since_boot()).is_over());
        let now = Instant::now();
        let next = Deadline::after(3_600_000, Duration::ZERO).unwrap().look_at(now);
        assert!(next - now <= LOOK_AGAIN && hour > LOOK_AGAIN);
        let soon = Deadline::after(50, Duration::ZERO).unwrap().look_at(now);
        assert!(soon - now <= Duration::from_millis(50));
        assert!(Deadline::after(u64::MAX, Duration::ZERO).is_some(), "far off is not a failure");
    }
}
