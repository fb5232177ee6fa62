//! Waits for the next attempt, which the sleep of the machine and a clock that is set must not make longer than the row says.
//!
//! A wait is over when the clock on the wall shows its time, or when its length has passed with the sleep of the machine counted,
//! whichever is first: a clock that is set forward brings an attempt forward as the row says, and one that is set back puts
//! none off. The runtime's timers stand still in suspend; so what waits looks anew when the machine wakes or its clock is set.
//! Linux tells of both; for systems that do not, the clocks are compared now and then, as long as anything waits.

use crate::clock::now_ms;
use solti_runner::ClockSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two comparisons of the clocks.
const COMPARED_EVERY: Duration = Duration::from_secs(10);
/// Clocks that differ by less were not set: they are kept in step all the time.
const IN_STEP: Duration = Duration::from_millis(500);
/// A timer of the runtime holds two years.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// Cheap to clone. Needs a runtime.
#[derive(Debug, Clone)]
pub(crate) struct Waits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Counts the jumps.
    jumps: watch::Sender<u64>,
    waiting: watch::Sender<usize>,
    /// A clock that counts the sleep of the machine.
    boot: fn() -> Duration,
}

/// One wait; dropping it takes it back.
#[derive(Debug)]
pub(crate) struct Wait {
    /// By the clock on the wall, in Unix milliseconds.
    due_ms: u64,
    /// The same by the clock that cannot be set.
    ends: Duration,
    jumps: watch::Receiver<u64>,
    inner: Arc<Inner>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    Due,
    /// The clock was set back. The wait is no longer for that, and ends at this time now.
    Moved {
        due_ms: u64,
    },
}

impl Waits {
    pub(crate) fn start() -> Self {
        Self::with_clock(since_boot)
    }

    fn with_clock(boot: fn() -> Duration) -> Self {
        let inner = Arc::new(Inner { jumps: watch::Sender::new(0), waiting: watch::Sender::new(0), boot });
        tokio::spawn(watch_clocks(Arc::downgrade(&inner), inner.waiting.subscribe()));
        Self(inner)
    }

    /// `due_ms` is `length` from now, or nearer.
    pub(crate) fn begin(&self, due_ms: u64, length: Duration) -> Wait {
        self.0.waiting.send_modify(|waiting| *waiting += 1);
        Wait {
            due_ms,
            ends: (self.0.boot)().saturating_add(length),
            jumps: self.0.jumps.subscribe(),
            inner: Arc::clone(&self.0),
        }
    }
}

impl Wait {
    pub(crate) async fn next(&mut self) -> Woken {
        loop {
            let now = now_ms();
            let by_wall = Duration::from_millis(self.due_ms.saturating_sub(now));
            let by_boot = self.ends.saturating_sub((self.inner.boot)());
            if by_wall.is_zero() || by_boot.is_zero() {
                return Woken::Due;
            }
            if by_wall > by_boot.saturating_add(IN_STEP) {
                let left = u64::try_from(by_boot.as_millis()).unwrap_or(u64::MAX);
                self.due_ms = now.saturating_add(left);
                return Woken::Moved { due_ms: self.due_ms };
            }
            tokio::select! {
                () = tokio::time::sleep(by_wall.min(by_boot).min(LONGEST_SLEEP)) => {}
                // Without the sender the runtime is ending.
                Ok(()) = self.jumps.changed() => {}
            }
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.inner.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

async fn watch_clocks(inner: Weak<Inner>, mut waiting: watch::Receiver<usize>) {
    let mut reported = ClockSet::new();
    // Ends with the last clone.
    while waiting.wait_for(|waiting| *waiting > 0).await.is_ok() {
        let before = Clocks::now();
        let jumped = tokio::select! {
            () = reported.wait() => true,
            () = tokio::time::sleep(COMPARED_EVERY) => Clocks::now().jumped_since(before),
        };
        let Some(inner) = inner.upgrade() else { return };
        if jumped {
            tracing::info!("the machine was suspended, or its clock set: waits are looked at anew");
            inner.jumps.send_modify(|jumps| *jumps = jumps.wrapping_add(1));
        }
    }
}

/// The clock that is set by people, the one that counts sleep, and the one that does not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clocks {
    wall: Duration,
    boot: Duration,
    awake: Instant,
}

impl Clocks {
    pub(crate) fn now() -> Self {
        Self { wall: Duration::from_millis(now_ms()), boot: since_boot(), awake: Instant::now() }
    }

    /// For how long the machine slept; nothing where no clock counts that.
    pub(crate) fn asleep_since(self, before: Self) -> Duration {
        let awake = self.awake.saturating_duration_since(before.awake);
        self.boot.saturating_sub(before.boot).saturating_sub(awake)
    }

    fn jumped_since(self, before: Self) -> bool {
        let awake = self.awake.saturating_duration_since(before.awake);
        let apart = |from: Duration, to: Duration| (from + awake).abs_diff(to) > IN_STEP;
        apart(before.wall, self.wall) || apart(before.boot, self.boot)
    }
}

/// On a clock that counts the sleep of the machine and is never set.
fn since_boot() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Boottime;
    // On Apple's systems this one counts sleep. Elsewhere nothing better is at hand.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(CLOCK);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    const HOUR: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn a_wait_ends_when_its_time_is_passed_on_either_clock() {
        let waits = Waits::start();
        let soon = Duration::from_millis(20);
        assert_eq!(waits.begin(now_ms() + 20, HOUR).next().await, Woken::Due);
        assert_eq!(waits.begin(now_ms() + 20, soon).next().await, Woken::Due);
        // As it is after a night's sleep: the time is long passed.
        let mut slept = waits.begin(now_ms() + 3_600_000, HOUR);
        slept.ends = since_boot();
        assert_eq!(slept.next().await, Woken::Due);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_puts_nothing_off() {
        let waits = Waits::start();
        let mut wait = waits.begin(now_ms() + 30 * 24 * 3_600_000, HOUR);
        let Woken::Moved { due_ms } = wait.next().await else { panic!("not yet") };
        let left = due_ms - now_ms();
        assert!((3_590_000..=3_600_000).contains(&left), "{left} ms");
    }

    #[tokio::test]
    async fn who_waits_looks_anew_when_the_machine_wakes() {
        static SLEPT: AtomicU64 = AtomicU64::new(0);
        let waits = Waits::with_clock(|| since_boot() + Duration::from_secs(SLEPT.load(Ordering::SeqCst)));
        let mut wait = waits.begin(now_ms() + 3_600_000, HOUR);
        let early = tokio::time::timeout(Duration::from_millis(50), wait.next()).await;
        assert!(early.is_err(), "it waits");
        let waiting = tokio::spawn(async move { wait.next().await });
        tokio::task::yield_now().await;
        SLEPT.store(7_200, Ordering::SeqCst);
        waits.0.jumps.send_modify(|jumps| *jumps += 1);
        let woken = tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("woken");
        assert_eq!(woken.expect("no panic"), Woken::Due);
    }

    #[test]
    fn a_jump_is_told_from_a_clock_that_is_kept_in_step() {
        let now = Clocks::now();
        let later = |wall: u64, boot: u64, awake: u64| Clocks {
            wall: now.wall + Duration::from_millis(wall),
            boot: now.boot + Duration::from_millis(boot),
            awake: now.awake + Duration::from_millis(awake),
        };
        assert!(!later(10_050, 10_000, 10_000).jumped_since(now));
        assert!(later(70_000, 10_000, 10_000).jumped_since(now), "set forward");
        let woken = later(3_600_000, 3_600_000, 10_000);
        assert!(woken.jumped_since(now), "slept");
        assert_eq!(woken.asleep_since(now), Duration::from_secs(3_590));
        assert_eq!(later(70_000, 10_000, 10_000).asleep_since(now), Duration::ZERO, "set forward");
        let back = Clocks { wall: now.wall - HOUR, ..later(0, 10_000, 10_000) };
        assert!(back.jumped_since(now), "set back");
    }
}
