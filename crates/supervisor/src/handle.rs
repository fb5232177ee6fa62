//! The handle that the rest of the app holds: requests go into the actor's mailbox, reads of what is stored go to the store.

mod cluster;
mod queue;

use crate::actor::job_saving::{JobMessage, JobPage, JobState, Planned};
use crate::actor::{Actor, Asked, Message};
use crate::awake::keep_awake;
use crate::backlog::Backlog;
use crate::feed::{ChangeCursor, ChangeFeed};
use crate::housekeeping::{Housekeeper, Limits, SearchedRun};
use crate::lanes::LaneChange;
use crate::machine::Keyring;
use crate::shared::SharedState;
use crate::sleeps::{note_sleeps, sleeps};
use crate::{LiveTask, QueueHeads, RowState, RunFolders, SupervisorConfig, SupervisorError};
use solti_model::{
    ComingRun, DigestSleep, FieldError, Job, JobName, JobQuery, Lane, LaneMachine, LaneRules, RequestKey,
    RunId, ScheduleId, Slot, StaysAwake, StopMode, StorageState, TaskId, TaskSpec, UnkeptLimit,
};
use solti_runner::Runners;
use solti_schedule::Zones;
use solti_store::Store;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;

/// Requests that wait for the actor; more make their callers wait.
const MAILBOX: usize = 1_024;
/// Searches that may wait to be told of; what is more is told by the next search.
const SEARCHED: usize = 64;

/// Cheap to clone. The actor ends when [`Supervisor::shut_down`] is called or the runtime ends; runs go on without it.
#[derive(Clone)]
pub struct Supervisor {
    mailbox: mpsc::Sender<Message>,
    shared: Arc<SharedState>,
    store: Store,
    runners: Runners,
    folders: RunFolders,
    searched: mpsc::Sender<SearchedRun>,
    restored: bool,
    keyring: Arc<dyn Keyring>,
    /// Of what goes on in the background.
    housekeeping: AbortHandle,
}

impl Supervisor {
    /// Takes up what the store and the run folders say, and starts the actor. Tasks whose runs are still alive are
    /// attached when this returns.
    ///
    /// # Errors
    /// When the store cannot be read or the folder for runs cannot be made.
    pub async fn start(
        store: Store,
        runners: impl Into<Runners>,
        config: SupervisorConfig,
    ) -> Result<Self, SupervisorError> {
        let runners = runners.into();
        let folders = RunFolders::new(&config.data_dir);
        folders
            .on_a_thread(RunFolders::prepare)
            .await
            .map_err(|source| SupervisorError::Folder { path: folders.root().to_owned(), source })?;
        let (mailbox, inbox) = mpsc::channel(MAILBOX);
        let shared = Arc::new(SharedState {
            feed: ChangeFeed::new(),
            resource_version: AtomicU64::new(0),
            read_only: AtomicBool::new(false),
            backlog: Backlog::default(),
            all_held: AtomicBool::new(false),
            unkept: Mutex::default(),
            awake: Mutex::default(),
            slept: Mutex::default(),
            jobs: watch::Sender::new(0),
            search_path: config.search_path(),
            instance: OnceLock::new(),
        });
        // A store that cannot be written now may be written to later: runs are not held up for this.
        let environment = store.keep_environment(config.recorded()).await.unwrap_or_else(|error| {
            tracing::warn!("what runs inherit is not recorded: {error}");
            None
        });
        let (searched, searched_runs) = mpsc::channel(SEARCHED);
        let housekeeper = Housekeeper::new(
            store.clone(),
            folders.clone(),
            Arc::clone(&shared),
            Limits {
                logs: config.log_limits.clone(),
                finished: config.finished_limits.clone(),
                environment,
                skip_filter_niceness: config.skip_filter_niceness,
            },
            mailbox.downgrade(),
            searched_runs,
        );
        let mut actor = Actor::new(
            store.clone(),
            runners.clone(),
            config,
            environment,
            folders.clone(),
            Arc::clone(&shared),
            mailbox.downgrade(),
        );
        actor.recover().await?;
        let restored = actor.config.restored;
        let keyring = Arc::clone(&actor.config.keyring);
        let (machine, look_every) = (Arc::clone(&actor.config.machine), actor.config.look_every);
        tokio::spawn(keep_awake(machine, actor.awake.subscribe(), Arc::downgrade(&shared), look_every));
        tokio::spawn(actor.run(inbox));
        let (noting, told) = (store.clone(), Arc::clone(&shared));
        let housekeeping = tokio::spawn(async move {
            tokio::join!(housekeeper.run(), note_sleeps(noting, |sleep| told.tell_slept(sleep)));
        });
        let housekeeping = housekeeping.abort_handle();
        Ok(Self { mailbox, shared, store, runners, folders, searched, restored, keyring, housekeeping })
    }

    async fn ask<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<T>) -> Message,
    ) -> Result<T, SupervisorError> {
        let (reply, answer) = oneshot::channel();
        self.mailbox.send(message(reply)).await.map_err(|_| SupervisorError::ShuttingDown)?;
        answer.await.map_err(|_| SupervisorError::ShuttingDown)
    }

    /// Those that tasks are given to.
    pub fn runners(&self) -> &Runners {
        &self.runners
    }

    /// Takes a task on; it is stored when this returns.
    ///
    /// # Errors
    /// `Invalid`, `SlotBusy`, `ReadOnly`, `ShuttingDown`. Nothing is stored then.
    pub async fn submit(&self, spec: TaskSpec) -> Result<TaskId, SupervisorError> {
        self.submit_once(spec, None).await
    }

    /// The same. Where a task was made by this key lately, that is the answer, and no other is made.
    ///
    /// # Errors
    /// As [`Supervisor::submit`].
    pub async fn submit_once(
        &self,
        spec: TaskSpec,
        key: Option<RequestKey>,
    ) -> Result<TaskId, SupervisorError> {
        self.ask(|reply| Message::Submit { spec: Box::new(spec), asked: Asked { reply, key } }).await?
    }

    /// Whether [`Supervisor::submit`] would find the spec legal and has a runner for it.
    ///
    /// # Errors
    /// `Invalid` with the field.
    pub async fn validate(&self, spec: &TaskSpec) -> Result<(), SupervisorError> {
        self.ask(|reply| Message::Validate { spec: Box::new(spec.clone()), reply }).await?
    }

    /// Asks for the end of a task; returns when the request is stored.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a task that is over.
    pub async fn stop(&self, id: &TaskId, mode: StopMode) -> Result<(), SupervisorError> {
        let known = self.ask(|reply| Message::Stop { id: id.clone(), mode, reply }).await?;
        match known {
            Some(result) => result,
            None => Err(self.not_active(id).await?),
        }
    }

    /// What is wrong with asking this of a task that is not among those that are not over.
    async fn not_active(&self, id: &TaskId) -> Result<SupervisorError, SupervisorError> {
        Ok(match self.store.task(id).await? {
            Some(stored) if stored.unreadable.is_some() => SupervisorError::Conflict {
                reason: format!("the record of task {id} cannot be read; it can only be deleted"),
            },
            Some(_) => SupervisorError::over(id),
            None => SupervisorError::NotFound { id: id.clone() },
        })
    }

    /// Stops the task if it is not over, and removes it with its runs and logs. `Ok` also when there is none of that id.
    ///
    /// # Errors
    /// `ReadOnly` when it cannot be removed.
    pub async fn delete(&self, id: &TaskId) -> Result<(), SupervisorError> {
        self.ask(|reply| Message::Delete { id: id.clone(), reply }).await?
    }

    /// Every lane that runs or queues a task, or that is set to something else than the default.
    pub async fn lanes(&self) -> Result<Vec<Lane>, SupervisorError> {
        self.ask(|reply| Message::Lanes { reply }).await
    }

    /// Changes what is given and returns the lane as it is then. A paused lane starts nothing; what runs goes on.
    ///
    /// # Errors
    /// `Invalid` for a capacity of 0.
    pub async fn set_lane(
        &self,
        slot: &Slot,
        capacity: Option<u32>,
        paused: Option<bool>,
    ) -> Result<Lane, SupervisorError> {
        let change = LaneChange { capacity, paused, rules: None };
        self.ask(|reply| Message::SetLane { slot: slot.clone(), change, reply }).await?
    }

    /// Has the lane ask this of the machine, and nothing else, and returns it as it is then.
    ///
    /// # Errors
    /// `Invalid` with the field, within `rules`.
    pub async fn set_lane_rules(&self, slot: &Slot, rules: LaneRules) -> Result<Lane, SupervisorError> {
        let unknown = |(_, machine): &(usize, &LaneMachine)| !self.runners.has_machine(&machine.name);
        if let Some((n, machine)) = rules.machines.iter().enumerate().find(unknown) {
            let why = format!("there is no connection {}", machine.name);
            return Err(FieldError::new(format!("rules.machines[{n}].name"), why).into());
        }
        let change = LaneChange { rules: Some(rules), ..LaneChange::default() };
        self.ask(|reply| Message::SetLane { slot: slot.clone(), change, reply }).await?
    }

    /// For those of `ids` that are not over, and for those that wait in the lanes of `beside`.
    pub async fn row_states(
        &self,
        ids: Vec<TaskId>,
        beside: QueueHeads,
    ) -> Result<HashMap<TaskId, RowState>, SupervisorError> {
        self.ask(|reply| Message::RowStates { ids, beside, reply }).await
    }

    /// To follow the attempts of a task; `None` when it is over or unknown: then the store has it all.
    pub async fn follow(&self, id: &TaskId) -> Result<Option<watch::Receiver<LiveTask>>, SupervisorError> {
        self.ask(|reply| Message::Follow { id: id.clone(), reply }).await
    }

    async fn ask_jobs<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<T>) -> JobMessage,
    ) -> Result<T, SupervisorError> {
        self.ask(|reply| Message::Job(message(reply))).await
    }

    /// A page of the saved jobs, by name.
    pub async fn jobs(&self, query: JobQuery) -> Result<JobPage, SupervisorError> {
        self.ask_jobs(|reply| JobMessage::List { query, reply }).await
    }

    /// `None` when there is no such job.
    ///
    /// # Errors
    /// `Invalid` with `name` for one that has another name now.
    pub async fn job(&self, name: &JobName) -> Result<Option<JobState>, SupervisorError> {
        self.ask_jobs(|reply| JobMessage::Get { name: name.clone(), reply }).await?
    }

    /// Saves a job in the place of the one of that name, and returns it as it is stored. One that says nothing new stays as it is.
    ///
    /// # Errors
    /// `Invalid` with the field within the job; `Conflict` when it is at another revision than the expected one, where 0 expects
    /// that there is none; `ReadOnly`.
    pub async fn save_job(&self, job: Job, expected_revision: Option<u32>) -> Result<Job, SupervisorError> {
        self.ask_jobs(|reply| JobMessage::Save { job: Box::new(job), expected_revision, reply }).await?
    }

    /// Its tasks stay. `Ok` also when there is none of that name.
    ///
    /// # Errors
    /// `ReadOnly` when it cannot be removed.
    pub async fn delete_job(&self, name: &JobName) -> Result<(), SupervisorError> {
        self.ask_jobs(|reply| JobMessage::Delete { name: name.clone(), reply }).await?
    }

    /// Gives a job another name; its tasks, revisions and schedules follow. Returns the job.
    ///
    /// # Errors
    /// `Invalid` with `name` for a job that there is not; `Conflict` when there is one of the new name, and while a time of a
    /// schedule is being dealt with; `ReadOnly`.
    pub async fn rename_job(&self, from: &JobName, to: &JobName) -> Result<Job, SupervisorError> {
        self.ask_jobs(|reply| JobMessage::Rename { from: from.clone(), to: to.clone(), reply }).await?
    }

    /// Makes a task of the job, as its lane lets it; of a `key` as [`Supervisor::submit_once`] does.
    ///
    /// # Errors
    /// `Invalid` with `name` for a job that there is not, or with `parameters.<name>`; else as [`Supervisor::submit`].
    pub async fn run_job(
        &self,
        name: &JobName,
        parameters: BTreeMap<String, String>,
        key: Option<RequestKey>,
    ) -> Result<TaskId, SupervisorError> {
        self.ask_jobs(|reply| {
            let asked = Asked { reply, key };
            JobMessage::Run { name: name.clone(), parameters, asked }
        })
        .await?
    }

    /// Has the next time of this schedule pass without a run, or the next time of any of the job; returns which that is.
    ///
    /// # Errors
    /// `Invalid` with `name`; `Conflict` when there is no time to come.
    pub async fn skip_next(
        &self,
        name: &JobName,
        schedule: Option<ScheduleId>,
    ) -> Result<ComingRun, SupervisorError> {
        self.ask_jobs(|reply| JobMessage::Skip { name: name.clone(), schedule, reply }).await?
    }

    /// The schedules that have a time to come.
    pub async fn planned(&self) -> Result<Vec<Planned>, SupervisorError> {
        self.ask_jobs(|reply| JobMessage::Planned { reply }).await
    }

    /// The time zones that schedules may name, and where the machine is.
    pub async fn zones(&self) -> Result<Zones, SupervisorError> {
        self.ask_jobs(|reply| JobMessage::Zones { reply }).await
    }

    /// Grows with each change of a job, and of what has come of one.
    pub fn job_changes(&self) -> watch::Receiver<u64> {
        self.shared.jobs.subscribe()
    }

    /// Whether it has shut down: what is asked of it now fails, and will.
    pub fn is_shut_down(&self) -> bool {
        self.mailbox.is_closed()
    }

    /// Changes from now on.
    pub fn changes(&self) -> ChangeCursor {
        self.shared.feed.cursor()
    }

    /// The highest that a task has been given so far. Each change of a task gets a higher one, also over restarts.
    pub fn resource_version(&self) -> u64 {
        self.shared.resource_version.load(Ordering::Acquire)
    }

    /// Whether the database takes writes; while it does not, nothing new is taken on.
    pub fn storage(&self) -> StorageState {
        if self.shared.read_only.load(Ordering::Acquire) { StorageState::ReadOnly } else { StorageState::Ok }
    }

    /// Whether the store was found to be of an earlier time than the run folders, or empty beside them.
    pub fn was_restored(&self) -> bool {
        self.restored
    }

    /// Where tasks that do not say otherwise look for programs.
    pub fn search_path(&self) -> &[PathBuf] {
        &self.shared.search_path
    }

    /// Says which data folder this is, by an id that no other one has. The first that is said counts.
    pub fn set_instance(&self, id: String) {
        self.shared.instance.get_or_init(|| id);
    }

    /// Which data folder this is; `None` where that is not known.
    pub fn instance(&self) -> Option<&str> {
        self.shared.instance.get().map(String::as_str)
    }

    /// Where secrets of jobs are kept.
    pub fn keyring(&self) -> &dyn Keyring {
        &*self.keyring
    }

    /// Whether the machine is kept from sleeping; `None` while no task that runs asks for it.
    pub fn stays_awake(&self) -> Option<StaysAwake> {
        self.shared.stays_awake()
    }

    /// The last sleep of the machine since this engine began; `None` before there was one.
    pub fn slept(&self) -> Option<DigestSleep> {
        self.shared.slept()
    }

    /// When the machine slept, as far as that is known, the latest first.
    pub async fn sleeps(&self) -> Result<Vec<DigestSleep>, SupervisorError> {
        Ok(sleeps(&self.store).await?)
    }

    /// The limits of the logs that are not kept although all has gone that can, each once.
    pub fn unkept_limits(&self) -> Vec<UnkeptLimit> {
        self.shared.unkept_limits()
    }

    /// For reading. What is written to it past the supervisor is not seen by it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where the files of runs are, for readers of logs.
    pub fn folders(&self) -> &RunFolders {
        &self.folders
    }

    /// The log of this run was searched: what makes the next search of it fast is made soon. `over` says that nothing will
    /// be added to it.
    pub fn searched(&self, run: RunId, over: bool) {
        // With many of them one may be left out; a search needs none of it.
        self.searched.try_send(SearchedRun { run, over }).ok();
    }

    /// Takes nothing new and waits until everything decided is stored. Runs go on; the next start attaches to them. What goes
    /// on in the background is given up.
    pub async fn shut_down(&self) {
        self.housekeeping.abort();
        // An actor that is gone has shut down.
        self.ask(|reply| Message::ShutDown { reply }).await.ok();
    }
}
