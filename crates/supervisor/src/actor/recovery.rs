//! What is done at the start of the app: the store says what was decided, the run folders say what became of it.
//!
//! A run that is alive is attached to; one that has ended is judged by its exit record; one that never started is started
//! now; one of which nobody can know the end is `failed` as lost, never guessed and never run again. How that is found out,
//! and what of a run that cannot be looked at, is in `lookout`.

use super::attempt::{Active, Stage};
use super::effect::Effect;
use super::lookout::Marks;
use super::restored;
use super::{Actor, Message, event};
use crate::clock::now_ms;
use crate::lanes::LaneChange;
use crate::requests::{PLACES, Requests};
use crate::{RunFolders, SupervisorError};
use solti_model::{AfterReboot, BeforeReboot, LOOP_STARTS, RecentStarts, TaskEventKind, TaskId, TaskPhase};
use solti_store::{Change, Store, StoreError, StoredJob, StoredRun, StoredTask};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

const BOOT_KEY: &str = "boot_id";
/// Why a task that waited is held, or over.
pub(crate) const REBOOTED: &str = "the machine was restarted while it waited";
/// The start waits no longer for what the first looks at the runs find; what comes later is taken up then.
const FIRST_LOOKS: Duration = Duration::from_secs(2);

impl Actor {
    pub(crate) async fn recover(&mut self) -> Result<(), SupervisorError> {
        self.load_version().await?;
        self.load_all_held().await?;
        self.requests = Requests::of_stored(&self.store.metas(PLACES).await?);
        let last_boot = self.store.meta(BOOT_KEY).await?;
        let rebooted = last_boot.as_ref().is_some_and(|last| *last != self.config.boot_id);
        // No app has ever got through a start with this database, and still there are runs.
        self.config.restored |= last_boot.is_none() && restored::any_run(&self.folders).await?;
        let copied = self.config.copied_from.is_some();
        // Their times come in both folders.
        let hold_all = copied && self.store.jobs().await?.iter().any(is_scheduled);
        if copied {
            self.folders.leave_elsewhere().await;
        }
        if hold_all {
            self.set_all_held(true);
        }
        if self.config.restored {
            restored::catch_up(&self.store, &self.folders, &self.config.boot_id).await?;
        }
        for lane in self.store.lanes().await? {
            self.lanes.restore(&lane);
        }
        let mut slots = BTreeSet::new();
        let mut unfinished = Vec::new();
        for stored in self.store.active().await? {
            let (id, slot) = (stored.task.metadata.id.clone(), stored.task.spec.slot.clone());
            if let Some(why) = &stored.unreadable {
                tracing::error!("task {id} stays as it is: {why}");
                let attempt = stored.task.status.attempt;
                if attempt > 0 {
                    self.lanes.restore_holder(&slot, &id);
                }
                self.next_order = self.next_order.max(stored.queue_order);
                self.unreadable.insert(id, (slot, attempt));
                continue;
            }
            if self.take_over(stored).await? {
                unfinished.push(id);
            }
            slots.insert(slot);
        }
        if rebooted || last_boot.is_none() || self.config.restored || copied {
            self.note_boot(rebooted, hold_all).await?;
        }
        self.load_jobs().await?;
        if self.config.restored
            && let Err(error) = self.store.recovery_is_done()
        {
            tracing::warn!("the next start will look at all run folders again: {error}");
        }
        self.look_at_folder(!unfinished.is_empty() && !copied).await?;
        self.look_for(unfinished).await;
        let waits = |active: &Active| matches!(active.stage, Stage::Waiting | Stage::Backoff { .. });
        let waiting: Vec<_> = self
            .tasks
            .iter()
            .filter(|(_, active)| waits(active))
            .map(|(id, active)| (id.clone(), active.stored.stop_requested))
            .collect();
        for (id, stop_requested) in waiting {
            match stop_requested {
                true => self.finish_never(&id, REBOOTED.to_owned()).await,
                false => self.review(&id).await,
            }
        }
        for slot in slots {
            let stopping =
                |id: &TaskId| self.tasks.get(id).is_some_and(|active| active.stored.stop_requested);
            let victims = self.lanes.still_to_replace(&slot, stopping);
            self.replace(victims).await;
            self.start_ready(&slot).await;
        }
        self.tell_dependents().await;
        let boot_id = self.config.boot_id.clone();
        tokio::spawn(sweep_folders(self.store.clone(), self.folders.clone(), self.effect(), boot_id));
        Ok(())
    }

    /// Puts a task that is not over into its lane and into memory; whether its attempt has to be looked for.
    async fn take_over(&mut self, stored: StoredTask) -> Result<bool, SupervisorError> {
        self.next_order = self.next_order.max(stored.queue_order);
        let (id, slot) = (stored.task.metadata.id.clone(), stored.task.spec.slot.clone());
        // Of ten thousand that wait, none has a run to be asked for.
        let runs = if stored.task.status.attempt > 0 { self.recent_runs(&id).await? } else { vec![] };
        let unfinished = runs.last().is_some_and(|run| run.run.finished_at.is_none());
        if runs.is_empty() {
            self.adopt(stored, runs);
            self.wait_for_time(&id);
            if let Some(active) = self.tasks.get(&id) {
                self.lanes.restore_waiting(&slot, active.waiter());
            }
        } else {
            self.lanes.restore_holder(&slot, &id);
            self.adopt(stored, runs);
        }
        Ok(unfinished)
    }

    /// Looks for all of these at once, and goes on with what is found.
    async fn look_for(&mut self, unfinished: Vec<TaskId>) {
        let (tell, mut reported) = mpsc::channel(unfinished.len().max(1));
        let marks = Marks::default();
        for sought in unfinished.iter().filter_map(|id| self.sought_from_before(id)) {
            let (effect, tell, marks) = (self.effect(), tell.clone(), marks.clone());
            tokio::spawn(async move {
                let found = effect.look(&sought, &marks).await;
                // There is room for all.
                tell.send((sought.id, sought.attempt, found)).await.ok();
            });
        }
        drop(tell);
        let patience = Instant::now() + FIRST_LOOKS;
        while let Ok(found) = timeout_at(patience, reported.recv()).await {
            let Some((id, attempt, found)) = found else { return };
            self.found(&id, attempt, found).await;
        }
        let effect = self.effect();
        tokio::spawn(async move {
            while let Some((id, attempt, found)) = reported.recv().await {
                effect.tell(Message::Found { id, attempt, found }).await;
            }
        });
    }

    /// Notes the boot, and with it what becomes of the tasks that waited: after a reboot each goes on, is held or ends, as it says or as
    /// suits it; in a copy of another data folder all are held. After the database was lost, what waits may have run already: its lanes
    /// are paused. One transaction: a start that does not get through is followed by one that finds it as before.
    async fn note_boot(&mut self, rebooted: bool, hold_all: bool) -> Result<(), SupervisorError> {
        let mut changes =
            vec![Change::SetMeta { key: BOOT_KEY.to_owned(), value: self.config.boot_id.clone() }];
        if hold_all {
            changes.push(Change::hold_all(true));
        }
        let copied_from = self.config.copied_from.clone();
        let waits = |active: &&Active| matches!(active.stage, Stage::Waiting | Stage::Backoff { .. });
        if self.config.restored {
            let slots: BTreeSet<_> =
                self.tasks.values().filter(waits).map(|active| active.slot().clone()).collect();
            for slot in slots.into_iter().filter(|slot| !self.lanes.is_paused(slot)).collect::<Vec<_>>() {
                let paused = LaneChange { paused: Some(true), ..LaneChange::default() };
                self.lanes.set(&slot, &paused);
                changes.push(Change::PutLane(self.lanes.stored(&slot)));
            }
        } else if rebooted || copied_from.is_some() {
            let ends = |active: &Active| {
                active.stored.task.spec.after_a_reboot(BeforeReboot::Waited) == AfterReboot::End
            };
            // One that is held stays so, unless it is over by that.
            let concerns =
                |active: &&Active| !active.stored.queueing.held || (copied_from.is_none() && ends(active));
            let waiting = self.tasks.values().filter(waits).filter(concerns);
            let id = |active: &Active| active.stored.task.metadata.id.clone();
            for id in waiting.map(id).collect::<Vec<_>>() {
                changes.extend(match &copied_from {
                    Some(original) => {
                        let why =
                            format!("its folder is a copy of {}, where it waits as well", original.display());
                        self.hold_at_start(&id, why).await
                    }
                    None => self.after_a_reboot(&id).await,
                });
            }
        }
        let bare: Vec<Change> =
            changes.iter().filter(|change| !matches!(change, Change::Event { .. })).cloned().collect();
        match self.store.apply(changes).await {
            // A history that cannot be written must not keep the app from starting.
            Err(error) if bare.len() > 1 => {
                tracing::warn!("what a reboot has changed is not told in the histories of tasks: {error}");
                Ok(self.store.apply(bare).await?)
            }
            result => Ok(result?),
        }
    }

    /// What is to be stored of a task that waited when the machine was restarted.
    async fn after_a_reboot(&mut self, id: &TaskId) -> Vec<Change> {
        let Some(active) = self.tasks.get_mut(id) else { return vec![] };
        match active.stored.task.spec.after_a_reboot(BeforeReboot::Waited) {
            AfterReboot::Start => vec![],
            AfterReboot::Hold => self.hold_at_start(id, REBOOTED.to_owned()).await,
            AfterReboot::End => {
                // It ends as soon as that is stored.
                active.stored.stop_requested = true;
                self.place_again(id);
                vec![self.put_task(id).await]
            }
        }
    }

    /// What is to be stored of a task that waited, and waits for a person now.
    async fn hold_at_start(&mut self, id: &TaskId, why: String) -> Vec<Change> {
        let Some(active) = self.tasks.get_mut(id) else { return vec![] };
        active.stored.queueing.held = true;
        self.place_again(id);
        vec![self.put_task(id).await, event(id, now_ms(), None, TaskEventKind::Held, Some(why))]
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
                let noted = last.run.finished_at.unwrap_or(0);
                let wait = self.waits.begin(stored.next_attempt_at.unwrap_or(0), noted);
                let failed = last.run.phase != TaskPhase::Succeeded;
                let looping = starts.floor_ms(spec, failed, noted) > 0;
                let timer = tokio::spawn(async move { effect.wait(wait, id, attempt).await });
                Stage::Backoff { looping, held: false, timer: Some(timer.abort_handle()) }
            }
        };
        let mut active = Active::new(stored, stage);
        (active.run, active.starts) = (run, starts);
        if matches!(active.stage, Stage::Waiting) {
            self.dependents.add(&id, active.open_after());
        }
        active.live.send_modify(|live| live.finished = finished);
        self.tasks.insert(id.clone(), active);
        self.note_wakeful(&id);
    }

    /// A task that was made of a run folder which the store did not know.
    pub(crate) async fn taken_up(&mut self, id: &TaskId) -> Result<(), SupervisorError> {
        let stored = self.store.task(id).await?;
        let open = stored.filter(|stored| !stored.task.status.phase.is_terminal());
        if let Some(stored) = open.filter(|_| !self.tasks.contains_key(id))
            && self.take_over(stored).await?
            && let Some(sought) = self.sought_from_before(id)
        {
            let effect = self.effect();
            tokio::spawn(async move {
                let found = effect.look(&sought, &Marks::default()).await;
                effect.tell(Message::Found { id: sought.id, attempt: sought.attempt, found }).await;
            });
        }
        self.shared.feed.changed(id);
        Ok(())
    }
}

/// Whether a time of it may come by itself.
fn is_scheduled(stored: &StoredJob) -> bool {
    stored.job.as_ref().is_ok_and(|job| job.schedules.iter().any(|schedule| !schedule.paused))
}

/// Removes folders of tasks that were deleted while their files could not be, tidies those of finished ones where the app died
/// before that, and takes up those that the store does not know. A task is stored before its folder is made, so that new ones
/// are safe.
async fn sweep_folders(store: Store, folders: RunFolders, effect: Effect, boot_id: String) {
    let ids = match listed(&folders).await {
        Ok(ids) => ids,
        Err(error) => return tracing::warn!("cannot look at {}: {error}", folders.root().display()),
    };
    for id in ids {
        if let Err(error) = sweep_folder(&store, &folders, &effect, &id, &boot_id).await {
            tracing::warn!("the folder of task {id} cannot be settled: {error}");
        }
    }
    if let Err(error) = forget_purged(&store, &folders).await {
        tracing::warn!("deleted tasks cannot be forgotten: {error}");
    }
}

async fn listed(folders: &RunFolders) -> std::io::Result<Vec<TaskId>> {
    let folders = folders.clone();
    let listed = tokio::task::spawn_blocking(move || folders.tasks()).await;
    listed.map_err(std::io::Error::other)?
}

async fn sweep_folder(
    store: &Store,
    folders: &RunFolders,
    effect: &Effect,
    id: &TaskId,
    boot_id: &str,
) -> Result<(), SupervisorError> {
    let failed = |source| SupervisorError::Folder { path: folders.task(id), source };
    match store.task(id).await? {
        None if store.is_deleted(id).await? => folders.purge(id).map_err(failed),
        None => {
            if restored::take_up(store, folders, id, boot_id).await? {
                effect.tell(Message::TakenUp { id: id.clone() }).await;
            }
            Ok(())
        }
        Some(stored) if stored.task.status.phase.is_terminal() => {
            for attempt in folders.attempts(id).map_err(failed)? {
                folders.tidy(id, attempt);
            }
            Ok(())
        }
        Some(_) => Ok(()),
    }
}

/// Deletions of which nothing is left.
async fn forget_purged(store: &Store, folders: &RunFolders) -> Result<(), StoreError> {
    let deleted = store.deleted().await?;
    let purged = deleted.into_iter().filter(|id| folders.is_purged(id));
    let forgotten: Vec<Change> = purged.map(Change::ForgetDeleted).collect();
    if forgotten.is_empty() { Ok(()) } else { store.apply(forgotten).await }
}
