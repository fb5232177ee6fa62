//! Rows of the list: what is stored, joined with what the supervisor knows of tasks that are not over.

use super::now_ms;
use crate::{ApiError, Pauses};
use solti_model::secret::masked_label;
use solti_model::{
    LabelCount, Lane, LaneRules, ListQuery, MAX_LEFT_OUT, RunMark, Searched, Slot, StorageState, Summary,
    TaskChange, TaskId, TaskList, TaskPhase, TaskRow, TaskRun,
};
use solti_store::{RowQuery, StoreError, StoredRow};
use solti_supervisor::{ChangeCursor, Changes, QueueHeads, RowState, Supervisor, SupervisorError};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Runs in the strip of a row.
const RECENT_RUNS: u32 = 8;
/// Changed rows in one change; with more the reader reads its list again.
const MAX_CHANGED: usize = 500;
/// Tasks whose place in the queue is told anew when something happens in their lane: those that come first. Of the others it is told
/// when they are read again.
const PLACES: usize = 100;

fn storage(error: StoreError) -> ApiError {
    match error {
        StoreError::Cursor => ApiError::invalid("cursor", "is not one that a list handed out"),
        other => SupervisorError::from(other).into(),
    }
}

pub(super) async fn list(supervisor: &Supervisor, query: ListQuery) -> Result<TaskList, ApiError> {
    let left_out = query.without.count();
    if left_out > MAX_LEFT_OUT {
        return Err(ApiError::invalid("without", format!("must be at most {MAX_LEFT_OUT} conditions")));
    }
    let query = RowQuery {
        phases: query.phases,
        slot: query.slot,
        labels: query.labels,
        text: query.text,
        exit_code: query.exit_code,
        since_ms: query.since_ms,
        job: query.job,
        name: query.name,
        took_at_least_ms: query.took_at_least_ms,
        took_at_most_ms: query.took_at_most_ms,
        without: *query.without,
        sort: query.sort,
        reverse: query.reverse,
        now_ms: now_ms(),
        cursor: query.cursor.as_deref().map(str::parse).transpose().map_err(storage)?,
        limit: query.limit,
    };
    let page = supervisor.store().list(&query).await.map_err(storage)?;
    let next_cursor = page.next.map(|cursor| cursor.to_string());
    Ok(TaskList { rows: complete(supervisor, page.rows).await?, total: page.total, next_cursor })
}

fn unfinished(tasks: &[StoredRow]) -> Vec<TaskId> {
    let unfinished = tasks.iter().filter(|stored| !stored.task.status.phase.is_terminal());
    unfinished.map(|stored| stored.task.metadata.id.clone()).collect()
}

/// The rows of `tasks`, in their order.
pub(super) async fn complete(
    supervisor: &Supervisor,
    tasks: Vec<StoredRow>,
) -> Result<Vec<TaskRow>, ApiError> {
    let states = supervisor.row_states(unfinished(&tasks), QueueHeads::default()).await?;
    with_states(supervisor, tasks, states).await
}

async fn with_states(
    supervisor: &Supervisor,
    tasks: Vec<StoredRow>,
    mut states: HashMap<TaskId, RowState>,
) -> Result<Vec<TaskRow>, ApiError> {
    let ids: Vec<TaskId> = tasks.iter().map(|stored| stored.task.metadata.id.clone()).collect();
    let mut runs = supervisor.store().recent_runs(&ids, RECENT_RUNS).await.map_err(storage)?;
    let mut strips = supervisor.store().job_strips(ids, RECENT_RUNS).await.map_err(storage)?;
    let row = |mut stored: StoredRow| {
        let id = &stored.task.metadata.id;
        let runs = runs.remove(id).unwrap_or_default();
        let of_job = strips.remove(id).unwrap_or_default();
        let state = states.remove(id).unwrap_or_default();
        if let Some(status) = state.unstored {
            stored.task.status = status;
        }
        let waits = stored.task.status.phase == TaskPhase::Pending;
        TaskRow {
            started_at: runs.last().map(|stored| stored.run.started_at),
            finished_at: stored.finished_at,
            next_attempt_at: stored.next_attempt_at,
            waiting: state.waiting.filter(|_| waits),
            stopping: state.stopping,
            suspended: state.suspended,
            suspension: runs.last().and_then(|stored| stored.run.suspension),
            on_cluster: state.on_cluster,
            silent_since: state.silent_since,
            main_ended: state.main_ended,
            remark: runs.last().and_then(|stored| stored.run.remark.clone()),
            trouble: state.trouble,
            recent_runs: runs.iter().map(|stored| mark(&stored.run)).collect(),
            of_job: of_job.iter().map(|mark| mark.phase).collect(),
            of_job_ms: of_job.iter().map(|mark| mark.duration_ms).collect(),
            task: stored.task,
        }
    };
    Ok(tasks.into_iter().map(row).collect())
}

fn mark(run: &TaskRun) -> RunMark {
    RunMark { attempt: run.attempt, phase: run.phase, duration_ms: run.took_ms() }
}

/// Those that something is in or set on, and whether they are one task's own.
pub(super) async fn lanes(supervisor: &Supervisor) -> Result<Vec<Lane>, ApiError> {
    let mut lanes = supervisor.lanes().await?;
    let shared: HashSet<Slot> =
        supervisor.store().shared_lanes().await.map_err(storage)?.into_iter().collect();
    for lane in &mut lanes {
        lane.own &= !shared.contains(&lane.slot);
    }
    Ok(lanes)
}

/// Lanes in a summary: those with a queue or a setting first. A task without a choice has a lane of its own, so there may be
/// thousands; [`crate::operations::ListLanes`] has them all.
const SUMMARY_LANES: usize = 50;

async fn notable_lanes(supervisor: &Supervisor) -> Result<Vec<Lane>, ApiError> {
    let mut lanes = lanes(supervisor).await?;
    let there: HashSet<Slot> = lanes.iter().map(|lane| lane.slot.clone()).collect();
    let shared = supervisor.store().shared_lanes().await.map_err(storage)?;
    let idle = |slot| Lane {
        slot,
        capacity: 1,
        running: 0,
        queued: 0,
        paused: false,
        own: false,
        rules: LaneRules::default(),
        waits_for: None,
    };
    lanes.extend(shared.into_iter().filter(|slot| !there.contains(slot)).map(idle));
    // A stable sort: of those that are idle, those used last come first.
    let is_busy = |lane: &Lane| lane.running > 0;
    lanes.sort_by_key(|lane| {
        std::cmp::Reverse((lane.paused, lane.queued, lane.capacity, !lane.own, is_busy(lane)))
    });
    lanes.truncate(SUMMARY_LANES);
    lanes.sort_by(|a, b| a.slot.cmp(&b.slot));
    Ok(lanes)
}

pub(super) async fn summary(supervisor: &Supervisor) -> Result<Summary, ApiError> {
    let store = supervisor.store();
    let counts = store.counts().await.map_err(storage)?;
    let count = |label: solti_store::LabelCount| LabelCount {
        key: label.key,
        value: label.value,
        count: label.count,
    };
    // By a secret nobody looks for tasks.
    let is_shown = |label: &solti_store::LabelCount| masked_label(&label.key, &label.value) == label.value;
    Ok(Summary {
        by_phase: TaskPhase::ALL
            .into_iter()
            .map(|phase| (phase, counts.get(&phase).copied().unwrap_or(0)))
            .collect(),
        lanes: notable_lanes(supervisor).await?,
        labels: store.labels().await.map_err(storage)?.into_iter().filter(is_shown).map(count).collect(),
        resource_version: supervisor.resource_version(),
        storage: supervisor.storage(),
        unkept_limits: supervisor.unkept_limits(),
        held: supervisor.all_held(),
        awake: supervisor.stays_awake(),
        slept: supervisor.slept(),
        instance: supervisor.instance().map(str::to_owned),
    })
}

/// The summary for all who watch: made once for each change, however many there are.
#[derive(Debug, Default)]
pub(super) struct SharedSummary(Mutex<Option<(u64, Summary)>>);

impl SharedSummary {
    /// One that knows of every change that the cursor has seen.
    pub(super) async fn get(
        &self,
        supervisor: &Supervisor,
        cursor: &ChangeCursor,
    ) -> Result<Summary, ApiError> {
        let mut shared = self.0.lock().await;
        match &*shared {
            Some((as_of, known)) if *as_of >= cursor.seen() => Ok(known.clone()),
            _ => {
                let as_of = cursor.published();
                let made = summary(supervisor).await?;
                *shared = Some((as_of, made.clone()));
                Ok(made)
            }
        }
    }
}

/// Every change from now on, for one reader.
pub(super) struct ChangeWatch {
    supervisor: Supervisor,
    shared: Arc<SharedSummary>,
    cursor: ChangeCursor,
    query: ListQuery,
    /// What was told last.
    summary: Summary,
    /// Changes that could not be read, which are tried again after a pause.
    owed: Option<Changes>,
    pauses: Pauses,
}

impl ChangeWatch {
    /// The watch, and its first item.
    pub(super) async fn open(
        supervisor: &Supervisor,
        shared: &Arc<SharedSummary>,
        query: ListQuery,
    ) -> Result<(Self, TaskChange), ApiError> {
        let cursor = supervisor.changes();
        let summary = shared.get(supervisor, &cursor).await?;
        let (supervisor, shared) = (supervisor.clone(), Arc::clone(shared));
        let watch =
            Self { supervisor, shared, cursor, query, summary, owed: None, pauses: Pauses::FOLLOWING };
        let first = watch.nothing_but_the_summary();
        Ok((watch, first))
    }

    /// The next change; `None` once the supervisor is gone. An error of the store passes or is told, and never ends it.
    pub(super) async fn next(&mut self) -> Option<TaskChange> {
        let changes = match self.owed.take() {
            Some(mut owed) => {
                tokio::time::sleep(self.pauses.next()).await;
                owed.missed_some = true;
                owed
            }
            None => {
                self.pauses.reset();
                self.cursor.next().await?
            }
        };
        match self.change(&changes).await {
            Ok(change) => {
                self.summary.clone_from(&change.summary);
                Some(change)
            }
            Err(_) if self.supervisor.is_shut_down() => None,
            Err(error) => {
                tracing::warn!("the tasks that changed cannot be read, trying again: {error}");
                self.owed = Some(changes);
                self.summary.storage = StorageState::Unreadable;
                Some(self.nothing_but_the_summary())
            }
        }
    }

    fn nothing_but_the_summary(&self) -> TaskChange {
        TaskChange {
            resource_version: self.supervisor.resource_version(),
            changed: vec![],
            unmatched: BTreeSet::new(),
            deleted: vec![],
            summary: self.summary.clone(),
            resync: false,
        }
    }

    /// `changes` are those that the cursor has just given.
    async fn change(&self, changes: &Changes) -> Result<TaskChange, ApiError> {
        let resync = changes.missed_some || changes.changed.len() > MAX_CHANGED;
        let (mut tasks, mut states) = (Vec::new(), HashMap::new());
        if !resync {
            let store = self.supervisor.store();
            tasks = store.rows_of(changes.changed.iter().cloned().collect()).await.map_err(storage)?;
            // What waits beside them may have another place now.
            let slots = tasks.iter().map(|stored| stored.task.spec.slot.clone()).collect();
            let beside = QueueHeads { slots, of_each: PLACES };
            states = self.supervisor.row_states(unfinished(&tasks), beside).await?;
            let beside = states.keys().filter(|id| !changes.changed.contains(*id));
            let mut beside: Vec<TaskId> = beside.cloned().collect();
            beside.sort_unstable();
            beside.truncate(MAX_CHANGED.saturating_sub(tasks.len()));
            if !beside.is_empty() {
                tasks.extend(store.rows_of(beside).await.map_err(storage)?);
            }
        }
        let searched = |task: &mut StoredRow| Some((task.task.metadata.id.clone(), task.searched.take()?));
        let searched: HashMap<TaskId, Searched> = tasks.iter_mut().filter_map(searched).collect();
        let changed = with_states(&self.supervisor, tasks, states).await?;
        let unmatched = changed
            .iter()
            .filter(|row| {
                let whole = searched.get(&row.task.metadata.id);
                !self.query.matches(&row.task, whole, row.took_ms())
            })
            .map(|row| row.task.metadata.id.clone())
            .collect();
        Ok(TaskChange {
            resource_version: self.supervisor.resource_version(),
            changed,
            unmatched,
            deleted: if resync { vec![] } else { changes.deleted.iter().cloned().collect() },
            summary: self.shared.get(&self.supervisor, &self.cursor).await?,
            resync,
        })
    }
}
