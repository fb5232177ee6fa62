//! What a machine says of the ways in which it runs tasks.

use crate::{RunnerSelector, TaskSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// One way of a machine to run tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunnerInfo {
    /// As runs name it: `local`, `podman`, `wasmtime`.
    pub name: String,
    /// What the `runnerSelector` of a task is held against.
    pub labels: BTreeMap<String, String>,
    /// The words of the kinds of tasks that it takes.
    pub kinds: Vec<String>,
    /// Why it takes none now, in a sentence; absent where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unavailable: Option<String>,
    /// What it runs containers by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub engine: Option<ContainerEngine>,
    /// What it runs WebAssembly by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub wasm: Option<WasmEngine>,
    /// The cluster that it hands tasks to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cluster: Option<BatchCluster>,
    /// Of another machine: the runners that it has, as it has said lately; absent where it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub there: Option<Vec<RunnerInfo>>,
}

impl RunnerInfo {
    /// How it stands, in a phrase: why it takes nothing, or what it stands on. Empty where there is nothing to say.
    #[must_use]
    pub fn state(&self) -> String {
        let engine = || self.engine.as_ref().map(ContainerEngine::describe);
        let wasm = || self.wasm.as_ref().map(WasmEngine::describe);
        let cluster = || self.cluster.as_ref().map(BatchCluster::describe);
        let there = || self.there.as_ref().map(|runners| in_short(runners));
        let known = engine().or_else(wasm).or_else(cluster).or_else(there);
        self.unavailable.clone().or(known).unwrap_or_default()
    }

    /// Whether it takes such a task now, for what it says of itself. `asked`: what the task asks of its runner.
    #[must_use]
    pub fn takes(&self, spec: &TaskSpec, asked: Option<&RunnerSelector>) -> bool {
        self.unavailable.is_none()
            && self.kinds.iter().any(|kind| kind == spec.kind.word())
            && (spec.cluster.is_none() || self.cluster.is_some())
            && asked.is_none_or(|asked| asked.matches(&self.labels))
    }
}

/// Those that take tasks, each with what it stands on.
fn in_short(runners: &[RunnerInfo]) -> String {
    let usable = runners.iter().filter(|runner| runner.unavailable.is_none());
    let words = usable.map(|runner| match runner.state() {
        state if state.is_empty() => runner.name.clone(),
        state => format!("{} ({state})", runner.name),
    });
    words.collect::<Vec<_>>().join("; ")
}

/// A cluster that runs jobs in batches, and what it offers to this user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchCluster {
    /// What it is run by, as that says it: `slurm-wlm 22.05.8`.
    pub version: String,
    /// In its own order.
    pub partitions: Vec<ClusterPartition>,
    /// Those that this user may charge; empty where the cluster keeps no accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub accounts: Vec<String>,
    /// Those that this user may ask for; empty where the cluster keeps no accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub qos: Vec<String>,
}

impl BatchCluster {
    /// What a person is told of it, in a phrase.
    #[must_use]
    pub fn describe(&self) -> String {
        let name = |partition: &ClusterPartition| match partition.hidden {
            true => format!("{} (hidden)", partition.name),
            false => partition.name.clone(),
        };
        let names: Vec<_> = self.partitions.iter().map(name).collect();
        match names[..] {
            [] => format!("{}, no partition", self.version),
            _ => format!("{}, partitions {}", self.version, names.join(", ")),
        }
    }
}

/// A part of a cluster that jobs are handed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterPartition {
    /// Its name.
    pub name: String,
    /// Whether jobs that name none go there.
    pub is_default: bool,
    /// Whether it starts jobs now.
    pub up: bool,
    /// Whether the cluster lists it only for who asks for all: jobs that name it may be taken all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub hidden: bool,
    /// How many nodes it has.
    pub nodes: u32,
    /// Minutes that a job may take; absent for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub time_limit_minutes: Option<u32>,
    /// GPUs of a node, as the cluster names them: `gpu:2`; absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub gpus: Option<String>,
    /// Features of its nodes that a constraint can name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub features: Vec<String>,
}

/// When a cluster would start a task that was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "outlook", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClusterPreview {
    /// There is, or will be, room for it.
    Starts {
        /// Unix milliseconds; one that is past is at once.
        #[ts(type = "number")]
        at: u64,
        /// Its node, as the cluster names it.
        node: String,
        /// The partition that would start it.
        partition: String,
    },
    /// It would be taken, and wait for nobody knows how long.
    Waits {
        /// Why, in a phrase: `partition closed is down`.
        why: String,
        /// The partition that it would wait in.
        partition: String,
    },
}

impl ClusterPreview {
    /// The partition that would have it.
    #[must_use]
    pub fn partition(&self) -> &str {
        match self {
            Self::Starts { partition, .. } | Self::Waits { partition, .. } => partition,
        }
    }
}

/// A shared folder in which a file of a node was seen here, and one of here on the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FolderCheck {
    /// Its path.
    pub folder: String,
    /// The node, as the cluster names it.
    pub node: String,
}

impl FolderCheck {
    /// What a person is told of it, in a phrase.
    #[must_use]
    pub fn describe(&self) -> String {
        let Self { folder, node } = self;
        format!("a file that node {node} wrote into {folder} is seen here")
    }
}

/// The program that runs WebAssembly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WasmEngine {
    /// Its path.
    pub program: String,
    /// Its own, and that of what it is built on, as it says them: `0.1.0 (wasmtime 48.0.8)`.
    pub version: String,
}

impl WasmEngine {
    /// What a person is told of it, in a phrase.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{} {}", self.program, self.version)
    }
}

/// The program that runs containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerEngine {
    /// Its path.
    pub program: String,
    /// As it says it.
    pub version: String,
    /// Whether it works without the rights of the superuser.
    pub rootless: bool,
    /// The program that it starts containers by, such as `crun`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub runtime: Option<String>,
    /// The version of the control groups that limits are kept by: `v1` or `v2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cgroups: Option<String>,
}

impl ContainerEngine {
    /// What a person is told of it, in a phrase.
    #[must_use]
    pub fn describe(&self) -> String {
        let rights = if self.rootless { "rootless" } else { "as root" };
        let parts = [
            Some(format!("{} {}", self.program, self.version)),
            Some(rights.to_owned()),
            self.runtime.clone(),
            self.cgroups.as_ref().map(|version| format!("cgroups {version}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// An image that is on a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalImage {
    /// With its tag, as a task names it.
    pub name: String,
    /// The runner that has it.
    pub runner: String,
    /// In words, as its engine says it: `7.8 MB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub size: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn runner(value: serde_json::Value) -> RunnerInfo {
        serde_json::from_value(value).expect("a runner")
    }

    #[test]
    fn another_machine_is_told_by_what_it_has() {
        let cluster = json!({"version": "slurm-wlm 22.05.8", "partitions": [
            {"name": "main", "isDefault": true, "up": true, "nodes": 2},
            {"name": "quiet", "isDefault": false, "up": true, "nodes": 1, "hidden": true}]});
        let there = json!([
            {"name": "local", "labels": {"runner": "local"}, "kinds": ["subprocess"]},
            {"name": "podman", "labels": {"runner": "podman"}, "kinds": ["container"], "unavailable": "there is no podman"},
            {"name": "slurm", "labels": {"runner": "slurm"}, "kinds": ["subprocess"], "cluster": cluster},
        ]);
        let nas = runner(
            json!({"name": "machine:nas", "labels": {"machine": "nas"}, "kinds": ["subprocess"], "there": there}),
        );
        let said = "local; slurm (slurm-wlm 22.05.8, partitions main, quiet (hidden))";
        assert_eq!(nas.state(), said);
        let takes = |kind: serde_json::Value, more: serde_json::Value| {
            let mut spec = json!({"slot": "s", "kind": kind});
            spec.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let spec: TaskSpec = serde_json::from_value(spec).expect("a task");
            let there = nas.there.as_ref().expect("said").iter();
            let takes = there.filter(|one| one.takes(&spec, spec.runner_selector.as_ref()));
            takes.map(|one| one.name.as_str()).collect::<Vec<_>>()
        };
        let command = || json!({"subprocess": {"mode": {"command": {"command": "true"}}}});
        assert_eq!(takes(command(), json!({})), ["local", "slurm"]);
        assert_eq!(takes(command(), json!({"cluster": {}})), ["slurm"]);
        let by = |label: &str| json!({"runnerSelector": {"matchLabels": {"runner": label}}});
        assert_eq!(takes(command(), by("local")), ["local"]);
        assert!(takes(command(), by("docker")).is_empty());
        assert!(takes(json!({"container": {"image": "a:b"}}), json!({})).is_empty());
    }
}
