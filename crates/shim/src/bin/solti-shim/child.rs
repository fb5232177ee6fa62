//! The leader of the run: its life, and its status, which is learned without reaping it. How it comes to be is in exec.rs.
//!
//! The leader stays a zombie until the run is over. That pins its pid and its process group id, so a signal to the
//! group can never reach a stranger. Where there is a control group, it starts in that. Deciding when to signal is `ending`'s business.

use std::collections::HashSet;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;
use std::time::{Duration, Instant};

use solti_shim::cgroup::{RunGroup, Unenforced};
use solti_shim::exit_record::{LeaderStatus, Usage};
use solti_shim::launch::LaunchSpec;
use solti_shim::start_report::{Stage, StartFailure};
use solti_shim::tree;

use crate::exec::{Failed, Image, Pipes, exec_stage};
use crate::start::at;
use crate::sys::{self, SignalSet};

/// Of the whole tree, until nobody is new in it.
const MOST_LOOKS: usize = 100;

#[derive(Debug)]
pub struct Leader {
    pid: libc::pid_t,
    /// `None` on a kernel without pidfd; then SIGCHLD alone wakes us.
    pidfd: Option<OwnedFd>,
    status: Option<LeaderStatus>,
    group: Option<RunGroup>,
    unenforced: Unenforced,
}

impl Leader {
    /// Starts the program in a process group of its own, and in `group` when the kernel lets it, and returns once exec has
    /// succeeded.
    pub fn spawn(
        spec: &LaunchSpec,
        home: BorrowedFd<'_>,
        mut group: Option<RunGroup>,
        ignored: SignalSet,
        pipes: Pipes,
    ) -> Result<Self, StartFailure> {
        let image = Image::new(spec, home, ignored, &pipes)?;
        let mut unenforced = Unenforced::without_group(&spec.limits);
        let mut cloned = None;
        if let Some(made) = &group {
            let limited = made.limit(&spec.limits);
            cloned = image.clone_into(made.as_fd()).ok();
            if cloned.is_some() {
                unenforced = limited;
            } else {
                made.remove();
                group = None;
            }
        }
        let (pid, pidfd) = match cloned {
            Some(cloned) => cloned,
            None => image.clone_here().map_err(at(Stage::Spawn))?,
        };
        drop(pipes);
        let Some(Failed { stage, errno }) = image.failed() else {
            return Ok(Self { pid, pidfd, status: None, group, unenforced });
        };
        // SAFETY: a null status is allowed; the child is on its way out, so this does not wait for long.
        unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
        if let Some(group) = group {
            group.remove();
        }
        let stage = if stage == Stage::Exec { exec_stage(spec, home, errno) } else { stage };
        Err(StartFailure { stage, errno })
    }

    /// Of the run's limits.
    pub fn unenforced(&self) -> Unenforced {
        self.unenforced
    }

    /// KILL for everything in the control group, also for what is forked meanwhile.
    pub fn kill_group(&self) {
        if let Some(group) = &self.group {
            // A kernel without this has the sweep.
            group.kill().ok();
        }
    }

    /// Whether something lives in the control group.
    pub fn group_is_populated(&self) -> bool {
        self.group.as_ref().is_some_and(RunGroup::is_populated)
    }

    /// Takes the leader and its control group off the machine; returns what the run has used, and whether the kernel has
    /// killed some of it for want of memory. No signal may be sent after this.
    pub fn finish(self) -> (Usage, bool) {
        reap(self.pid);
        let mut usage = sys::usage_of_children();
        let mut oom_killed = false;
        if let Some(group) = self.group {
            usage.cpu_us = group.cpu_us().unwrap_or(usage.cpu_us);
            usage.peak_memory_bytes = group.peak_memory().or(usage.peak_memory_bytes);
            usage.io_bytes = group.io_bytes().or(usage.io_bytes);
            oom_killed = group.oom_kills() > 0;
            group.remove();
        }
        (usage, oom_killed)
    }

    pub fn pid(&self) -> u32 {
        self.pid.unsigned_abs()
    }

    pub fn status(&self) -> Option<LeaderStatus> {
        self.status
    }

    /// The descriptor that becomes readable when the leader ends, -1 when there is nothing to wait for.
    pub fn poll_fd(&self) -> RawFd {
        if self.status.is_some() { -1 } else { self.pidfd.as_ref().map_or(-1, AsRawFd::as_raw_fd) }
    }

    /// Looks whether the leader has ended, and leaves it a zombie.
    pub fn look(&mut self) {
        if self.status.is_none() {
            self.status = peek(libc::P_PID, self.pid.unsigned_abs()).map(|(_, status)| status);
        }
    }

    /// Reaps adopted orphans that have ended, but never the leader. Once that has ended, it takes a look at all children, which
    /// is for a run that `goes_on` without it.
    pub fn reap_orphans(&mut self, goes_on: bool) {
        while let Some((pid, status)) = peek(libc::P_ALL, 0) {
            if pid == self.pid {
                // It would be reported again and again, before all others.
                self.status = self.status.or(Some(status));
                if goes_on {
                    self.has_company();
                }
                return;
            }
            reap(pid);
        }
    }

    /// Whether a child but the leader is left, which is to say any process of the run; reaps those that have ended.
    pub fn has_company(&self) -> bool {
        is_any_left_but(Some(self.pid()))
    }

    /// Has every process of the run stand still, or go on.
    pub fn stand_still(&self, still: bool) {
        if self.group.as_ref().is_some_and(|group| group.freeze(still).is_ok()) {
            return;
        }
        let signal = if still { libc::SIGSTOP } else { libc::SIGCONT };
        let mut reported = HashSet::new();
        // One that was forked while we looked is seen by the next look; one that stands still forks none.
        for _ in 0..MOST_LOOKS {
            let all = tree::descendants(std::process::id()).unwrap_or_default();
            let new: Vec<_> = all
                .into_iter()
                .filter(|process| !process.zombie && reported.insert((process.pid, process.start_ticks)))
                .collect();
            if new.is_empty() {
                return;
            }
            // One that is gone, or that became another user's, is left alone.
            new.iter().for_each(|process| drop(process.signal(signal)));
        }
    }

    /// Signals the leader, and nobody else.
    pub fn signal(&self, signal: i32) {
        // SAFETY: integers only; the unreaped leader keeps its number from being anybody else's.
        unsafe { libc::kill(self.pid, signal) };
    }

    /// Signals the leader's whole process group.
    pub fn signal_group(&self, signal: i32) {
        // SAFETY: integers only; the unreaped leader keeps the group id from being anybody else's.
        unsafe { libc::kill(-self.pid, signal) };
    }
}

/// Takes an ended child off the process table; `false`, and nothing is done, while it lives.
fn reap(pid: libc::pid_t) -> bool {
    // SAFETY: a null status is allowed, the rest are integers.
    unsafe { libc::waitpid(pid, ptr::null_mut(), libc::WNOHANG) != 0 }
}

/// Whether a child but this one is left; reaps those that have ended.
fn is_any_left_but(one: Option<u32>) -> bool {
    // Without the list nothing is known; whoever waits for nobody to be left has a time limit.
    let Ok(children) = tree::children(std::process::id()) else { return true };
    let others = children.into_iter().filter(|pid| Some(*pid) != one);
    // All are reaped, not only those up to the first that lives.
    others.filter(|pid| !reap(pid.cast_signed())).count() > 0
}

/// Whether all children end within a time.
pub fn all_end_within(patience: Duration) -> bool {
    let give_up_at = Instant::now() + patience;
    while is_any_left_but(None) {
        if Instant::now() >= give_up_at {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// An ended child and how it ended, without reaping it.
fn peek(kind: libc::idtype_t, id: libc::id_t) -> Option<(libc::pid_t, LeaderStatus)> {
    // SAFETY: a zeroed siginfo is valid; with WNOHANG and no ended child the kernel leaves its pid at zero.
    // After success the accessors read the fields that SIGCHLD defines.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        if libc::waitid(kind, id, &raw mut info, flags) != 0 || info.si_pid() == 0 {
            return None;
        }
        let status = match info.si_code {
            libc::CLD_EXITED => LeaderStatus::Code(info.si_status()),
            _ => LeaderStatus::Signal(info.si_status()),
        };
        Some((info.si_pid(), status))
    }
}
