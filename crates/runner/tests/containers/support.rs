//! A data folder whose containers are run by one of the engines, and what is asked of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Output};

use solti_model::{ContainerTask, RunId, TaskKind, Volume};
use solti_runner::{
    ContainerRunner, ContainerTrouble, EngineKind, RunEnd, RunHandle, RunOutcome, RunRequest, Runner,
    StartCause,
};
use solti_testing::{TEST_IMAGE, TestEngine, until};

use crate::common::{Runs, runner, wait};

pub struct Containers {
    pub engine: TestEngine,
    pub runs: Runs,
    pub runner: ContainerRunner,
    pub env: BTreeMap<OsString, OsString>,
}

/// What [`solti_testing::on_each_engine!`] gives a test.
pub fn run<F: Future<Output = ()>>(engine: TestEngine, path: String, test: impl FnOnce(Containers) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(test(Containers::new(engine, &[("PATH", &path)])));
}

impl Containers {
    /// `variables`: what the engine's client is started with beside those that are inherited.
    pub fn new(engine: TestEngine, variables: &[(&str, &str)]) -> Self {
        let mut env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        env.extend(variables.iter().map(|(key, value)| (OsString::from(key), OsString::from(value))));
        let runs = Runs::new();
        let kind = match engine {
            TestEngine::Podman | TestEngine::Rootless => EngineKind::Podman,
            TestEngine::Docker => EngineKind::Docker,
        };
        let runner = ContainerRunner::new(kind, runner(), env.clone(), runs.dir.path());
        Self { engine, runs, runner, env }
    }

    /// Another data folder with the same engine, and a variable more.
    pub fn another(&self, variables: &[(&str, &str)]) -> Self {
        let path = self.env[std::ffi::OsStr::new("PATH")].to_str().unwrap();
        Self::new(self.engine, &[&[("PATH", path)], variables].concat())
    }

    pub fn request(&self, task: &str, container: ContainerTask) -> RunRequest {
        let request = self.runs.request(task, TaskKind::Container(container));
        RunRequest { base_env: self.env.clone(), ..request }
    }

    pub async fn run(&self, request: RunRequest) -> RunOutcome {
        let mut handle = self.runner.start(request).await.unwrap();
        wait(&mut handle).await
    }

    /// The end of a shell in a container, and what it has printed.
    pub async fn sh(&self, task: &str, script: &str) -> (RunOutcome, String) {
        let outcome = self.run(self.request(task, sh(script))).await;
        (outcome, self.runs.output(task))
    }

    /// A shell whose script prints "on", once it has.
    pub async fn on(&self, request: RunRequest) -> RunHandle {
        let log = request.run_dir.join("output.log");
        let handle = self.runner.start(request).await.unwrap();
        let printed = || std::fs::read_to_string(&log).unwrap_or_default();
        until("it runs", || printed().lines().any(|line| line == "on")).await;
        handle
    }

    /// The engine's client, by hand.
    pub fn client(&self, words: &[&str]) -> Output {
        let mut client = Command::new(self.engine.program());
        client.args(words).env_clear().envs(&self.env).output().unwrap()
    }

    /// Standard output of what must succeed.
    pub fn asked(&self, words: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.client(words);
        assert!(status.success(), "{words:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// The containers that are left of these runs.
    pub fn left(&self) -> Vec<String> {
        let folder = self.runs.dir.path().file_name().unwrap().to_str().unwrap().to_owned();
        let names = self.asked(&["ps", "--all", "--format", "{{.Names}}"]);
        names.lines().filter(|name| name.contains(&folder)).map(str::to_owned).collect()
    }

    pub async fn nothing_is_left(&self) {
        until("the container is gone", || self.left().is_empty()).await;
    }

    /// How many processes of a run live, in the container or beside it.
    pub fn processes(&self, run: &RunId) -> usize {
        solti_shim::tree::marks().unwrap().get(&run.to_string()).copied().unwrap_or(0)
    }

    /// Where runs have their folders.
    pub fn folder(&self) -> impl Fn(&RunId) -> PathBuf + Send + use<> {
        let root = self.runs.dir.path().to_owned();
        move |run: &RunId| {
            let task = run.task.as_str();
            let short = task.rsplit('-').next().unwrap_or(task);
            root.join("runs").join(short).join(run.attempt.to_string())
        }
    }
}

/// A shell in a container.
pub fn sh(script: &str) -> ContainerTask {
    ContainerTask {
        command: vec!["sh".into(), "-c".into()],
        args: vec![script.into()],
        network: Some("none".into()),
        ..ContainerTask::of(TEST_IMAGE)
    }
}

pub fn volume(source: &std::path::Path, target: &str, read_only: bool) -> Volume {
    Volume { source: source.to_str().unwrap().to_owned(), target: target.to_owned(), read_only }
}

/// Why a container was not started, and the sentence for it.
pub fn trouble(outcome: &RunOutcome) -> (ContainerTrouble, String) {
    match &outcome.end {
        RunEnd::StartFailed(failure) => match &failure.cause {
            StartCause::Container(container) => (container.trouble, failure.to_string()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}
