//! The attempts of a task, from the stored intent to the stored end, and what follows an end.

use super::attempt::{Active, Stage};
use super::outcome::judge;
use super::refused::Batch;
use super::secrets::NeededSecrets;
use super::silence::after_silence;
use super::stopping::Why;
use super::{Actor, Message, Reply, event, runner_mode};
use crate::clock::now_ms;
use crate::{LiveRun, SupervisorError};
use rustix::process::Signal;
use solti_model::words::took;
use solti_model::{
    AfterReboot, BackoffState, BeforeReboot, FieldError, MainEnded, NextStep, OnCluster, RunId, RunUsage,
    Slot, TaskEventKind, TaskId, TaskPhase, TaskRun, TaskStatus, after_attempt,
};
use solti_runner::{
    ClusterWait, LogDoorbell, LostReason, RunController, RunEnd, RunOutcome, RunRequest, Runners, Unenforced,
    Usage,
};
use solti_store::{Change, StoredRun};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::watch;

/// An attempt that is to be started, and the runner that it is given to.
pub(crate) struct StartOrder {
    pub(crate) request: RunRequest,
    pub(crate) runner: Option<String>,
    /// Why none takes it any more.
    pub(crate) refused: Option<FieldError>,
    /// They are not in the request.
    pub(crate) secrets: NeededSecrets,
    /// As those of the task.
    pub(crate) settled: Option<watch::Receiver<bool>>,
    pub(crate) called_off: Arc<AtomicBool>,
}

impl Actor {
    /// Stores the intent of the next attempt, then starts it.
    pub(crate) async fn begin(&mut self, id: &TaskId) {
        let Some(active) = self.tasks.get_mut(id) else { return };
        if let Stage::Admitting { turn, .. } = &mut active.stage {
            *turn = true;
            return;
        }
        let changes = self.intend_attempt(id).await;
        self.start_intended(id, changes, None).await;
    }

    /// As [`Actor::begin`], of a task that waits, because somebody asked for it: who is told when the intent is stored.
    pub(crate) async fn begin_asked(&mut self, id: &TaskId, words: &str, reply: Reply<()>) {
        let mut changes = self.intend_attempt(id).await;
        changes.push(event(id, now_ms(), None, TaskEventKind::Released, Some(words.to_owned())));
        self.start_intended(id, changes, Some(reply)).await;
    }

    async fn start_intended(&mut self, id: &TaskId, changes: Vec<Change>, reply: Option<Reply<()>>) {
        let commit = self.save(changes).await;
        let (effect, order, id) = (self.effect(), self.start_order(id), id.clone());
        let attempt = self.tasks.get(&id).map_or(0, Active::attempt);
        tokio::spawn(async move {
            let tell = |result| reply.map(|reply| reply.send(result));
            match (commit.until_done().await, order) {
                (Ok(stored), Some(order)) => {
                    drop(stored);
                    effect.shared.feed.changed(&id);
                    tell(Ok(()));
                    effect.start(order).await;
                }
                (Ok(_), None) => drop(tell(Ok(()))),
                (Err(error), _) => {
                    let reason = format!("its attempt could not be stored: {error}");
                    tell(Err(SupervisorError::Conflict { reason }));
                    effect.refused(&id, attempt, Batch::Begin, error).await;
                }
            }
        });
    }

    /// Moves the task to `Starting` and returns what has to be stored first.
    pub(crate) async fn intend_attempt(&mut self, id: &TaskId) -> Vec<Change> {
        let now = now_ms();
        let (boot_id, environment) = (self.config.boot_id.clone(), self.environment);
        let order = self.fresh_order();
        let (runner, refused) = match self.runner_for(id) {
            Ok(runner) => (Some(runner), None),
            // Told by the start: what another runner would make of it is not what was asked for.
            Err(why) => (None, Some(why)),
        };
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
        if attempt == 1 {
            // From now on it says since when the task holds its place.
            active.stored.queue_order = order;
        }
        active.stage = Stage::Starting { stop: None };
        active.called_off = Arc::default();
        active.stored.queueing.suspended = false;
        active.refused = refused;
        (active.trouble, active.put_off) = (None, 0);
        active.starts.note(now);
        self.note_wakeful(id);
        let Some(active) = self.tasks.get_mut(id) else { return vec![] };
        let run = TaskRun {
            attempt,
            phase: TaskPhase::Running,
            started_at: now,
            finished_at: None,
            error: None,
            exit_code: None,
            usage: None,
            remark: None,
            runner,
            node: None,
            suspension: None,
        };
        let run = StoredRun { task_id: id.clone(), run, boot_id, pid: None, folder: true, environment };
        (active.run, active.main_ended) = (Some(run.clone()), None);
        let put = self.put_task(id).await;
        vec![put, run.into(), event(id, now, Some(attempt), TaskEventKind::Admitted, None)]
    }

    pub(crate) fn start_order(&self, id: &TaskId) -> Option<StartOrder> {
        let active = self.tasks.get(id)?;
        let request = RunRequest {
            run_dir: self.folders.run(id, active.attempt()),
            run: RunId::new(id.clone(), active.attempt()),
            kind: active.stored.task.spec.kind.clone(),
            timeout: active.stored.task.spec.timeout.map(Duration::from_millis),
            limits: active.stored.task.spec.limits.unwrap_or_default(),
            base_env: self.config.base_env.clone(),
            grace: self.config.grace,
            stdin: active.stored.task.spec.stdin.clone(),
            cluster: active.stored.task.spec.cluster.clone(),
            labels: active.stored.task.spec.labels.clone(),
            selector: self.runners.selector_there(&active.stored.task.spec),
            may_go_elsewhere: self.may_go_elsewhere(active),
            segments: self.config.log_limits.borrow().segment_sizes(),
        };
        let runner = active.run.as_ref().and_then(|run| run.run.runner.clone());
        let spec = &active.stored.task.spec;
        let refused = active.refused.clone();
        let (job, names, known) = (spec.job.clone(), spec.secrets.clone(), active.secrets.clone());
        let secrets = NeededSecrets { job, names, known };
        let (settled, called_off) = (active.settled.clone(), Arc::clone(&active.called_off));
        Some(StartOrder { request, runner, refused, secrets, settled, called_off })
    }

    pub(crate) async fn started(
        &mut self,
        id: &TaskId,
        attempt: u32,
        started_at: u64,
        (pid, words, node): (u32, String, Option<String>),
        controller: RunController,
        doorbell: LogDoorbell,
    ) {
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        let stop = match active.stage {
            Stage::Starting { stop } => stop,
            // A stop was handed over when it was asked for.
            Stage::Queued { .. } => None,
            _ => return,
        };
        active.stage = Stage::Running { controller: controller.clone() };
        // What is stored holds, also where the app died before it was carried out.
        controller.ask_suspended(active.stored.queueing.suspended).carry_out();
        self.came_far.push(id.clone());
        active.trouble = None;
        active.set_phase(TaskPhase::Running, now_ms());
        active.stored.started_at = Some(started_at);
        if let Some(run) = &mut active.run {
            run.run.started_at = started_at;
            run.pid = Some(pid);
            // What was known before a restart holds where the cluster cannot be asked.
            run.run.node = node.or_else(|| run.run.node.take());
        }
        if let Some(stall) = active.stored.task.spec.stall {
            let (effect, run) = (self.effect(), (id.clone(), attempt));
            tokio::spawn(effect.listen(run, stall, controller.clone(), doorbell.clone()));
        }
        let Some(active) = self.tasks.get_mut(id) else { return };
        active.live.send_modify(|live| {
            live.attempt = attempt;
            live.run = Some(LiveRun { attempt, pid, doorbell });
        });
        let run = active.run.clone();
        let mut changes = vec![self.put_task(id).await];
        changes.extend(run.map(Change::from));
        changes.push(event(id, started_at, Some(attempt), TaskEventKind::Started, Some(words)));
        let commit = self.save(changes).await;
        let (effect, task) = (self.effect(), id.clone());
        tokio::spawn(async move {
            match commit.until_done().await {
                Ok(_stored) => {
                    fail_point!("start-stored");
                    effect.shared.feed.changed(&task);
                }
                Err(error) => effect.refused(&task, attempt, Batch::Started, error).await,
            }
        });
        if let Some(mode) = stop {
            tokio::spawn(async move { controller.stop(runner_mode(mode)).await });
        }
    }

    /// Where a task runs that a cluster has started.
    pub(crate) fn on_cluster(&self, active: &Active) -> Option<OnCluster> {
        let run = &active.run.as_ref()?.run;
        let runs = active.stored.task.status.phase == TaskPhase::Running
            && self.runners.of(run.runner.as_deref()).is_cluster();
        runs.then(|| OnCluster { node: run.node.clone() })
    }

    /// A cluster has taken it. The first time that is told in the history, later only the row changes.
    pub(crate) async fn queued(
        &mut self,
        id: &TaskId,
        attempt: u32,
        wait: ClusterWait,
        controller: RunController,
    ) {
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        match active.stage {
            Stage::Starting { stop } => {
                active.stage = Stage::Queued { wait, controller: controller.clone() };
                active.trouble = None;
                if let Some(mode) = stop {
                    tokio::spawn(async move { controller.stop(runner_mode(mode)).await });
                }
            }
            Stage::Queued { .. } => active.stage = Stage::Queued { wait, controller },
            _ => return,
        }
        self.shared.feed.changed(id);
    }

    /// The first word goes into the history, later ones only change the row.
    pub(crate) async fn main_ended(&mut self, id: &TaskId, attempt: u32, main_ended: MainEnded) {
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        let text = main_ended.text.clone();
        match active.main_ended.replace(main_ended) {
            Some(_) => self.shared.feed.changed(id),
            None => {
                let put = self.put_task(id).await;
                let reported = event(id, now_ms(), Some(attempt), TaskEventKind::MainEnded, Some(text));
                self.save_and_publish(id, vec![put, reported]).await;
            }
        }
    }

    pub(crate) async fn ended(&mut self, id: &TaskId, attempt: u32, outcome: &RunOutcome) {
        fail_point!("end-heard");
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        active.trouble = None;
        let now = now_ms();
        active.main_ended = None;
        active.stored.queueing.suspended = false;
        let spec = &active.stored.task.spec;
        let outcome = &outcome.clone().of_task(spec);
        let mut result = judge(spec, outcome, active.stored.stop_requested);
        if active.replaced && matches!(outcome.end, RunEnd::Stopped { .. }) {
            // Nobody asked for its end.
            result.error = Some(Why::Replaced.words().to_owned());
        }
        let mut next = after_attempt(spec, result.end, active.stored.backoff, rand::random::<f64>());
        active.silent_since = None;
        if let Some(stall) = active.stalled.take()
            && !active.stored.stop_requested
            && let Some(step) = after_silence(stall, spec, active.stored.backoff, &mut result)
        {
            next = step;
        }
        let mut looping = false;
        // What runs on a node of a cluster does not go down with this machine.
        let is_here = |run: &&StoredRun| run.run.node.is_none();
        let before_reboot =
            active.run.as_ref().filter(is_here).is_some_and(|run| run.boot_id != self.config.boot_id);
        if ended_by_reboot(&outcome.end, before_reboot) && !active.stored.stop_requested {
            let after = spec.after_a_reboot(BeforeReboot::Ran);
            next = match after {
                AfterReboot::Start | AfterReboot::Hold => {
                    NextStep::Retry { delay_ms: 0, backoff: BackoffState::default() }
                }
                AfterReboot::End => NextStep::Finish(result.end.run_phase()),
            };
            active.stored.queueing.held = after == AfterReboot::Hold;
        }
        if let RunEnd::NotTaken { why, refused } = &outcome.end {
            if *refused && let Some(run) = &active.run {
                let machine = Runners::machine_of(run.run.runner.as_deref());
                active.refused_by.insert(machine.to_owned(), why.clone());
            }
            if !active.stored.stop_requested {
                // Back to its lane, which knows what other machine there is. It has not failed.
                next = NextStep::Retry { delay_ms: 0, backoff: active.stored.backoff };
            }
        } else {
            active.refused_by.clear();
        }
        if let NextStep::Retry { delay_ms, .. } = &mut next {
            let floor = active.starts.floor_ms(spec, result.end.is_failure(), now);
            looping = floor > *delay_ms;
            *delay_ms = (*delay_ms).max(floor);
        }
        let status = &mut active.stored.task.status;
        (status.exit_code, status.error) = (result.exit_code, result.error.clone());
        let mut changes = vec![];
        if let Some(run) = &mut active.run {
            run.run.phase = result.end.run_phase();
            run.run.started_at = outcome.started_at_ms.unwrap_or(run.run.started_at);
            run.run.finished_at = Some(outcome.finished_at_ms);
            run.run.suspension = run.run.suspension.map(|still| still.over(outcome.finished_at_ms));
            (run.run.exit_code, run.run.error) = (result.exit_code, result.error.clone());
            run.run.usage = outcome.usage.map(usage);
            run.run.remark = result.remark;
            changes.push(Change::from(run.clone()));
        }
        let kind = match outcome.end {
            RunEnd::StartFailed(_) | RunEnd::NotTaken { .. } => TaskEventKind::StartFailed,
            RunEnd::Lost { .. } => TaskEventKind::Lost,
            _ => TaskEventKind::Exited,
        };
        let detail = result.error.clone().or_else(|| result.exit_code.map(|code| format!("exit {code}")));
        changes.push(event(id, outcome.finished_at_ms, Some(attempt), kind, detail));
        match next {
            NextStep::Finish(phase) => self.finish(id, phase, changes).await,
            NextStep::Retry { delay_ms, backoff } => {
                self.retry_later(id, delay_ms, looping, backoff, changes).await;
            }
        }
    }

    pub(crate) async fn retry_later(
        &mut self,
        id: &TaskId,
        delay_ms: u64,
        looping: bool,
        backoff: BackoffState,
        mut changes: Vec<Change>,
    ) {
        let now = now_ms();
        let Some(active) = self.tasks.get_mut(id) else { return };
        let attempt = active.attempt();
        active.set_phase(TaskPhase::Pending, now);
        active.stored.backoff = backoff;
        let due_ms = now.saturating_add(delay_ms);
        active.stored.next_attempt_at = Some(due_ms);
        active.stage = Stage::Backoff { looping, held: false, timer: None };
        changes.insert(0, self.put_task(id).await);
        let why = if looping { "crash loop, " } else { "" };
        let detail = Some(format!("{why}in {}", took(delay_ms)));
        changes.push(event(id, now, Some(attempt), TaskEventKind::RetryScheduled, detail));
        let commit = self.save(changes).await;
        let (effect, waiting, id) = (self.effect(), self.effect(), id.clone());
        let Some(active) = self.tasks.get_mut(&id) else { return };
        let (live, task) = (active.live.clone(), id.clone());
        let (settle, settled) = watch::channel(false);
        // Apart from the wait, which a stop or a hand may cut short: the end of the attempt is stored all the same.
        tokio::spawn(async move {
            match commit.until_done().await {
                Ok(stored) => {
                    effect.run_is_stored(&task, attempt, &live).await;
                    drop(stored);
                    // The folder of the next attempt may be made in one that tidying would take away as empty.
                    effect.tidying.all_done().await;
                    settle.send_replace(true);
                }
                Err(error) => effect.refused(&task, attempt, Batch::Retry, error).await,
            }
        });
        active.settled = Some(settled.clone());
        let wait = waiting.waits.begin(due_ms, now);
        let timer = tokio::spawn(async move {
            if is_settled(settled).await {
                waiting.wait(wait, id, attempt).await;
            }
        });
        active.stage = Stage::Backoff { looping, held: false, timer: Some(timer.abort_handle()) };
    }

    pub(crate) async fn due(&mut self, id: &TaskId, attempt: u32) {
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        let is_paused =
            self.lanes.is_closed(active.slot()) || active.stored.queueing.held || active.amending > 0;
        match &mut active.stage {
            // A paused lane starts nothing, nor does one that asks something of the machine before that was looked at.
            Stage::Backoff { held, .. } if is_paused => {
                *held = true;
                self.shared.feed.changed(id);
            }
            Stage::Backoff { .. } => self.begin(id).await,
            _ => {}
        }
    }

    /// Begins the attempts that were held while the lane was paused.
    pub(crate) async fn begin_held(&mut self, slot: &Slot) {
        if !self.lanes.is_closed(slot) {
            self.begin_due(slot).await;
        }
    }

    /// Begins the attempts whose time has come while the lane started nothing.
    pub(crate) async fn begin_due(&mut self, slot: &Slot) {
        let held = |active: &&Active| {
            active.slot() == slot
                && !active.stored.queueing.held
                && active.amending == 0
                && matches!(active.stage, Stage::Backoff { held: true, .. })
        };
        let ids: Vec<_> =
            self.tasks.values().filter(held).map(|active| active.stored.task.metadata.id.clone()).collect();
        for id in ids {
            self.begin(&id).await;
        }
    }

    /// The clock was set, and the row says when the attempt really is.
    pub(crate) async fn moved(&mut self, id: &TaskId, attempt: u32, due_ms: u64) {
        let waits = |active: &&mut Active| {
            active.attempt() == attempt && matches!(active.stage, Stage::Backoff { .. })
        };
        let Some(active) = self.tasks.get_mut(id).filter(waits) else { return };
        active.stored.next_attempt_at = Some(due_ms);
        let put = self.put_task(id).await;
        self.save_and_publish(id, vec![put]).await;
    }

    /// The task is over: stores it with `changes`, or deletes it when that was asked for, and lets the next one in.
    pub(crate) async fn finish(&mut self, id: &TaskId, phase: TaskPhase, mut changes: Vec<Change>) {
        let now = now_ms();
        let Some(active) = self.tasks.get_mut(id) else { return };
        active.set_phase(phase, now);
        active.stage = Stage::Ending { unstored: None };
        active.stop_waiting_for_time();
        self.dependents.remove(id, active.open_after());
        self.came_far.push(id.clone());
        let (slot, attempt, live) = (active.slot().clone(), active.attempt(), active.live.clone());
        changes.insert(0, self.put_task(id).await);
        changes.push(event(id, now, None, TaskEventKind::Finished, Some(phase.word().to_owned())));
        let commit = self.save(changes).await;
        let (effect, task) = (self.effect(), id.clone());
        tokio::spawn(async move {
            match commit.until_done().await {
                Ok(stored) => {
                    effect.run_is_stored(&task, attempt, &live).await;
                    drop(stored);
                    effect.tell(Message::Closed { id: task }).await;
                }
                Err(error) => effect.refused(&task, attempt, Batch::Finish, error).await,
            }
        });
        self.make_room_for_end(id);
        self.leave_lane(&slot, id).await;
    }

    /// The end is stored; nobody needs the task in memory any more.
    pub(crate) async fn closed(&mut self, id: &TaskId) {
        let Some(mut active) = self.tasks.remove(id) else { return };
        active.live.send_modify(|live| live.over = true);
        self.shared.feed.changed(id);
        if active.stored.task.spec.job.is_some() {
            self.shared.jobs_changed();
        }
        if !active.purge.is_empty() {
            let replies = std::mem::take(&mut active.purge);
            self.erase(id.clone(), replies, false).await;
        }
    }
}

/// Waits for it; `false` where it never will be.
pub(crate) async fn is_settled(mut settled: watch::Receiver<bool>) -> bool {
    settled.wait_for(|settled| *settled).await.is_ok()
}

/// What is known of a start beside its time.
pub(crate) fn started_words(pid: u32, unenforced: Unenforced) -> String {
    let limits =
        [(unenforced.memory, "memory"), (unenforced.cpu, "processor"), (unenforced.processes, "process")];
    let named: Vec<_> = limits.into_iter().filter(|(not, _)| *not).map(|(_, name)| name).collect();
    match named[..] {
        [] => format!("pid {pid}"),
        _ => format!("pid {pid}; this system cannot enforce the {} limit", named.join(" and the ")),
    }
}

fn usage(used: Usage) -> RunUsage {
    RunUsage {
        cpu_ms: used.cpu_us / 1_000,
        peak_memory_bytes: used.peak_memory_bytes,
        read_bytes: used.io_bytes.map(|(read, _)| read),
        written_bytes: used.io_bytes.map(|(_, written)| written),
    }
}

/// Whether the run has ended with the machine that went down. Programs get a signal then, and who supervises them may still have recorded
/// that; a stop that nobody has asked for is the same told to the shim.
fn ended_by_reboot(end: &RunEnd, before_reboot: bool) -> bool {
    match end {
        RunEnd::Lost { reason } => *reason == LostReason::Rebooted,
        RunEnd::Signaled { signal } => {
            let of_shutdown = [Signal::TERM, Signal::KILL, Signal::HUP];
            before_reboot && of_shutdown.iter().any(|shutdown| shutdown.as_raw() == *signal)
        }
        RunEnd::Stopped { .. } => before_reboot,
        _ => false,
    }
}
