//! What the whole-engine tests share: a real store, the real shim and the real supervisor in a folder of their own.
#![allow(clippy::disallowed_methods, reason = "a test may block")]
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

use solti_api::{ApiHandler, SupervisorApiAdapter};
use solti_model::{
    OutputEvent, OutputStreamKind, SlurmSettings, Task, TaskId, TaskPhase, TaskSpec, parse_spec,
};
use solti_runner::{Runners, ShimRunner, SlurmRunner};
use solti_store::Store;
use solti_supervisor::{Supervisor, SupervisorConfig};
pub use solti_testing::{PATIENCE, shim, until, until_async, within};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::StreamExt as _;

/// The runners of a machine with a cluster, as the engine has them. `env` is that of the cluster's programs.
pub fn with_slurm(data_dir: &Path, shared: &Path, env: BTreeMap<OsString, OsString>) -> Runners {
    let settings = SlurmSettings { enabled: true, folder: Some(shared.to_str().unwrap().to_owned()) };
    // Nobody changes them.
    let (_, settings) = tokio::sync::watch::channel(settings);
    let slurm = SlurmRunner::new(shim(), env, data_dir, settings);
    Runners::new(Arc::new(ShimRunner::new(shim()))).with("slurm", &[], Arc::new(slurm))
}

/// The engine of the app without its window.
pub struct Engine {
    pub api: SupervisorApiAdapter,
    pub supervisor: Supervisor,
}

impl Engine {
    pub async fn open(data_dir: &Path) -> Self {
        Self::open_with(SupervisorConfig {
            grace: Duration::from_secs(1),
            // Behind everything else they would never be made while the other tests keep the machine busy.
            skip_filter_niceness: 0,
            ..SupervisorConfig::new(data_dir)
        })
        .await
    }

    pub async fn open_with(config: SupervisorConfig) -> Self {
        Self::open_with_runners(config, Arc::new(ShimRunner::new(shim())).into()).await
    }

    pub async fn open_with_runners(config: SupervisorConfig, runners: Runners) -> Self {
        let store = Store::open(&config.data_dir).unwrap();
        let supervisor = Supervisor::start(store, runners, config).await.unwrap();
        Self { api: SupervisorApiAdapter::new(supervisor.clone()), supervisor }
    }

    /// Waits until the task's phase fits.
    pub async fn wait_for(&self, id: &TaskId, fits: impl Fn(&Task) -> bool) -> Task {
        let mut changes = self.supervisor.changes();
        let wait = async {
            loop {
                let task = self.api.get_task_status(id).await.unwrap().expect("the task is stored");
                if fits(&task) {
                    return task;
                }
                changes.next().await.expect("the supervisor lives");
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(task) => task,
            Err(_) => panic!("task {id} is still {:?}", self.api.get_task_status(id).await),
        }
    }

    pub async fn finished(&self, id: &TaskId) -> Task {
        self.wait_for(id, |task| task.status.phase.is_terminal()).await
    }

    pub async fn running(&self, id: &TaskId) -> Task {
        self.wait_for(id, |task| task.status.phase == TaskPhase::Running).await
    }

    /// The whole stream of a task's log, to its end.
    pub async fn log(&self, id: &TaskId) -> Vec<OutputEvent> {
        let stream = self.api.stream_task_logs(id).await.unwrap();
        within("the end of the log", stream.collect()).await
    }

    pub async fn lines(&self, id: &TaskId) -> Vec<String> {
        let texts = self.log(id).await.into_iter().filter_map(|event| match event {
            OutputEvent::Chunk { line, .. } => Some(line.to_string()),
            _ => None,
        });
        texts.collect()
    }
}

/// A spec from the JSON of its kind and of what differs from the default.
pub fn spec(slot: &str, kind: serde_json::Value, more: serde_json::Value) -> TaskSpec {
    let mut json = serde_json::json!({"slot": slot, "kind": kind});
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    parse_spec(json).unwrap()
}

pub fn command(program: &str, args: &[&str]) -> serde_json::Value {
    serde_json::json!({"subprocess": {"mode": {"command": {"command": program, "args": args}}}})
}

/// A bash script, by the way scripts go: base64.
pub fn bash(text: &str) -> serde_json::Value {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(text);
    serde_json::json!({"subprocess": {"mode": {"script": {"runtime": "bash", "body": body}}}})
}

pub fn chunk(event: &OutputEvent) -> Option<(u32, OutputStreamKind, u64, &str)> {
    match event {
        OutputEvent::Chunk { attempt, stream, seq, line, .. } => Some((*attempt, *stream, *seq, line)),
        _ => None,
    }
}

/// How many processes carry the mark of any run of the task.
pub fn processes_of(id: &TaskId) -> usize {
    let mark = format!("SOLTI_RUN_ID={id}/");
    let marked = |entry: std::fs::DirEntry| {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark.as_bytes()))
    };
    std::fs::read_dir("/proc").unwrap().flatten().map(marked).filter(|is| *is).count()
}
