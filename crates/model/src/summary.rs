//! What is true of all tasks together.

use crate::{DigestSleep, Lane, TaskId, TaskPhase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// What is true of all tasks together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Every phase is there, with 0 where no task is in it.
    #[ts(type = "Record<TaskPhase, number>")]
    pub by_phase: BTreeMap<TaskPhase, u64>,
    /// Those with a queue or a setting, then the shared ones, also those that nothing is in now, then those of single tasks;
    /// 50 at most.
    pub lanes: Vec<Lane>,
    /// The most frequent ones.
    pub labels: Vec<LabelCount>,
    /// Of the latest change.
    #[ts(type = "number")]
    pub resource_version: u64,
    /// Whether tasks can be stored.
    pub storage: StorageState,
    /// The limits of the logs that cannot be kept for now, each once.
    #[serde(default)]
    pub unkept_limits: Vec<UnkeptLimit>,
    /// All tasks are held: nothing starts in any lane.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub held: bool,
    /// Whether the machine is kept from sleeping; absent while no task that runs asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub awake: Option<StaysAwake>,
    /// The last sleep of the machine since the engine began; absent before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub slept: Option<DigestSleep>,
    /// Which data folder answers, by an id that no other one has; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub instance: Option<String>,
}

/// A task that runs is to keep the machine from sleeping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StaysAwake {
    /// Why it may sleep all the same, in one sentence without its end; absent when it is kept awake.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub why_not: Option<String>,
}

/// A limit of the logs that is not kept although all has gone that can: what is being written is one piece, and other files
/// may fill the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnkeptLimit {
    /// Which limit.
    pub limit: LogLimit,
    /// How much too much the logs take, or how much is not free that ought to be, in bytes; rounded up.
    #[ts(type = "number")]
    pub bytes: u64,
    /// The task that exceeds it most, where it is a limit of each run or task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub task: Option<TaskId>,
}

/// The limits of the logs, by their names in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LogLimit {
    /// Of each run.
    RunBytes,
    /// Of all runs of a task.
    TaskBytes,
    /// Of all runs of all tasks.
    TotalBytes,
    /// Of what is to stay free on the disk.
    MinFreeBytes,
}

/// Whether tasks can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StorageState {
    /// They can.
    Ok,
    /// The database cannot be written; what is stored can be read, nothing new is taken.
    ReadOnly,
    /// The database cannot be read just now; it is tried again, and what is shown is older.
    Unreadable,
}

/// How many tasks carry a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelCount {
    /// The label.
    pub key: String,
    /// Its value.
    pub value: String,
    /// How many tasks have it.
    #[ts(type = "number")]
    pub count: u64,
}
