//! What follows an attempt: the pure rule behind restarts, retries and final phases.

use crate::{BackoffState, RestartStrategy, TaskPhase, TaskSpec};

/// How an attempt ended, as far as the rule cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    /// Its program ended as it should.
    Succeeded,
    /// Its program ended otherwise.
    Failed,
    /// Its time was over.
    TimedOut,
    /// It was stopped by a person, by `replace`, or by a delete.
    Canceled,
    /// It never started: no such program, a bad directory. Repeating it would only repeat the error.
    NotStarted,
    /// Nobody knows how it ended (supervision lost, reboot). It is not repeated by guess.
    Lost,
}

impl AttemptEnd {
    /// The phase of the run itself.
    pub fn run_phase(self) -> TaskPhase {
        match self {
            Self::Succeeded => TaskPhase::Succeeded,
            Self::Failed | Self::NotStarted | Self::Lost => TaskPhase::Failed,
            Self::TimedOut => TaskPhase::Timeout,
            Self::Canceled => TaskPhase::Canceled,
        }
    }

    /// Whether it counts against `maxRetries`.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut)
    }
}

/// What the supervisor does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// The task is over, for good.
    Finish(TaskPhase),
    /// Another attempt follows.
    Retry {
        /// So many milliseconds from now.
        delay_ms: u64,
        /// What to remember until then.
        backoff: BackoffState,
    },
}

/// The rule. `chance` is uniform in `[0, 1)` and decides the jitter.
///
/// `maxRetries` bounds consecutive failures; a success resets the count.
pub fn after_attempt(spec: &TaskSpec, end: AttemptEnd, state: BackoffState, chance: f64) -> NextStep {
    match (end, spec.restart) {
        (AttemptEnd::Succeeded, RestartStrategy::Always { interval_ms }) => {
            NextStep::Retry { delay_ms: interval_ms.unwrap_or(0), backoff: BackoffState::default() }
        }
        (
            AttemptEnd::Failed | AttemptEnd::TimedOut,
            RestartStrategy::OnFailure | RestartStrategy::Always { .. },
        ) => {
            if spec.max_retries.is_some_and(|limit| state.consecutive_failures >= limit) {
                return NextStep::Finish(TaskPhase::Exhausted);
            }
            let delay_ms = spec.backoff.delay_ms(state, chance);
            let backoff = BackoffState {
                consecutive_failures: state.consecutive_failures.saturating_add(1),
                previous_ms: Some(delay_ms),
            };
            NextStep::Retry { delay_ms, backoff }
        }
        (end, _) => NextStep::Finish(end.run_phase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AfterMain, BackoffStrategy, CommandMode, JitterStrategy, Slot, SubprocessMode, SubprocessTask,
        TaskKind,
    };

    fn spec(restart: RestartStrategy, max_retries: Option<u32>) -> TaskSpec {
        let kind = TaskKind::Subprocess(SubprocessTask {
            mode: SubprocessMode::Command(CommandMode { command: "x".into(), args: vec![] }),
            env: vec![],
            cwd: None,
            fail_on_non_zero: true,
            after_main: AfterMain::Wait,
        });
        let backoff =
            BackoffStrategy { jitter: JitterStrategy::None, first_ms: 10, max_ms: 1_000, factor: 3.0 };
        TaskSpec { restart, max_retries, backoff, ..TaskSpec::new(Slot::new("s").expect("legal"), kind) }
    }

    /// Feeds `ends` one after the other and returns the delays until the task finished, and its phase.
    fn play(spec: &TaskSpec, ends: &[AttemptEnd]) -> (Vec<u64>, Option<TaskPhase>) {
        let (mut state, mut delays) = (BackoffState::default(), Vec::new());
        for end in ends {
            match after_attempt(spec, *end, state, 0.0) {
                NextStep::Finish(phase) => return (delays, Some(phase)),
                NextStep::Retry { delay_ms, backoff } => {
                    delays.push(delay_ms);
                    state = backoff;
                }
            }
        }
        (delays, None)
    }

    #[test]
    fn without_restart_the_first_end_is_the_last() {
        use AttemptEnd::{Canceled, Failed, Lost, NotStarted, Succeeded, TimedOut};
        for (end, phase) in [
            (Succeeded, TaskPhase::Succeeded),
            (Failed, TaskPhase::Failed),
            (TimedOut, TaskPhase::Timeout),
            (Canceled, TaskPhase::Canceled),
            (NotStarted, TaskPhase::Failed),
            (Lost, TaskPhase::Failed),
        ] {
            assert_eq!(play(&spec(RestartStrategy::Never, None), &[end]), (vec![], Some(phase)));
        }
    }

    #[test]
    fn retries_run_out() {
        let failing = [AttemptEnd::Failed, AttemptEnd::TimedOut, AttemptEnd::Failed, AttemptEnd::Failed];
        let result = play(&spec(RestartStrategy::OnFailure, Some(3)), &failing);
        assert_eq!(result, (vec![10, 30, 90], Some(TaskPhase::Exhausted)));
    }

    #[test]
    fn a_success_resets_the_count() {
        use AttemptEnd::{Failed, Succeeded};
        let always = spec(RestartStrategy::Always { interval_ms: Some(7) }, Some(2));
        assert_eq!(
            play(&always, &[Failed, Failed, Succeeded, Failed, Failed]),
            (vec![10, 30, 7, 10, 30], None)
        );
    }

    #[test]
    fn what_never_started_is_not_tried_in_a_loop() {
        let always = spec(RestartStrategy::Always { interval_ms: None }, None);
        assert_eq!(play(&always, &[AttemptEnd::NotStarted]), (vec![], Some(TaskPhase::Failed)));
        assert_eq!(play(&always, &[AttemptEnd::Canceled]), (vec![], Some(TaskPhase::Canceled)));
    }
}
