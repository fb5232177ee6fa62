//! The runner of containers: each is a run of the shim whose program is the client of an engine, `podman run` or `docker run`.
//!
//! So log, timeout, stop, exit code and recovery are those of every run. What is added here: the words of the command line (`words.rs`),
//! telling the engine's own failures from the program's (`trouble.rs`), and taking containers away that a run has left. As a rule the
//! shim does that after the end, also while the app is away; here it is done where the end has to be looked at first, where the shim
//! was killed, and at the start of the app, by name.

mod engine;
mod facts;
mod session;
mod trouble;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use solti_model::{ContainerEngine, ContainerTask, FieldError, LocalImage, RunId, TaskKind, TaskSpec};
use solti_shim::exit_record::run_id_hash;
use tokio::sync::OnceCell;

use crate::argv::of_another_runner;
use crate::container_failure::{ContainerFailure, ContainerTrouble};
use crate::explain::Explain;
use crate::run_dir::{OOM, RunDir};
use crate::shim_runner::ShimRunner;
use crate::{
    About, AttachError, Attached, ClusterEnd, RunEnd, RunHandle, RunOutcome, RunRequest, Runner, Stage,
    StartError, StartFailure, StopMode,
};
use engine::Engine;
use facts::Facts;
use session::Session;
use words::{ENGINES_OWN, INSTANCE_LABEL, Order, container_name, removal_words, run_of};

pub use engine::EngineKind;

/// Says in the data folder that containers were run, so that those that never run any ask no engine at their start.
const MARK: &str = "containers";
/// By catatonit, where it cannot execute the program.
const INIT_FAILED: u8 = 1;

/// Runs containers by one engine of this machine. Cheap to clone.
#[derive(Clone)]
pub struct ContainerRunner {
    shim: ShimRunner,
    engine: Engine,
    data_dir: PathBuf,
    /// Tells the containers of this data folder from those of others.
    instance: String,
    /// Asked once.
    facts: Arc<OnceCell<Facts>>,
    session: Arc<Session>,
}

/// How a container stands, as its engine says it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Standing {
    /// There is none of that name: it was not made, or is removed already.
    Absent,
    /// It has never been started.
    Made,
    /// As far as its engine knows.
    Runs,
    Ended {
        oom_killed: bool,
    },
}

impl ContainerRunner {
    /// `env`: what the engine's client is started with; its `PATH` says where that is.
    pub fn new(
        kind: EngineKind,
        shim: ShimRunner,
        env: BTreeMap<OsString, OsString>,
        data_dir: &Path,
    ) -> Self {
        let path = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
        let hash = run_id_hash(&path.to_string_lossy());
        let instance = format!("{:08x}", hash & u64::from(u32::MAX));
        let (facts, session) = Default::default();
        Self { shim, engine: Engine { kind, env }, data_dir: path, instance, facts, session }
    }

    /// What the container of a run is called, for whoever looks at it by the engine's own means.
    pub fn container_of(&self, run: &RunId) -> String {
        container_name(&self.instance, run)
    }

    /// By which engine.
    pub fn kind(&self) -> EngineKind {
        self.engine.kind
    }

    async fn facts(&self) -> Result<&Facts, String> {
        self.facts.get_or_try_init(|| self.engine.facts()).await
    }

    /// Removes containers of this data folder that nobody supervises any more: their shims were killed, or the machine was switched
    /// off. `folder` says where a run's files are. Does nothing where no container was ever run.
    pub async fn sweep_left(&self, folder: impl Fn(&RunId) -> PathBuf + Send) {
        if !self.data_dir.join(MARK).exists() || self.engine.program().is_none() {
            return;
        }
        let filter = format!("label={INSTANCE_LABEL}={}", self.instance);
        let listed = self.engine.ask(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"]).await;
        let names = match listed {
            Ok(said) if said.well => said.out,
            Ok(said) => return tracing::warn!("containers cannot be listed: {}", said.err.trim()),
            Err(error) => return tracing::warn!("containers cannot be listed: {error}"),
        };
        for name in names.lines().map(str::trim) {
            let Some(run) = run_of(&self.instance, name) else { continue };
            match is_supervised(&folder(&run)) {
                Ok(false) => {
                    tracing::info!("the container of {run} is left from an earlier time and is removed");
                    self.remove(&run).await;
                }
                Ok(true) => {}
                Err(error) => {
                    tracing::warn!("whether {run} is alive is not known, its container stays: {error}")
                }
            }
        }
    }

    async fn remove(&self, run: &RunId) {
        let name = self.container_of(run);
        match self.engine.ask(&removal_words(self.engine.kind, &name)).await {
            Ok(said) if !said.well && !said.err.to_lowercase().contains("no such container") => {
                tracing::warn!("the container {name} may be left: {}", said.err.trim());
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("the container {name} may be left: {error}"),
        }
    }

    /// How the container of a run stands; `None` when the engine cannot say.
    async fn standing(&self, run: &RunId) -> Option<Standing> {
        let name = self.container_of(run);
        let format = "{{.State.Status}} {{.State.OOMKilled}}";
        let said = self.engine.ask(&["container", "inspect", "--format", format, &name]).await.ok()?;
        if !said.well {
            let why = said.err.to_lowercase();
            let absent = why.contains("no such container") || why.contains("no such object");
            return absent.then_some(Standing::Absent);
        }
        let mut words = said.out.split_whitespace();
        match words.next()? {
            "created" | "configured" | "initialized" => Some(Standing::Made),
            "running" | "paused" | "restarting" | "unknown" => Some(Standing::Runs),
            _ => Some(Standing::Ended { oom_killed: words.next() == Some("true") }),
        }
    }

    async fn found(&self, run_dir: &Path, run: &RunId, attached: Attached) -> Attached {
        let explainer = Explainer { runner: self.clone(), own: Arc::default() };
        explainer.explained_attached(run_dir, run, attached).await
    }

    /// Once, so that the next start of the app looks for what is left.
    fn leave_mark(&self) -> Result<(), StartFailure> {
        let mark = self.data_dir.join(MARK);
        if mark.exists() {
            return Ok(());
        }
        std::fs::write(&mark, "").map_err(|error| StartFailure::system(Stage::RunDir, &mark, &error))
    }
}

/// What an engine says of itself to who has `env`, apart from any runner.
///
/// # Errors
/// Why it cannot be used, in a sentence; `None` where it is not installed.
pub async fn container_engine(
    kind: EngineKind,
    env: BTreeMap<OsString, OsString>,
) -> Result<ContainerEngine, Option<String>> {
    let engine = Engine { kind, env };
    match engine.program() {
        Some(_) => engine.facts().await.map(Into::into).map_err(Some),
        None => Err(None),
    }
}

/// Whether a shim lives that has a run of this folder.
fn is_supervised(run_dir: &Path) -> Result<bool, AttachError> {
    match RunDir::open_existing(run_dir)? {
        Some(dir) => Ok(dir.try_lock()?.is_none()),
        None => Ok(false),
    }
}

fn container(kind: &TaskKind) -> Result<&ContainerTask, FieldError> {
    match kind {
        TaskKind::Container(task) => Ok(task),
        TaskKind::Subprocess(_) | TaskKind::Wasm(_) => Err(of_another_runner(kind)),
    }
}

/// How a run ends whose container its engine can tell nothing more of.
fn out_of_sight(last_line: Option<String>) -> RunEnd {
    let why = "the container engine lost sight of it".to_owned();
    let why = last_line.map_or_else(|| why.clone(), |said| format!("{why}: {said}"));
    RunEnd::Cluster { counts_as: ClusterEnd::Failed, why }
}

fn unusable(said: String) -> StartFailure {
    StartFailure::container(ContainerFailure::new(ContainerTrouble::EngineUnusable, said))
}

/// Says what the end of a run means.
#[derive(Clone)]
struct Explainer {
    runner: ContainerRunner,
    /// Words of the task that are none of the engine's; of a run that is found again nobody knows them.
    own: Arc<[String]>,
}

#[async_trait]
impl Explain for Explainer {
    /// For those that the client's exit code does not tell; and takes away what the shim has left to be looked at. Whether it has
    /// depends on the limits of the run, which are not known here: to ask in vain costs a moment.
    async fn explain(&self, run_dir: &Path, run: &RunId, mut outcome: RunOutcome) -> RunOutcome {
        let Self { runner, own } = self;
        let code = match outcome.end {
            RunEnd::Exited { code } => u8::try_from(code).unwrap_or(0),
            // Somebody has to take it away that the shim could not.
            RunEnd::Lost { .. } => {
                runner.remove(run).await;
                return outcome;
            }
            _ => {
                if outcome.flags.survivors {
                    runner.remove(run).await;
                }
                return outcome;
            }
        };
        if code == 0 {
            return outcome;
        }
        let standing = runner.standing(run).await;
        let (kind, folder, stands) = (runner.engine.kind, run_dir.to_owned(), standing.clone());
        let own = Arc::clone(own);
        let may_be_engines = ENGINES_OWN.contains(&code);
        let look = move || {
            let not_started =
                |failure: ContainerFailure| RunEnd::StartFailed(StartFailure::container(failure));
            let end = match stands {
                Some(Standing::Made) => Some(not_started(trouble::last_words(kind, &folder, &own))),
                Some(Standing::Absent) if may_be_engines => {
                    trouble::engine_words(kind, &folder, &own).map(not_started)
                }
                // Its client is over, and the code is that one's.
                Some(Standing::Runs) if may_be_engines => Some(out_of_sight(trouble::last_line(&folder))),
                _ if may_be_engines || code == INIT_FAILED => {
                    trouble::init_words(&folder, &own).map(not_started)
                }
                _ => None,
            };
            (end, folder.join(OOM).exists())
        };
        let (end, left_word) = tokio::task::spawn_blocking(look).await.unwrap_or_default();
        if let Some(end) = end {
            outcome.end = end;
        } else {
            let engine_knows = standing == Some(Standing::Ended { oom_killed: true });
            outcome.flags.oom_killed |= left_word || engine_knows;
        }
        if standing != Some(Standing::Absent) {
            runner.remove(run).await;
        }
        outcome
    }
}

#[async_trait]
impl Runner for ContainerRunner {
    fn accepts(&self, spec: &TaskSpec) -> Result<(), FieldError> {
        let task = container(&spec.kind)?;
        if self.engine.program().is_none() {
            let sentence = format!("{}; install podman or docker to run containers", self.engine.absent());
            return Err(FieldError::new("kind.container", sentence));
        }
        words::variables(task).map(drop)
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["container"]
    }

    async fn about(&self) -> About {
        match self.engine.facts().await {
            Ok(facts) => About { engine: Some(facts.into()), ..About::default() },
            Err(unavailable) => About { unavailable: Some(unavailable), ..About::default() },
        }
    }

    async fn images(&self, runner: &str) -> Result<Vec<LocalImage>, String> {
        self.engine.images(runner).await
    }

    async fn start(&self, request: RunRequest) -> Result<RunHandle, StartError> {
        let task = container(&request.kind).map_err(StartFailure::refused)?;
        // Looked for each time: it may have been removed since.
        let facts = match self.engine.program() {
            Some(_) => self.facts().await.map_err(unusable)?,
            None => return Err(unusable(self.engine.absent()).into()),
        };
        if facts.rootless && self.engine.kind == EngineKind::Podman {
            self.session.hold(&self.engine).await.map_err(unusable)?;
        }
        self.leave_mark()?;
        let run_dir = std::path::absolute(&request.run_dir)
            .map_err(|error| StartFailure::system(Stage::RunDir, &request.run_dir, &error))?;
        let explainer = Explainer { runner: self.clone(), own: words::own(task).into() };
        let prepared = Order {
            kind: self.engine.kind,
            facts,
            instance: &self.instance,
            run: &request.run,
            task,
            limits: &request.limits,
            stdin: &request.stdin,
            base_env: request.base_env.clone(),
            run_dir: &run_dir,
        };
        let (prepared, run) = (prepared.prepare()?, request.run.clone());
        let handle = self.shim.start_prepared(request, Some(prepared)).await?;
        Ok(explainer.explained(handle, run_dir, run))
    }

    async fn attach(&self, run_dir: &Path, run: &RunId) -> Result<Attached, AttachError> {
        let attached = self.shim.attach(run_dir, run).await?;
        Ok(self.found(run_dir, run, attached).await)
    }

    async fn sweep(&self, run: &RunId) -> Result<usize, AttachError> {
        let ended = self.shim.sweep(run).await;
        self.remove(run).await;
        ended
    }

    async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError> {
        self.shim.marks().await
    }

    async fn end_unreachable(
        &self,
        run_dir: &Path,
        run: &RunId,
        mode: StopMode,
    ) -> Result<Attached, AttachError> {
        let attached = self.shim.end_unreachable(run_dir, run, mode).await?;
        Ok(self.found(run_dir, run, attached).await)
    }
}
