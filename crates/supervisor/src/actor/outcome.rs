//! From the end of a process to the end of an attempt: the exit code, the sentence, the kind of end.

use solti_model::{AttemptEnd, TaskKind, TaskSpec};
use solti_runner::{ClusterEnd, EndFlags, RunEnd, RunOutcome};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttemptResult {
    pub end: AttemptEnd,
    pub exit_code: Option<i32>,
    pub error: Option<String>,
    /// What the end has left undone, also of an attempt that succeeded.
    pub remark: Option<String>,
}

/// `stop_requested`: whether the task was told to stop before its process ended; the end then counts as that stop's.
pub(crate) fn judge(spec: &TaskSpec, outcome: &RunOutcome, stop_requested: bool) -> AttemptResult {
    let fails_on = |code: i32| match &spec.kind {
        TaskKind::Subprocess(subprocess) => subprocess.fail_on_non_zero && code != 0,
        TaskKind::Container(_) | TaskKind::Wasm(_) => code != 0,
    };
    let (end, exit_code) = match &outcome.end {
        RunEnd::Exited { code } | RunEnd::ExitedBecause { code, .. } if fails_on(*code) => {
            (AttemptEnd::Failed, Some(*code))
        }
        RunEnd::Exited { code } | RunEnd::ExitedBecause { code, .. } => (AttemptEnd::Succeeded, Some(*code)),
        RunEnd::Signaled { .. } => (AttemptEnd::Failed, None),
        RunEnd::TimedOut { code, .. } => (AttemptEnd::TimedOut, *code),
        RunEnd::Stopped { code, .. } => (AttemptEnd::Canceled, *code),
        RunEnd::OverOutputLimit => (AttemptEnd::Failed, None),
        RunEnd::Cluster { counts_as, .. } => match counts_as {
            ClusterEnd::TimedOut => (AttemptEnd::TimedOut, None),
            ClusterEnd::Canceled => (AttemptEnd::Canceled, None),
            ClusterEnd::Failed => (AttemptEnd::Failed, None),
        },
        RunEnd::StartFailed(_) | RunEnd::NotTaken { .. } => (AttemptEnd::NotStarted, None),
        RunEnd::Lost { .. } => (AttemptEnd::Lost, None),
    };
    let end = match end {
        AttemptEnd::Lost | AttemptEnd::NotStarted => end,
        _ if stop_requested => AttemptEnd::Canceled,
        _ => end,
    };
    let error = if end == AttemptEnd::Succeeded {
        None
    } else {
        let words = outcome.end.describe(spec.timeout.map(Duration::from_millis));
        // Only on evidence: the kernel counts whom it kills in the run's control group.
        match words {
            Some(words) if outcome.flags.oom_killed && end == AttemptEnd::Failed => Some(format!(
                "{words}; likely out of memory: the system killed one of its processes because memory ran out"
            )),
            words => words,
        }
    };
    AttemptResult { end, exit_code, error, remark: remark(outcome.flags) }
}

fn remark(flags: EndFlags) -> Option<String> {
    let remarks = [
        (flags.drain_cut, "output was cut: a process that was left running still held it open"),
        (flags.survivors, "one of its processes could not be ended"),
        (flags.log_incomplete, "some of its output is not in the log"),
    ];
    let said: Vec<_> = remarks.into_iter().filter_map(|(so, words)| so.then_some(words)).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use solti_model::parse_spec;

    fn words(end: RunEnd, oom_killed: bool, stop_requested: bool) -> Option<String> {
        let spec = json!({"slot": "s", "kind": {"subprocess": {"mode": {"command": {"command": "true"}}}}});
        let outcome = RunOutcome {
            end,
            started_at_ms: Some(1),
            finished_at_ms: 2,
            duration: Duration::from_millis(1),
            flags: EndFlags { oom_killed, ..EndFlags::default() },
            usage: None,
        };
        judge(&parse_spec(spec).expect("legal"), &outcome, stop_requested).error
    }

    #[test]
    fn what_an_end_has_left_undone_is_said() {
        assert_eq!(remark(EndFlags { killed_after_grace: true, ..EndFlags::default() }), None);
        let both = remark(EndFlags { drain_cut: true, survivors: true, ..EndFlags::default() });
        assert!(
            both.is_some_and(
                |both| both.starts_with("output was cut") && both.ends_with("could not be ended")
            )
        );
    }

    #[test]
    fn out_of_memory_is_said_on_evidence_alone() {
        let killed = || RunEnd::Signaled { signal: 9 };
        assert!(words(killed(), true, false).is_some_and(|words| words.contains("likely out of memory")));
        // As a shell reports a child that was killed.
        let shell = || RunEnd::Exited { code: 137 };
        assert!(words(shell(), true, false).is_some_and(|words| words.contains("likely out of memory")));
        for (end, oom_killed, stop_requested) in [
            (killed(), false, false),
            (shell(), false, false),
            // It went on without the process that was killed, or was ended for another reason.
            (RunEnd::Exited { code: 0 }, true, false),
            (killed(), true, true),
        ] {
            let said = words(end.clone(), oom_killed, stop_requested);
            assert!(!said.unwrap_or_default().contains("memory"), "{end:?} {oom_killed} {stop_requested}");
        }
    }
}
