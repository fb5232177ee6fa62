//! The order for a task: what to run, in which lane, and what to do when it ends.

use crate::bounds::MAX_PARAMETERS;
use crate::queueing::is_zero;
use crate::{
    AfterReboot, AfterTask, BackoffStrategy, BeforeReboot, ClusterRequest, JobName, KeepAwake, MAX_AFTER,
    MAX_DURATION_MS, MAX_PRIORITY, MAX_RETRIES, MAX_TIME_MS, NotifyRules, ResourceLimits, RunnerSelector,
    Slot, Stall, Stdin, TaskKind,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// What a person submits. Every rule that a value here can break is checked by [`TaskSpec::validate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskSpec {
    /// The lane.
    pub slot: Slot,
    /// Whether the lane is for this task alone; absent, its name tells. It changes how lanes are shown, and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub own_lane: Option<bool>,
    /// What is run.
    pub kind: TaskKind,
    /// Milliseconds that one attempt may take; unlimited when absent. The sleep of the machine counts, as it does in the times
    /// that are shown and in the waits between attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(min = 1, max = MAX_DURATION_MS))]
    pub timeout: Option<u64>,
    /// When a finished attempt is followed by another one.
    #[serde(default)]
    #[ts(optional, as = "Option<RestartStrategy>")]
    pub restart: RestartStrategy,
    /// How long it takes until a failed attempt is repeated.
    #[serde(default)]
    #[ts(optional, as = "Option<BackoffStrategy>")]
    pub backoff: BackoffStrategy,
    /// What happens when the lane is busy.
    #[serde(default)]
    #[ts(optional, as = "Option<AdmissionStrategy>")]
    pub admission: AdmissionStrategy,
    /// How often a failed attempt may be repeated; unlimited when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = 1, max = MAX_RETRIES))]
    pub max_retries: Option<u32>,
    /// Which runners may take it; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub runner_selector: Option<RunnerSelector>,
    /// Marks by which tasks are found; `name` is what the task is called.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
    pub labels: BTreeMap<String, String>,
    /// What one run may use; unlimited when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub limits: Option<ResourceLimits>,
    /// What is asked of a cluster. A task that has this is for one, as is a task whose `runnerSelector` says `runner=slurm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cluster: Option<ClusterRequest>,
    /// What the program reads at its standard input; nothing when absent.
    #[serde(default, skip_serializing_if = "Stdin::is_none")]
    #[ts(optional, as = "Option<Stdin>")]
    pub stdin: Stdin,
    /// The saved job that it belongs to. It keeps it when that is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub job: Option<JobName>,
    /// The revision of the job that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub job_revision: Option<u32>,
    /// It does not start before this time, in Unix milliseconds; nor does it ask for a place in its lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(max = MAX_TIME_MS))]
    pub not_before: Option<u64>,
    /// Of those that wait in a lane the one with the highest goes first.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<i32>")]
    #[schemars(range(min = -MAX_PRIORITY, max = MAX_PRIORITY))]
    pub priority: i32,
    /// Tasks that have to get somewhere before this one asks for a place in its lane: all of them. When one cannot get there any
    /// more, this one is canceled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<AfterTask>>")]
    #[schemars(length(max = MAX_AFTER))]
    pub after: Vec<AfterTask>,
    /// What becomes of it when the machine is restarted before it is over. When absent, a task that is always restarted goes on,
    /// one that waited is held, and one that ran has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after_reboot: Option<AfterReboot>,
    /// What is done when a run prints nothing for long; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub stall: Option<Stall>,
    /// Whom it tells of its end, beside or instead of what the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub notify: Option<NotifyRules>,
    /// Whether the machine is kept from sleeping while it runs. What its lane says counts too, whichever asks for more.
    #[serde(default, skip_serializing_if = "KeepAwake::is_never")]
    #[ts(optional, as = "Option<KeepAwake>")]
    pub keep_awake: KeepAwake,
    /// Secret parameters of its job, by their names. Their values are not in the spec: each is put in where `{{name}}` stands in the
    /// value of a variable, when the program is started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    #[schemars(length(max = MAX_PARAMETERS))]
    pub secrets: Vec<String>,
}

impl TaskSpec {
    /// A spec with every optional field at its default.
    pub fn new(slot: Slot, kind: TaskKind) -> Self {
        Self {
            slot,
            own_lane: None,
            kind,
            timeout: None,
            restart: RestartStrategy::default(),
            backoff: BackoffStrategy::default(),
            admission: AdmissionStrategy::default(),
            max_retries: None,
            runner_selector: None,
            labels: BTreeMap::new(),
            limits: None,
            cluster: None,
            stdin: Stdin::None,
            job: None,
            job_revision: None,
            not_before: None,
            priority: 0,
            after: vec![],
            after_reboot: None,
            stall: None,
            notify: None,
            keep_awake: KeepAwake::Never,
            secrets: vec![],
        }
    }

    /// What is asked for when it is run again: now, and for no other task's sake.
    #[must_use]
    pub fn again(self) -> Self {
        Self { not_before: None, after: vec![], ..self }
    }

    /// What becomes of the task after a reboot: what it says itself, else what suits its restart policy. A service comes back,
    /// what waited waits for a person, and what ran is over.
    pub fn after_a_reboot(&self, before: BeforeReboot) -> AfterReboot {
        match (self.after_reboot, self.restart, before) {
            (Some(said), ..) => said,
            (None, RestartStrategy::Always { .. }, _) => AfterReboot::Start,
            (None, _, BeforeReboot::Waited) => AfterReboot::Hold,
            (None, _, BeforeReboot::Ran) => AfterReboot::End,
        }
    }
}

/// When a finished attempt is followed by another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum RestartStrategy {
    /// Not at all.
    #[default]
    Never,
    /// After a failure or a timeout, up to `maxRetries` times.
    OnFailure,
    /// After a success too.
    Always {
        /// Milliseconds between a success and the next attempt; 0 when absent, subject to the supervisor's floor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional, type = "number")]
        #[schemars(range(max = MAX_DURATION_MS))]
        interval_ms: Option<u64>,
    },
}

/// As it is read: serde refuses unknown fields of a variant with a tag only where that has braces.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum ReadRestart {
    Never {},
    OnFailure {},
    Always {
        #[serde(default)]
        interval_ms: Option<u64>,
    },
}

impl<'de> Deserialize<'de> for RestartStrategy {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match ReadRestart::deserialize(from)? {
            ReadRestart::Never {} => Self::Never,
            ReadRestart::OnFailure {} => Self::OnFailure,
            ReadRestart::Always { interval_ms } => Self::Always { interval_ms },
        })
    }
}

/// What happens to a task whose lane is busy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AdmissionStrategy {
    /// The new task is refused.
    #[default]
    DropIfRunning,
    /// The running task is stopped, and the new one starts once its processes are gone.
    Replace,
    /// The new task waits for its turn.
    Queue,
}
