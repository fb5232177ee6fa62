//! A cluster with a runner for it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use solti_model::{ClusterRequest, ResourceLimits, RunId, SlurmSettings, Stdin, TaskKind};
use solti_runner::{
    Attached, Place, RunHandle, RunOutcome, RunRequest, Runner as _, SlurmRunner, Standing, StartError,
};
use solti_testing::TestCluster;
use tokio::sync::watch;

use crate::common::{shim, within};

pub struct Slurm {
    pub cluster: TestCluster,
    pub runner: SlurmRunner,
    /// Those of the runner.
    pub settings: watch::Sender<SlurmSettings>,
}

impl Slurm {
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    pub fn start_with(settings: &[(&str, &str)]) -> Option<Self> {
        TestCluster::start(settings).map(Self::on)
    }

    pub fn on(cluster: TestCluster) -> Self {
        let (runner, settings) = runner(&cluster);
        Self { cluster, runner, settings }
    }

    /// As the next start of the app has it.
    pub fn again(self) -> Self {
        let (runner, settings) = runner(&self.cluster);
        Self { runner, settings, ..self }
    }

    /// Unique over all tests of the machine.
    pub fn run(&self, task: &str) -> RunId {
        let test = self.cluster.shared.parent().unwrap().file_name().unwrap().to_str().unwrap();
        format!("{}-{task}/1", test.trim_matches('.')).parse().unwrap()
    }

    pub fn run_dir(&self, task: &str) -> PathBuf {
        self.cluster.shared.join("runs").join(task).join("1")
    }

    pub fn request(&self, task: &str, kind: TaskKind, cluster: ClusterRequest) -> RunRequest {
        RunRequest {
            run_dir: self.run_dir(task),
            run: self.run(task),
            kind,
            timeout: None,
            limits: ResourceLimits::default(),
            base_env: [("OF_THIS_MACHINE".into(), "1".into())].into(),
            grace: Duration::from_secs(60),
            stdin: Stdin::None,
            cluster: Some(cluster),
            labels: BTreeMap::new(),
            selector: None,
            may_go_elsewhere: false,
            segments: solti_logstore::SegmentSizes::default(),
        }
    }

    pub async fn submit(&self, task: &str, kind: TaskKind, cluster: ClusterRequest) -> RunHandle {
        match self.runner.start(self.request(task, kind, cluster)).await {
            Ok(handle) => handle,
            Err(error) => panic!("{error}"),
        }
    }

    /// The sentence of a start that must fail.
    pub async fn refused(&self, request: RunRequest) -> String {
        match self.runner.start(request).await {
            Err(StartError::Failed(failure)) => failure.to_string(),
            Err(StartError::Unknown(error)) => panic!("it is known: {error}"),
            Ok(_) => panic!("it was taken"),
        }
    }

    pub async fn attached(&self, task: &str) -> RunHandle {
        match self.runner.attach(&self.run_dir(task), &self.run(task)).await {
            Ok(Attached::Running(handle)) => handle,
            other => panic!("it is there: {other:?}"),
        }
    }

    pub fn output(&self, task: &str) -> String {
        std::fs::read_to_string(self.run_dir(task).join("output.log")).unwrap_or_default()
    }

    pub async fn printed(&self, task: &str, text: &str) {
        solti_testing::until("it is in the log", || self.output(task).contains(text)).await;
    }

    /// The number of the job of a run.
    pub fn job(&self, task: &str) -> String {
        let run = self.run(task);
        let name = format!("solti-{}-{}", run.task, run.attempt);
        self.cluster.ask("squeue", &["-h", "-t", "all", "-n", &name, "-o", "%i"])
    }

    /// What Slurm says of a job: one of its fields.
    pub fn field(&self, task: &str, field: &str) -> String {
        let all = self.cluster.ask("scontrol", &["-o", "show", "job", &self.job(task)]);
        let mut words = all.split_whitespace().filter_map(|word| word.split_once('='));
        words.find(|(key, _)| *key == field).map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

fn runner(cluster: &TestCluster) -> (SlurmRunner, watch::Sender<SlurmSettings>) {
    let folder = cluster.shared.to_str().unwrap().to_owned();
    let (send, settings) = watch::channel(SlurmSettings { enabled: true, folder: Some(folder) });
    (SlurmRunner::new(shim(), cluster.env(), cluster.shared.as_path(), settings), send)
}

/// Where a run is, once it has begun.
pub async fn begun(handle: &RunHandle) -> Place {
    let mut standing = handle.standing().unwrap();
    let begun = standing.wait_for(|standing| matches!(standing, Standing::Runs(_)));
    match within("its start", begun).await.unwrap().clone() {
        Standing::Runs(place) => place,
        Standing::Waits(_) => unreachable!(),
    }
}

/// Waits until a run waits for this reason.
pub async fn waits(handle: &RunHandle, why: &str) {
    let mut standing = handle.standing().unwrap();
    let fits = |standing: &Standing| matches!(standing, Standing::Waits(wait) if wait.why.contains(why));
    within(why, standing.wait_for(fits)).await.unwrap();
}

pub async fn ended(handle: &mut RunHandle) -> RunOutcome {
    within("the end of the run", handle.wait()).await
}

/// The sentence of an end.
pub async fn sentence(handle: &mut RunHandle) -> String {
    ended(handle).await.end.describe(None).unwrap_or_default()
}

/// One that only one job at a time can have.
pub fn all_of(node: &str) -> ClusterRequest {
    ClusterRequest { cpus: Some(4), constraint: Some(node.to_owned()), ..ClusterRequest::default() }
}

pub fn in_partition(partition: &str) -> ClusterRequest {
    ClusterRequest { partition: Some(partition.to_owned()), ..ClusterRequest::default() }
}
