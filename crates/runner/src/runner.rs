//! The seam between the supervisor and the ways to run a task.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use solti_logstore::SegmentSizes;
use solti_model::{
    BatchCluster, ClusterPreview, ClusterRequest, ContainerEngine, FieldError, FolderCheck, LocalImage,
    ResourceLimits, RunId, RunnerInfo, RunnerSelector, Stdin, TaskKind, TaskSpec, WasmEngine,
};

use crate::{AttachError, LostReason, RunHandle, RunOutcome, StartError, StopMode};

/// One attempt to be started.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Made by the runner (0700, with its parents). Must not hold a run already.
    pub run_dir: PathBuf,
    /// Unique for ever; every process of the run carries it as `SOLTI_RUN_ID`.
    pub run: RunId,
    /// What is run.
    pub kind: TaskKind,
    /// From the start of its program; unlimited when absent. The sleep of the machine counts.
    pub timeout: Option<Duration>,
    /// What it may use of the machine; see [`RunHandle::unenforced`] for those that cannot be kept.
    pub limits: ResourceLimits,
    /// What the task's own variables are added to; usually the environment of the app.
    pub base_env: BTreeMap<OsString, OsString>,
    /// From TERM to KILL.
    pub grace: Duration,
    /// What its program reads. A text is a file of the run folder, which only the user may read.
    pub stdin: Stdin,
    /// What is asked of a cluster, where it is handed to one.
    pub cluster: Option<ClusterRequest>,
    /// The task's labels, for a machine where it is a task again.
    pub labels: BTreeMap<String, String>,
    /// Which of that machine's runners may take it.
    pub selector: Option<RunnerSelector>,
    /// Whether another machine of its lane may take it instead.
    pub may_go_elsewhere: bool,
    /// How its log is divided, which is for the limits of logs to say.
    pub segments: SegmentSizes,
}

/// What is found in a run folder after a restart of the app.
#[derive(Debug)]
pub enum Attached {
    /// Its shim is alive.
    Running(RunHandle),
    /// It has ended, and its final record says how.
    Finished(RunOutcome),
    /// Nobody supervises it and nobody recorded its end. Processes may be left: see [`Runner::sweep`].
    Lost(LostReason),
}

/// What a runner says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Why it takes no task now, in a sentence.
    pub unavailable: Option<String>,
    /// What it runs containers by.
    pub engine: Option<ContainerEngine>,
    /// What it runs WebAssembly by.
    pub wasm: Option<WasmEngine>,
    /// The cluster that it hands tasks to.
    pub cluster: Option<BatchCluster>,
    /// Of another machine: the runners that it has, where it has said so lately.
    pub there: Option<Vec<RunnerInfo>>,
}

/// Why it cannot be said when a cluster would start a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPreview {
    /// It would not be taken, because of this field.
    Refused(FieldError),
    /// Nobody has answered; in a sentence.
    Unanswered(String),
}

/// Why a shared folder cannot be vouched for; each in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckFailure {
    /// Something has to be changed.
    Wrong(String),
    /// The cluster has not answered, or not in time.
    Unanswered(String),
}

/// Where the folders of runs are, by their tasks, when others are to see them too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// What is shared. It has to be there: nobody else would see what is made in its stead.
    pub shared: PathBuf,
    /// Below it, and made where it is missing.
    pub root: PathBuf,
}

/// Starts runs and finds them again. Needs a tokio runtime with I/O and time enabled.
#[async_trait]
pub trait Runner: Send + Sync + 'static {
    /// Whether this runner can run such a task; asked before a task is admitted, so that it must not take long.
    ///
    /// # Errors
    /// The field that it cannot do, with a sentence for the user.
    fn accepts(&self, spec: &TaskSpec) -> Result<(), FieldError>;

    /// The words of the kinds of tasks that it takes.
    fn kinds(&self) -> &'static [&'static str] {
        &["subprocess"]
    }

    /// Looks at what it stands on.
    async fn about(&self) -> About {
        About::default()
    }

    /// The images that its containers can be made of without fetching any; `runner` is its name.
    ///
    /// # Errors
    /// Why they cannot be listed, in a sentence.
    async fn images(&self, runner: &str) -> Result<Vec<LocalImage>, String> {
        let _ = runner;
        Ok(vec![])
    }

    /// Whether it hands tasks to a cluster, so that what is asked of one is for it.
    fn is_cluster(&self) -> bool {
        false
    }

    /// When and where its cluster would start such a task, which is not handed over. Bounded in time.
    ///
    /// # Errors
    /// Why nobody can say.
    async fn preview(&self, spec: &TaskSpec) -> Result<ClusterPreview, NoPreview> {
        let _ = spec;
        Err(NoPreview::Refused(FieldError::new("cluster", "the task is not for a cluster")))
    }

    /// Whether what a node of its cluster writes into the shared folder is seen here, by a job of its own. Bounded in time.
    ///
    /// # Errors
    /// What is wrong, or why nobody can say.
    async fn check_folder(&self) -> Result<FolderCheck, CheckFailure> {
        Err(CheckFailure::Wrong("no cluster is used here".to_owned()))
    }

    /// Where the folders of its runs have to be, if not in the data folder: others see them there too.
    fn runs_root(&self) -> Option<Elsewhere> {
        None
    }

    /// Starts a run and returns once the program has been executed, or a cluster has taken the run: [`RunHandle::standing`]. The
    /// run goes on when the handle is dropped.
    ///
    /// # Errors
    /// `Failed`: nothing of the task has run; the end of such a run is [`RunEnd::StartFailed`](crate::RunEnd::StartFailed).
    /// `Unknown`: it may be alive, or become so.
    async fn start(&self, request: RunRequest) -> Result<RunHandle, StartError>;

    /// Looks at a run folder in which an earlier process has started a run, or meant to. Once this has said `Lost`, the
    /// run cannot come to life any more, unless its folder was removed while it ran: then `NeverStarted` is all that can be
    /// said of it, and [`Runner::marks`] knows better.
    ///
    /// # Errors
    /// Nothing is known about the run; it may be alive.
    async fn attach(&self, run_dir: &Path, run: &RunId) -> Result<Attached, AttachError>;

    /// Ends every process that carries the run's mark: TERM, a moment, KILL. Returns how many there were.
    /// For lost runs only.
    ///
    /// # Errors
    /// When the processes of this machine cannot be listed, or some of the run's could not be ended.
    async fn sweep(&self, run: &RunId) -> Result<usize, AttachError>;

    /// How many processes carry the mark of each run now, whoever supervises them; a run of which none lives is not named.
    ///
    /// # Errors
    /// When the processes of this machine cannot be listed.
    async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError>;

    /// Ends a run whose shim cannot be asked to: lets the shim go on if it was stopped and asks once more, then ends the
    /// processes by their mark, and at last the shim.
    ///
    /// # Errors
    /// It may be alive.
    async fn end_unreachable(
        &self,
        run_dir: &Path,
        run: &RunId,
        mode: StopMode,
    ) -> Result<Attached, AttachError>;
}
