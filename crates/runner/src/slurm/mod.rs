//! The runner of a Slurm cluster: each run is a job whose process is the shim, on whatever node Slurm chooses.
//!
//! So log, timeout, grace, exit code and usage are those of every run: the shim writes them into the run's folder, which this machine and
//! the nodes share. What is different: there is no connection to the shim and its processes cannot be seen, so that a run is followed by
//! its folder and by what the cluster says of its job (`follow.rs`, `verdict.rs`), which is asked once for all of them (`poller.rs`).
//!
//! A run is found again by the name of its job, which no other ever has, so that nothing has to be stored between its submission and
//! the next step. Where it cannot be told whether a job was taken, it is looked for by that name, and only a cluster that has
//! answered and does not know it, with the launch file still there and taken away, proves that it will never run.

mod answer;
mod check;
mod client;
mod folder;
mod follow;
mod job;
mod offer;
mod poller;
mod threads;
mod verdict;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::ffi::{CString, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use solti_model::{
    BatchCluster, ClusterPreview, ClusterRequest, FieldError, FolderCheck, ResourceLimits, RunId,
    SlurmSettings, Stdin, TaskSpec,
};
use tokio::sync::{Semaphore, watch};

use crate::argv::{self, Invocation};
use crate::run_dir::{JOB_SCRIPT, RunDir};
use crate::shim_runner::launch_spec;
use crate::{
    About, AttachError, Attached, CheckFailure, Elsewhere, LostReason, NoPreview, RunHandle, RunOutcome,
    RunRequest, Runner, Stage, StartError, StartFailure, StopMode,
};
use answer::refused;
use client::{Client, Previewed, Submitted};
use follow::{Follow, Followed};
use job::Job;
use poller::Poller;
use threads::{FOLDER_WITHIN, Threads};
use words::{asked_for, job_name, job_script, submit_words, waiting_words};

/// Of a run that an earlier engine has started, whose own is not known here.
const USUAL_GRACE: Duration = Duration::from_secs(5);
/// All that a job needs is written by then; a shared folder may take its time.
const PREPARED_WITHIN: Duration = Duration::from_secs(30);
/// Questions about jobs that are not handed over, at a time: each is a program of its own, and the controller has other things to do.
const PREVIEWS: usize = 2;

/// Hands tasks to the Slurm cluster whose `sbatch` is on this machine. Cheap to clone.
#[derive(Clone)]
pub struct SlurmRunner {
    shim_path: PathBuf,
    data_dir: PathBuf,
    settings: watch::Receiver<SlurmSettings>,
    client: Client,
    poller: Arc<Poller>,
    threads: Threads,
    previews: Arc<Semaphore>,
    /// One check of the folder at a time.
    checks: Arc<Semaphore>,
}

impl SlurmRunner {
    /// `shim_path`: the `solti-shim` program, which is copied into the shared folder for the nodes; `env`: what Slurm's programs are started
    /// with, whose `PATH` says where they are.
    pub fn new(
        shim_path: impl Into<PathBuf>,
        env: BTreeMap<OsString, OsString>,
        data_dir: &Path,
        settings: watch::Receiver<SlurmSettings>,
    ) -> Self {
        let data_dir = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
        let client = Client::new(env);
        let (previews, checks) = (Arc::new(Semaphore::new(PREVIEWS)), Arc::new(Semaphore::new(1)));
        let poller = Poller::new(client.clone());
        Self {
            shim_path: shim_path.into(),
            data_dir,
            settings,
            client,
            poller,
            threads: Threads::default(),
            previews,
            checks,
        }
    }

    /// The shared folder, where tasks may be handed over.
    ///
    /// # Errors
    /// Why they may not, in a sentence.
    fn shared(&self) -> Result<PathBuf, String> {
        let SlurmSettings { enabled, folder } = self.settings.borrow().clone();
        let folder = folder.map(PathBuf::from).filter(|_| enabled);
        let folder = folder
            .ok_or("no Slurm cluster is set up here: turn on “Slurm cluster” under Runners, and name a shared folder")?;
        match self.client.absent() {
            Some(why) => Err(why),
            None => Ok(folder),
        }
    }

    fn follow(&self, followed: Followed) -> RunHandle {
        let (handle, ends, standing) = RunHandle::in_a_cluster();
        let (client, poller) = (self.client.clone(), Arc::clone(&self.poller));
        let follow = Follow::new(followed, client, poller, self.threads.clone(), ends, standing);
        tokio::spawn(follow.run());
        handle
    }

    /// Makes everything that the job needs, and says what is to be submitted.
    async fn prepare(
        &self,
        shared: PathBuf,
        request: RunRequest,
    ) -> Result<(Vec<String>, PathBuf), StartError> {
        let (shim, home, run) = (self.shim_path.clone(), self.client.home(), request.run.clone());
        // Who has given up is asked before the last step, which may come long after.
        let waited_for = Arc::new(());
        let waits = Arc::downgrade(&waited_for);
        let goes_on = move || waits.strong_count() > 0;
        let prepared =
            self.look(PREPARED_WITHIN, &run, move || prepare(&shared, &shim, &home, request, goes_on));
        let prepared = prepared.await;
        drop(waited_for);
        Ok(prepared??)
    }

    /// What is learned of the folder of a run, or done there, on a thread that may be blocked.
    async fn look<T: Send + 'static>(
        &self,
        within: Duration,
        run: &RunId,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AttachError> {
        let looked = self.threads.within(within, look).await;
        looked.map_err(|error| AttachError::Cluster { run: run.clone(), why: error.to_string() })
    }

    /// What of a run is known without the cluster.
    async fn recorded(&self, run_dir: &Path, run: &RunId) -> Result<Option<RunOutcome>, AttachError> {
        let (dir, whose) = (run_dir.to_owned(), run.clone());
        let look = self.look(FOLDER_WITHIN, run, move || match folder::is_away(&dir) {
            Some(why) => Err(AttachError::Cluster { run: whose, why }),
            None => folder::look(&dir, &whose),
        });
        Ok(match look.await??.told {
            verdict::Told::Ended(outcome) => Some(*outcome),
            verdict::Told::Nothing | verdict::Told::Began => None,
        })
    }

    /// Whether it is certain that a run of which the cluster knows no job will never begin: one that may come late after all finds nothing
    /// to launch, and one whose launch file is gone already has begun.
    async fn never_begins(&self, run_dir: &Path, run: &RunId) -> Result<bool, AttachError> {
        let dir = run_dir.to_owned();
        let taken = self.look(FOLDER_WITHIN, run, move || match RunDir::open_existing(&dir)? {
            Some(found) => {
                let was_there =
                    found.remove(c"launch").and_then(|was_there| Ok(was_there || !found.has_record()?));
                was_there.map_err(|source| AttachError::RunDir { path: dir, source })
            }
            None => Ok(true),
        });
        taken.await?
    }
}

/// All of it waits for the disk.
fn prepare(
    shared: &Path,
    shim: &Path,
    home: &Path,
    request: RunRequest,
    goes_on: impl Fn() -> bool,
) -> Result<(Vec<String>, PathBuf), StartFailure> {
    let system = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| StartFailure::system(Stage::RunDir, path, &error)
    };
    let failed = |path: &Path| {
        let system = system(path);
        move |error: io::Error| folder::unusable(system(error))
    };
    let run_dir = std::path::absolute(&request.run_dir).map_err(system(&request.run_dir))?;
    let seen = folder::as_nodes_see(&run_dir);
    if !seen.starts_with(shared) {
        let sentence =
            format!("its folder {} is not in the shared folder {}", seen.display(), shared.display());
        return Err(StartFailure::refused(FieldError::new("cluster", sentence)));
    }
    let program = fs::read(shim).map_err(system(shim))?;
    let dir = RunDir::create(&run_dir).map_err(folder::unusable)?;
    dir.leaves_room().map_err(system(&run_dir))?;
    let shim = folder::provide_shim(shared, &program).map_err(failed(shared))?;
    let Invocation { argv, env, cwd, files, after_main } = argv::elsewhere(&request.kind, &seen)?;
    let invocation = Invocation { argv, env, cwd, files: vec![], after_main };
    let limits = ResourceLimits {
        // The job is held to them by the cluster.
        memory_bytes: None,
        cpu_percent: None,
        ..request.limits
    };
    let mut spec = launch_spec(&request, invocation, &limits, None, &seen);
    spec.cluster = true;
    if spec.cwd.as_ref().is_some_and(|cwd| cwd.as_os_str().is_empty()) {
        spec.cwd = None;
    }
    let script = job_script(&shim, &seen);
    let text = match &request.stdin {
        Stdin::Text(text) => Some((crate::run_dir::STDIN, text.clone())),
        Stdin::None | Stdin::Open | Stdin::File(_) => None,
    };
    for (name, text) in files.into_iter().chain(text).chain([(JOB_SCRIPT, script)]) {
        let name = CString::new(name).map_err(|error| system(&run_dir)(error.into()))?;
        dir.write(&name, text.as_bytes()).map_err(failed(&run_dir))?;
    }
    // There from the start, as an empty one: what is found missing on a network may seem so for long.
    drop(dir.try_lock());
    if !goes_on() {
        return Err(StartFailure::system(Stage::RunDir, run_dir, &io::ErrorKind::TimedOut.into()));
    }
    // Last: who finds it knows that all else is there, and who takes it away that the program will never run.
    dir.write(c"launch", &spec.encode()).map_err(failed(&run_dir))?;
    let cluster = request.cluster.unwrap_or_default();
    let words =
        submit_words(&request.run, &cluster, &request.limits, request.timeout, request.grace, &seen, home);
    Ok((words, run_dir.join(JOB_SCRIPT)))
}

#[async_trait]
impl Runner for SlurmRunner {
    fn accepts(&self, spec: &TaskSpec) -> Result<(), FieldError> {
        argv::accepts(&spec.kind)?;
        self.shared().map(drop).map_err(|why| FieldError::new("runnerSelector", why))
    }

    async fn about(&self) -> About {
        match self.offer().await {
            Ok(cluster) => About { cluster: Some(cluster), ..About::default() },
            Err(unavailable) => About { unavailable: Some(unavailable), ..About::default() },
        }
    }

    fn is_cluster(&self) -> bool {
        true
    }

    async fn preview(&self, spec: &TaskSpec) -> Result<ClusterPreview, NoPreview> {
        let (cluster, limits) = (spec.cluster.clone().unwrap_or_default(), spec.limits.unwrap_or_default());
        let timeout = spec.timeout.map(Duration::from_millis);
        let words = asked_for(&cluster, &limits, timeout, USUAL_GRACE);
        // Never closed.
        let _one = self.previews.acquire().await.ok();
        let preview = match self.client.preview(&words).await {
            Previewed::As(preview) => preview,
            Previewed::Refused(why) => return Err(NoPreview::Refused(refused(&why, &cluster, &limits))),
            Previewed::Unanswered(why) => return Err(NoPreview::Unanswered(why)),
        };
        // What a partition keeps from starting is not looked at by a test.
        let known = self.client.partition(preview.partition()).await;
        let reason = known.and_then(|known| answer::kept_back(&known, &words));
        Ok(match reason {
            Some(reason) => {
                let partition = preview.partition().to_owned();
                let job = Job { reason: reason.to_owned(), partition: partition.clone(), ..Job::default() };
                ClusterPreview::Waits { why: waiting_words(&job), partition }
            }
            None => preview,
        })
    }

    async fn check_folder(&self) -> Result<FolderCheck, CheckFailure> {
        let shared = self.shared().map_err(CheckFailure::Wrong)?;
        let under_way = || CheckFailure::Wrong("a check is already under way".to_owned());
        let place = Arc::clone(&self.checks).try_acquire_owned().map_err(|_| under_way())?;
        let root = folder::runs_root(&shared, &self.data_dir).with_file_name("checks");
        let (any, limits) = (ClusterRequest::default(), ResourceLimits::default());
        let words = asked_for(&any, &limits, None, USUAL_GRACE);
        check::check(&self.client, &self.threads, &shared, &root, &words, place).await
    }

    fn runs_root(&self) -> Option<Elsewhere> {
        let shared = self.shared().ok()?;
        Some(Elsewhere { root: folder::runs_root(&shared, &self.data_dir), shared })
    }

    async fn start(&self, request: RunRequest) -> Result<RunHandle, StartError> {
        let shared = self.shared().map_err(|why| StartFailure::refused(FieldError::new("cluster", why)))?;
        let (run, run_dir, grace) = (request.run.clone(), request.run_dir.clone(), request.grace);
        let (cluster, limits) = (request.cluster.clone().unwrap_or_default(), request.limits);
        let (words, script) = self.prepare(shared, request).await?;
        let name = job_name(&run);
        fail_point!("job-written");
        let job = match self.client.submit(&words, &script).await {
            Submitted::As { number } => {
                fail_point!("job-submitted");
                Job { number, ..Job::default() }
            }
            Submitted::Refused(why) => {
                return Err(StartFailure::refused(refused(&why, &cluster, &limits)).into());
            }
            Submitted::Unknown(why) => return Err(self.not_taken(&run_dir, run, why).await),
        };
        Ok(self.follow(Followed { run, name, run_dir, grace, job }))
    }

    async fn attach(&self, run_dir: &Path, run: &RunId) -> Result<Attached, AttachError> {
        let unknown = |why: String| AttachError::Cluster { run: run.clone(), why };
        let recorded = self.recorded(run_dir, run).await?;
        let name = job_name(run);
        match (self.client.job(&name).await, recorded) {
            // It needs no cluster.
            (Ok(None) | Err(_), Some(outcome)) => Ok(Attached::Finished(outcome)),
            (Err(why), None) => Err(unknown(why)),
            (Ok(None), None) if self.never_begins(run_dir, run).await? => {
                Ok(Attached::Lost(LostReason::NeverStarted))
            }
            // It has begun: what becomes of a job that the cluster does not know is seen in its folder, for a while.
            (Ok(job), _) => {
                let (run, run_dir, job) = (run.clone(), run_dir.to_owned(), job.unwrap_or_default());
                Ok(Attached::Running(self.follow(Followed { run, name, run_dir, grace: USUAL_GRACE, job })))
            }
        }
    }

    /// Its processes are on other machines, where the cluster ends them.
    async fn sweep(&self, run: &RunId) -> Result<usize, AttachError> {
        let unknown = |why: String| AttachError::Cluster { run: run.clone(), why };
        self.client.end(&job_name(run), StopMode::Kill).await.map_err(unknown)?;
        Ok(0)
    }

    /// None that this machine could see.
    async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError> {
        Ok(HashMap::new())
    }

    async fn end_unreachable(
        &self,
        run_dir: &Path,
        run: &RunId,
        mode: StopMode,
    ) -> Result<Attached, AttachError> {
        let dir = run_dir.to_owned();
        let told = self.threads.within(FOLDER_WITHIN, move || folder::ask_to_end(&dir, mode)).await;
        if let Err(error) | Ok(Err(error)) = told {
            tracing::warn!("{} cannot be told to end by a file: {error}", run_dir.display());
        }
        let unknown = |why: String| AttachError::Cluster { run: run.clone(), why };
        self.client.end(&job_name(run), mode).await.map_err(unknown)?;
        self.attach(run_dir, run).await
    }
}

impl SlurmRunner {
    /// What a start is that has brought no word of a job: one that failed for the moment, where it is certain that there is no job. Else
    /// whoever looks for it by its name finds out.
    async fn not_taken(&self, run_dir: &Path, run: RunId, why: String) -> StartError {
        let is_certain = matches!(self.client.job(&job_name(&run)).await, Ok(None))
            && self.never_begins(run_dir, &run).await.unwrap_or(false);
        match is_certain {
            true => StartFailure::cluster_trouble(why).into(),
            false => AttachError::Cluster { run, why }.into(),
        }
    }

    async fn offer(&self) -> Result<BatchCluster, String> {
        self.shared()?;
        self.client.offer().await
    }
}
