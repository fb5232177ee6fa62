//! The one writer of every task that is not over.
//!
//! A message is handled without waiting for disk or process: the decision is made in memory, its changes are queued to
//! the store in order, and what follows from it (a reply, a start, a timer) is done by a spawned effect once they are
//! durable. Effects report back as messages. What a lane decides is in `lanes`, how a run is judged in `outcome`, what
//! happens at the start of the app in `recovery`.

use crate::attempt::{Active, DeleteReply, Stage};
use crate::handle::{RowState, Shared};
use crate::ids::IdSource;
use crate::lanes::Lanes;
use crate::outcome::judge;
use crate::{LiveRun, LiveTask, RunFolders, SupervisorConfig, SupervisorError};
use solti_model::{
    AdmissionStrategy, BackoffState, FieldError, Lane, NextStep, ObjectMeta, Slot, StopMode, Task,
    TaskEventKind, TaskId, TaskPhase, TaskRun, TaskSpec, TaskStatus, Waiting, after_attempt,
};
use solti_runner::{LogDoorbell, RunController, RunEnd, RunOutcome, RunRequest, Runner};
use solti_store::{Change, Store, StoreError, StoredLane, StoredRun, StoredTask};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

/// Commits under way; fewer than the store's queue holds, so that it never refuses one.
const COMMITS: usize = 256;
/// Resource versions are reserved in blocks, so that they grow over restarts without a write each.
const VERSION_BLOCK: u64 = 100_000;
const VERSION_KEY: &str = "resource_version_reserved";
/// How long to wait before a write is repeated that the disk refused.
const WRITE_RETRY: Duration = Duration::from_millis(500);

type Reply<T> = oneshot::Sender<Result<T, SupervisorError>>;

pub enum Message {
    Submit {
        spec: Box<TaskSpec>,
        reply: Reply<TaskId>,
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
        capacity: Option<u32>,
        paused: Option<bool>,
        reply: Reply<Lane>,
    },
    RowStates {
        ids: Vec<TaskId>,
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
        controller: RunController,
        doorbell: LogDoorbell,
    },
    Ended {
        id: TaskId,
        attempt: u32,
        outcome: Box<RunOutcome>,
    },
    Due {
        id: TaskId,
        attempt: u32,
    },
    Closed {
        id: TaskId,
    },
}

pub struct Actor {
    pub(crate) store: Store,
    pub(crate) runner: Arc<dyn Runner>,
    pub(crate) config: SupervisorConfig,
    pub(crate) folders: RunFolders,
    pub(crate) shared: Arc<Shared>,
    /// Weak, so that the actor ends when every handle is gone.
    pub(crate) mailbox: mpsc::WeakSender<Message>,
    pub(crate) tasks: HashMap<TaskId, Active>,
    pub(crate) lanes: Lanes,
    ids: IdSource,
    commits: Arc<Semaphore>,
    starts: Arc<Semaphore>,
    pub(crate) reserved_version: u64,
    pub(crate) next_order: u64,
}

pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Actor {
    pub fn new(
        store: Store,
        runner: Arc<dyn Runner>,
        config: SupervisorConfig,
        folders: RunFolders,
        shared: Arc<Shared>,
        mailbox: mpsc::WeakSender<Message>,
    ) -> Self {
        let starts = Arc::new(Semaphore::new(config.concurrent_starts.max(1)));
        Self {
            store,
            runner,
            config,
            folders,
            shared,
            mailbox,
            tasks: HashMap::new(),
            lanes: Lanes::default(),
            ids: IdSource::default(),
            commits: Arc::new(Semaphore::new(COMMITS)),
            starts,
            reserved_version: 0,
            next_order: 1,
        }
    }

    pub async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        while let Some(message) = inbox.recv().await {
            if let Message::ShutDown { reply } = message {
                inbox.close();
                // Every permit back means every commit done. The semaphore is never closed.
                let all = u32::try_from(COMMITS).unwrap_or(u32::MAX);
                let _ = tokio::time::timeout(Duration::from_secs(5), self.commits.acquire_many(all)).await;
                // A caller that has gone does not wait any more.
                let _ = reply.send(());
                return;
            }
            self.handle(message).await;
        }
    }

    async fn handle(&mut self, message: Message) {
        // A reply that nobody waits for any more is not an error, here and below.
        match message {
            Message::Submit { spec, reply } => self.submit(*spec, reply).await,
            Message::Validate { spec, reply } => drop(reply.send(self.check(&spec).map_err(Into::into))),
            Message::Stop { id, mode, reply } => self.stop(&id, mode, reply).await,
            Message::Delete { id, reply } => self.delete(id, reply).await,
            Message::Lanes { reply } => drop(reply.send(self.lanes.all())),
            Message::SetLane { slot, capacity, paused, reply } => {
                self.set_lane(slot, capacity, paused, reply).await
            }
            Message::RowStates { ids, reply } => drop(reply.send(self.row_states(ids))),
            Message::Follow { id, reply } => {
                drop(reply.send(self.tasks.get(&id).map(|active| active.live.subscribe())));
            }
            Message::Admitted { id } => self.admitted(&id).await,
            Message::Refused { id } => self.refused(&id).await,
            Message::Started { id, attempt, started_at, pid, controller, doorbell } => {
                self.started(&id, attempt, started_at, pid, controller, doorbell).await;
            }
            Message::Ended { id, attempt, outcome } => self.ended(&id, attempt, &outcome).await,
            Message::Due { id, attempt } => self.due(&id, attempt).await,
            Message::Closed { id } => self.closed(&id).await,
            // Taken by `run`.
            Message::ShutDown { .. } => {}
        }
    }

    fn check(&self, spec: &TaskSpec) -> Result<(), FieldError> {
        spec.validate()?;
        self.runner
            .accepts(&spec.kind)
            .map_err(|unsupported| FieldError::new("kind", unsupported.to_string()))?;
        // The one runner there is has no labels.
        if let Some(selector) = &spec.runner_selector
            && !selector.matches(&std::collections::BTreeMap::new())
        {
            return Err(FieldError::new("runnerSelector", "no runner of this machine matches"));
        }
        Ok(())
    }

    async fn submit(&mut self, spec: TaskSpec, reply: Reply<TaskId>) {
        if let Err(error) = self.check(&spec) {
            return drop(reply.send(Err(error.into())));
        }
        let (now, slot, strategy) = (now_ms(), spec.slot.clone(), spec.admission);
        let id = self.ids.next(now);
        let victim = match self.lanes.admit(&slot, &id, strategy) {
            Ok(admission) => match admission {
                crate::lanes::Admission::Replaces(victim) => Some(victim),
                crate::lanes::Admission::Waits => None,
            },
            Err(busy) => {
                return drop(reply.send(Err(SupervisorError::SlotBusy { slot, running: busy.running })));
            }
        };
        let mut stored = self.new_task(id.clone(), spec, now).await;
        if strategy == AdmissionStrategy::Replace {
            stored.queue_order = 0;
        }
        self.tasks.insert(id.clone(), Active::new(stored, Stage::Admitting { turn: false }));
        // Its turn may come at once; then its first attempt is part of the same transaction.
        let mut changes = vec![];
        for next in self.lanes.take_startable(&slot) {
            if next == id {
                changes = self.intend_attempt(&id).await;
            } else {
                self.begin(&next).await;
            }
        }
        let starts = !changes.is_empty();
        if !starts {
            changes = vec![self.put_task(&id).await];
        }
        changes.insert(1, event(&id, now, None, TaskEventKind::Queued, None));
        let commit = self.save(changes).await;
        let effect = self.effect();
        let request = if starts { self.run_request(&id) } else { None };
        tokio::spawn(async move {
            match commit.once().await {
                Ok(()) => {
                    effect.shared.feed.changed(&id);
                    if request.is_none() {
                        effect.tell(Message::Admitted { id: id.clone() }).await;
                    }
                    drop(reply.send(Ok(id.clone())));
                    if let Some(request) = request {
                        effect.start(id, request).await;
                    }
                }
                Err(error) => {
                    effect.tell(Message::Refused { id }).await;
                    drop(reply.send(Err(error.into())));
                }
            }
        });
        if let Some(victim) = victim {
            self.request_stop(&victim, StopMode::Graceful, "replaced by a newer task").await;
        }
    }

    async fn new_task(&mut self, id: TaskId, spec: TaskSpec, now: u64) -> StoredTask {
        let metadata = ObjectMeta { id, resource_version: 0, created_at: now, updated_at: now };
        let status = TaskStatus { phase: TaskPhase::Pending, attempt: 0, exit_code: None, error: None };
        self.next_order += 1;
        StoredTask {
            task: Task { metadata, spec, status },
            backoff: BackoffState::default(),
            next_attempt_at: None,
            queue_order: self.next_order,
            stop_requested: false,
            started_at: None,
            finished_at: None,
        }
    }

    async fn admitted(&mut self, id: &TaskId) {
        let Some(active) = self.tasks.get_mut(id) else { return };
        if let Stage::Admitting { turn } = active.stage {
            active.stage = Stage::Waiting;
            if !active.purge.is_empty() || active.stored.stop_requested {
                self.finish_waiting(id).await;
            } else if turn {
                self.begin(id).await;
            }
        }
    }

    /// The admission could not be stored: as if it had never been asked for.
    async fn refused(&mut self, id: &TaskId) {
        if let Some(active) = self.tasks.remove(id) {
            active.live.send_modify(|live| live.over = true);
            for waiting in active.purge {
                drop(waiting.send(Ok(())));
            }
            self.leave_lane(&active.stored.task.spec.slot, id).await;
        }
    }

    /// Frees the task's place and starts whoever is next.
    async fn leave_lane(&mut self, slot: &Slot, id: &TaskId) {
        self.lanes.release(slot, id);
        self.start_ready(slot).await;
    }

    pub(crate) async fn start_ready(&mut self, slot: &Slot) {
        for next in self.lanes.take_startable(slot) {
            self.begin(&next).await;
        }
    }

    /// Stores the intent of the next attempt, then starts it.
    pub(crate) async fn begin(&mut self, id: &TaskId) {
        let Some(active) = self.tasks.get_mut(id) else { return };
        if let Stage::Admitting { turn } = &mut active.stage {
            *turn = true;
            return;
        }
        let changes = self.intend_attempt(id).await;
        let commit = self.save(changes).await;
        let (effect, request, id) = (self.effect(), self.run_request(id), id.clone());
        tokio::spawn(async move {
            if commit.until_done().await.is_ok()
                && let Some(request) = request
            {
                effect.shared.feed.changed(&id);
                effect.start(id, request).await;
            }
        });
    }

    /// Moves the task to `Starting` and returns what has to be stored first.
    async fn intend_attempt(&mut self, id: &TaskId) -> Vec<Change> {
        let now = now_ms();
        let boot_id = self.config.boot_id.clone();
        let Some(active) = self.tasks.get_mut(id) else { return vec![] };
        let status = &mut active.stored.task.status;
        *status = TaskStatus {
            phase: TaskPhase::Pending,
            attempt: status.attempt + 1,
            exit_code: None,
            error: None,
        };
        let attempt = status.attempt;
        active.stored.next_attempt_at = None;
        active.stage = Stage::Starting { stop: None };
        active.note_start(now);
        let run = TaskRun {
            attempt,
            phase: TaskPhase::Running,
            started_at: now,
            finished_at: None,
            error: None,
            exit_code: None,
        };
        let run = StoredRun { task_id: id.clone(), run, boot_id, pid: None, folder: true };
        active.run = Some(run.clone());
        let put = self.put_task(id).await;
        vec![put, run.into(), event(id, now, Some(attempt), TaskEventKind::Admitted, None)]
    }

    fn run_request(&self, id: &TaskId) -> Option<RunRequest> {
        let active = self.tasks.get(id)?;
        Some(RunRequest {
            run_dir: self.folders.run(id, active.attempt()),
            run_id: format!("{id}/{}", active.attempt()),
            kind: active.stored.task.spec.kind.clone(),
            timeout: active.stored.task.spec.timeout.map(Duration::from_millis),
            base_env: self.config.base_env.clone(),
            grace: self.config.grace,
        })
    }

    async fn started(
        &mut self,
        id: &TaskId,
        attempt: u32,
        started_at: u64,
        pid: u32,
        controller: RunController,
        doorbell: LogDoorbell,
    ) {
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        let stop = match active.stage {
            Stage::Starting { stop } => stop,
            _ => return,
        };
        active.stage = Stage::Running { controller: controller.clone() };
        active.set_phase(TaskPhase::Running, now_ms());
        active.stored.started_at = Some(started_at);
        if let Some(run) = &mut active.run {
            run.run.started_at = started_at;
            run.pid = Some(pid);
        }
        active.live.send_modify(|live| {
            live.attempt = attempt;
            live.run = Some(LiveRun { attempt, doorbell });
        });
        let run = active.run.clone();
        let mut changes = vec![self.put_task(id).await];
        changes.extend(run.map(Change::from));
        changes.push(event(
            id,
            started_at,
            Some(attempt),
            TaskEventKind::Started,
            Some(format!("pid {pid}")),
        ));
        self.save_and_publish(id, changes).await;
        if let Some(mode) = stop {
            tokio::spawn(async move { controller.stop(runner_mode(mode)).await });
        }
    }

    pub(crate) async fn ended(&mut self, id: &TaskId, attempt: u32, outcome: &RunOutcome) {
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        let now = now_ms();
        let spec = &active.stored.task.spec;
        let result = judge(spec, outcome, active.stored.stop_requested);
        let mut next = after_attempt(spec, result.end, active.stored.backoff, rand::random::<f64>());
        if let NextStep::Retry { delay_ms, .. } = &mut next {
            *delay_ms = (*delay_ms).max(active.floor_ms(now));
        }
        let status = &mut active.stored.task.status;
        (status.exit_code, status.error) = (result.exit_code, result.error.clone());
        let mut changes = vec![];
        if let Some(run) = &mut active.run {
            run.run.phase = result.end.run_phase();
            run.run.started_at = outcome.started_at_ms.unwrap_or(run.run.started_at);
            run.run.finished_at = Some(outcome.finished_at_ms);
            (run.run.exit_code, run.run.error) = (result.exit_code, result.error.clone());
            changes.push(Change::from(run.clone()));
        }
        let kind = match outcome.end {
            RunEnd::StartFailed(_) => TaskEventKind::StartFailed,
            RunEnd::Lost { .. } => TaskEventKind::Lost,
            _ => TaskEventKind::Exited,
        };
        let detail = result.error.clone().or_else(|| result.exit_code.map(|code| format!("exit {code}")));
        changes.push(event(id, outcome.finished_at_ms, Some(attempt), kind, detail));
        match next {
            NextStep::Finish(phase) => self.finish(id, phase, changes).await,
            NextStep::Retry { delay_ms, backoff } => self.retry_later(id, delay_ms, backoff, changes).await,
        }
    }

    async fn retry_later(
        &mut self,
        id: &TaskId,
        delay_ms: u64,
        backoff: BackoffState,
        mut changes: Vec<Change>,
    ) {
        let now = now_ms();
        let Some(active) = self.tasks.get_mut(id) else { return };
        let attempt = active.attempt();
        active.set_phase(TaskPhase::Pending, now);
        active.stored.backoff = backoff;
        active.stored.next_attempt_at = Some(now + delay_ms);
        active.stage = Stage::Backoff { timer: None };
        changes.insert(0, self.put_task(id).await);
        let detail = Some(format!("in {delay_ms} ms"));
        changes.push(event(id, now, Some(attempt), TaskEventKind::RetryScheduled, detail));
        let commit = self.save(changes).await;
        let (effect, id) = (self.effect(), id.clone());
        let Some(active) = self.tasks.get_mut(&id) else { return };
        let live = active.live.clone();
        let timer = tokio::spawn(async move {
            if commit.until_done().await.is_ok() {
                effect.run_is_stored(&id, attempt, &live);
                tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                effect.tell(Message::Due { id, attempt }).await;
            }
        });
        active.stage = Stage::Backoff { timer: Some(timer.abort_handle()) };
    }

    async fn due(&mut self, id: &TaskId, attempt: u32) {
        let waits =
            |active: &&Active| active.attempt() == attempt && matches!(active.stage, Stage::Backoff { .. });
        if self.tasks.get(id).filter(waits).is_some() {
            self.begin(id).await;
        }
    }

    /// The task is over: stores it with `changes`, or deletes it when that was asked for, and lets the next one in.
    async fn finish(&mut self, id: &TaskId, phase: TaskPhase, mut changes: Vec<Change>) {
        let now = now_ms();
        let Some(active) = self.tasks.get_mut(id) else { return };
        active.set_phase(phase, now);
        active.stage = Stage::Ending;
        let (slot, attempt, live) = (active.slot().clone(), active.attempt(), active.live.clone());
        changes.insert(0, self.put_task(id).await);
        changes.push(event(id, now, None, TaskEventKind::Finished, Some(phase.word().to_owned())));
        let commit = self.save(changes).await;
        let (effect, task) = (self.effect(), id.clone());
        tokio::spawn(async move {
            if commit.until_done().await.is_ok() {
                effect.run_is_stored(&task, attempt, &live);
            }
            effect.tell(Message::Closed { id: task }).await;
        });
        self.leave_lane(&slot, id).await;
    }

    /// The end is stored; nobody needs the task in memory any more.
    async fn closed(&mut self, id: &TaskId) {
        let Some(mut active) = self.tasks.remove(id) else { return };
        active.live.send_modify(|live| live.over = true);
        self.shared.feed.changed(id);
        if !active.purge.is_empty() {
            let replies = std::mem::take(&mut active.purge);
            self.erase(id.clone(), replies).await;
        }
    }

    async fn stop(
        &mut self,
        id: &TaskId,
        mode: StopMode,
        reply: oneshot::Sender<Option<Result<(), SupervisorError>>>,
    ) {
        match self.tasks.get(id).map(|active| &active.stage) {
            None | Some(Stage::Ending) => drop(reply.send(None)),
            Some(_) => {
                let live = self.tasks.get(id).map(|active| active.live.subscribe());
                let commit = self.request_stop(id, mode, "asked for").await;
                tokio::spawn(async move {
                    let result = match (commit, live) {
                        (Some(commit), _) => commit.until_done().await.map_err(Into::into),
                        // Without a process the task ends here and now: it is over when that is stored.
                        (None, Some(mut live)) => live
                            .wait_for(|live| live.over)
                            .await
                            .map(drop)
                            .map_err(|_| SupervisorError::ShuttingDown),
                        (None, None) => Ok(()),
                    };
                    drop(reply.send(Some(result)));
                });
            }
        }
    }

    /// Stores the request and then carries it out. `None` when there is nothing to wait for.
    async fn request_stop(&mut self, id: &TaskId, mode: StopMode, why: &str) -> Option<Commit> {
        let now = now_ms();
        let active = self.tasks.get_mut(id)?;
        active.stored.stop_requested = true;
        match &mut active.stage {
            // `admitted` sees the request.
            Stage::Admitting { .. } | Stage::Ending => None,
            Stage::Waiting | Stage::Backoff { .. } => {
                self.finish_waiting(id).await;
                None
            }
            Stage::Starting { stop } => {
                *stop = Some(mode);
                let changes = self.stop_changes(id, now, mode, why).await;
                Some(self.save(changes).await)
            }
            Stage::Running { controller } => {
                let controller = controller.clone();
                let changes = self.stop_changes(id, now, mode, why).await;
                let commit = self.save(changes).await;
                let (effect, id) = (self.effect(), id.clone());
                let (done, told) = oneshot::channel();
                tokio::spawn(async move {
                    let result = commit.until_done().await;
                    // A stop that cannot be stored is carried out all the same: the person wants the process gone.
                    controller.stop(runner_mode(mode)).await;
                    effect.shared.feed.changed(&id);
                    drop(done.send(result));
                });
                Some(Commit::Relayed(told))
            }
        }
    }

    async fn stop_changes(&mut self, id: &TaskId, now: u64, mode: StopMode, why: &str) -> Vec<Change> {
        let attempt = self.tasks.get(id).map(Active::attempt);
        let word = match mode {
            StopMode::Graceful => "TERM",
            StopMode::Kill => "KILL",
        };
        let put = self.put_task(id).await;
        vec![put, event(id, now, attempt, TaskEventKind::StopRequested, Some(format!("{word}, {why}")))]
    }

    /// Ends a task that has no process: it waits for its lane or its next attempt.
    async fn finish_waiting(&mut self, id: &TaskId) {
        let Some(active) = self.tasks.get_mut(id) else { return };
        if let Stage::Backoff { timer: Some(timer) } = &active.stage {
            timer.abort();
        }
        self.finish(id, TaskPhase::Canceled, vec![]).await;
    }

    async fn delete(&mut self, id: TaskId, reply: DeleteReply) {
        match self.tasks.get_mut(&id) {
            Some(active) => {
                active.purge.push(reply);
                self.request_stop(&id, StopMode::Graceful, "to be deleted").await;
            }
            None => self.erase(id, vec![reply]).await,
        }
    }

    /// Removes a task that is over, first from the store: files without a row are swept at the next start.
    async fn erase(&mut self, id: TaskId, replies: Vec<DeleteReply>) {
        let commit = self.save(vec![Change::DeleteTask(id.clone())]).await;
        let (effect, folders) = (self.effect(), self.folders.clone());
        tokio::spawn(async move {
            let stored = commit.once().await.map_err(SupervisorError::from);
            if stored.is_ok() {
                let folder = folders.task(&id);
                let purged = {
                    let id = id.clone();
                    tokio::task::spawn_blocking(move || folders.purge(&id)).await
                };
                if let Ok(Err(error)) = purged {
                    tracing::warn!("cannot remove {}: {error}", folder.display());
                }
                effect.shared.feed.deleted(&id);
            }
            let failed = stored.is_err();
            let mut replies = replies.into_iter();
            if let Some(first) = replies.next() {
                drop(first.send(stored));
            }
            for other in replies {
                let result = if failed {
                    Err(SupervisorError::Conflict { reason: format!("task {id} could not be deleted") })
                } else {
                    Ok(())
                };
                drop(other.send(result));
            }
        });
    }

    async fn set_lane(
        &mut self,
        slot: Slot,
        capacity: Option<u32>,
        paused: Option<bool>,
        reply: Reply<Lane>,
    ) {
        if capacity == Some(0) {
            let error = FieldError::new("capacity", "must be at least 1; pause the lane to start nothing");
            return drop(reply.send(Err(error.into())));
        }
        let lane = self.lanes.set(&slot, capacity, paused);
        let stored = StoredLane { slot: slot.clone(), capacity: lane.capacity, paused: lane.paused };
        let commit = self.save(vec![Change::PutLane(stored)]).await;
        self.start_ready(&slot).await;
        let (effect, lane) = (self.effect(), self.lanes.set(&slot, None, None));
        tokio::spawn(async move {
            let result = commit.once().await.map(|()| lane).map_err(Into::into);
            effect.shared.feed.touched();
            drop(reply.send(result));
        });
    }

    fn row_states(&self, ids: Vec<TaskId>) -> HashMap<TaskId, RowState> {
        let state = |id: &TaskId| {
            let active = self.tasks.get(id)?;
            let waiting = match &active.stage {
                Stage::Admitting { .. } | Stage::Waiting if self.lanes.is_paused(active.slot()) => {
                    Some(Waiting::LanePaused)
                }
                Stage::Admitting { .. } | Stage::Waiting => {
                    self.lanes.position(active.slot(), id).map(|(position, before)| {
                        let before = before.and_then(|id| self.tasks.get(&id));
                        let behind =
                            before.map(|task| task.stored.task.spec.display_name()).unwrap_or_default();
                        Waiting::Lane { position, behind }
                    })
                }
                Stage::Backoff { .. } => {
                    active.stored.next_attempt_at.map(|until| Waiting::Backoff { until })
                }
                Stage::Starting { .. } => Some(Waiting::Starting),
                Stage::Running { .. } | Stage::Ending => None,
            };
            let stopping = active.stored.stop_requested && !matches!(active.stage, Stage::Ending);
            Some(RowState { waiting, stopping })
        };
        ids.into_iter().filter_map(|id| state(&id).map(|state| (id, state))).collect()
    }

    /// The change that stores the task as it is now, with a resource version of its own.
    pub(crate) async fn put_task(&mut self, id: &TaskId) -> Change {
        let version = self.shared.resource_version.load(Ordering::Acquire) + 1;
        if version >= self.reserved_version {
            self.reserved_version = version + VERSION_BLOCK;
            // A later batch of the same queue: it is durable before any version of the next block is.
            let reserve =
                Change::SetMeta { key: VERSION_KEY.into(), value: self.reserved_version.to_string() };
            drop(self.save(vec![reserve]).await);
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

    async fn save_and_publish(&mut self, id: &TaskId, changes: Vec<Change>) {
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
        // The semaphore is never closed.
        let permit = Arc::clone(&self.commits).acquire_owned().await.ok();
        let first = self.store.enqueue(changes.clone());
        Commit::Queued {
            first,
            changes,
            store: self.store.clone(),
            shared: Arc::clone(&self.shared),
            _permit: permit,
        }
    }

    pub(crate) fn effect(&self) -> Effect {
        Effect {
            runner: Arc::clone(&self.runner),
            shared: Arc::clone(&self.shared),
            folders: self.folders.clone(),
            starts: Arc::clone(&self.starts),
            mailbox: self.mailbox.clone(),
        }
    }
}

pub fn event(
    id: &TaskId,
    at: u64,
    attempt: Option<u32>,
    kind: TaskEventKind,
    detail: Option<String>,
) -> Change {
    Change::Event { task_id: id.clone(), at, attempt, kind: kind.word().to_owned(), detail }
}

fn runner_mode(mode: StopMode) -> solti_runner::StopMode {
    match mode {
        StopMode::Graceful => solti_runner::StopMode::Graceful,
        StopMode::Kill => solti_runner::StopMode::Kill,
    }
}

/// A batch on its way to the disk.
pub(crate) enum Commit {
    Queued {
        first: Result<solti_store::Commit, StoreError>,
        changes: Vec<Change>,
        store: Store,
        shared: Arc<Shared>,
        _permit: Option<OwnedSemaphorePermit>,
    },
    Relayed(oneshot::Receiver<Result<(), StoreError>>),
}

impl Commit {
    /// Waits for the disk, once: the caller can be told to try again.
    async fn once(self) -> Result<(), StoreError> {
        match self {
            Self::Queued { first, shared, .. } => {
                let result = match first {
                    Ok(commit) => commit.await,
                    Err(error) => Err(error),
                };
                shared.note_write(&result);
                result
            }
            Self::Relayed(told) => told.await.unwrap_or(Err(StoreError::Closed)),
        }
    }

    /// Waits for the disk, and repeats a write that it refused until it takes it: what has happened cannot be refused.
    pub(crate) async fn until_done(self) -> Result<(), StoreError> {
        match self {
            Self::Queued { first, changes, store, shared, _permit } => {
                let mut result = match first {
                    Ok(commit) => commit.await,
                    Err(error) => Err(error),
                };
                while let Err(error) = &result
                    && is_passing(error)
                {
                    shared.note_write(&result);
                    tracing::warn!("the database refused a write, trying again: {error}");
                    tokio::time::sleep(WRITE_RETRY).await;
                    result = store.apply(changes.clone()).await;
                }
                shared.note_write(&result);
                if let Err(error) = &result {
                    tracing::error!("a change of state could not be stored: {error}");
                }
                result
            }
            relayed @ Self::Relayed(_) => Box::pin(relayed.once()).await,
        }
    }
}

fn is_passing(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Full(_)
            | StoreError::ReadOnly(_)
            | StoreError::Io(_)
            | StoreError::Locked(_)
            | StoreError::Busy
    )
}

impl Shared {
    fn note_write(&self, result: &Result<(), StoreError>) {
        let read_only = matches!(result, Err(error) if is_passing(error));
        if self.read_only.swap(read_only, Ordering::AcqRel) != read_only {
            self.feed.touched();
        }
    }
}

/// What runs beside the actor and reports back to it.
pub(crate) struct Effect {
    runner: Arc<dyn Runner>,
    pub(crate) shared: Arc<Shared>,
    folders: RunFolders,
    starts: Arc<Semaphore>,
    mailbox: mpsc::WeakSender<Message>,
}

impl Effect {
    pub(crate) async fn tell(&self, message: Message) {
        if let Some(mailbox) = self.mailbox.upgrade() {
            // A closed mailbox is a shutdown: the next start finds out from the store and the run folder.
            let _ = mailbox.send(message).await;
        }
    }

    /// Starts an attempt whose intent is stored, and sees it to its end.
    async fn start(self, id: TaskId, request: RunRequest) {
        let attempt = attempt_of(&request);
        // The semaphore is never closed.
        let place = Arc::clone(&self.starts).acquire_owned().await.ok();
        match self.runner.start(request).await {
            Ok(handle) => {
                drop(place);
                self.watch(id, attempt, handle).await;
            }
            Err(failure) => {
                drop(place);
                let outcome = RunOutcome {
                    end: RunEnd::StartFailed(failure),
                    started_at_ms: None,
                    finished_at_ms: now_ms(),
                    duration: Duration::ZERO,
                    flags: solti_runner::EndFlags::default(),
                };
                self.tell(Message::Ended { id, attempt, outcome: Box::new(outcome) }).await;
            }
        }
    }

    /// Reports a run as started and, later, as ended.
    pub(crate) async fn watch(self, id: TaskId, attempt: u32, mut handle: solti_runner::RunHandle) {
        let (controller, doorbell) = (handle.controller(), handle.doorbell());
        let (started_at, pid) = (handle.started_at_ms, handle.pid);
        self.tell(Message::Started { id: id.clone(), attempt, started_at, pid, controller, doorbell }).await;
        let outcome = handle.wait().await;
        self.tell(Message::Ended { id, attempt, outcome: Box::new(outcome) }).await;
    }

    /// After the end of an attempt is stored: readers may rely on it, and its folder holds more than needed.
    fn run_is_stored(&self, id: &TaskId, attempt: u32, live: &watch::Sender<LiveTask>) {
        live.send_modify(|live| {
            (live.attempt, live.finished, live.run) = (live.attempt.max(attempt), attempt, None);
        });
        self.folders.tidy(id, attempt);
        self.shared.feed.changed(id);
    }
}

/// The last part of the run's id.
fn attempt_of(request: &RunRequest) -> u32 {
    request.run_id.rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or(0)
}
