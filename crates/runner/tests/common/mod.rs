//! What the integration tests share: the real shim, requests, and reading what a run has printed.

#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use solti_model::{
    AfterMain, CommandMode, EnvVar, ResourceLimits, RunId, ScriptMode, ScriptRuntime, SubprocessMode,
    SubprocessTask, TaskKind,
};
use solti_runner::{RunHandle, RunOutcome, RunRequest, Runner, ShimRunner, StartError, StartFailure};
pub use solti_testing::{shim, within};

pub fn runner() -> ShimRunner {
    ShimRunner::new(shim())
}

/// A data folder for some runs.
pub struct Runs {
    pub dir: tempfile::TempDir,
}

impl Runs {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn run_dir(&self, task: &str) -> PathBuf {
        self.dir.path().join("runs").join(task).join("1")
    }

    /// Ids are unique over all tests of the machine, because the sweep looks at all of its processes.
    pub fn run_id(&self, task: &str) -> RunId {
        format!("{}-{task}/1", self.dir.path().file_name().unwrap().to_str().unwrap()).parse().unwrap()
    }

    pub fn request(&self, task: &str, kind: TaskKind) -> RunRequest {
        RunRequest {
            run_dir: self.run_dir(task),
            run: self.run_id(task),
            kind,
            timeout: None,
            limits: ResourceLimits::default(),
            base_env: std::env::vars_os().collect::<BTreeMap<OsString, OsString>>(),
            // Who ends on TERM has time to; no test here waits until it is over.
            grace: Duration::from_secs(60),
            stdin: solti_model::Stdin::None,
            cluster: None,
            labels: BTreeMap::new(),
            selector: None,
            may_go_elsewhere: false,
            segments: solti_logstore::SegmentSizes::default(),
        }
    }

    pub async fn start(&self, task: &str, kind: TaskKind) -> Result<RunHandle, StartFailure> {
        match runner().start(self.request(task, kind)).await {
            Ok(handle) => Ok(handle),
            Err(StartError::Failed(failure)) => Err(failure),
            Err(StartError::Unknown(error)) => panic!("{error}"),
        }
    }

    /// Starts and waits; returns the end and what was printed.
    pub async fn run(&self, task: &str, kind: TaskKind) -> (RunOutcome, String) {
        let mut handle = self.start(task, kind).await.unwrap();
        let outcome = wait(&mut handle).await;
        (outcome, self.output(task))
    }

    pub fn output(&self, task: &str) -> String {
        let log = std::fs::read(self.run_dir(task).join("output.log")).unwrap_or_default();
        String::from_utf8(log).unwrap()
    }
}

pub async fn wait(handle: &mut RunHandle) -> RunOutcome {
    within("the end of the run", handle.wait()).await
}

pub fn subprocess(mode: SubprocessMode) -> TaskKind {
    TaskKind::Subprocess(SubprocessTask {
        mode,
        env: vec![],
        cwd: Some("/".into()),
        fail_on_non_zero: true,
        after_main: AfterMain::Wait,
    })
}

pub fn command(words: &[&str]) -> TaskKind {
    let (command, args) = words.split_first().unwrap();
    subprocess(SubprocessMode::Command(CommandMode {
        command: (*command).to_owned(),
        args: args.iter().map(ToString::to_string).collect(),
    }))
}

pub fn sh(text: &str) -> TaskKind {
    command(&["/bin/sh", "-c", text])
}

pub fn script(runtime: ScriptRuntime, text: &str, args: &[&str]) -> TaskKind {
    subprocess(SubprocessMode::Script(ScriptMode {
        runtime,
        body: STANDARD.encode(text),
        args: args.iter().map(ToString::to_string).collect(),
    }))
}

pub fn with(mut kind: TaskKind, change: impl FnOnce(&mut SubprocessTask)) -> TaskKind {
    match &mut kind {
        TaskKind::Subprocess(task) => change(task),
        TaskKind::Container(_) | TaskKind::Wasm(_) => panic!("no subprocess"),
    }
    kind
}

pub fn env(key: &str, value: &str) -> EnvVar {
    EnvVar { key: key.into(), value: value.into() }
}

/// The shim of a run, from its exit record's neighbour, the process table.
pub fn shim_of(child: u32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap();
    stat[stat.rfind(')').unwrap()..].split(' ').nth(2).unwrap().parse().unwrap()
}

/// Whether the process is there and no zombie.
pub fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat[stat.rfind(')').unwrap()..].starts_with(") Z"))
}
