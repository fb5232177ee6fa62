//! How a run ended, and the words for it.

use std::time::Duration;

use solti_model::secret::masked_text;
use solti_model::{TaskSpec, words};
use solti_shim::exit_record::{EndFlags, ExitRecord, LeaderStatus, RunEnd as RecordedEnd, RunState, Usage};

use crate::StartFailure;
use crate::clock::now_ms;
use crate::signal_name::describe_signal;

/// How a run ended, when, and what it has used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOutcome {
    /// In what way; [`RunEnd::describe`] has the words for it.
    pub end: RunEnd,
    /// Unix milliseconds; `None` when the run never got so far.
    pub started_at_ms: Option<u64>,
    /// Unix milliseconds: when the leader ended, or when its loss was noticed.
    pub finished_at_ms: u64,
    /// From the monotonic clock, but for a lost run.
    pub duration: Duration,
    /// Remarks, such as "a descendant still held the output open".
    pub flags: EndFlags,
    /// What its processes have used; `None` when nobody was there to see it.
    pub usage: Option<Usage>,
}

/// The way in which a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    /// Its leader has exited by itself.
    Exited {
        /// 0 to 255.
        code: i32,
    },
    /// Its leader has exited by itself, and its runner knows more of it than the code.
    ExitedBecause {
        /// Not 0.
        code: i32,
        /// A clause, as in "trapped: it divided a whole number by zero".
        why: String,
    },
    /// Ended by a signal that was not ours.
    Signaled {
        /// The signal's number, which [`RunEnd::describe`] names.
        signal: i32,
    },
    /// With the leader's own status, which is absent only when it could not be ended.
    TimedOut {
        /// When it exited; absent when a signal ended it.
        code: Option<i32>,
        /// The signal that ended it, as a rule TERM or KILL.
        signal: Option<i32>,
    },
    /// Ended because [`RunController::stop`](crate::RunController::stop) was called, with the leader's own status as there.
    Stopped {
        /// When it exited; absent when a signal ended it.
        code: Option<i32>,
        /// The signal that ended it, as a rule TERM or KILL.
        signal: Option<i32>,
    },
    /// Nothing of the task has run.
    StartFailed(StartFailure),
    /// Nothing of the task has run, because the machine that it was given to did not take it. Another one may.
    NotTaken {
        /// A sentence.
        why: String,
        /// Whether that machine has said that it takes no such task; else it may take it another time.
        refused: bool,
    },
    /// Ended because it printed more than its limit.
    OverOutputLimit,
    /// Its cluster has ended it, or it has ended with its node; or it ended on another machine in a way that only that one can tell; or the
    /// engine of its container knows nothing more of it.
    Cluster {
        /// As what.
        counts_as: ClusterEnd,
        /// A sentence.
        why: String,
    },
    /// Nobody knows how it ended.
    Lost {
        /// What became of who knew it.
        reason: LostReason,
    },
}

/// What an end counts as that a cluster has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterEnd {
    /// Its time in the cluster was over.
    TimedOut,
    /// Somebody has taken it away by the cluster's own means.
    Canceled,
    /// It may well succeed when it is tried again.
    Failed,
}

/// Why the end of a run is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostReason {
    /// The shim is gone without a final record: killed, or crashed.
    ShimGone,
    /// The machine was restarted while the run was under way.
    Rebooted,
    /// The app ended between its intent to start the run and the start; nothing of the task has run.
    NeverStarted,
    /// What is known of the run is of a time before the database was lost.
    RecordLost,
    /// Its folder was removed while it ran, and with it the record of its end.
    FolderGone,
    /// It belongs to the data folder that this one was copied from.
    Copied,
    /// The cluster knows nothing of its job any more.
    ClusterForgot,
    /// It ran on another machine, whose engine does not know how it ended.
    Elsewhere,
    /// It ran on another machine, whose connection was removed before it had ended.
    MachineRemoved,
}

impl LostReason {
    fn words(self) -> &'static str {
        match self {
            Self::ShimGone => "the supervising process is gone",
            Self::Rebooted => "the machine was restarted",
            Self::NeverStarted => "the app ended before the run was started",
            Self::RecordLost => "its record was lost with the database",
            Self::FolderGone => "its run folder was removed",
            Self::Copied => "it belongs to the data folder that this one was copied from",
            Self::Elsewhere => "the machine that it ran on does not know how it ended",
            Self::MachineRemoved => "the connection to the machine that it ran on was removed",
            Self::ClusterForgot => {
                "the cluster knows nothing of it any more, and it has left no record of its end"
            }
        }
    }
}

impl RunEnd {
    /// The exit code, when the leader has exited by itself or during a stop or timeout.
    pub fn code(&self) -> Option<i32> {
        match *self {
            Self::Exited { code } | Self::ExitedBecause { code, .. } => Some(code),
            Self::TimedOut { code, .. } | Self::Stopped { code, .. } => code,
            Self::Signaled { .. }
            | Self::StartFailed(_)
            | Self::NotTaken { .. }
            | Self::OverOutputLimit
            | Self::Cluster { .. }
            | Self::Lost { .. } => None,
        }
    }

    /// One sentence for the user, without secrets; `None` for exit code 0. `timeout` is the limit the run had, as far as the caller knows.
    pub fn describe(&self, timeout: Option<Duration>) -> Option<String> {
        Some(match self {
            Self::Exited { code: 0 } => return None,
            Self::Exited { code } => format!("exit {code}"),
            Self::ExitedBecause { why, .. } => masked_text(why).into_owned(),
            Self::Signaled { signal } => format!("killed by {}", describe_signal(*signal)),
            Self::TimedOut { .. } => match timeout {
                Some(limit) => format!(
                    "timed out after {}",
                    words::limit(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX))
                ),
                None => "timed out".to_owned(),
            },
            Self::Stopped { .. } => "stopped".to_owned(),
            Self::StartFailed(failure) => failure.to_string(),
            Self::OverOutputLimit => "ended: it printed more than its limit".to_owned(),
            Self::Cluster { why, .. } | Self::NotTaken { why, .. } => masked_text(why).into_owned(),
            Self::Lost { reason } => format!("supervision lost: {}", reason.words()),
        })
    }
}

impl RunOutcome {
    /// Of a run whose end nobody has seen.
    pub(crate) fn lost(reason: LostReason) -> Self {
        Self {
            end: RunEnd::Lost { reason },
            started_at_ms: None,
            finished_at_ms: now_ms(),
            duration: Duration::ZERO,
            flags: EndFlags::default(),
            usage: None,
        }
    }

    /// The same in the words of the task, where a start has failed of which only the record is left.
    #[must_use]
    pub fn of_task(mut self, spec: &TaskSpec) -> Self {
        if let RunEnd::StartFailed(failure) = self.end {
            self.end = RunEnd::StartFailed(failure.of_task(spec));
        }
        self
    }

    /// The outcome that a final record tells; `None` for a run that has not ended.
    pub(crate) fn from_record(record: &ExitRecord) -> Option<Self> {
        let RunState::Final { end, finished_at_ms, duration_us, flags, usage } = record.state else {
            return None;
        };
        let parts = |status: Option<LeaderStatus>| {
            (status.and_then(LeaderStatus::code), status.and_then(LeaderStatus::signal))
        };
        let end = match end {
            RecordedEnd::Ended(LeaderStatus::Code(code)) => RunEnd::Exited { code },
            RecordedEnd::Ended(LeaderStatus::Signal(signal)) => RunEnd::Signaled { signal },
            RecordedEnd::TimedOut(status) => {
                let (code, signal) = parts(status);
                RunEnd::TimedOut { code, signal }
            }
            RecordedEnd::Stopped(status) => {
                let (code, signal) = parts(status);
                RunEnd::Stopped { code, signal }
            }
            RecordedEnd::OverOutputLimit(_) => RunEnd::OverOutputLimit,
            RecordedEnd::StartFailed(failure) => RunEnd::StartFailed(StartFailure::recorded(failure)),
        };
        Some(Self {
            end,
            started_at_ms: (record.started_at_ms != 0).then_some(record.started_at_ms),
            finished_at_ms,
            duration: Duration::from_micros(duration_us),
            flags,
            usage,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_its_plain_words() {
        let limit = Some(Duration::from_secs(30));
        for (end, words) in [
            (RunEnd::Exited { code: 0 }, None),
            (RunEnd::Exited { code: 3 }, Some("exit 3")),
            (RunEnd::ExitedBecause { code: 134, why: "trapped: why".into() }, Some("trapped: why")),
            (RunEnd::Signaled { signal: 9 }, Some("killed by SIGKILL (signal 9)")),
            (RunEnd::Signaled { signal: 64 }, Some("killed by signal 64")),
            (RunEnd::TimedOut { code: None, signal: Some(15) }, Some("timed out after 30 s")),
            (RunEnd::Stopped { code: None, signal: Some(15) }, Some("stopped")),
            (
                RunEnd::Lost { reason: LostReason::ShimGone },
                Some("supervision lost: the supervising process is gone"),
            ),
        ] {
            assert_eq!(end.describe(limit).as_deref(), words);
        }
        let timed_out = RunEnd::TimedOut { code: Some(0), signal: None };
        for (ms, words) in [
            (250, "timed out after 250 ms"),
            (1_500, "timed out after 1.5 s"),
            (5_400_000, "timed out after 1 h 30 min"),
        ] {
            assert_eq!(timed_out.describe(Some(Duration::from_millis(ms))).as_deref(), Some(words));
        }
    }
}
