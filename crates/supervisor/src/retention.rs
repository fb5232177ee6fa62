//! Keeps logs and finished tasks within their limits: looks at what has changed after a run's end, every few seconds at
//! what runs, and at everything at the start and when a limit changes. The shims know nothing of it and write on.
//!
//! What of a log goes first is `solti-logstore`'s decision, and what is gone reads as a gap. A limit that cannot be kept, as
//! what is being written is one piece and other files may fill the disk, is told (`unkept`). Tasks go through the actor, as
//! if the person had deleted them; one with a bookmark stays. What it sees of the logs it also tells `skip_filters`.

use crate::actor::Message;
use crate::believed_clock::BelievedClock;
use crate::handle::Shared;
use crate::skip_filters::SkipFilters;
use crate::unkept::{Excess, unkept};
use crate::{ChangeCursor, RunFolders};
use rustix::fs::statvfs;
use solti_logstore::{LogError, LogLimits, StoredLog, pack, plan, remove_segment, repair};
use solti_model::{TaskId, TaskPhase};
use solti_store::{Change, Store, StoreError};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// The window comes first.
const AFTER_START: Duration = Duration::from_secs(10);
/// Changes come in bursts; one look is enough for each.
const SETTLE: Duration = Duration::from_millis(500);
/// Between two looks at logs that grow.
const WHILE_RUNNING: Duration = Duration::from_secs(2);
/// Between two looks at everything that nobody asked for, and between two attempts to free what cannot be freed.
const PAUSE: Duration = Duration::from_secs(60);
/// Between two such attempts where a run has ended in between, and between two looks at whether a limit can be kept again.
const AGAIN: Duration = Duration::from_secs(5);
/// Days pass without any change.
const FOR_AGE: Duration = Duration::from_secs(3600);
const DAY_MS: u64 = 24 * 3600 * 1000;
/// Tasks that are measured with one question to the store and one walk over the disk.
const AT_ONCE: usize = 256;
/// With more attempts to look at than this, their folders are listed first.
const LISTED: u32 = 8;
/// Tasks that are deleted before the next are asked for.
const EXPIRED: u32 = 100;

/// Bounds of what is over and kept: tasks, each with its runs and logs, and attempts; `None` is no bound. A task with a bookmark
/// stays whatever they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FinishedLimits {
    /// Days since the task finished, by a clock that is believed (`believed_clock`).
    pub keep_days: Option<u32>,
    /// Of the finished tasks only the latest this many.
    pub keep_tasks: Option<u32>,
    /// Of each task's attempts only the latest this many, beside the first ones.
    pub keep_attempts: Option<u32>,
}

#[derive(Debug, thiserror::Error)]
enum RetentionError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot look at {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the work was ended by the runtime")]
    Runtime(#[from] tokio::task::JoinError),
}

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

/// One run's log on the disk.
struct RunLog {
    id: TaskId,
    attempt: u32,
    log: StoredLog,
}

/// What to look at next.
enum Look {
    Everything,
    Changed(BTreeSet<TaskId>),
    Running,
    /// Only at what has become too old.
    Age,
    /// At the log of this run, which somebody searches.
    Searched(SearchedRun),
    /// At nothing: a skip filter is made, and another one may be begun.
    Filters,
}

/// A run whose log is searched.
#[derive(Debug)]
pub(crate) struct SearchedRun {
    pub id: TaskId,
    pub attempt: u32,
    /// Nothing will be added to its log.
    pub over: bool,
}

/// What is to be kept.
pub(crate) struct Kept {
    pub logs: watch::Receiver<LogLimits>,
    pub finished: watch::Receiver<FinishedLimits>,
    /// What runs that start now inherit.
    pub environment: Option<i64>,
}

pub(crate) struct Retention {
    store: Store,
    folders: RunFolders,
    changes: ChangeCursor,
    kept: Kept,
    /// Weak, so that the actor ends when every handle is gone.
    mailbox: mpsc::WeakSender<Message>,
    searched: mpsc::Receiver<SearchedRun>,
    filters: SkipFilters,
    logs: HashMap<TaskId, TaskLogs>,
    running_look_at: Instant,
    /// Something was missed; a look at everything is due from `full_look_at` on.
    missed_some: bool,
    full_look_at: Instant,
    /// The logs of all take too much, and before this nothing is to be freed.
    stuck_until: Option<Instant>,
    /// When it is seen whether a limit that could not be kept can be again.
    unkept_look_at: Instant,
    shared: Arc<Shared>,
    clock: BelievedClock,
}

impl Retention {
    pub(crate) fn new(
        store: Store,
        folders: RunFolders,
        shared: Arc<Shared>,
        kept: Kept,
        mailbox: mpsc::WeakSender<Message>,
        searched: mpsc::Receiver<SearchedRun>,
    ) -> Self {
        Self {
            filters: SkipFilters::new(folders.clone()),
            store,
            folders,
            changes: shared.feed.cursor(),
            kept,
            mailbox,
            searched,
            logs: HashMap::new(),
            running_look_at: Instant::now(),
            missed_some: true,
            full_look_at: Instant::now() + AFTER_START,
            stuck_until: None,
            unkept_look_at: Instant::now(),
            shared,
            clock: BelievedClock::new(),
        }
    }

    /// Runs as long as the supervisor.
    pub(crate) async fn run(mut self) {
        while let Some(look) = self.next_look().await {
            let regular = matches!(look, Look::Running);
            if let Err(error) = self.look(look).await {
                // The next look tries again.
                tracing::warn!("logs and finished tasks are not kept within their limits: {error}");
            }
            self.filters.go_on(regular);
        }
    }

    async fn next_look(&mut self) -> Option<Look> {
        let running = self.logs.values().any(|logs| logs.running);
        let unkept = self.shared.any_unkept();
        tokio::select! {
            () = sleep_until(self.full_look_at), if self.missed_some => Some(Look::Everything),
            Ok(()) = self.kept.logs.changed() => Some(Look::Everything),
            Ok(()) = self.kept.finished.changed() => Some(Look::Age),
            changes = self.changes.next() => {
                let changes = changes?;
                self.missed_some |= changes.missed_some;
                for id in &changes.deleted {
                    self.forget(id);
                }
                sleep(SETTLE).await;
                Some(Look::Changed(changes.changed))
            }
            () = sleep_until(self.running_look_at), if running => Some(Look::Running),
            () = sleep_until(self.unkept_look_at), if unkept => Some(Look::Running),
            Some(run) = self.searched.recv() => Some(Look::Searched(run)),
            (id, attempt, bytes) = self.filters.finished() => {
                // What is over is not measured again.
                if let Some(logs) = self.logs.get_mut(&id).filter(|logs| attempt <= logs.over) {
                    logs.over_bytes += bytes;
                }
                Some(Look::Filters)
            }
            () = sleep(FOR_AGE) => Some(Look::Age),
        }
    }

    async fn look(&mut self, look: Look) -> Result<(), RetentionError> {
        let mut ids = match look {
            Look::Age => {
                self.expire().await?;
                self.thin_out().await?;
                return Ok(self.store.drop_unused_environments(self.kept.environment).await?);
            }
            Look::Filters => return Ok(()),
            Look::Searched(SearchedRun { id, attempt, over }) => {
                self.filters.ask(&id, attempt, over);
                return Ok(());
            }
            Look::Running => BTreeSet::new(),
            Look::Changed(ids) => ids,
            Look::Everything => {
                self.store.drop_unused_environments(self.kept.environment).await?;
                (self.missed_some, self.stuck_until) = (false, None);
                self.full_look_at = Instant::now() + PAUSE;
                self.logs.clear();
                let folders = self.folders.clone();
                tokio::task::spawn_blocking(move || tasks_with_folders(&folders)).await??
            }
        };
        ids.extend(self.logs.iter().filter(|(_, logs)| logs.running).map(|(id, _)| id.clone()));
        self.running_look_at = Instant::now() + WHILE_RUNNING;
        self.unkept_look_at = Instant::now() + AGAIN;
        self.measure(ids).await?;
        let free = self.shrink_all().await?;
        let limits = *self.kept.logs.borrow();
        let logs = self.logs.iter();
        let held = logs.map(|(id, logs)| Excess { id, longest: logs.longest(), bytes: logs.bytes() });
        self.shared.tell_unkept(unkept(held, &limits, free));
        self.expire().await?;
        self.thin_out().await
    }

    /// Measures the logs of these tasks and brings those that hold too much within the limits of a run and of a task.
    async fn measure(&mut self, ids: BTreeSet<TaskId>) -> Result<(), RetentionError> {
        let ids: Vec<TaskId> = ids.into_iter().collect();
        for ids in ids.chunks(AT_ONCE) {
            let too_much = self.measure_some(ids.to_vec()).await?;
            for (id, attempts, over) in too_much {
                self.shrink(id, attempts, over).await?;
            }
        }
        Ok(())
    }

    /// Measures the logs of some tasks; those that hold too much, with their number of attempts and of those that are over.
    async fn measure_some(&mut self, ids: Vec<TaskId>) -> Result<Vec<(TaskId, u32, u32)>, RetentionError> {
        let limits = *self.kept.logs.borrow();
        let standings = self.store.standings(ids.clone()).await?;
        let mut wanted = Vec::new();
        for id in ids {
            let Some(standing) = standings.get(&id) else {
                self.forget(&id);
                continue;
            };
            let to = standing.attempt;
            let over = if standing.phase.is_terminal() { to } else { to.saturating_sub(1) };
            let from = self.logs.get(&id).map_or(0, |logs| logs.over) + 1;
            wanted.push(Wanted { id, from, to, over, running: standing.phase == TaskPhase::Running });
        }
        let folders = self.folders.clone();
        let measured = tokio::task::spawn_blocking(move || {
            let look = |wanted: Wanted| {
                let there = folders.task(&wanted.id).is_dir();
                let runs =
                    there.then(|| run_logs(&folders, &wanted.id, wanted.from..=wanted.to, wanted.over));
                runs.transpose().map(|runs| (wanted, runs))
            };
            wanted.into_iter().map(look).collect::<Result<Vec<_>, _>>()
        });
        let exceeds = |bytes: u64, limit: Option<u64>| limit.is_some_and(|limit| bytes > limit);
        let mut too_much = Vec::new();
        for (Wanted { id, to, over, running, .. }, runs) in measured.await?? {
            let Some(runs) = runs else {
                // Waiting, or over and silent; of one that is just being started the folder comes a moment later.
                self.forget(&id);
                if running {
                    self.logs.entry(id).or_default().running = true;
                }
                continue;
            };
            for run in &runs {
                self.filters.note(&id, run.attempt, &run.log);
            }
            if !running {
                self.filters.rests(&id);
            }
            let of = |is_over: bool| {
                let runs = runs.iter().filter(move |run| (run.attempt <= over) == is_over);
                runs.map(|run| run.log.bytes()).fold((0, 0), |(sum, most), n| (sum + n, n.max(most)))
            };
            let ((over_bytes, over_longest), (later_bytes, later_longest)) = (of(true), of(false));
            let logs = self.logs.entry(id.clone()).or_default();
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
    async fn shrink(&mut self, id: TaskId, attempts: u32, over: u32) -> Result<(), RetentionError> {
        let limits = LogLimits { total_bytes: None, min_free_bytes: 0, ..*self.kept.logs.borrow() };
        let (folders, task) = (self.folders.clone(), id.clone());
        let all =
            tokio::task::spawn_blocking(move || run_logs(&folders, &task, 1..=attempts, over)).await??;
        let freed = self.free(all, limits, u64::MAX).await?;
        if let Some(logs) = self.logs.get_mut(&id) {
            logs.stuck_until = freed.is_empty().then(|| Instant::now() + PAUSE);
        }
        Ok(())
    }

    fn forget(&mut self, id: &TaskId) {
        self.logs.remove(id);
        self.filters.forget(id);
    }

    async fn free_space(&self) -> Result<u64, RetentionError> {
        match self.folders.on_a_thread(|folders| statvfs(folders.root())).await {
            Ok(disk) => Ok(disk.f_bavail.saturating_mul(disk.f_frsize)),
            Err(error) => {
                let path = self.folders.root().to_owned();
                Err(RetentionError::Folder { path, source: error.into() })
            }
        }
    }

    /// Brings all logs within the total, and leaves the disk its floor; what is free then.
    async fn shrink_all(&mut self) -> Result<u64, RetentionError> {
        let limits = *self.kept.logs.borrow();
        let free = self.free_space().await?;
        let held: u64 = self.logs.values().map(TaskLogs::bytes).sum();
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
        let all = tokio::task::spawn_blocking(move || -> Result<Vec<RunLog>, RetentionError> {
            let mut all = Vec::new();
            for id in ids {
                let over = active.get(&id).map_or(u32::MAX, |attempt| attempt.saturating_sub(1));
                all.extend(run_logs(&folders, &id, 1..=u32::MAX, over)?);
            }
            Ok(all)
        });
        let freed = self.free(all.await??, limits, free).await?;
        self.stuck_until = freed.is_empty().then(|| Instant::now() + PAUSE);
        self.free_space().await
    }

    /// Carries out the plan for these runs; returns the tasks whose logs are shorter now. They are measured anew.
    async fn free(
        &mut self,
        runs: Vec<RunLog>,
        limits: LogLimits,
        free: u64,
    ) -> Result<BTreeSet<TaskId>, RetentionError> {
        let folders = self.folders.clone();
        let freed = tokio::task::spawn_blocking(move || remove(&folders, &runs, &limits, free)).await?;
        for id in &freed {
            if let Some(logs) = self.logs.get_mut(id) {
                *logs = TaskLogs { running: logs.running, ..TaskLogs::default() };
            }
        }
        if !freed.is_empty() {
            Box::pin(self.measure(freed.clone())).await?;
        }
        Ok(freed)
    }

    /// Removes attempts of which a task has too many, a step at a time: files first, so that none is left that nobody knows.
    async fn thin_out(&mut self) -> Result<(), RetentionError> {
        let Some(keep) = self.kept.finished.borrow().keep_attempts else { return Ok(()) };
        loop {
            let surplus = self.store.surplus(keep, EXPIRED).await?;
            if surplus.is_empty() {
                return Ok(());
            }
            for attempts in surplus {
                if let Some(logs) = self.logs.get_mut(&attempts.task_id) {
                    // Measured anew.
                    *logs = TaskLogs { running: logs.running, ..TaskLogs::default() };
                }
                let (folders, gone) = (self.folders.clone(), attempts.clone());
                tokio::task::spawn_blocking(move || {
                    folders.remove_runs(&gone.task_id, gone.from..=gone.to);
                })
                .await?;
                self.store.apply(vec![Change::DropAttempts(attempts)]).await?;
            }
        }
    }

    /// Deletes the finished tasks that are too old or too many.
    async fn expire(&mut self) -> Result<(), RetentionError> {
        let now = self.clock.now_ms(&self.store).await?;
        let FinishedLimits { keep_days, keep_tasks, .. } = *self.kept.finished.borrow();
        let before = keep_days.zip(now).map(|(days, now)| now.saturating_sub(u64::from(days) * DAY_MS));
        if before.is_none() && keep_tasks.is_none() {
            return Ok(());
        }
        loop {
            let ids = self.store.expired(before, keep_tasks, EXPIRED).await?;
            if ids.is_empty() {
                return Ok(());
            }
            for id in ids {
                let (reply, answer) = oneshot::channel();
                let Some(mailbox) = self.mailbox.upgrade() else { return Ok(()) };
                let sent = mailbox.send(Message::Delete { id, reply }).await;
                // A supervisor that shuts down, or a store that cannot be written: another time.
                if sent.is_err() || !matches!(answer.await, Ok(Ok(()))) {
                    return Ok(());
                }
            }
        }
    }
}

/// Names of the entries of a folder, as far as they are of the kind looked for; one that is not there is empty.
fn names<T>(folder: PathBuf, kind: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, RetentionError> {
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        Err(source) => return Err(RetentionError::Folder { path: folder, source }),
    };
    Ok(entries.flatten().filter_map(|entry| kind(entry.file_name().to_str()?)).collect())
}

fn tasks_with_folders(folders: &RunFolders) -> Result<BTreeSet<TaskId>, RetentionError> {
    Ok(names(folders.root().to_owned(), |name| TaskId::new(name).ok())?.into_iter().collect())
}

/// The logs of some attempts of a task, in order. Up to attempt `over` they have ended. One that cannot be looked at is left
/// alone, and keeps no other from being looked at.
fn run_logs(
    folders: &RunFolders,
    id: &TaskId,
    attempts: std::ops::RangeInclusive<u32>,
    over: u32,
) -> Result<Vec<RunLog>, RetentionError> {
    let few = attempts.end().saturating_sub(*attempts.start()) < LISTED;
    let attempts: Vec<u32> = if few {
        attempts.collect()
    } else {
        let failed = |source| RetentionError::Folder { path: folders.task(id), source };
        let mut there = folders.logged_attempts(id).or_else(none_if_gone).map_err(failed)?;
        there.retain(|attempt| attempts.contains(attempt));
        there
    };
    let mut runs = Vec::new();
    for attempt in attempts {
        match StoredLog::of(&folders.run(id, attempt), attempt <= over) {
            Ok(log) if log.segments.is_empty() => {}
            Ok(log) => runs.push(RunLog { id: id.clone(), attempt, log }),
            Err(error) => tracing::warn!("the log of run {id}/{attempt} is not measured: {error}"),
        }
    }
    Ok(runs)
}

fn none_if_gone<T>(error: std::io::Error) -> std::io::Result<Vec<T>> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(Vec::new()) } else { Err(error) }
}

/// Removes what has to go from these runs; the tasks that it was taken from.
fn remove(folders: &RunFolders, runs: &[RunLog], limits: &LogLimits, free: u64) -> BTreeSet<TaskId> {
    let mut numbers: HashMap<&TaskId, usize> = HashMap::new();
    let mut logs = Vec::with_capacity(runs.len());
    for run in runs {
        let next = numbers.len();
        logs.push((*numbers.entry(&run.id).or_insert(next), run.log.clone()));
    }
    let mut freed = BTreeSet::new();
    let mut bytes = 0;
    for removal in plan(&logs, limits, free) {
        let RunLog { id, attempt, log } = &runs[removal.run];
        match remove_from(&folders.run(id, *attempt), log, removal.segment) {
            Ok(()) => {
                bytes += removal.bytes;
                freed.insert(id.clone());
            }
            // One that cannot go keeps no other from going.
            Err(error) => tracing::warn!("nothing is removed of the log of run {id}/{attempt}: {error}"),
        }
    }
    if !freed.is_empty() {
        tracing::info!("removed {bytes} bytes of the logs of {} tasks to keep the limits", freed.len());
    }
    freed
}

fn remove_from(folder: &Path, log: &StoredLog, segment: u32) -> Result<(), LogError> {
    // The last segment can go only from a log with its end mark, which a shim that was killed did not set.
    if log.ended && log.segments.last().is_some_and(|last| last.number == segment) {
        repair(folder)?;
    }
    remove_segment(folder, segment)?;
    if log.ended {
        // What is left of it may be small now, or nothing but its length.
        pack(folder)?;
    }
    Ok(())
}
