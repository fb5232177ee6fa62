//! Which tasks are told of, and in which words.

use solti_model::words::took;
use solti_model::{
    NotificationRule, NotificationSettings, NotifyRules, RunId, TaskChange, TaskId, TaskPhase, TaskRow,
};
use std::collections::VecDeque;

/// A task that took so long is not waited for by looking at it.
const LONG_MS: u64 = 30_000;
/// More that end at once are told in one sentence.
const AT_ONCE: usize = 3;
/// Tasks that were told of, so that a later change of one does not repeat it.
const REMEMBERED: usize = 1_000;

/// Plain text: what a task has written may be a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One line: how many tasks, or which one, and how it ended.
    pub title: String,
    /// What there is to add, such as the error; may be empty.
    pub body: String,
    /// What it is about, where that is one task.
    pub about: Option<About>,
}

/// One task, and what there is to tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its latest attempt.
    pub run: RunId,
    /// What has become of it.
    pub what: What,
}

/// What has become of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It has failed.
    Failed,
    /// It has succeeded, after a while.
    Finished,
    /// It runs and prints nothing.
    Silent,
}

/// What can be done about a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// To look at the log, where it says what went wrong.
    OpenLog,
    /// To submit the task again.
    Rerun,
    /// To end the task.
    Stop,
    /// To look at the tasks.
    OpenMain,
}

impl Act {
    /// Its name on the bus.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::OpenLog => "log",
            Self::Rerun => "rerun",
            Self::Stop => "stop",
            Self::OpenMain => "main",
        }
    }

    /// On a button.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::OpenLog => "Open log",
            Self::Rerun => "Rerun",
            Self::Stop => "Stop",
            Self::OpenMain => "Show Solti",
        }
    }
}

impl Notice {
    /// What can be done about it; the first is what a click does. Never none.
    pub(crate) fn acts(&self) -> &'static [Act] {
        match self.about.as_ref().map(|about| about.what) {
            None => &[Act::OpenMain],
            Some(What::Failed) => &[Act::OpenLog, Act::Rerun],
            Some(What::Finished) => &[Act::OpenLog],
            Some(What::Silent) => &[Act::OpenLog, Act::Stop],
        }
    }

    /// The task whose last line belongs to it.
    pub(crate) fn last_line_of(&self) -> Option<&TaskId> {
        self.about.as_ref().filter(|about| about.what != What::Finished).map(|about| &about.run.task)
    }
}

/// What was told of.
#[derive(Default)]
pub(crate) struct Announced {
    over: Remembered<TaskId>,
    /// Of which task, and since when it is silent.
    silent: Remembered<(TaskId, u64)>,
}

/// The latest of what was told of.
struct Remembered<T>(VecDeque<T>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: PartialEq> Remembered<T> {
    /// Whether it was not told of yet; from now on it was.
    fn is_new(&mut self, one: T) -> bool {
        if self.0.contains(&one) {
            return false;
        }
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(one);
        true
    }
}

impl Announced {
    fn silences(&mut self, change: &TaskChange) -> Vec<Notice> {
        let is_new = |row: &&TaskRow| {
            row.silent_since.is_some_and(|since| self.silent.is_new((row.task.metadata.id.clone(), since)))
        };
        let silent: Vec<&TaskRow> = change.changed.iter().filter(is_new).collect();
        summed_up(&silent, What::Silent, |row| {
            // When it was told is when it last changed.
            let since = row.silent_since.unwrap_or(row.task.metadata.updated_at);
            format!("no output for {}", took(row.task.metadata.updated_at.saturating_sub(since)))
        })
    }
}

/// What a task says of itself, else the first rule of the settings that is of one of its labels.
fn wanted(
    row: &TaskRow,
    settings: &NotificationSettings,
    said: impl Fn(&NotifyRules) -> Option<bool>,
) -> Option<bool> {
    let own = row.task.spec.notify.as_ref().and_then(&said);
    let labels = &row.task.spec.labels;
    let of_labels = || {
        let is_of_it = |rule: &&NotificationRule| labels.get(&rule.label) == Some(&rule.value);
        settings.rules.iter().filter(is_of_it).find_map(|rule| {
            said(&NotifyRules { on_failure: rule.on_failure, on_success: rule.on_success, hooks: vec![] })
        })
    };
    own.or_else(of_labels)
}

impl Announced {
    pub(crate) fn notices(&mut self, change: &TaskChange, settings: &NotificationSettings) -> Vec<Notice> {
        let mut failed = Vec::new();
        let mut finished = Vec::new();
        for row in &change.changed {
            let id = &row.task.metadata.id;
            let phase = row.task.status.phase;
            if !phase.is_terminal() || !self.over.is_new(id.clone()) {
                continue;
            }
            match phase {
                phase
                    if phase.is_failure()
                        && wanted(row, settings, |rule| rule.on_failure).unwrap_or(settings.failures) =>
                {
                    failed.push(row);
                }
                TaskPhase::Succeeded
                    if wanted(row, settings, |rule| rule.on_success)
                        .unwrap_or(settings.long_runs && took_ms(row) > LONG_MS) =>
                {
                    finished.push(row);
                }
                _ => {}
            }
        }
        let mut notices = summed_up(&failed, What::Failed, |row| {
            row.task.status.error.clone().unwrap_or_else(|| exit(row))
        });
        notices.extend(summed_up(&finished, What::Finished, |row| format!("after {}", took(took_ms(row)))));
        notices.extend(self.silences(change));
        notices
    }
}

fn summed_up(rows: &[&TaskRow], what: What, body: impl Fn(&TaskRow) -> String) -> Vec<Notice> {
    let (one, many) = match what {
        What::Failed => ("failed", "failed"),
        What::Finished => ("finished", "finished"),
        What::Silent => ("has gone silent", "have gone silent"),
    };
    if rows.len() > AT_ONCE {
        let names: Vec<String> = rows.iter().take(AT_ONCE).map(|row| name(row)).collect();
        let title = format!("{} tasks {many}", rows.len());
        return vec![Notice { title, body: format!("{} and others", names.join(", ")), about: None }];
    }
    let notice = |row: &&TaskRow| {
        let run = RunId::new(row.task.metadata.id.clone(), row.task.status.attempt);
        Notice { title: format!("{} {one}", name(row)), body: body(row), about: Some(About { run, what }) }
    };
    rows.iter().map(notice).collect()
}

fn name(row: &TaskRow) -> String {
    const LONGEST: usize = 60;
    let name = &row.task.spec.name;
    if name.chars().count() <= LONGEST {
        return name.clone();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

fn exit(row: &TaskRow) -> String {
    row.task.status.exit_code.map_or_else(String::new, |code| format!("exit {code}"))
}

fn took_ms(row: &TaskRow) -> u64 {
    row.took_ms().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn row(id: &str, phase: &str, took_ms: u64) -> TaskRow {
        let task = json!({
            "metadata": {"id": id, "resourceVersion": 1, "createdAt": 1, "updatedAt": 1},
            "spec": {"slot": "s", "name": id, "command": "true"},
            "status": {"phase": phase, "attempt": 1, "exitCode": 3}
        });
        serde_json::from_value(json!({"task": task, "stopping": false,
            "recentRuns": [{"attempt": 1, "phase": phase, "durationMs": took_ms}],
            "startedAt": 1_000, "finishedAt": 900_000}))
        .expect("a row")
    }

    fn change(changed: Vec<TaskRow>) -> TaskChange {
        let summary = json!({"byPhase": {}, "lanes": [], "labels": [], "resourceVersion": 1,
            "logBytes": 0, "storage": "ok"});
        TaskChange {
            resource_version: 1,
            changed,
            unmatched: Default::default(),
            deleted: vec![],
            summary: serde_json::from_value(summary).expect("a summary"),
            resync: false,
        }
    }

    fn titles(reported: &mut Announced, rows: Vec<TaskRow>) -> Vec<String> {
        let notices = reported.notices(&change(rows), &NotificationSettings::default());
        notices.into_iter().map(|notice| notice.title).collect()
    }

    #[test]
    fn a_failure_is_told_once_and_a_long_run_when_it_finishes() {
        let mut reported = Announced::default();
        assert_eq!(titles(&mut reported, vec![row("build", "running", 0)]), Vec::<String>::new());
        assert_eq!(titles(&mut reported, vec![row("build", "failed", 10)]), ["build failed"]);
        assert_eq!(titles(&mut reported, vec![row("build", "failed", 10)]), Vec::<String>::new());
        let ended = vec![
            row("quick", "succeeded", 29_000),
            row("slow", "succeeded", 31_000),
            row("stopped", "canceled", 90_000),
        ];
        assert_eq!(titles(&mut reported, ended), ["slow finished"]);
    }

    #[test]
    fn many_at_once_are_one_notice() {
        let failed: Vec<_> = (0..50).map(|n| row(&format!("t{n}"), "failed", 10)).collect();
        let notices = Announced::default().notices(&change(failed), &NotificationSettings::default());
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].title, "50 tasks failed");
    }

    #[test]
    fn what_is_switched_off_is_not_told() {
        let off = NotificationSettings { failures: false, long_runs: false, rules: vec![] };
        let rows = vec![row("a", "failed", 10), row("b", "succeeded", 90_000)];
        assert_eq!(Announced::default().notices(&change(rows), &off), []);
    }

    #[test]
    fn a_rule_of_a_label_goes_before_the_settings_and_the_task_before_both() {
        let labelled = |id: &str, phase: &str, notify: Value| {
            let mut row = row(id, phase, 10);
            row.task.spec.labels.insert("team".into(), "night".into());
            row.task.spec.notify = serde_json::from_value(notify).expect("rules");
            row
        };
        let rule = NotificationRule {
            label: "team".into(),
            value: "night".into(),
            on_failure: Some(false),
            on_success: Some(true),
        };
        let settings = NotificationSettings { rules: vec![rule], ..NotificationSettings::default() };
        let rows = vec![
            labelled("quiet", "failed", Value::Null),
            labelled("loud", "failed", json!({"onFailure": true})),
            labelled("short", "succeeded", Value::Null),
            row("another", "succeeded", 10),
        ];
        let notices = Announced::default().notices(&change(rows), &settings);
        let titles: Vec<_> = notices.into_iter().map(|notice| notice.title).collect();
        assert_eq!(titles, ["loud failed", "short finished"]);
    }

    #[test]
    fn a_silence_is_told_once_and_the_next_one_again() {
        let silent = |since: u64| {
            let mut row = row("build", "running", 0);
            (row.silent_since, row.task.metadata.updated_at) = (Some(since), since + 60_000);
            row
        };
        let mut reported = Announced::default();
        let told = reported.notices(&change(vec![silent(5)]), &NotificationSettings::default());
        assert_eq!((&*told[0].title, &*told[0].body), ("build has gone silent", "no output for 1 min 00 s"));
        assert_eq!(titles(&mut reported, vec![silent(5)]), Vec::<String>::new());
        assert_eq!(titles(&mut reported, vec![silent(900)]), ["build has gone silent"]);
    }
}
