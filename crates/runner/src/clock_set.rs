//! Tells that the clock on the wall was set, or that the machine woke from suspend, where the system tells.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub use linux::ClockSet;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub use untold::ClockSet;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::os::fd::OwnedFd;
    use tokio::io::unix::AsyncFd;

    /// A timer that never runs out, and is cancelled when the clock is set; waking up counts as that.
    #[derive(Debug)]
    pub struct ClockSet(Option<AsyncFd<OwnedFd>>);

    impl ClockSet {
        /// Needs a runtime that drives I/O.
        #[must_use]
        pub fn new() -> Self {
            Self(Self::open().ok())
        }

        fn open() -> std::io::Result<AsyncFd<OwnedFd>> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Realtime, flags)?;
            arm(&timer)?;
            crate::readable::readable(timer)
        }

        /// Waits for it to happen once more; for ever where the system does not tell.
        pub async fn wait(&mut self) {
            let Some(timer) = &self.0 else { return std::future::pending().await };
            let reported = timer.readable().await.map(|mut ready| ready.clear_ready());
            if reported.is_err() || arm(timer.get_ref()).is_err() {
                self.0 = None;
            }
        }
    }

    impl Default for ClockSet {
        fn default() -> Self {
            Self::new()
        }
    }

    /// Setting it anew takes back that it is readable.
    fn arm(timer: &OwnedFd) -> std::io::Result<()> {
        // As far off as the kernel's nanoseconds reach.
        let never = Timespec { tv_sec: i64::MAX / 1_000_000_000, tv_nsec: 0 };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: never };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        match timerfd_settime(timer, flags, &once) {
            // It was set again meanwhile; the timer is armed all the same.
            Ok(_) | Err(rustix::io::Errno::CANCELED) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::time::Duration;

        #[tokio::test]
        async fn nothing_is_told_of_a_clock_that_nobody_sets() {
            let mut set = ClockSet::new();
            assert!(set.0.is_some(), "this system tells");
            let reported = tokio::time::timeout(Duration::from_millis(50), set.wait()).await;
            assert!(reported.is_err());
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod untold {
    #[derive(Debug, Default)]
    pub struct ClockSet;

    impl ClockSet {
        #[must_use]
        pub fn new() -> Self {
            Self
        }

        pub async fn wait(&mut self) {
            std::future::pending().await
        }
    }
}
