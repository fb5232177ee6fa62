//! What is done at the start of the app: the store says what was decided, the run folders say what became of it.
//!
//! A run that is alive is attached to; one that has ended is judged by its exit record; one that never started is started
//! now; of anything else nobody knows the end, and it is `failed` as lost, never guessed and never run again.

use crate::actor::{Actor, event, now_ms};
use crate::attempt::{Active, Stage};
use crate::{RunFolders, SupervisorError, actor, restored};
use solti_model::{
    LOOP_STARTS, LOOP_WINDOW_MS, RecentStarts, RestartStrategy, StopMode, TaskEventKind, TaskId, TaskPhase,
    TaskSpec,
};
use solti_runner::{Attached, EndFlags, LostReason, RunEnd, RunHandle, RunOutcome};
use solti_store::{Change, Store, StoredLane, StoredRun, StoredTask};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const BOOT_KEY: &str = "boot_id";

/// What was found of an attempt that the store holds as unfinished.
enum Found {
    Alive(Box<RunHandle>),
    Ended(Box<RunOutcome>),
    NeverStarted,
}

impl Actor {
    pub async fn recover(&mut self) -> Result<(), SupervisorError> {
        self.load_version().await?;
        let rebooted = self.note_boot().await?;
        if self.config.restored {
            restored::catch_up(&self.store, &self.folders, &self.config.boot_id).await?;
        }
        for lane in self.store.lanes().await? {
            self.lanes.set(&lane.slot, Some(lane.capacity), Some(lane.paused));
        }
        let mut slots = BTreeSet::new();
        let mut looking = JoinSet::new();
        for stored in self.store.active().await? {
            self.next_order = self.next_order.max(stored.queue_order);
            let (id, slot) = (stored.task.metadata.id.clone(), stored.task.spec.slot.clone());
            slots.insert(slot.clone());
            if let Some(why) = &stored.unreadable {
                tracing::error!("task {id} stays as it is: {why}");
                let attempt = stored.task.status.attempt;
                if attempt > 0 {
                    self.lanes.restore_holder(&slot, &id);
                }
                self.unreadable.insert(id, (slot, attempt));
                continue;
            }
            // Of ten thousand that wait, none has a run to be asked for.
            let runs = if stored.task.status.attempt > 0 { self.recent_runs(&id).await? } else { vec![] };
            let run = runs.last();
            let unfinished = run.filter(|run| run.run.finished_at.is_none()).cloned();
            if run.is_some() {
                self.lanes.restore_holder(&slot, &id);
            } else {
                self.lanes.restore_waiting(&slot, &id);
            }
            self.adopt(stored, runs);
            if let Some(run) = unfinished {
                looking.spawn(self.look(id, run));
            }
        }
        if rebooted || self.config.restored {
            self.pause_waiting_lanes().await;
        }
        while let Some(found) = looking.join_next().await {
            if let Ok((id, attempt, found)) = found {
                self.resume(&id, attempt, found).await;
            }
        }
        for slot in slots {
            self.start_ready(&slot).await;
        }
        tokio::spawn(sweep_folders(self.store.clone(), self.folders.clone()));
        Ok(())
    }

    /// Whether the machine was restarted since the app ran last.
    async fn note_boot(&mut self) -> Result<bool, SupervisorError> {
        let last = self.store.meta(BOOT_KEY).await?;
        let current = self.config.boot_id.clone();
        let rebooted = last.as_ref().is_some_and(|last| *last != current);
        if last.as_ref() != Some(&current) {
            self.store.set_meta(BOOT_KEY, &current).await?;
        }
        Ok(rebooted)
    }

    /// After a reboot nothing that waits starts by itself: the person may not want it any more. After the database was lost,
    /// it may have run already.
    async fn pause_waiting_lanes(&mut self) {
        let lanes = self.lanes.all();
        for lane in lanes.into_iter().filter(|lane| lane.queued > 0 && !lane.paused) {
            self.lanes.set(&lane.slot, None, Some(true));
            let stored = StoredLane { slot: lane.slot, capacity: lane.capacity, paused: true };
            drop(self.save(vec![Change::PutLane(stored)]).await);
        }
    }

    /// The last runs of a task, oldest first: as many as it takes to see a crash loop.
    async fn recent_runs(&self, id: &TaskId) -> Result<Vec<StoredRun>, SupervisorError> {
        let mut runs = self.store.recent_runs(std::slice::from_ref(id), LOOP_STARTS as u32).await?;
        Ok(runs.remove(id).unwrap_or_default())
    }

    /// Puts a stored task back into memory, as waiting or between two attempts.
    fn adopt(&mut self, stored: StoredTask, mut runs: Vec<StoredRun>) {
        let id = stored.task.metadata.id.clone();
        let starts: RecentStarts = runs.iter().map(|run| run.run.started_at).collect();
        let run = runs.pop();
        let finished =
            run.as_ref().filter(|run| run.run.finished_at.is_some()).map_or(0, |run| run.run.attempt);
        let stage = match &run {
            None => Stage::Waiting,
            Some(run) if run.run.finished_at.is_none() => Stage::Starting { stop: None },
            Some(last) => {
                let (effect, id, attempt) = (self.effect(), id.clone(), stored.task.status.attempt);
                let spec = &stored.task.spec;
                // A clock that was set back must not make it wait for longer than it ever has to.
                let delay =
                    stored.next_attempt_at.unwrap_or(0).saturating_sub(now_ms()).min(longest_wait_ms(spec));
                let failed = last.run.phase != TaskPhase::Succeeded;
                let looping = starts.floor_ms(spec, failed, last.run.finished_at.unwrap_or(0)) > 0;
                let timer = tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(delay)).await;
                    effect.tell(actor::Message::Due { id, attempt }).await;
                });
                Stage::Backoff { looping, timer: Some(timer.abort_handle()) }
            }
        };
        let mut active = Active::new(stored, stage);
        (active.run, active.starts) = (run, starts);
        active.live.send_modify(|live| live.finished = finished);
        self.tasks.insert(id, active);
    }

    /// Looks at the run folder of an unfinished attempt.
    fn look(
        &self,
        id: TaskId,
        run: StoredRun,
    ) -> impl Future<Output = (TaskId, u32, Found)> + Send + 'static {
        let attempt = run.run.attempt;
        let (runner, folder) = (Arc::clone(&self.runner), self.folders.run(&id, attempt));
        let other_boot = run.boot_id != self.config.boot_id;
        let restored = self.config.restored;
        async move {
            let lost = |reason| {
                Found::Ended(Box::new(RunOutcome {
                    end: RunEnd::Lost { reason },
                    started_at_ms: None,
                    finished_at_ms: now_ms(),
                    duration: Duration::ZERO,
                    flags: EndFlags::default(),
                    usage: None,
                }))
            };
            let run_id = format!("{id}/{attempt}");
            let found = match runner.attach(&folder, &run_id).await {
                Ok(Attached::Running(handle)) => Found::Alive(Box::new(handle)),
                Ok(Attached::Finished(outcome)) => Found::Ended(Box::new(outcome)),
                Ok(Attached::Lost(_)) if other_boot => lost(LostReason::Rebooted),
                // A folder that is gone may also have been emptied after the run ended.
                Ok(Attached::Lost(LostReason::NeverStarted)) if restored => lost(LostReason::RecordLost),
                Ok(Attached::Lost(LostReason::NeverStarted)) => Found::NeverStarted,
                Ok(Attached::Lost(reason)) => {
                    if let Err(error) = runner.sweep(&run_id).await {
                        tracing::warn!("processes of a lost run may be left: {error}");
                    }
                    lost(reason)
                }
                Err(error) => {
                    tracing::warn!("run {id}/{attempt} cannot be attached to: {error}");
                    lost(LostReason::ShimGone)
                }
            };
            (id, attempt, found)
        }
    }

    async fn resume(&mut self, id: &TaskId, attempt: u32, found: Found) {
        match found {
            Found::Alive(handle) => {
                let Some(active) = self.tasks.get_mut(id) else { return };
                // The stop was stored before the app ended; whether it was carried out is not known, and twice does no harm.
                if active.stored.stop_requested {
                    active.stage = Stage::Starting { stop: Some(StopMode::Graceful) };
                }
                let attached = event(id, now_ms(), Some(attempt), TaskEventKind::Attached, None);
                drop(self.save(vec![attached]).await);
                let (effect, id) = (self.effect(), id.clone());
                tokio::spawn(effect.watch(id, attempt, *handle));
            }
            Found::Ended(outcome) => self.ended(id, attempt, &outcome).await,
            Found::NeverStarted => {
                let Some(active) = self.tasks.get_mut(id) else { return };
                // The same attempt: its number, and its row, are those that were stored as the intent.
                active.stored.task.status.attempt = attempt.saturating_sub(1);
                if let Err(error) = std::fs::remove_dir_all(self.folders.run(id, attempt))
                    && error.kind() != std::io::ErrorKind::NotFound
                {
                    tracing::warn!("cannot clear the folder of run {id}/{attempt}: {error}");
                }
                self.begin(id).await;
            }
        }
    }
}

/// No wait between two attempts is longer.
fn longest_wait_ms(spec: &TaskSpec) -> u64 {
    let interval = match spec.restart {
        RestartStrategy::Always { interval_ms } => interval_ms.unwrap_or(0),
        RestartStrategy::Never | RestartStrategy::OnFailure => 0,
    };
    interval.max(spec.backoff.max_ms).max(LOOP_WINDOW_MS)
}

/// Removes folders of tasks that were deleted while their files could not be, and tidies those of finished ones where the
/// app died before that. A task is stored before its folder is made, so that new ones are safe.
async fn sweep_folders(store: Store, folders: RunFolders) {
    let Ok(entries) = std::fs::read_dir(folders.root()) else { return };
    for entry in entries.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| TaskId::new(name).ok()) else { continue };
        match store.task(&id).await {
            Ok(None) => {
                if let Err(error) = folders.purge(&id) {
                    tracing::warn!("cannot remove the folder of the deleted task {id}: {error}");
                }
            }
            Ok(Some(stored)) if stored.task.status.phase.is_terminal() => {
                for attempt in folders.attempts(&id).unwrap_or_default() {
                    folders.tidy(&id, attempt);
                }
            }
            Ok(Some(_)) | Err(_) => {}
        }
    }
}
