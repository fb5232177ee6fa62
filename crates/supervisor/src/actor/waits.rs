//! Waits for the next attempt, for a time before which a task does not start, for a schedule: the sleep of the machine and a clock
//! that is set must not make one longer than the row says.
//!
//! A wait is over when the clock on the wall shows its time, or when its length has passed with the sleep of the machine counted,
//! whichever is first: a clock that is set forward brings an attempt forward as the row says, and one that is set back puts
//! none off. What was noted by a clock that was set back while the engine was away is waited for no longer than from its note on.
//! The runtime's timers stand still in suspend; so what waits looks anew when the machine wakes or its clock is set.
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
    /// When it ends, as was told last.
    told_ms: u64,
    jumps: watch::Receiver<u64>,
    inner: Arc<Inner>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    Due,
    /// The clock was set back, or forward again. The wait is no longer for that, and ends when the clock shows this.
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

    /// Waits for a time that was noted when the clock showed `noted_ms`.
    pub(crate) fn begin(&self, due_ms: u64, noted_ms: u64) -> Wait {
        self.0.waiting.send_modify(|waiting| *waiting += 1);
        // What is not after its note was noted by another clock.
        let own = due_ms.checked_sub(noted_ms).filter(|own| *own > 0).unwrap_or(u64::MAX);
        let left = due_ms.saturating_sub(now_ms()).min(own);
        Wait {
            due_ms,
            ends: (self.0.boot)().saturating_add(Duration::from_millis(left)),
            told_ms: due_ms,
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
            let left = u64::try_from(by_boot.min(by_wall).as_millis()).unwrap_or(u64::MAX);
            let due_ms = now.saturating_add(left);
            if Duration::from_millis(due_ms.abs_diff(self.told_ms)) > IN_STEP {
                self.told_ms = due_ms;
                return Woken::Moved { due_ms };
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

    /// Unix milliseconds.
    pub(crate) fn wall_ms(self) -> u64 {
        u64::try_from(self.wall.as_millis()).unwrap_or(u64::MAX)
    }

    /// By how much the clock on the wall was set, in milliseconds, if it was.
    pub(crate) fn set_since(self, before: Self) -> Option<i64> {
        let ms = |of: Duration| i64::try_from(of.as_millis()).unwrap_or(i64::MAX);
        let by = (ms(self.wall) - ms(before.wall)) - (ms(self.boot) - ms(before.boot));
        (Duration::from_millis(by.unsigned_abs()) > IN_STEP).then_some(by)
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
        assert_eq!(waits.begin(now_ms() + 20, now_ms()).next().await, Woken::Due);
        // As it is after a night's sleep: the time is long passed.
        let mut slept = waits.begin(now_ms() + 3_600_000, now_ms());
        slept.ends = since_boot();
        assert_eq!(slept.next().await, Woken::Due);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_puts_nothing_off() {
        let waits = Waits::start();
        let due_ms = now_ms() + 30 * 24 * 3_600_000;
        // An hour long, as its note says, which is of a clock that showed more then.
        let mut wait = waits.begin(due_ms, due_ms - 3_600_000);
        let Woken::Moved { due_ms: moved } = wait.next().await else { panic!("not yet") };
        let left = moved - now_ms();
        assert!((3_590_000..=3_600_000).contains(&left), "{left} ms");
        // A clock that is set forward again brings it to where it was, and no nearer.
        wait.due_ms = moved - 1_800_000;
        assert_eq!(wait.next().await, Woken::Moved { due_ms: moved - 1_800_000 });
        // A note of a later time than its own says nothing.
        let mut other = waits.begin(now_ms() + 3_600_000, due_ms);
        let early = tokio::time::timeout(Duration::from_millis(20), other.next()).await;
        assert!(early.is_err(), "it waits");
    }

    #[tokio::test]
    async fn who_waits_looks_anew_when_the_machine_wakes() {
        static SLEPT: AtomicU64 = AtomicU64::new(0);
        let waits = Waits::with_clock(|| since_boot() + Duration::from_secs(SLEPT.load(Ordering::SeqCst)));
        let mut wait = waits.begin(now_ms() + 3_600_000, now_ms());
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
        assert_eq!(later(10_050, 10_000, 10_000).set_since(now), None);
        assert_eq!(woken.set_since(now), None, "slept");
        assert_eq!(later(70_000, 10_000, 10_000).set_since(now), Some(60_000));
        assert_eq!(back.set_since(now), Some(-3_610_000));
    }
}
