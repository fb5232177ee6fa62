//! The time between the end of the main program and the end of its run, while others hold the output open: who they are, when to
//! look again, and when those of a task that does not wait for them are ended.
//!
//! Output is all that tells whether a process still belongs to the run: one that has closed it, as a daemon does, was started to
//! stay. Ending is `ending`'s, telling `clients`' business.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use solti_shim::control::Holders;
use solti_shim::tree;

use crate::output::Output;

/// Most of what a program leaves behind ends right after it, such as the rest of a pipeline: that is not worth a word.
const FIRST: Duration = Duration::from_millis(200);
/// Between two looks at who is left, which only a look can tell; each is later than the one before.
const LAST: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct AfterMain {
    look_at: Instant,
    between: Duration,
    is_known: bool,
}

impl AfterMain {
    pub fn begin(now: Instant) -> Self {
        Self { look_at: now + FIRST, between: FIRST, is_known: false }
    }

    /// When to look who is left.
    pub fn due(&self) -> Instant {
        self.look_at
    }

    /// Whether the run went on for so long that the others are a part of it.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// A process of the run has ended: maybe not all are left that were there.
    pub fn notice_exit(&mut self, now: Instant) {
        if self.is_known {
            self.look_at = self.look_at.min(now + FIRST);
        }
    }

    /// Looks, and plans the next look.
    pub fn look(&mut self, output: &Output, now: Instant) -> Holders {
        self.is_known = true;
        self.between = (2 * self.between).min(LAST);
        self.look_at = now + self.between;
        holders(&output.open_pipes())
    }
}

/// The processes of the run with such a descriptor. Of those of another user, whose descriptors are not to be seen, none is.
fn holders(pipes: &[PathBuf]) -> Holders {
    let mut holders = Holders::default();
    let holds = |pid: u32| {
        let listed = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        listed.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|target| pipes.contains(&target))
    };
    let mut members = tree::descendants(std::process::id()).unwrap_or_default();
    members.sort_by_key(|process| process.start_ticks);
    for process in members.into_iter().filter(|process| !process.zombie && holds(process.pid)) {
        if let Some(place) = holders.pids.get_mut(holders.count as usize) {
            *place = process.pid;
        }
        holders.count += 1;
    }
    holders
}
