//! From how a run has ended on another machine to its end here. Nothing is an end that the machine has not said.

use std::io;
use std::path::Path;
use std::time::Duration;

use solti_model::{FieldError, RunUsage, TaskPhase};
use solti_relay::{End, PROGRESS_FILE, Progress};
use solti_shim::exit_record::Usage;
use tokio::task::spawn_blocking;

use super::MachineRunner;
use crate::{ClusterEnd, EndFlags, LostReason, RunEnd, RunOutcome, StartFailure};

/// How the sentence of a run begins whose end its own engine does not know.
const LOST: &str = "supervision lost";
/// For a machine to end a run and say so.
const ENDED_WITHIN: Duration = Duration::from_secs(20);

/// An end as the client tells it.
pub(super) struct Told {
    pub end: End,
    /// Some of what it printed is not in that machine's log any more.
    pub log_incomplete: bool,
}

impl MachineRunner {
    /// How the run has ended there. One whose client is gone is ended.
    ///
    /// # Errors
    /// Why that is not known, in a sentence; it may run.
    pub(super) async fn end_there(&self, run_dir: &Path) -> Result<Told, String> {
        if let Some(end) = told_end(run_dir).await? {
            return Ok(end);
        }
        if let Some(why) = self.absent() {
            return Err(why);
        }
        self.ask(ENDED_WITHIN, &["--end", &run_dir.display().to_string()]).await?;
        let silent = || format!("nothing was said of its end on {}", self.machine);
        told_end(run_dir).await?.ok_or_else(silent)
    }
}

async fn told_end(run_dir: &Path) -> Result<Option<Told>, String> {
    let file = run_dir.join(PROGRESS_FILE);
    let read = spawn_blocking(move || solti_relay::read::<Progress>(&file)).await;
    match read.map_err(io::Error::other).flatten() {
        Ok(told) => {
            Ok(told
                .and_then(|Progress { end, log_incomplete, .. }| end.map(|end| Told { end, log_incomplete })))
        }
        Err(error) => Err(format!("what its client has said cannot be read: {error}")),
    }
}

/// The end of a run here, of which the outcome is the client's. `asked`: it was told to stop.
pub(super) fn judged(machine: &str, told: Told, client: RunOutcome, asked: bool) -> RunOutcome {
    let Told { end, log_incomplete } = told;
    let stopped = |code| RunEnd::Stopped { code, signal: None };
    let elsewhere = |counts_as, why: String| RunEnd::Cluster { counts_as, why };
    let mut usage = None;
    let end = match end {
        End::Over { phase, started, exit_code, error, usage: used } => {
            usage = used.map(counted);
            match (phase, exit_code, error) {
                (TaskPhase::Timeout, code, _) => RunEnd::TimedOut { code, signal: None },
                (TaskPhase::Canceled, code, _) if asked => stopped(code),
                // The client was killed, and the run ended for that.
                (TaskPhase::Canceled, ..) if !matches!(client.end, RunEnd::Exited { .. }) => {
                    client.end.clone()
                }
                (TaskPhase::Canceled, ..) => elsewhere(ClusterEnd::Canceled, format!("stopped on {machine}")),
                (_, Some(code), Some(why)) if why != format!("exit {code}") => {
                    RunEnd::ExitedBecause { code, why }
                }
                (_, Some(code), _) => RunEnd::Exited { code },
                (TaskPhase::Succeeded, None, _) => RunEnd::Exited { code: 0 },
                (_, None, Some(why)) if why.starts_with(LOST) => {
                    RunEnd::Lost { reason: LostReason::Elsewhere }
                }
                (_, None, why) => {
                    let why = why.unwrap_or_else(|| format!("it has failed on {machine}"));
                    match started {
                        true => elsewhere(ClusterEnd::Failed, why),
                        false => not_started(why),
                    }
                }
            }
        }
        End::Refused { why, given_back: true } => not_taken(format!("{machine} refuses it: {why}"), true),
        End::Refused { why, .. } => not_started(format!("{machine} refuses it: {why}")),
        End::NotTaken { why } => not_taken(format!("{machine} has not taken it: {why}"), false),
        End::Deleted => elsewhere(ClusterEnd::Canceled, format!("its task was deleted on {machine}")),
        End::Removed => RunEnd::Lost { reason: LostReason::MachineRemoved },
        End::NeverRan if asked => stopped(None),
        // Somebody has ended the client before anything was started there: the task still wants to run.
        End::NeverRan => not_taken(format!("{machine} has not taken it: its client was ended"), false),
    };
    // What the client has used is not what is asked for, and how it was ended says nothing of the program.
    let log_incomplete = client.flags.log_incomplete || log_incomplete;
    let flags = EndFlags { log_incomplete, ..EndFlags::default() };
    RunOutcome { end, usage, flags, ..client }
}

fn not_started(why: String) -> RunEnd {
    RunEnd::StartFailed(StartFailure::refused(FieldError::new("runnerSelector", why)))
}

fn not_taken(why: String, refused: bool) -> RunEnd {
    RunEnd::NotTaken { why, refused }
}

fn counted(RunUsage { cpu_ms, peak_memory_bytes, read_bytes, written_bytes }: RunUsage) -> Usage {
    Usage { cpu_us: cpu_ms.saturating_mul(1_000), peak_memory_bytes, io_bytes: read_bytes.zip(written_bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn over(phase: TaskPhase, started: bool, exit_code: Option<i32>, error: Option<&str>) -> End {
        let error = error.map(str::to_owned);
        End::Over { phase, started, exit_code, error, usage: None }
    }

    fn told(end: End, asked: bool) -> RunEnd {
        let client = RunOutcome {
            end: RunEnd::Exited { code: 0 },
            started_at_ms: Some(1),
            finished_at_ms: 2,
            duration: Duration::from_millis(1),
            flags: EndFlags::default(),
            usage: None,
        };
        judged("nas", Told { end, log_incomplete: false }, client, asked).end
    }

    #[test]
    fn an_end_there_is_the_same_end_here() {
        let failed = TaskPhase::Failed;
        assert_eq!(told(over(TaskPhase::Succeeded, true, Some(0), None), false), RunEnd::Exited { code: 0 });
        // Whether a code is a failure is this task's to say.
        assert_eq!(told(over(failed, true, Some(3), Some("exit 3")), false), RunEnd::Exited { code: 3 });
        let why = "trapped: why".to_owned();
        let because = RunEnd::ExitedBecause { code: 134, why: why.clone() };
        assert_eq!(told(over(failed, true, Some(134), Some(&why)), false), because);
        let timed_out = RunEnd::TimedOut { code: None, signal: None };
        assert_eq!(told(over(TaskPhase::Timeout, true, None, Some("timed out")), false), timed_out);
        let said = |end: RunEnd| end.describe(None).unwrap_or_default();
        let killed = "killed by SIGKILL (signal 9); likely out of memory: why";
        assert_eq!(said(told(over(failed, true, None, Some(killed)), false)), killed);
    }

    #[test]
    fn a_stop_is_told_from_one_that_nobody_here_has_asked_for() {
        let canceled = || over(TaskPhase::Canceled, true, None, None);
        assert_eq!(told(canceled(), true), RunEnd::Stopped { code: None, signal: None });
        let said = |end: End| told(end, false).describe(None).unwrap_or_default();
        assert_eq!(said(canceled()), "stopped on nas");
        assert_eq!(said(End::Deleted), "its task was deleted on nas");
    }

    #[test]
    fn what_never_ran_is_not_tried_again_and_what_nobody_knows_is_lost() {
        for end in [
            over(TaskPhase::Failed, false, None, Some("program not found: x")),
            End::Refused { why: "kind.container: there is no engine".into(), given_back: false },
        ] {
            assert!(matches!(told(end, false), RunEnd::StartFailed(_)));
        }
        let lost = over(TaskPhase::Failed, true, None, Some("supervision lost: the machine was restarted"));
        assert_eq!(told(lost, false), RunEnd::Lost { reason: LostReason::Elsewhere });
        let silent = told(End::NotTaken { why: "no answer".into() }, false);
        assert_eq!(silent, not_taken("nas has not taken it: no answer".into(), false));
        let client_killed = told(End::NeverRan, false);
        assert_eq!(client_killed, not_taken("nas has not taken it: its client was ended".into(), false));
        // Another machine of its lane may take it.
        let refused = told(End::Refused { why: "there is no engine".into(), given_back: true }, false);
        assert_eq!(refused, not_taken("nas refuses it: there is no engine".into(), true));
        assert_eq!(told(End::NeverRan, true), RunEnd::Stopped { code: None, signal: None });
        assert_eq!(told(End::Removed, true), RunEnd::Lost { reason: LostReason::MachineRemoved });
    }
}
