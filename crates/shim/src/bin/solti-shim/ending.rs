//! Ending a run that does not end by itself: TERM, grace, KILL, and a sweep until nothing of the tree is left.
//!
//! A leader that ended by itself is a case for this only where the task says so (`after_main`).

use std::time::{Duration, Instant};

use solti_shim::tree::{self, Process};

use crate::child::Leader;

/// How long the sweep after KILL goes on before it reports survivors.
pub const SWEEP_FOR: Duration = Duration::from_millis(800);
/// Between two looks at the process table.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Timeout,
    Stop,
    OutputLimit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// TERM was sent; KILL follows at this time.
    Asked {
        kill_at: Instant,
    },
    /// KILL was sent; given up at this time.
    Killed {
        give_up_at: Instant,
    },
    Gone,
    Survived,
}

/// One run being ended.
#[derive(Debug)]
pub struct Ending {
    /// `None`: the leader had ended by itself before, and only what it left behind is being ended, as the task wants it.
    cause: Option<Cause>,
    step: Step,
    killed_after_grace: bool,
    look_at: Option<Instant>,
    looked_at: Option<Instant>,
}

impl Ending {
    /// `leader_alone`: it hands a TERM on to whom that is meant for; nobody else is to hear one beside that.
    pub fn begin(
        cause: Option<Cause>,
        leader: &Leader,
        leader_alone: bool,
        grace: Duration,
        now: Instant,
    ) -> Self {
        if leader_alone && leader.status().is_none() {
            leader.signal(libc::SIGTERM);
        } else {
            leader.signal_group(libc::SIGTERM);
            // A stopped process takes its TERM only when it goes on.
            leader.signal_group(libc::SIGCONT);
            for process in tree::descendants(std::process::id()).unwrap_or_default() {
                if process.group != leader.pid() && !process.zombie {
                    signal(&process, libc::SIGTERM);
                    signal(&process, libc::SIGCONT);
                }
            }
        }
        let step = Step::Asked { kill_at: now + grace };
        Self { cause, step, killed_after_grace: false, look_at: None, looked_at: None }
    }

    pub fn cause(&self) -> Option<Cause> {
        self.cause
    }

    pub fn killed_after_grace(&self) -> bool {
        self.killed_after_grace
    }

    pub fn survivors(&self) -> bool {
        self.step == Step::Survived
    }

    /// Whether nothing more is going to be done to the tree.
    pub fn is_done(&self) -> bool {
        matches!(self.step, Step::Gone | Step::Survived)
    }

    /// When [`proceed`](Self::proceed) has something to do.
    pub fn due(&self) -> Option<Instant> {
        let step = match self.step {
            Step::Asked { kill_at } => Some(kill_at),
            Step::Killed { give_up_at } => Some(give_up_at),
            Step::Gone | Step::Survived => None,
        };
        [step, self.look_at].into_iter().flatten().min()
    }

    /// Some process of the tree has ended: it is worth a look whether it was the last.
    pub fn notice_exit(&mut self, now: Instant) {
        if !self.is_done() && self.look_at.is_none() {
            self.look_at = Some(self.looked_at.map_or(now, |at| now.max(at + BETWEEN_LOOKS)));
        }
    }

    /// Does not wait for the grace to pass.
    pub fn kill(&mut self, leader: &Leader, now: Instant) {
        if let Step::Asked { .. } = self.step {
            leader.kill_group();
            leader.signal_group(libc::SIGKILL);
            self.step = Step::Killed { give_up_at: now + SWEEP_FOR };
            self.look_at = Some(now);
        }
    }

    /// Takes the next step when its time has come.
    pub fn proceed(&mut self, leader: &Leader, now: Instant) {
        if let Step::Asked { kill_at } = self.step
            && kill_at <= now
        {
            self.killed_after_grace = true;
            self.kill(leader, now);
        }
        if self.look_at.is_none_or(|at| now < at) {
            return;
        }
        self.looked_at = Some(now);
        self.look_at = None;
        let is_any_left = self.is_any_left(leader);
        match self.step {
            _ if !is_any_left && leader.status().is_some() => self.step = Step::Gone,
            Step::Killed { give_up_at } if give_up_at <= now => self.step = Step::Survived,
            Step::Killed { .. } => self.look_at = Some(now + BETWEEN_LOOKS),
            _ => {}
        }
    }

    /// Whether anything but the leader is left; kills it when it is time for that, and reaps the dead that are ours to reap.
    fn is_any_left(&self, leader: &Leader) -> bool {
        if matches!(self.step, Step::Killed { .. }) {
            leader.kill_group();
            leader.signal_group(libc::SIGKILL);
            for process in tree::descendants(std::process::id()).unwrap_or_default() {
                // A zombie too: threads of it may live.
                signal(&process, libc::SIGKILL);
            }
        }
        // Whoever was orphaned while we looked is our child by now.
        leader.group_is_populated() || leader.has_company()
    }
}

/// A process that is gone, or that became another user's, is left to the next look.
fn signal(process: &Process, signal: i32) {
    process.signal(signal).ok();
}
