//! A task as it is now, and its runs.

use crate::{RunUsage, TaskId, TaskPhase, TaskSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A task: what was submitted, and what has become of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Which task, and of when this is.
    pub metadata: ObjectMeta,
    /// As it was submitted.
    pub spec: TaskSpec,
    /// How far it is.
    pub status: TaskStatus,
}

/// Which task, and of when what is said of it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectMeta {
    /// Of this task alone, for ever.
    pub id: TaskId,
    /// Grows with every change of any task; a reader that holds an older one re-reads.
    #[ts(type = "number")]
    pub resource_version: u64,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub created_at: u64,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub updated_at: u64,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskStatus {
    /// Where it stands.
    pub phase: TaskPhase,
    /// The latest attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// Of the latest finished attempt, when its program exited by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub exit_code: Option<i32>,
    /// One sentence for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
}

/// One attempt of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRun {
    /// From 1.
    pub attempt: u32,
    /// Where it stands.
    pub phase: TaskPhase,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub started_at: u64,
    /// Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub finished_at: Option<u64>,
    /// Why it did not succeed, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
    /// When its program exited by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub exit_code: Option<i32>,
    /// Once it has ended, unless nobody was there to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub usage: Option<RunUsage>,
    /// One sentence on what its end has left undone, such as output that could not be kept; also of one that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub remark: Option<String>,
    /// The runner that it was given to; not known of runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub runner: Option<String>,
    /// The node of a cluster that it is or was on, as the cluster names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub node: Option<String>,
    /// How long its processes stood still, of one that was suspended. That is no part of how long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub suspension: Option<Suspension>,
}

impl TaskRun {
    /// How long it ran, in milliseconds, once it has ended. A clock that was set back meanwhile: no time.
    #[must_use]
    pub fn took_ms(&self) -> Option<u64> {
        self.finished_at.map(|end| self.ran_ms(end))
    }

    /// How long it ran, or has run until now, in milliseconds.
    #[must_use]
    pub fn ran_ms(&self, now: u64) -> u64 {
        let end = self.finished_at.unwrap_or(now);
        let still = self.suspension.unwrap_or_default().until(end);
        end.saturating_sub(self.started_at).saturating_sub(still)
    }
}

/// How long the processes of a run stood still because somebody had suspended it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suspension {
    /// In all, in milliseconds, up to `since`.
    #[ts(type = "number")]
    pub total_ms: u64,
    /// They stand still since then, Unix milliseconds; absent while they go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub since: Option<u64>,
}

impl Suspension {
    /// How long in all at this time, in milliseconds.
    #[must_use]
    pub fn until(self, now: u64) -> u64 {
        let under_way = self.since.map_or(0, |since| now.saturating_sub(since));
        self.total_ms.saturating_add(under_way)
    }

    /// As it is when they begin to stand still.
    #[must_use]
    pub fn begun(self, at: u64) -> Self {
        Self { since: self.since.or(Some(at)), ..self }
    }

    /// As it is when they go on, or have ended.
    #[must_use]
    pub fn over(self, at: u64) -> Self {
        Self { total_ms: self.until(at), since: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_took_as_long_as_it_did_not_stand_still() {
        let run = |finished_at: Option<u64>, suspension: Option<Suspension>| TaskRun {
            attempt: 1,
            phase: TaskPhase::Running,
            started_at: 1_000,
            finished_at,
            error: None,
            exit_code: None,
            usage: None,
            remark: None,
            runner: None,
            node: None,
            suspension,
        };
        let twice = Suspension::default().begun(2_000).over(5_000).begun(6_000).begun(6_500);
        assert_eq!((twice.until(6_200), twice.over(6_200).total_ms), (3_200, 3_200));
        assert_eq!(twice.until(5_900), 3_000, "the clock was set back");
        for (finished_at, suspension, took, ran) in [
            (None, None, None, 8_000),
            (None, Some(twice), None, 2_000),
            (Some(7_000), None, Some(6_000), 6_000),
            (Some(7_000), Some(twice.over(7_000)), Some(2_000), 2_000),
            (Some(2_000), Some(twice.over(7_000)), Some(0), 0),
        ] {
            let run = run(finished_at, suspension);
            assert_eq!((run.took_ms(), run.ran_ms(9_000)), (took, ran), "{run:?}");
        }
    }
}
