//! The runner of other machines: each run there is a run of the shim here whose program is our own client, `solti relay`.
//!
//! So log, windows, search and recovery are those of every run, and it goes on while the app is away. What is different: the program
//! that counts is another engine's, with its timeout, its grace and its limits, so that nothing here ends the client. A stop is a wish
//! in a file, which the client carries to the other machine (`follow.rs`), and a run is over when that machine has said so: where the
//! client was killed it is asked again, for as long as it takes (`end.rs`).

mod end;
mod follow;
mod there;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use solti_model::{
    AdmissionStrategy, AfterMain, AfterReboot, Connection, FieldError, ResourceLimits, RunId, Slot, Stdin,
    TaskSpec,
};
use solti_relay::{Known, ORDER_FILE, ORIGIN_LABEL, Order};
use solti_shim::exit_record::run_id_hash;
use solti_shim::launch::Cleanup;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{timeout, timeout_at};

use crate::argv::Invocation;
use crate::ask::{ask_within, is_program, last_words};
use crate::shim_runner::{Prepared, ShimRunner};
use crate::{
    About, AttachError, Attached, LostReason, RunEnd, RunHandle, RunOutcome, RunRequest, Runner, Stage,
    StartError, StartFailure, StopMode,
};
use follow::Follow;
use there::Listed;

/// The label by which a task asks for a machine.
pub(crate) const MACHINE_LABEL: &str = "machine";
/// The client is told to end only by whoever ends it by hand, and the engine there has a grace of its own.
const NO_GRACE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The time before which a task there does not start by itself, which is never: the client starts it.
const NOT_BY_ITSELF: u64 = solti_model::MAX_TIME_MS;
/// For a machine to answer who only asks whether it is there.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A list of runners is there by then, whoever answers.
const WITHOUT_KEEPING_WAITING: Duration = Duration::from_secs(1);
/// Before it is written again where machines are, if that could not be.
const KEEP_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// Who was looked at since then is not looked at again.
const LATELY: Duration = Duration::from_secs(10);

/// While it is looked at again, that counts.
const NOT_LONG_AGO: Duration = Duration::from_secs(60);

/// The other machines that tasks can be handed to, as the connections of the settings name them. Cheap to clone.
#[derive(Clone)]
pub struct Machines {
    shim: ShimRunner,
    /// `solti`, which need not be there.
    program: PathBuf,
    env: BTreeMap<OsString, OsString>,
    data_dir: PathBuf,
    connections: watch::Receiver<Vec<Connection>>,
    looks: Arc<Mutex<HashMap<String, Looked>>>,
    listed: Arc<Mutex<HashMap<String, Listed>>>,
    /// One look at a machine at a time.
    turns: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
}

/// What was seen of a machine, and when.
struct Looked {
    at: Instant,
    /// Why it cannot be reached, in a sentence.
    answered: Result<(), String>,
}

impl Machines {
    /// `program`: where `solti` is; `env`: what it is started with. Which machines there are is kept in the data folder, where the
    /// clients look, for as long as `connections` are told. Needs a tokio runtime.
    pub fn new(
        program: impl Into<PathBuf>,
        shim: ShimRunner,
        env: BTreeMap<OsString, OsString>,
        data_dir: &Path,
        connections: watch::Receiver<Vec<Connection>>,
    ) -> Self {
        let data_dir = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
        let (looks, listed, turns) = Default::default();
        let machines =
            Self { shim, program: program.into(), env, data_dir, connections, looks, listed, turns };
        let (kept, mut changes) = (machines.clone(), machines.connections.clone());
        tokio::spawn(async move {
            loop {
                changes.mark_unchanged();
                let rest = match kept.keep().await {
                    Ok(()) => Duration::MAX,
                    Err(error) => {
                        tracing::warn!("runs on other machines do not learn where those are: {error}");
                        KEEP_AGAIN_AFTER
                    }
                };
                if let Ok(Err(_)) = timeout(rest, changes.changed()).await {
                    return;
                }
            }
        });
        machines
    }

    /// Has the clients know what is known here.
    async fn keep(&self) -> io::Result<()> {
        let (known, data_dir) =
            (Known { connections: self.connections.borrow().clone() }, self.data_dir.clone());
        spawn_blocking(move || known.keep(&data_dir)).await?
    }

    /// Whether a machine has answered lately.
    fn looked(&self, machine: &str, lately: Duration) -> Option<Result<(), String>> {
        // Nothing panics while holding it.
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let look = looks.get(machine).filter(|look| look.at.elapsed() < lately)?;
        Some(look.answered.clone())
    }

    fn turn(&self, machine: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|name, turn| name == machine || Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(machine.to_owned()).or_default())
    }

    fn note(&self, machine: &str, answered: Result<(), String>) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.names();
        looks.retain(|name, _| known.contains(name));
        looks.insert(machine.to_owned(), Looked { at: Instant::now(), answered });
    }

    /// By their names in the settings.
    pub(crate) fn names(&self) -> Vec<String> {
        self.connections.borrow().iter().map(|connection| connection.name.clone()).collect()
    }

    /// The runner of a machine, whether or not there is a connection of that name.
    pub(crate) fn runner(&self, machine: &str) -> MachineRunner {
        MachineRunner { machine: machine.to_owned(), machines: self.clone() }
    }
}

/// Runs tasks on one other machine. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MachineRunner {
    machine: String,
    machines: Machines,
}

impl MachineRunner {
    fn absent(&self) -> Option<String> {
        let program = &self.machines.program;
        (!is_program(program)).then(|| {
            let shown = program.display();
            format!("{shown} is missing: it hands tasks to other machines and is installed beside the app")
        })
    }

    /// `run_dir` is absolute.
    fn prepare(&self, request: &mut RunRequest, run_dir: &Path) -> Result<Prepared, StartFailure> {
        let Machines { program, data_dir, .. } = &self.machines;
        let origin = origin(data_dir, &request.run);
        let order = Order {
            machine: self.machine.clone(),
            data_dir: data_dir.clone(),
            spec: Box::new(spec_there(request, &origin)?),
            gives_back: request.may_go_elsewhere,
            origin,
        };
        let text = serde_json::to_string(&order)
            .map_err(|error| StartFailure::system(Stage::RunDir, data_dir, &error.into()))?;
        let words = |more: &[&str]| -> Vec<OsString> {
            let own = [program.clone().into(), "relay".into()];
            own.into_iter().chain(more.iter().map(OsString::from)).chain([run_dir.into()]).collect()
        };
        let mut env = std::mem::take(&mut request.base_env);
        // Most of them only wait.
        env.insert("TOKIO_WORKER_THREADS".into(), "1".into());
        let invocation = Invocation {
            argv: words(&[]),
            env,
            cwd: "/".into(),
            files: vec![(ORDER_FILE, text)],
            after_main: AfterMain::Wait,
        };
        // After a client that was killed. One that has ended by itself knows that nothing is left.
        let cleanup = Cleanup { argv: words(&["--end"]), except_after: (0..=u8::MAX).collect() };
        (request.timeout, request.grace, request.stdin) = (None, NO_GRACE, Stdin::None);
        Ok(Prepared { invocation, cleanup: Some(cleanup), limits: ResourceLimits::default() })
    }

    fn follow(&self, run_dir: PathBuf, run: RunId, inner: RunHandle) -> RunHandle {
        Follow::begin(self.clone(), run_dir, run, inner)
    }

    fn unknown(run: &RunId, why: String) -> AttachError {
        AttachError::Cluster { run: run.clone(), why }
    }
}

/// Tells an attempt of this data folder from those of all others, on whatever machine.
fn origin(data_dir: &Path, run: &RunId) -> String {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    let folder = run_id_hash(&data_dir.to_string_lossy()) & u64::from(u32::MAX);
    format!("{host}-{folder:08x}/{run}")
}

/// The attempt as a task of the other machine: once, in a lane of its own. When it is run again, and after what, is decided here.
fn spec_there(request: &RunRequest, origin: &str) -> Result<TaskSpec, StartFailure> {
    let RunId { task, attempt } = &request.run;
    let lane = format!("{task}-{attempt}");
    let slot = Slot::new(lane).map_err(StartFailure::refused)?;
    let mut labels = request.labels.clone();
    labels.insert(ORIGIN_LABEL.to_owned(), origin.to_owned());
    Ok(TaskSpec {
        own_lane: Some(true),
        timeout: request.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
        admission: AdmissionStrategy::Queue,
        limits: Some(request.limits).filter(|limits| *limits != ResourceLimits::default()),
        cluster: request.cluster.clone(),
        stdin: request.stdin.clone(),
        runner_selector: request.selector.clone(),
        not_before: Some(NOT_BY_ITSELF),
        // Held or started by a reboot there it would run without anybody here knowing.
        after_reboot: Some(AfterReboot::End),
        labels,
        ..TaskSpec::new(slot, request.kind.clone())
    })
}

#[async_trait]
impl Runner for MachineRunner {
    fn accepts(&self, spec: &TaskSpec) -> Result<(), FieldError> {
        if let Some(why) = self.absent() {
            return Err(FieldError::new("runnerSelector", why));
        }
        if !spec.secrets.is_empty() {
            let why = "are for this machine alone: another one would store them with the task";
            return Err(FieldError::new("secrets", why));
        }
        Ok(())
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["subprocess", "container", "wasm"]
    }

    async fn about(&self) -> About {
        if let Some(unavailable) = self.absent() {
            return About { unavailable: Some(unavailable), ..About::default() };
        }
        let late = tokio::time::Instant::now() + WITHOUT_KEEPING_WAITING;
        let runner = self.clone();
        // One that takes long is told of next time.
        let look = tokio::spawn(async move { runner.look().await });
        let unavailable = match timeout_at(late, look).await {
            Ok(Ok(answered)) => answered.err(),
            Ok(Err(_)) | Err(_) => {
                let last = self.machines.looked(&self.machine, Duration::MAX).unwrap_or(Ok(()));
                Some(last.err().unwrap_or_else(|| format!("{} has not answered yet", self.machine)))
            }
        };
        if unavailable.is_none() {
            let runner = self.clone();
            let listing = tokio::spawn(async move { runner.list_runners(LATELY).await });
            timeout_at(late, listing).await.ok();
        }
        let there = self.machines.runners_of(&self.machine).filter(|_| unavailable.is_none());
        About { unavailable, there, ..About::default() }
    }

    async fn start(&self, mut request: RunRequest) -> Result<RunHandle, StartError> {
        if let Some(why) = self.absent() {
            return Err(StartFailure::refused(FieldError::new("runnerSelector", why)).into());
        }
        let run_dir = std::path::absolute(&request.run_dir)
            .map_err(|error| StartFailure::system(Stage::RunDir, &request.run_dir, &error))?;
        let data_dir = &self.machines.data_dir;
        self.machines.keep().await.map_err(|error| StartFailure::system(Stage::RunDir, data_dir, &error))?;
        let (prepared, run) = (self.prepare(&mut request, &run_dir)?, request.run.clone());
        let inner = self.machines.shim.start_prepared(request, Some(prepared)).await?;
        Ok(self.follow(run_dir, run, inner))
    }

    async fn attach(&self, run_dir: &Path, run: &RunId) -> Result<Attached, AttachError> {
        let asked = follow::wished(run_dir, run).await.stop.is_some();
        self.settled(run_dir, run, self.machines.shim.attach(run_dir, run).await?, asked).await
    }

    async fn sweep(&self, run: &RunId) -> Result<usize, AttachError> {
        self.machines.shim.sweep(run).await
    }

    async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError> {
        self.machines.shim.marks().await
    }

    async fn end_unreachable(
        &self,
        run_dir: &Path,
        run: &RunId,
        mode: StopMode,
    ) -> Result<Attached, AttachError> {
        let attached = self.machines.shim.end_unreachable(run_dir, run, mode).await?;
        self.settled(run_dir, run, attached, true).await
    }
}

impl MachineRunner {
    /// What was found here, once it is known that nothing of it runs there. `asked`: it was told to stop.
    async fn settled(
        &self,
        run_dir: &Path,
        run: &RunId,
        found: Attached,
        asked: bool,
    ) -> Result<Attached, AttachError> {
        Ok(match found {
            Attached::Running(inner) => {
                Attached::Running(self.follow(run_dir.to_owned(), run.clone(), inner))
            }
            // Not even its client has run.
            Attached::Finished(RunOutcome { end: RunEnd::StartFailed(_), .. })
            | Attached::Lost(LostReason::NeverStarted) => found,
            Attached::Finished(outcome) => {
                let end = self.end_there(run_dir).await.map_err(|why| Self::unknown(run, why))?;
                Attached::Finished(end::judged(&self.machine, end, outcome, asked))
            }
            Attached::Lost(_) => {
                // A client whose shim was killed goes on, and would start what is ended here.
                self.machines.shim.sweep(run).await?;
                self.end_there(run_dir).await.map_err(|why| Self::unknown(run, why))?;
                found
            }
        })
    }

    /// What holds while it is looked at: what it has answered not long ago, or why nobody has reached it last.
    ///
    /// # Errors
    /// A phrase or a sentence.
    pub(crate) fn meanwhile(&self) -> Result<(), String> {
        let not_yet = || Err("has not answered yet".to_owned());
        match self.machines.looked(&self.machine, Duration::MAX) {
            Some(Ok(())) => self.machines.looked(&self.machine, NOT_LONG_AGO).unwrap_or_else(not_yet),
            Some(Err(why)) => Err(why),
            None => not_yet(),
        }
    }

    /// Whether the machine answers, or has done so lately.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub(crate) async fn look(&self) -> Result<(), String> {
        let turn = self.machines.turn(&self.machine);
        // Who comes meanwhile hears what the first is answered.
        let _turn = turn.lock().await;
        if let Some(answered) = self.machines.looked(&self.machine, LATELY) {
            return answered;
        }
        let answered = match self.machines.keep().await {
            Ok(()) => {
                let folder = self.machines.data_dir.display().to_string();
                self.ask(ANSWER_WITHIN, &["--look", &self.machine, &folder]).await.map(drop)
            }
            Err(error) => Err(error.to_string()),
        };
        self.machines.note(&self.machine, answered.clone());
        if answered.is_ok() {
            // Nobody waits for that.
            let runner = self.clone();
            tokio::spawn(async move { runner.list_runners(there::LISTED_FOR).await });
        }
        answered
    }

    /// Has the client do something at once, and hears what it answers.
    ///
    /// # Errors
    /// What it says, in a sentence.
    async fn ask(&self, within: Duration, words: &[&str]) -> Result<String, String> {
        let words: Vec<&str> = std::iter::once("relay").chain(words.iter().copied()).collect();
        let said = ask_within(within, &self.machines.program, &self.machines.env, &words).await;
        match said {
            Ok(said) if said.well => Ok(said.out),
            Ok(said) => {
                let words = last_words(&said.err).unwrap_or("it cannot be reached");
                Err(words.trim_start_matches("solti: ").to_owned())
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(format!("{} does not answer within {} s", self.machine, within.as_secs()))
            }
            Err(error) => Err(format!("{} cannot be asked: {error}", self.machine)),
        }
    }
}
