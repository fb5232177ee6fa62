//! The folder of runs is out of reach when the app starts: what ran in it is not lost, nothing is started in its stead, and both
//! go on when it is back, or when a person has settled it.

use crate::life::spec;
use crate::machine::{End, Machine};
use async_trait::async_trait;
use solti_model::{AdmissionStrategy, FieldError, RunId, TaskId, TaskPhase, TaskSpec};
use solti_runner::{AttachError, Attached, LostReason, RunHandle, RunRequest, Runner, StartError, StopMode};
use solti_store::Store;
use solti_supervisor::{QueueHeads, Supervisor, SupervisorConfig};
use solti_testing::PATIENCE;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Makes run folders, and knows of a run only by its folder.
#[derive(Clone, Default)]
struct Folders(Machine);

#[async_trait]
impl Runner for Folders {
    fn accepts(&self, spec: &TaskSpec) -> Result<(), FieldError> {
        self.0.accepts(spec)
    }

    async fn start(&self, request: RunRequest) -> Result<RunHandle, StartError> {
        fs::create_dir_all(&request.run_dir).unwrap();
        self.0.start(request).await
    }

    async fn attach(&self, run_dir: &Path, run: &RunId) -> Result<Attached, AttachError> {
        if run_dir.exists() {
            self.0.attach(run_dir, run).await
        } else {
            Ok(Attached::Lost(LostReason::NeverStarted))
        }
    }

    async fn sweep(&self, run: &RunId) -> Result<usize, AttachError> {
        self.0.sweep(run).await
    }

    async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError> {
        self.0.marks().await
    }

    async fn end_unreachable(
        &self,
        run_dir: &Path,
        run: &RunId,
        mode: StopMode,
    ) -> Result<Attached, AttachError> {
        self.0.end_unreachable(run_dir, run, mode).await
    }
}

async fn begin(data: &Path, folders: &Folders, boot: &str) -> Supervisor {
    let store = Store::open(data).unwrap();
    folders.0.set_store(Some(store.clone()));
    let config = SupervisorConfig {
        boot_id: boot.to_owned(),
        base_env: BTreeMap::new(),
        ..SupervisorConfig::new(data)
    };
    Supervisor::start(store, Arc::new(folders.clone()), config).await.unwrap()
}

async fn until(supervisor: &Supervisor, id: &TaskId, what: impl Fn(TaskPhase, Option<&str>) -> bool) {
    let mut changes = supervisor.changes();
    let wait = async {
        loop {
            let phase = supervisor.store().task(id).await.unwrap().unwrap().task.status.phase;
            let states = supervisor.row_states(vec![id.clone()], QueueHeads::default()).await.unwrap();
            if what(phase, states.get(id).and_then(|state| state.trouble.as_deref())) {
                return;
            }
            tokio::time::timeout(Duration::from_millis(10), changes.next()).await.ok();
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("in time");
}

fn is_told(trouble: Option<&str>, begin: &str) -> bool {
    trouble.is_some_and(|why| why.starts_with(begin) && why.contains("runs "))
}

/// What stands where the folder was.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Instead {
    Nothing,
    DeadLink,
}

/// A task that runs and one that is behind it; then the app is killed, and the folder away.
fn leave(data: &Path, folders: &Folders, instead: Instead) -> [TaskId; 2] {
    let runtime = Runtime::new().unwrap();
    let ids = runtime.block_on(async {
        let supervisor = begin(data, folders, "boot").await;
        let runs = supervisor.submit(spec(0)).await.unwrap();
        until(&supervisor, &runs, |phase, _| phase == TaskPhase::Running).await;
        [runs, supervisor.submit(TaskSpec { admission: AdmissionStrategy::Queue, ..spec(0) }).await.unwrap()]
    });
    folders.0.set_store(None);
    drop(runtime);
    fs::rename(data.join("runs"), data.join("away")).unwrap();
    if instead == Instead::DeadLink {
        std::os::unix::fs::symlink(data.join("unmounted"), data.join("runs")).unwrap();
    }
    ids
}

fn put_back(data: &Path) {
    let runs = data.join("runs");
    if runs.is_symlink() {
        fs::remove_file(&runs).unwrap()
    } else {
        fs::remove_dir(&runs).unwrap()
    }
    fs::rename(data.join("away"), runs).unwrap();
}

#[test]
fn a_folder_that_is_out_of_reach_at_a_start_is_waited_for() {
    for (instead, boot) in
        [(Instead::Nothing, "boot"), (Instead::DeadLink, "boot"), (Instead::Nothing, "other")]
    {
        let (data, folders) = (tempfile::tempdir().unwrap(), Folders::default());
        let [ran, next] = leave(data.path(), &folders, instead);
        let [run] = &folders.0.alive()[..] else { panic!("one runs") };
        // Nobody sees its end but its folder, and no process is left of it.
        folders.0.end(run, End::Code(0));
        Runtime::new().unwrap().block_on(async {
            let supervisor = begin(data.path(), &folders, boot).await;
            until(&supervisor, &ran, |phase, why| {
                assert_eq!(phase, TaskPhase::Running, "{instead:?} {boot}: {why:?}");
                is_told(why, "cannot be looked at: ")
            })
            .await;
            let other = supervisor.submit(spec(1)).await.unwrap();
            until(&supervisor, &other, |phase, why| {
                assert_eq!(phase, TaskPhase::Pending);
                is_told(why, "waiting for the system: ")
            })
            .await;
            assert_eq!(folders.0.alive(), []);
            put_back(data.path());
            until(&supervisor, &ran, |phase, _| phase == TaskPhase::Succeeded).await;
            until(&supervisor, &other, |phase, _| phase == TaskPhase::Running).await;
            if boot == "boot" {
                until(&supervisor, &next, |phase, _| phase == TaskPhase::Running).await;
            }
        });
        assert_eq!(folders.0.broken(), Vec::<String>::new());
    }
}

#[test]
fn who_stops_what_ran_in_a_folder_that_is_gone_takes_the_one_that_is_there() {
    let (data, folders) = (tempfile::tempdir().unwrap(), Folders::default());
    let [ran, next] = leave(data.path(), &folders, Instead::Nothing);
    Runtime::new().unwrap().block_on(async {
        let supervisor = begin(data.path(), &folders, "boot").await;
        until(&supervisor, &ran, |_, why| is_told(why, "cannot be looked at: ")).await;
        supervisor.stop(&ran, solti_model::StopMode::Kill).await.unwrap();
        until(&supervisor, &ran, |phase, _| phase == TaskPhase::Canceled).await;
        until(&supervisor, &next, |phase, _| phase == TaskPhase::Running).await;
    });
    // From then on it is the one.
    folders.0.set_store(None);
    Runtime::new().unwrap().block_on(async {
        let supervisor = begin(data.path(), &folders, "boot").await;
        until(&supervisor, &next, |phase, why| phase == TaskPhase::Running && why.is_none()).await;
        assert_eq!(folders.0.alive().len(), 1);
    });
}
