//! Words and colours for what a task is and does.

use crate::table::Cell;
use crate::terminal::harmless;
use crate::time;
use anstyle::{AnsiColor, Style};
use solti_model::{OnCluster, TaskPhase, TaskRow, TaskStatus, Waiting, unix_ms, words};
use std::time::SystemTime;

pub fn now_ms() -> u64 {
    unix_ms(SystemTime::now())
}

pub fn style(phase: TaskPhase) -> Style {
    let color = match phase {
        TaskPhase::Pending => return Style::new().dimmed(),
        TaskPhase::Running => AnsiColor::Blue,
        TaskPhase::Succeeded => AnsiColor::Green,
        TaskPhase::Failed | TaskPhase::Exhausted => AnsiColor::Red,
        TaskPhase::Timeout => AnsiColor::Yellow,
        TaskPhase::Canceled => AnsiColor::Magenta,
    };
    Style::new().fg_color(Some(color.into()))
}

/// The phase, and what a person would ask next: why it waits, with which code it ended.
pub fn status(row: &TaskRow) -> Cell {
    let status = &row.task.status;
    let mut text = status.phase.word().to_owned();
    let asked = match row {
        TaskRow { stopping: true, .. } => Some("stopping".to_owned()),
        TaskRow { suspended: true, .. } => Some("suspended".to_owned()),
        _ => None,
    };
    let more = match (asked, row.trouble.as_deref().map(harmless)) {
        // What was asked for is not forgotten where nobody can look.
        (Some(asked), Some(trouble)) => Some(format!("{asked}; {trouble}")),
        (None, Some(trouble)) => Some(trouble),
        (asked, None) => match &row.waiting {
            Some(waiting) => Some(waits(waiting)),
            None => asked,
        },
    };
    let more = more.or_else(|| match (&row.waiting, status.exit_code) {
        (Some(_), _) => None,
        (None, _) if row.silent_since.is_some() => {
            let since = row.silent_since.unwrap_or_default();
            Some(format!("no output for {}", words::took(now_ms().saturating_sub(since))))
        }
        (None, _) if row.main_ended.is_some() => Some("main program ended".into()),
        (None, _) if let Some(OnCluster { node: Some(node) }) = &row.on_cluster => {
            Some(format!("on {}", harmless(node)))
        }
        (None, Some(code)) if code != 0 => Some(code.to_string()),
        (None, _) => None,
    });
    if let Some(more) = more {
        text = format!("{text} ({more})");
    }
    Cell::styled(text, style(status.phase))
}

/// Why it waits.
fn waits(waiting: &Waiting) -> String {
    let left = |until: &u64| words::took(until.saturating_sub(now_ms()));
    match waiting {
        Waiting::Lane { position, .. } => format!("{position} in the queue"),
        Waiting::Backoff { until } => format!("again in {}", left(until)),
        Waiting::CrashLoop { until } => format!("crash loop, again in {}", left(until)),
        Waiting::LanePaused => "lane paused".into(),
        Waiting::Starting => "starting".into(),
        Waiting::NotBefore { until } => format!("in {}", left(until)),
        Waiting::Dependency { on, when, .. } => format!("after {on}:{}", when.word()),
        Waiting::Held => "held".into(),
        Waiting::Cluster { why, about } => {
            let about = about.map(|at| format!(", about {}", left(&at))).unwrap_or_default();
            harmless(&format!("{why}{about}"))
        }
        Waiting::Condition { what } => format!("waits for {}", harmless(what)),
    }
}

/// Why a task has not been started, for who waits for it, and what lets it go on where a person has to; `None` for what is a
/// matter of moments.
///
/// `machine` is the other machine that has it, where one does.
pub fn what_for(row: &TaskRow, all_held: bool, machine: Option<&str>) -> Option<String> {
    let id = &row.task.metadata.id;
    let lane = &row.task.spec.slot;
    let words = match row.waiting.as_ref()? {
        Waiting::Starting => return None,
        Waiting::Held if all_held => ALL_HELD.to_owned(),
        Waiting::Held => format!("the task is held; `solti release {id}` lets it start"),
        Waiting::LanePaused => {
            format!("lane {lane} is paused; `solti lanes set {lane} --resume` lets it go on")
        }
        Waiting::Lane { position, .. } => format!("waiting for lane {lane}, {position} in the queue"),
        Waiting::Dependency { on, when, name } => {
            let name = if name.is_empty() { String::new() } else { format!(" ({})", harmless(name)) };
            format!("waiting for task {on}{name} to have {}", when.word())
        }
        Waiting::NotBefore { until } => format!("waiting until {}", time::written(*until)),
        Waiting::Backoff { until } => format!("the next attempt is at {}", time::written(*until)),
        Waiting::CrashLoop { until } => {
            format!("it fails again and again; the next attempt is at {}", time::written(*until))
        }
        Waiting::Condition { what } => format!("waiting for {}", harmless(what)),
        Waiting::Cluster { why, .. } => match machine {
            Some(machine) => format!("on {}: {}", harmless(machine), harmless(why)),
            None => format!("on the cluster: {}", harmless(why)),
        },
    };
    Some(words)
}

/// What is said of all that waits when nothing may start, and what to do about it.
pub const ALL_HELD: &str = "all tasks are held; `solti release --all` lets them start";

/// How long the latest attempt took, or has taken so far.
pub fn duration(row: &TaskRow) -> String {
    row.ran_ms(now_ms()).map_or_else(String::new, words::took)
}

pub fn ago(ms: u64) -> String {
    format!("{} ago", words::took(now_ms().saturating_sub(ms)))
}

/// One line on how a task ended, for who waited for it; `None` when it went well.
pub fn bad_end(status: &TaskStatus) -> Option<String> {
    let error = status.error.as_deref().map(harmless).filter(|error| !error.is_empty());
    match (status.phase, error) {
        (TaskPhase::Succeeded, _) => None,
        // The phase says it already, or the error does.
        (TaskPhase::Canceled, Some(error)) if error == "stopped" => Some(status.phase.word().to_owned()),
        (TaskPhase::Timeout, Some(error)) if error.starts_with("timed out") => Some(error),
        (phase, Some(error)) => Some(format!("{}: {error}", phase.word())),
        (phase, None) => Some(phase.word().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: serde_json::Value, more: serde_json::Value) -> TaskRow {
        let mut row = serde_json::json!({
            "task": {
                "metadata": {"id": "01a", "resourceVersion": 1, "createdAt": 0, "updatedAt": 0},
                "spec": {"name": "n", "slot": "s", "command": "c"}, "status": status,
            },
            "stopping": false, "recentRuns": [],
        });
        let fields = more.as_object().expect("fields").clone();
        row.as_object_mut().expect("fields").extend(fields);
        serde_json::from_value(row).expect("a row")
    }

    #[test]
    fn a_task_says_why_it_waits() {
        let said = |waiting| {
            let row = row(
                serde_json::json!({"phase": "pending", "attempt": 1}),
                serde_json::json!({"waiting": waiting}),
            );
            status(&row).into_text()
        };
        let soon = now_ms() + 3_600_000;
        let looping = said(serde_json::json!({"reason": "crashLoop", "until": soon}));
        assert!(looping.starts_with("pending (crash loop, again in "), "{looping}");
        assert_eq!(said(serde_json::json!({"reason": "held"})), "pending (held)");
    }

    #[test]
    fn who_waits_for_a_task_is_told_what_it_waits_for() {
        let said = |waiting, all_held| {
            let row = row(
                serde_json::json!({"phase": "pending", "attempt": 0}),
                serde_json::json!({"waiting": waiting}),
            );
            what_for(&row, all_held, None)
        };
        let held = serde_json::json!({"reason": "held"});
        assert_eq!(
            said(held.clone(), false).as_deref(),
            Some("the task is held; `solti release 01a` lets it start")
        );
        assert_eq!(said(held, true).as_deref(), Some(ALL_HELD));
        let paused = said(serde_json::json!({"reason": "lanePaused"}), false);
        assert_eq!(paused.as_deref(), Some("lane s is paused; `solti lanes set s --resume` lets it go on"));
        let after =
            serde_json::json!({"reason": "dependency", "on": "01b", "when": "started", "name": "build"});
        assert_eq!(said(after, false).as_deref(), Some("waiting for task 01b (build) to have started"));
        let until = serde_json::json!({"reason": "notBefore", "until": 1_764_336_000_000u64});
        assert_eq!(said(until, false), Some(format!("waiting until {}", time::written(1_764_336_000_000))));
        assert_eq!(said(serde_json::json!({"reason": "starting"}), false), None);
        let waits = serde_json::json!({"waiting": {"reason": "cluster", "why": "waits for 4 GPUs"}});
        let row = row(serde_json::json!({"phase": "pending", "attempt": 1}), waits);
        assert_eq!(what_for(&row, false, None).as_deref(), Some("on the cluster: waits for 4 GPUs"));
        assert_eq!(what_for(&row, false, Some("nas")).as_deref(), Some("on nas: waits for 4 GPUs"));
    }

    #[test]
    fn a_bad_end_is_one_line() {
        let cases: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/corpus/ends.json")).expect("cases");
        for case in ["runner", "others"].iter().flat_map(|who| cases[who].as_array().expect("cases")) {
            let mut status = serde_json::json!({"attempt": 1});
            for field in ["phase", "exitCode", "error"] {
                status[field] = case[field].clone();
            }
            let default = || match (case["phase"].as_str(), case["error"].as_str()) {
                (Some(phase), Some(error)) => Some(format!("{phase}: {error}")),
                _ => None,
            };
            let line = case.get("line").map_or_else(default, |line| line.as_str().map(str::to_owned));
            assert_eq!(bad_end(&row(status, serde_json::json!({})).task.status), line, "{case}");
        }
    }

    #[test]
    fn trouble_hides_nothing_that_was_asked_for() {
        let said =
            |more| status(&row(serde_json::json!({"phase": "running", "attempt": 1}), more)).into_text();
        let trouble = "nas cannot be reached";
        let stopping = said(serde_json::json!({"stopping": true, "trouble": trouble}));
        assert_eq!(stopping, "running (stopping; nas cannot be reached)");
        let suspended = said(serde_json::json!({"suspended": true, "trouble": trouble}));
        assert_eq!(suspended, "running (suspended; nas cannot be reached)");
        assert_eq!(said(serde_json::json!({"trouble": trouble})), "running (nas cannot be reached)");
        assert_eq!(said(serde_json::json!({"suspended": true})), "running (suspended)");
    }

    #[test]
    fn an_attempt_has_taken_what_it_took_itself() {
        let runs = serde_json::json!({
            "startedAt": 1_000, "finishedAt": 60_000,
            "recentRuns": [{"attempt": 1, "phase": "failed", "durationMs": 2_000}],
        });
        let ended =
            |phase: &str| duration(&row(serde_json::json!({"phase": phase, "attempt": 1}), runs.clone()));
        assert_eq!((ended("canceled"), ended("failed")), ("2.0 s".into(), "2.0 s".into()));
        assert_eq!(ended("pending"), "");
        let never = row(
            serde_json::json!({"phase": "canceled", "attempt": 0}),
            serde_json::json!({"finishedAt": 60_000}),
        );
        assert_eq!(duration(&never), "");
    }
}
