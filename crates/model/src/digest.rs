//! What has happened while nobody looked.

use crate::{JobName, TaskId, TaskPhase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Of each kind, so many are named; the rest is counted.
pub const MAX_DIGEST_NAMED: usize = 10;

/// What has happened since some time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub since: u64,
    /// Until then it is: what comes later is in the next one.
    #[ts(type = "number")]
    pub until: u64,
    /// How many tasks have ended, by the phase in which they have. Every phase is there.
    #[ts(type = "Record<TaskPhase, number>")]
    pub ended: BTreeMap<TaskPhase, u64>,
    /// Those that went wrong, the latest first.
    pub failed: Vec<DigestTask>,
    /// Times of schedules at which nothing was run, the latest first.
    pub missed: Vec<DigestFiring>,
    /// How many such times there were.
    #[ts(type = "number")]
    pub missed_count: u64,
    /// Tasks that wait for a person, the latest first.
    pub held: Vec<DigestTask>,
    /// How many do.
    #[ts(type = "number")]
    pub held_count: u64,
    /// When the machine slept, the latest first. Of a machine that slept for less than a minute nothing is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<DigestSleep>>")]
    pub slept: Vec<DigestSleep>,
}

/// A sleep of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DigestSleep {
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub from: u64,
    /// When it woke, in Unix milliseconds.
    #[ts(type = "number")]
    pub to: u64,
}

/// A task that a digest names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DigestTask {
    /// Which one.
    pub id: TaskId,
    /// What it is called.
    pub name: String,
    /// How it stands.
    pub phase: TaskPhase,
    /// Why it did not succeed, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
}

/// A time of a schedule at which nothing was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DigestFiring {
    /// Whose schedule.
    pub job: JobName,
    /// When it was due, in Unix milliseconds.
    #[ts(type = "number")]
    pub due: u64,
    /// Why nothing was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
}
