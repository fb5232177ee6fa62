//! The one writer of every task that is not over.
//!
//! A message is handled without waiting for disk or process: the decision is made in memory, its changes are queued to
//! the store in order, and what follows from it (a reply, a start, a timer) is done by a spawned effect once they are
//! durable. Effects report back as messages.
//!
//! Here is the mailbox and what every decision needs. The decisions are in `admission` (letting tasks in), `cycle` (their
//! attempts), `stopping` (ending and deleting them), `refused` (what cannot be stored), `recovery` (the start of the app) and
//! `lookout` (runs of which nothing is known); lanes that ask something of the machine are in `conditions`; commands on the queue are in `queueing`, what becomes of a change of what waits in `amending`, what waits for other tasks in `dependencies`, what a forecast is made of in `standing`, what rows say of it all in `row_states`; saved jobs are in `job_saving` and `job_renaming`, and in `firing` when their time has

mod admission;
mod amending;
mod attempt;
mod commit;
mod conditions;
mod cycle;
mod dependencies;
mod effect;
mod firing;
mod ids;
mod job_renaming;
pub(crate) mod job_saving;
mod lookout;
mod not_before;
mod outcome;
mod placement;
pub(crate) mod queueing;
mod recovery;
mod refused;
mod restored;
mod row_states;
mod secrets;
mod silence;
mod standing;
mod stopping;
mod tidying;
pub(crate) mod waits;
mod wakefulness;

use self::attempt::{Active, DeleteReply};
use self::commit::Commit;
use self::conditions::Looks;
use self::cycle::started_words;
use self::dependencies::Dependents;
use self::effect::Effect;
use self::firing::Timer;
use self::ids::IdSource;
use self::job_saving::JobMessage;
use self::lookout::Found;
use self::queueing::QueueMessage;
use self::refused::Batch;
use self::tidying::Tidying;
use self::waits::{Clocks, Waits};
use crate::jobs::Jobs;
use crate::lanes::{LaneChange, Lanes};
use crate::local_zone::{self, ZoneSource};
use crate::requests::Requests;
use crate::shared::SharedState;
use crate::{LiveTask, QueueHeads, RowState, RunFolders, SupervisorConfig, SupervisorError};
use solti_model::{
    JobOrder, KeepAwake, Lane, MachineState, MainEnded, RequestKey, Slot, StopMode, TaskEventKind, TaskId,
    TaskSpec,
};
use solti_runner::{ClusterWait, LogDoorbell, Place, RunController, RunOutcome, Runners, Unenforced};
use solti_store::{Change, Store, StoreError, StoredLane};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

/// Commits under way; fewer than the store's queue holds, so that it never refuses one.
const COMMITS: usize = 256;
/// Resource versions are reserved in blocks, so that they grow over restarts without a write each.
const VERSION_BLOCK: u64 = 100_000;
/// Runs that are looked for at the same time: each takes a few descriptors for a moment, and one that does not answer, seconds.
const LOOKS: usize = 32;
const VERSION_KEY: &str = "resource_version_reserved";

pub(crate) type Reply<T> = oneshot::Sender<Result<T, SupervisorError>>;

/// Who asks for a task.
pub(crate) struct Asked {
    pub(crate) reply: Reply<TaskId>,
    /// By which the same one is asked for again where its answer is lost.
    pub(crate) key: Option<RequestKey>,
}

pub(crate) enum Message {
    Submit {
        spec: Box<TaskSpec>,
        asked: Asked,
    },
    Validate {
        spec: Box<TaskSpec>,
        reply: Reply<()>,
    },
    /// Answers `None` when the task is not among those that are not over.
    Stop {
        id: TaskId,
        mode: StopMode,
        reply: oneshot::Sender<Option<Result<(), SupervisorError>>>,
    },
    Delete {
        id: TaskId,
        reply: DeleteReply,
    },
    Lanes {
        reply: oneshot::Sender<Vec<Lane>>,
    },
    SetLane {
        slot: Slot,
        change: LaneChange,
        reply: Reply<Lane>,
    },
    RowStates {
        ids: Vec<TaskId>,
        beside: QueueHeads,
        reply: oneshot::Sender<HashMap<TaskId, RowState>>,
    },
    Follow {
        id: TaskId,
        reply: oneshot::Sender<Option<watch::Receiver<LiveTask>>>,
    },
    ShutDown {
        reply: oneshot::Sender<()>,
    },
    /// The rest comes from effects.
    Admitted {
        id: TaskId,
    },
    Refused {
        id: TaskId,
    },
    Started {
        id: TaskId,
        attempt: u32,
        started_at: u64,
        pid: u32,
        unenforced: Unenforced,
        /// Where it runs, if it is no process of this machine.
        place: Option<Place>,
        controller: RunController,
        doorbell: LogDoorbell,
    },
    /// A cluster has taken it, and has not begun it; again when the reason is another.
    Queued {
        id: TaskId,
        attempt: u32,
        wait: ClusterWait,
        controller: RunController,
    },
    MainEnded {
        id: TaskId,
        attempt: u32,
        main_ended: MainEnded,
    },
    Ended {
        id: TaskId,
        attempt: u32,
        outcome: Box<RunOutcome>,
    },
    /// What became of an attempt that was looked for.
    Found {
        id: TaskId,
        attempt: u32,
        found: Found,
    },
    /// A run prints nothing for longer than its task allows, since then; `None`: it is heard again.
    Silence {
        id: TaskId,
        attempt: u32,
        since: Option<u64>,
    },
    /// Why nothing can be learned of a run that is followed; `None`: it can again.
    Trouble {
        id: TaskId,
        attempt: u32,
        why: Option<String>,
    },
    /// A start was refused for want of something that the system will have again.
    PutOff {
        id: TaskId,
        attempt: u32,
        why: String,
    },
    StartAgain {
        id: TaskId,
        attempt: u32,
    },
    /// A run folder that the store did not know has become a task.
    TakenUp {
        id: TaskId,
    },
    /// The files of a deleted task are gone.
    Purged {
        id: TaskId,
    },
    Due {
        id: TaskId,
        attempt: u32,
    },
    /// The clock was set back: the next attempt is at this time now.
    Moved {
        id: TaskId,
        attempt: u32,
        due_ms: u64,
    },
    RefusedBatch {
        id: TaskId,
        attempt: u32,
        batch: Batch,
        error: StoreError,
    },
    /// The database took nothing of the end of this task: it is time to offer it again.
    OfferEnd {
        id: TaskId,
    },
    /// These settings of a lane could not be stored; `before` are those that it had.
    LaneRefused {
        refused: StoredLane,
        before: StoredLane,
    },
    Closed {
        id: TaskId,
    },
    /// What the machine is like, for the lanes that ask.
    Looked {
        machine: Box<MachineState>,
        reached: placement::Reached,
    },
    LookAgain,
    /// A task whose secrets are there, or cannot be.
    Ordered {
        order: Box<Result<JobOrder, SupervisorError>>,
        asked: Asked,
    },
    Job(JobMessage),
    Queue(QueueMessage),
}

pub(crate) struct Actor {
    pub(crate) store: Store,
    pub(crate) runners: Runners,
    pub(crate) config: SupervisorConfig,
    /// What runs that start now inherit, as the store has numbered it.
    pub(crate) environment: Option<i64>,
    pub(crate) folders: RunFolders,
    tidying: Tidying,
    pub(crate) shared: Arc<SharedState>,
    /// Weak, so that the actor ends when every handle is gone.
    pub(crate) mailbox: mpsc::WeakSender<Message>,
    pub(crate) tasks: HashMap<TaskId, Active>,
    /// Tasks that are not over and whose records cannot be read, by their attempt. They keep their places until somebody deletes
    /// them, or a version that reads them takes them up.
    pub(crate) unreadable: HashMap<TaskId, (Slot, u32)>,
    pub(crate) lanes: Lanes,
    pub(crate) ids: IdSource,
    /// Deleted tasks whose files are gone since; the store is told with the next deletion, or finds out at the next start.
    pub(crate) purged: Vec<TaskId>,
    commits: Arc<Semaphore>,
    starts: Arc<Semaphore>,
    /// The same of runs that are handed to others: a cluster that hangs keeps nothing here from starting.
    far_starts: Arc<Semaphore>,
    pub(crate) waits: Waits,
    /// When it was last looked whether the clock was set.
    clocks: Clocks,
    looks: Arc<Semaphore>,
    pub(crate) reserved_version: u64,
    /// The last that was given.
    pub(crate) next_order: u64,
    pub(crate) dependents: Dependents,
    /// Tasks of which something has become that others may wait for.
    pub(crate) came_far: Vec<TaskId>,
    pub(crate) jobs: Jobs,
    pub(crate) requests: Requests,
    /// For the schedule that is due first.
    pub(crate) timer: Option<Timer>,
    /// Where the machine is.
    pub(crate) place: ZoneSource,
    /// Looks at the machine, for lanes that ask.
    looking: Looks,
    /// Tasks that may run and keep the machine awake by themselves.
    pub(crate) wakeful: HashMap<TaskId, KeepAwake>,
    /// What the running tasks ask for.
    pub(crate) awake: watch::Sender<KeepAwake>,
    /// Who goes on beside the actor hears by it of its end.
    alive: watch::Sender<()>,
}

impl Actor {
    pub(crate) fn new(
        store: Store,
        runners: Runners,
        config: SupervisorConfig,
        environment: Option<i64>,
        folders: RunFolders,
        shared: Arc<SharedState>,
        mailbox: mpsc::WeakSender<Message>,
    ) -> Self {
        let [starts, far_starts] =
            [(); 2].map(|()| Arc::new(Semaphore::new(config.concurrent_starts.max(1))));
        let place = ZoneSource::now();
        Self {
            store,
            runners,
            config,
            environment,
            tidying: Tidying::start(folders.clone()),
            folders,
            shared,
            mailbox,
            tasks: HashMap::new(),
            unreadable: HashMap::new(),
            lanes: Lanes::default(),
            ids: IdSource::default(),
            purged: Vec::new(),
            commits: Arc::new(Semaphore::new(COMMITS)),
            starts,
            far_starts,
            waits: Waits::start(),
            clocks: Clocks::now(),
            looks: Arc::new(Semaphore::new(LOOKS)),
            reserved_version: 0,
            next_order: 1,
            dependents: Dependents::default(),
            came_far: Vec::new(),
            jobs: Jobs::new(local_zone::zones(&place)),
            requests: Requests::default(),
            timer: None,
            place,
            looking: Looks::default(),
            wakeful: HashMap::new(),
            awake: watch::Sender::new(KeepAwake::Never),
            alive: watch::Sender::new(()),
        }
    }

    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        self.look_around();
        self.keep_awake();
        while let Some(message) = inbox.recv().await {
            if let Message::ShutDown { reply } = message {
                inbox.close();
                // Every permit back means every commit done. The semaphore is never closed.
                let all = u32::try_from(COMMITS).unwrap_or(u32::MAX);
                tokio::time::timeout(Duration::from_secs(5), self.commits.acquire_many(all)).await.ok();
                self.tidying.all_done().await;
                // A caller that has gone does not wait any more.
                reply.send(()).ok();
                return;
            }
            self.handle(message).await;
            self.tell_dependents().await;
            self.look_around();
            self.keep_awake();
        }
    }

    async fn handle(&mut self, message: Message) {
        // A reply that nobody waits for any more is not an error, here and below.
        match message {
            Message::Submit { spec, asked } => self.submit(*spec, asked).await,
            Message::Validate { spec, reply } => drop(reply.send(self.check(&spec).map_err(Into::into))),
            Message::Stop { id, mode, reply } => self.stop(&id, mode, reply).await,
            Message::Delete { id, reply } => self.delete(id, reply).await,
            Message::Lanes { reply } => drop(reply.send(self.lanes.all())),
            Message::SetLane { slot, change, reply } => self.set_lane(slot, &change, reply).await,
            Message::RowStates { ids, beside, reply } => drop(reply.send(self.row_states(ids, &beside))),
            Message::Follow { id, reply } => {
                drop(reply.send(self.tasks.get(&id).map(|active| active.live.subscribe())));
            }
            Message::Admitted { id } => self.admitted(&id).await,
            Message::Refused { id } => self.refused(&id).await,
            Message::Started { id, attempt, started_at, pid, unenforced, place, controller, doorbell } => {
                let (words, node) = match place {
                    Some(place) => (place.words, place.node),
                    None => (started_words(pid, unenforced), None),
                };
                self.started(&id, attempt, started_at, (pid, words, node), controller, doorbell).await;
            }
            Message::Queued { id, attempt, wait, controller } => {
                self.queued(&id, attempt, wait, controller).await;
            }
            Message::MainEnded { id, attempt, main_ended } => self.main_ended(&id, attempt, main_ended).await,
            Message::Ended { id, attempt, outcome } => self.ended(&id, attempt, &outcome).await,
            Message::Found { id, attempt, found } => self.found(&id, attempt, found).await,
            Message::Silence { id, attempt, since } => self.silence(&id, attempt, since).await,
            Message::Trouble { id, attempt, why } => self.troubled(&id, attempt, why),
            Message::PutOff { id, attempt, why } => self.put_off(&id, attempt, &why).await,
            Message::StartAgain { id, attempt } => self.start_again(&id, attempt),
            Message::TakenUp { id } => {
                if let Err(error) = self.taken_up(&id).await {
                    tracing::warn!("task {id} cannot be taken up: {error}");
                }
            }
            Message::Purged { id } => self.purged.push(id),
            Message::Due { id, attempt } => self.due(&id, attempt).await,
            Message::Moved { id, attempt, due_ms } => self.moved(&id, attempt, due_ms).await,
            Message::RefusedBatch { id, attempt, batch, error } => {
                self.refused_batch(&id, attempt, batch, &error).await;
            }
            Message::OfferEnd { id } => self.offer_end(&id).await,
            Message::LaneRefused { refused, before } => self.lane_refused(&refused, &before).await,
            Message::Closed { id } => self.closed(&id).await,
            Message::Looked { machine, reached } => self.looked(&machine, &reached).await,
            Message::LookAgain => self.look_again(),
            Message::Ordered { order, asked } => self.ordered(*order, asked).await,
            Message::Job(message) => self.about_jobs(message).await,
            Message::Queue(message) => self.about_queue(message).await,
            // Taken by `run`.
            Message::ShutDown { .. } => {}
        }
    }

    /// The change that stores the task as it is now, with a resource version of its own.
    pub(crate) async fn put_task(&mut self, id: &TaskId) -> Change {
        let version = self.shared.resource_version.load(Ordering::Acquire) + 1;
        if version >= self.reserved_version {
            self.reserved_version = version + VERSION_BLOCK;
            // A later batch of the same queue: it is durable before any version of the next block is.
            let reserve =
                Change::SetMeta { key: VERSION_KEY.into(), value: self.reserved_version.to_string() };
            let reserved = self.save(vec![reserve]).await;
            tokio::spawn(async move { drop(reserved.until_done().await) });
        }
        self.shared.resource_version.store(version, Ordering::Release);
        match self.tasks.get_mut(id) {
            Some(active) => {
                active.stored.task.metadata.resource_version = version;
                Change::from(active.stored.clone())
            }
            None => Change::DeleteTask(id.clone()),
        }
    }

    pub(crate) async fn load_version(&mut self) -> Result<(), SupervisorError> {
        let reserved = self.store.meta(VERSION_KEY).await?.and_then(|text| text.parse().ok()).unwrap_or(0);
        self.shared.resource_version.store(reserved, Ordering::Release);
        self.reserved_version = reserved;
        Ok(())
    }

    pub(crate) async fn save_and_publish(&mut self, id: &TaskId, changes: Vec<Change>) {
        let commit = self.save(changes).await;
        let (effect, id) = (self.effect(), id.clone());
        tokio::spawn(async move {
            if commit.until_done().await.is_ok() {
                effect.shared.feed.changed(&id);
            }
        });
    }

    /// Queues a batch. Waits for a place in the queue, not for the disk.
    pub(crate) async fn save(&self, changes: Vec<Change>) -> Commit {
        commit::queue(&self.store, &self.shared, &self.commits, changes).await
    }

    pub(crate) fn effect(&self) -> Effect {
        Effect {
            runners: self.runners.clone(),
            shared: Arc::clone(&self.shared),
            folders: self.folders.clone(),
            tidying: self.tidying.clone(),
            starts: Arc::clone(&self.starts),
            far_starts: Arc::clone(&self.far_starts),
            store: self.store.clone(),
            commits: Arc::clone(&self.commits),
            waits: self.waits.clone(),
            looks: Arc::clone(&self.looks),
            mailbox: self.mailbox.clone(),
            keyring: Arc::clone(&self.config.keyring),
            alive: self.alive.subscribe(),
        }
    }
}

pub(crate) fn event(
    id: &TaskId,
    at: u64,
    attempt: Option<u32>,
    kind: TaskEventKind,
    detail: Option<String>,
) -> Change {
    Change::Event { task_id: id.clone(), at, attempt, kind: kind.word().to_owned(), detail }
}

pub(crate) fn runner_mode(mode: StopMode) -> solti_runner::StopMode {
    match mode {
        StopMode::Graceful => solti_runner::StopMode::Graceful,
        StopMode::Kill => solti_runner::StopMode::Kill,
    }
}
