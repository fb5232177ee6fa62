//! Keeps logs within their limits: of a run, of a task, of all, and what the disk has to have free. What of a log goes first is
//! `solti-logstore`'s decision, and what is gone reads as a gap. A limit that cannot be kept, as what is being written is one
//! piece and other files may fill the disk, is told (`unkept`).

use super::disk::{RunLog, remove, run_logs, tasks_with_folders};
use super::{AGAIN, HousekeepingError, PAUSE, SkipFilters};
use crate::RunFolders;
use crate::shared::SharedState;
use crate::unkept::{Excess, unkept};
use solti_logstore::LogLimits;
use solti_model::{TaskId, TaskPhase};
use solti_store::{Store, free_bytes};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// Tasks that are measured with one question to the store and one walk over the disk.
const AT_ONCE: usize = 256;

/// What is known of a task's logs.
#[derive(Debug, Default)]
struct TaskLogs {
    /// The attempts up to this one are over; their logs have this many bytes, and the longest of them this many.
    over: u32,
    over_bytes: u64,
    over_longest: u64,
    /// Bytes of the later ones, and of the longest of these.
    later_bytes: u64,
    later_longest: u64,
    running: bool,
    /// It holds more than it may, and before this nothing is to be freed.
    stuck_until: Option<Instant>,
}

impl TaskLogs {
    fn bytes(&self) -> u64 {
        self.over_bytes + self.later_bytes
    }

    fn longest(&self) -> u64 {
        self.over_longest.max(self.later_longest)
    }
}

/// A task to measure: its attempts from one to another, of which those up to `over` are over.
struct Wanted {
    id: TaskId,
    from: u32,
    to: u32,
    over: u32,
    running: bool,
}

pub(super) struct Logs {
    store: Store,
    folders: RunFolders,
    pub limits: watch::Receiver<LogLimits>,
    shared: Arc<SharedState>,
    of_tasks: HashMap<TaskId, TaskLogs>,
    /// The logs of all take too much, and before this nothing is to be freed.
    stuck_until: Option<Instant>,
}

impl Logs {
    pub(super) fn new(
        store: Store,
        folders: RunFolders,
        limits: watch::Receiver<LogLimits>,
        shared: Arc<SharedState>,
    ) -> Self {
        Self { store, folders, limits, shared, of_tasks: HashMap::new(), stuck_until: None }
    }

    /// Whether any is being written.
    pub(super) fn any_running(&self) -> bool {
        self.of_tasks.values().any(|logs| logs.running)
    }

    /// Forgets what is known; the tasks that have logs.
    pub(super) async fn start_over(&mut self) -> Result<BTreeSet<TaskId>, HousekeepingError> {
        let folders = self.folders.clone();
        let found = tokio::task::spawn_blocking(move || tasks_with_folders(&folders)).await??;
        self.stuck_until = None;
        self.of_tasks.clear();
        Ok(found)
    }

    /// Brings the logs of these tasks and of those that run within the limits, and says which limits cannot be kept.
    pub(super) async fn keep(
        &mut self,
        mut ids: BTreeSet<TaskId>,
        filters: &mut SkipFilters,
    ) -> Result<(), HousekeepingError> {
        let running = self.of_tasks.iter().filter(|(_, logs)| logs.running);
        ids.extend(running.map(|(id, _)| id.clone()));
        self.measure(ids, filters).await?;
        let free = self.shrink_all(filters).await?;
        let limits = *self.limits.borrow();
        let logs = self.of_tasks.iter();
        let held = logs.map(|(id, logs)| Excess { id, longest: logs.longest(), bytes: logs.bytes() });
        self.shared.tell_unkept(unkept(held, &limits, free));
        Ok(())
    }

    pub(super) fn forget(&mut self, id: &TaskId) {
        self.of_tasks.remove(id);
    }

    /// To be measured anew.
    pub(super) fn has_changed(&mut self, id: &TaskId) {
        if let Some(logs) = self.of_tasks.get_mut(id) {
            *logs = TaskLogs { running: logs.running, ..TaskLogs::default() };
        }
    }

    /// A run's log takes more bytes: what is over is not measured again.
    pub(super) fn add(&mut self, id: &TaskId, attempt: u32, bytes: u64) {
        if let Some(logs) = self.of_tasks.get_mut(id).filter(|logs| attempt <= logs.over) {
            logs.over_bytes += bytes;
        }
    }

    /// Measures the logs of these tasks and brings those that hold too much within the limits of a run and of a task.
    async fn measure(
        &mut self,
        ids: BTreeSet<TaskId>,
        filters: &mut SkipFilters,
    ) -> Result<(), HousekeepingError> {
        let ids: Vec<TaskId> = ids.into_iter().collect();
        for ids in ids.chunks(AT_ONCE) {
            let too_much = self.measure_some(ids.to_vec(), filters).await?;
            for (id, attempts, over) in too_much {
                self.shrink(id, attempts, over, filters).await?;
            }
        }
        Ok(())
    }

    /// Measures the logs of some tasks; those that hold too much, with their number of attempts and of those that are over.
    async fn measure_some(
        &mut self,
        ids: Vec<TaskId>,
        filters: &mut SkipFilters,
    ) -> Result<Vec<(TaskId, u32, u32)>, HousekeepingError> {
        let limits = *self.limits.borrow();
        let standings = self.store.standings(ids.clone()).await?;
        let mut wanted = Vec::new();
        for id in ids {
            let Some(standing) = standings.get(&id) else {
                self.forget(&id);
                filters.forget(&id);
                continue;
            };
            let to = standing.attempt;
            let over = if standing.phase.is_terminal() { to } else { to.saturating_sub(1) };
            let from = self.of_tasks.get(&id).map_or(0, |logs| logs.over) + 1;
            wanted.push(Wanted { id, from, to, over, running: standing.phase == TaskPhase::Running });
        }
        let folders = self.folders.clone();
        let measured = tokio::task::spawn_blocking(move || {
            let look = |wanted: Wanted| {
                let there = folders.task(&wanted.id).is_dir();
                let runs =
                    there.then(|| run_logs(&folders, &wanted.id, wanted.from..=wanted.to, wanted.over));
                (wanted, runs)
            };
            wanted.into_iter().map(look).collect::<Vec<_>>()
        });
        let exceeds = |bytes: u64, limit: Option<u64>| limit.is_some_and(|limit| bytes > limit);
        let mut too_much = Vec::new();
        for (Wanted { id, to, over, running, .. }, runs) in measured.await? {
            let Some(runs) = runs else {
                // Waiting, or over and silent; of one that is just being started the folder comes a moment later.
                self.forget(&id);
                filters.forget(&id);
                if running {
                    self.of_tasks.entry(id).or_default().running = true;
                }
                continue;
            };
            for run in &runs {
                filters.note(&run.run, &run.log);
            }
            if !running {
                filters.is_quiet(&id);
            }
            let of = |is_over: bool| {
                let runs = runs.iter().filter(move |run| (run.run.attempt <= over) == is_over);
                runs.map(|run| run.log.bytes()).fold((0, 0), |(sum, most), n| (sum + n, n.max(most)))
            };
            let ((over_bytes, over_longest), (later_bytes, later_longest)) = (of(true), of(false));
            let logs = self.of_tasks.entry(id.clone()).or_default();
            if over > logs.over {
                // What has ended can go.
                for stuck in [&mut logs.stuck_until, &mut self.stuck_until] {
                    *stuck = stuck.map(|until| until.min(Instant::now() + AGAIN));
                }
            }
            logs.running = running;
            logs.over = over.max(logs.over);
            logs.over_bytes += over_bytes;
            logs.over_longest = over_longest.max(logs.over_longest);
            (logs.later_bytes, logs.later_longest) = (later_bytes, later_longest);
            let is_too_much =
                exceeds(logs.bytes(), limits.task_bytes) || exceeds(logs.longest(), limits.run_bytes);
            if is_too_much && logs.stuck_until.is_none_or(|until| until <= Instant::now()) {
                too_much.push((id, to, over));
            }
        }
        Ok(too_much)
    }

    /// Brings the logs of one task within the limits of a run and of a task.
    async fn shrink(
        &mut self,
        id: TaskId,
        attempts: u32,
        over: u32,
        filters: &mut SkipFilters,
    ) -> Result<(), HousekeepingError> {
        let limits = LogLimits { total_bytes: None, min_free_bytes: 0, ..*self.limits.borrow() };
        let (folders, task) = (self.folders.clone(), id.clone());
        let all = tokio::task::spawn_blocking(move || run_logs(&folders, &task, 1..=attempts, over)).await?;
        let freed = self.free(all, limits, u64::MAX, filters).await?;
        if let Some(logs) = self.of_tasks.get_mut(&id) {
            logs.stuck_until = freed.is_empty().then(|| Instant::now() + PAUSE);
        }
        Ok(())
    }

    async fn free_space(&self) -> Result<u64, HousekeepingError> {
        let free = self.folders.on_a_thread(|folders| free_bytes(folders.root())).await;
        free.map_err(|source| HousekeepingError::Folder { path: self.folders.root().to_owned(), source })
    }

    /// Brings all logs within the total, and leaves the disk its floor; what is free then.
    async fn shrink_all(&mut self, filters: &mut SkipFilters) -> Result<u64, HousekeepingError> {
        let limits = *self.limits.borrow();
        let free = self.free_space().await?;
        let held: u64 = self.of_tasks.values().map(TaskLogs::bytes).sum();
        let too_much = limits.total_bytes.is_some_and(|limit| held > limit) || free < limits.min_free_bytes;
        if !too_much || self.stuck_until.is_some_and(|until| until > Instant::now()) {
            return Ok(free);
        }
        let folders = self.folders.clone();
        let ids = tokio::task::spawn_blocking(move || tasks_with_folders(&folders)).await??;
        // Asked for after the folders: whatever has a folder and is not active now is over.
        let active = self.store.active().await?;
        let active: HashMap<TaskId, u32> =
            active.into_iter().map(|stored| (stored.task.metadata.id, stored.task.status.attempt)).collect();
        let folders = self.folders.clone();
        let all = tokio::task::spawn_blocking(move || {
            let of = |id| {
                let over = active.get(&id).map_or(u32::MAX, |attempt| attempt.saturating_sub(1));
                run_logs(&folders, &id, 1..=u32::MAX, over)
            };
            ids.into_iter().flat_map(of).collect()
        });
        let freed = self.free(all.await?, limits, free, filters).await?;
        self.stuck_until = freed.is_empty().then(|| Instant::now() + PAUSE);
        self.free_space().await
    }

    /// Carries out the plan for these runs; returns the tasks whose logs are shorter now. They are measured anew.
    async fn free(
        &mut self,
        runs: Vec<RunLog>,
        limits: LogLimits,
        free: u64,
        filters: &mut SkipFilters,
    ) -> Result<BTreeSet<TaskId>, HousekeepingError> {
        let folders = self.folders.clone();
        let freed = tokio::task::spawn_blocking(move || remove(&folders, &runs, &limits, free)).await?;
        for id in &freed {
            self.has_changed(id);
        }
        if !freed.is_empty() {
            Box::pin(self.measure(freed.clone(), filters)).await?;
        }
        Ok(freed)
    }
}
