//! Crash loops: a task that is started again and again is slowed, so that a program that dies at once cannot take the
//! machine. Pure; the backoff that a task asks for is in `backoff`, what follows an end in `lifecycle`.

use crate::TaskSpec;
use std::collections::VecDeque;

/// This many starts …
pub const LOOP_STARTS: usize = 5;
/// … in this time, in milliseconds, and no more.
pub const LOOP_WINDOW_MS: u64 = 10_000;
/// Failures that `maxRetries` bounds to so many end by themselves soon: the task's own backoff is kept to the millisecond.
const FEW_RETRIES: u32 = 100;

/// When a task was started lately. Made anew from its stored runs after a restart of the app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecentStarts(VecDeque<u64>);

impl RecentStarts {
    /// `at_ms`: Unix milliseconds, in the order of the starts.
    pub fn note(&mut self, at_ms: u64) {
        if self.0.len() == LOOP_STARTS {
            self.0.pop_front();
        }
        self.0.push_back(at_ms);
    }

    /// The least delay before the next start, in milliseconds; more than 0 in a crash loop. `failed`: whether the last attempt
    /// failed, and counts against `maxRetries`.
    pub fn floor_ms(&self, spec: &TaskSpec, failed: bool, now_ms: u64) -> u64 {
        if failed && spec.max_retries.is_some_and(|limit| limit <= FEW_RETRIES) {
            return 0;
        }
        match self.0.front() {
            // A clock that was set back must not make it wait for longer than the window.
            Some(oldest) if self.0.len() == LOOP_STARTS => {
                oldest.saturating_add(LOOP_WINDOW_MS).saturating_sub(now_ms).min(LOOP_WINDOW_MS)
            }
            _ => 0,
        }
    }
}

impl FromIterator<u64> for RecentStarts {
    fn from_iter<T: IntoIterator<Item = u64>>(starts: T) -> Self {
        let mut recent = Self::default();
        starts.into_iter().for_each(|at_ms| recent.note(at_ms));
        recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AfterMain, CommandMode, Slot, SubprocessMode, SubprocessTask, TaskKind};
    use proptest::prelude::*;

    fn spec(max_retries: Option<u32>) -> TaskSpec {
        let kind = TaskKind::Subprocess(SubprocessTask {
            mode: SubprocessMode::Command(CommandMode { command: "x".into(), args: vec![] }),
            env: vec![],
            cwd: None,
            fail_on_non_zero: true,
            after_main: AfterMain::Wait,
        });
        TaskSpec { max_retries, ..TaskSpec::new(Slot::new("s").expect("legal"), kind) }
    }

    proptest! {
        /// Whatever the program and its backoff do, no window of ten seconds holds a sixth start.
        #[test]
        fn a_window_holds_five_starts_at_most(wanted in prop::collection::vec(0..4_000u64, 1..60)) {
            let (mut recent, mut starts, mut now) = (RecentStarts::default(), Vec::new(), 1_000_000);
            for delay in wanted {
                starts.push(now);
                recent.note(now);
                now += delay.max(recent.floor_ms(&spec(None), true, now));
            }
            for sixth in starts.windows(LOOP_STARTS + 1) {
                prop_assert!(sixth[LOOP_STARTS] - sixth[0] >= LOOP_WINDOW_MS, "{sixth:?}");
            }
        }

        #[test]
        fn a_clock_that_jumps_delays_nothing_for_longer_than_the_window(now in any::<u64>(), starts in prop::collection::vec(any::<u64>(), 0..9)) {
            let recent: RecentStarts = starts.into_iter().collect();
            prop_assert!(recent.floor_ms(&spec(None), false, now) <= LOOP_WINDOW_MS);
        }
    }

    #[test]
    fn few_retries_keep_their_own_backoff_and_successes_never_do() {
        let recent: RecentStarts = [1_000; LOOP_STARTS].into_iter().collect();
        assert_eq!(recent.floor_ms(&spec(Some(3)), true, 1_000), 0);
        assert_eq!(recent.floor_ms(&spec(Some(1_000_000)), true, 1_000), LOOP_WINDOW_MS);
        assert_eq!(recent.floor_ms(&spec(Some(3)), false, 3_000), LOOP_WINDOW_MS - 2_000);
        assert_eq!(recent.floor_ms(&spec(None), true, 11_000), 0);
    }
}
