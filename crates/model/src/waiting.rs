//! Why a task does not run yet.

use crate::{AfterWhen, TaskId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a pending task is not running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "reason", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Waiting {
    /// Its lane is full. `position` counts from 1; `behind` is the name of the task before it.
    Lane {
        /// From 1.
        position: u32,
        /// The name of the task before it.
        behind: String,
    },
    /// Its next attempt is at `until`, in Unix milliseconds.
    Backoff {
        /// Unix milliseconds.
        #[ts(type = "number")]
        until: u64,
    },
    /// It was started again and again: its next attempt, at `until` in Unix milliseconds, is put off to slow it.
    CrashLoop {
        /// Unix milliseconds.
        #[ts(type = "number")]
        until: u64,
    },
    /// Its lane is paused: it starts nothing.
    LanePaused,
    /// Its process is being started.
    Starting,
    /// It is not to start before `until`, in Unix milliseconds.
    NotBefore {
        /// Unix milliseconds.
        #[ts(type = "number")]
        until: u64,
    },
    /// Another task has to get somewhere first; when it waits for several, this is one of them.
    Dependency {
        /// The other task.
        on: TaskId,
        /// How far that has to get.
        when: AfterWhen,
        /// What the other is called.
        name: String,
    },
    /// A person has to release it, or all tasks: it was held, or the machine was restarted.
    Held,
    /// Its lane starts nothing while the machine is not as its rules ask for.
    Condition {
        /// What is waited for, in words that follow "waits for".
        what: String,
    },
    /// A cluster has it, and has not started it yet.
    Cluster {
        /// Why, in a phrase: `waits for 4 GPUs`.
        why: String,
        /// When the cluster means to start it, in Unix milliseconds; absent where it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional, type = "number")]
        about: Option<u64>,
    },
}
