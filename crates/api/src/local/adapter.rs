//! The ready-made implementation of the contract and of every operation over the supervisor: nothing but translation. What is
//! done with the bytes of logs is in `logs`.

use super::completion::{Programs, directories};
use super::hooks::Hooks;
use super::logs::{Encodings, OpenMerges, OpenSearches};
use super::rows::SharedSummary;
use super::{log_stream, now_ms, rows, run_environment, secrets, usage};
use crate::operations::{
    Answer, CompleteDirectory, CompleteProgram, CountExpired, DesktopApi, Export, ExportStream, ForgetLane,
    GetRunEnvironment, GetSummary, GetTaskRow, GetTaskRows, HasDirectory, ItemStream, Items, ListLanes,
    ListTasks, PageEvents, PageRuns, Perform, Provide, ReadDraft, ReadListLayout, ReadViews, Request,
    RerunTask, SaveDraft, SaveListLayout, SaveViews, SetLane, SetLaneRules, StopTask, Subscription,
    TaskEvents, ValidateSpec, WatchTasks, WatchUsage,
};
use crate::{
    ApiError, ApiHandler, LogAccess, LogEventStream, LogPosition, LogReading, OutputEventStream,
    current_request_key,
};
use async_trait::async_trait;
use solti_model::{
    DraftKind, EventPage, Lane, ListLayout, MAX_DRAFT_BYTES, MAX_TASK_ROWS, MAX_VIEW_BYTES, MAX_VIEWS,
    RunEnvironment, RunPage, SavedView, StoredList, Summary, Task, TaskChange, TaskEvent, TaskEventKind,
    TaskId, TaskList, TaskPage, TaskQuery, TaskRow, TaskRun, TaskSpec, UsageSample, each_once,
};
use solti_store::{Change, StoredEvent};
use solti_supervisor::{Supervisor, SupervisorError};
use std::sync::Arc;
use tokio::sync::OnceCell;

const DAY_MS: u64 = 24 * 3600 * 1000;
/// Finished tasks that are counted at most.
const MAX_COUNTED: u32 = 100_000;

/// The contract and every operation, over the engine of this machine. Cheap to clone. It asks no guards.
#[derive(Clone)]
pub struct SupervisorApiAdapter {
    supervisor: Supervisor,
    summary: Arc<SharedSummary>,
    pub(crate) searches: OpenSearches,
    pub(crate) merges: OpenMerges,
    pub(crate) encodings: Encodings,
    programs: Arc<Programs>,
    hooks: Arc<Hooks>,
    mask_key: Arc<OnceCell<String>>,
}

impl SupervisorApiAdapter {
    /// All that it answers comes from the supervisor, its store and its run folders.
    pub fn new(supervisor: Supervisor) -> Self {
        let (searches, merges) = (OpenSearches::default(), OpenMerges::default());
        let programs = Arc::new(Programs::of(supervisor.search_path()));
        Self {
            supervisor,
            summary: Arc::default(),
            searches,
            merges,
            encodings: Encodings::default(),
            programs,
            hooks: Arc::default(),
            mask_key: Arc::default(),
        }
    }

    /// With its secrets.
    async fn stored(&self, id: &TaskId) -> Result<Option<Task>, ApiError> {
        Ok(self.supervisor.store().task(id).await.map_err(storage)?.map(|stored| stored.task))
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    pub(super) fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// Once it was read or made.
    pub(super) fn kept_mask_key(&self) -> &OnceCell<String> {
        &self.mask_key
    }

    /// # Errors
    /// `TaskNotFound`.
    async fn known(&self, id: &TaskId) -> Result<(), ApiError> {
        match self.supervisor.store().task(id).await.map_err(storage)? {
            Some(_) => Ok(()),
            None => Err(ApiError::TaskNotFound { id: id.clone() }),
        }
    }
}

fn event(StoredEvent { seq, at, attempt, kind: word, detail, .. }: StoredEvent) -> TaskEvent {
    match TaskEventKind::from_word(&word) {
        Some(kind) => TaskEvent { seq, at, attempt, kind, detail },
        // A later version wrote it.
        None => {
            let detail = detail.map_or_else(|| word.clone(), |detail| format!("{word}: {detail}"));
            TaskEvent { seq, at, attempt, kind: TaskEventKind::Unknown, detail: Some(detail) }
        }
    }
}

/// For what looks at files, which may take its time.
async fn on_a_thread<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(look).await.map_err(|error| ApiError::internal(&error))
}

fn storage(error: solti_store::StoreError) -> ApiError {
    SupervisorError::from(error).into()
}

#[async_trait]
impl ApiHandler for SupervisorApiAdapter {
    async fn submit_task(&self, spec: TaskSpec) -> Result<TaskId, ApiError> {
        let spec = self.restored(spec).await?;
        Ok(self.supervisor.submit_once(spec, current_request_key()).await?)
    }

    async fn get_task_status(&self, id: &TaskId) -> Result<Option<Task>, ApiError> {
        match self.stored(id).await? {
            Some(task) => Ok(Some(self.masked(task).await?)),
            None => Ok(None),
        }
    }

    async fn query_tasks(&self, query: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        let page = self.supervisor.store().query(&query).await.map_err(storage)?;
        let mut items = Vec::with_capacity(page.items.len());
        for task in page.items {
            items.push(self.masked(task).await?);
        }
        Ok(TaskPage { items, total: page.total })
    }

    async fn list_task_runs(&self, id: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        let runs = self.supervisor.store().runs(id).await.map_err(storage)?;
        if runs.is_empty() {
            self.known(id).await?;
        }
        Ok(runs.into_iter().map(|stored| secrets::masked_run(stored.run)).collect())
    }

    async fn delete_task(&self, id: &TaskId) -> Result<(), ApiError> {
        Ok(self.supervisor.delete(id).await?)
    }

    async fn stream_task_logs(&self, id: &TaskId) -> Result<OutputEventStream, ApiError> {
        Ok(Box::pin(log_stream::open(&self.supervisor, id, LogPosition::default().into()).await?))
    }
}

#[async_trait]
impl LogAccess for SupervisorApiAdapter {
    async fn stream_log_after(&self, id: &TaskId, after: LogPosition) -> Result<LogEventStream, ApiError> {
        self.read_log(id, after.into()).await
    }

    async fn read_log(&self, id: &TaskId, how: LogReading) -> Result<LogEventStream, ApiError> {
        Ok(Box::pin(log_stream::open(&self.supervisor, id, how).await?.with_positions()))
    }
}

#[async_trait]
impl DesktopApi for SupervisorApiAdapter {
    async fn answer(&self, request: Request) -> Result<Answer, ApiError> {
        request.by(self).await
    }

    async fn subscribe(&self, subscription: Subscription) -> Result<Items, ApiError> {
        subscription.by(self).await
    }

    async fn export(&self, export: Export) -> Result<ExportStream, ApiError> {
        export.by(self).await
    }
}

impl Perform<ValidateSpec> for SupervisorApiAdapter {
    async fn perform(&self, ValidateSpec { spec }: ValidateSpec) -> Result<(), ApiError> {
        let spec = self.restored(spec.parse()?).await?;
        Ok(self.supervisor.validate(&spec).await?)
    }
}

impl Perform<StopTask> for SupervisorApiAdapter {
    async fn perform(&self, StopTask { id, mode }: StopTask) -> Result<(), ApiError> {
        Ok(self.supervisor.stop(&id, mode).await?)
    }
}

impl Perform<RerunTask> for SupervisorApiAdapter {
    async fn perform(&self, RerunTask { id }: RerunTask) -> Result<TaskId, ApiError> {
        match self.supervisor.store().task(&id).await.map_err(storage)? {
            Some(stored) if stored.unreadable.is_some() => Err(ApiError::Conflict {
                reason: format!("the record of task {id} cannot be read, and so nothing can be run from it"),
            }),
            Some(stored) => {
                let spec = stored.task.spec.again();
                Ok(self.supervisor.submit_once(spec, current_request_key()).await?)
            }
            None => Err(ApiError::TaskNotFound { id }),
        }
    }
}

impl Perform<ListTasks> for SupervisorApiAdapter {
    async fn perform(&self, ListTasks { query }: ListTasks) -> Result<TaskList, ApiError> {
        rows::list(&self.supervisor, query).await
    }
}

impl Perform<GetTaskRow> for SupervisorApiAdapter {
    async fn perform(&self, GetTaskRow { id }: GetTaskRow) -> Result<Option<TaskRow>, ApiError> {
        let row = self.supervisor.store().rows_of(vec![id]).await.map_err(storage)?;
        Ok(rows::complete(&self.supervisor, row).await?.pop())
    }
}

impl Perform<GetTaskRows> for SupervisorApiAdapter {
    async fn perform(&self, GetTaskRows { ids }: GetTaskRows) -> Result<Vec<TaskRow>, ApiError> {
        if ids.len() > MAX_TASK_ROWS {
            return Err(ApiError::invalid("ids", format!("must be at most {MAX_TASK_ROWS}")));
        }
        let rows = self.supervisor.store().rows_of(ids).await.map_err(storage)?;
        rows::complete(&self.supervisor, rows).await
    }
}

impl Perform<GetSummary> for SupervisorApiAdapter {
    async fn perform(&self, _: GetSummary) -> Result<Summary, ApiError> {
        rows::summary(&self.supervisor).await
    }
}

impl Perform<TaskEvents> for SupervisorApiAdapter {
    async fn perform(&self, TaskEvents { id }: TaskEvents) -> Result<Vec<TaskEvent>, ApiError> {
        let events = self.supervisor.store().events(&id).await.map_err(storage)?;
        if events.is_empty() {
            self.known(&id).await?;
        }
        Ok(events.into_iter().map(event).collect())
    }
}

impl Perform<PageRuns> for SupervisorApiAdapter {
    async fn perform(&self, PageRuns { id, query }: PageRuns) -> Result<RunPage, ApiError> {
        query.validate().map_err(|error| error.within("query"))?;
        let past = self.supervisor.store().run_page(&id, query).await.map_err(storage)?;
        if past.items.is_empty() {
            self.known(&id).await?;
        }
        let runs = past.items.into_iter().map(|stored| secrets::masked_run(stored.run)).collect();
        Ok(RunPage { runs, more: past.more, not_kept: past.not_kept })
    }
}

impl Perform<PageEvents> for SupervisorApiAdapter {
    async fn perform(&self, PageEvents { id, query }: PageEvents) -> Result<EventPage, ApiError> {
        query.validate().map_err(|error| error.within("query"))?;
        let past = self.supervisor.store().event_page(&id, query).await.map_err(storage)?;
        if past.items.is_empty() {
            self.known(&id).await?;
        }
        let events = past.items.into_iter().map(event).collect();
        Ok(EventPage { events, more: past.more, not_kept: past.not_kept })
    }
}

impl Perform<GetRunEnvironment> for SupervisorApiAdapter {
    async fn perform(
        &self,
        GetRunEnvironment { run }: GetRunEnvironment,
    ) -> Result<Option<RunEnvironment>, ApiError> {
        run_environment::of(&self.supervisor, &run.task, run.attempt).await
    }
}

impl Perform<HasDirectory> for SupervisorApiAdapter {
    async fn perform(&self, HasDirectory { path }: HasDirectory) -> Result<bool, ApiError> {
        // Through the name of itself in it: one that may not be entered is none to run in.
        let inside = std::path::Path::new(&path).join(".");
        let look = move || inside.has_root() && std::fs::metadata(inside).is_ok_and(|found| found.is_dir());
        on_a_thread(look).await
    }
}

impl Perform<CompleteProgram> for SupervisorApiAdapter {
    async fn perform(&self, CompleteProgram { prefix }: CompleteProgram) -> Result<Vec<String>, ApiError> {
        let programs = Arc::clone(&self.programs);
        on_a_thread(move || programs.beginning_with(&prefix)).await
    }
}

impl Perform<CompleteDirectory> for SupervisorApiAdapter {
    async fn perform(
        &self,
        CompleteDirectory { prefix }: CompleteDirectory,
    ) -> Result<Vec<String>, ApiError> {
        on_a_thread(move || directories(&prefix)).await
    }
}

impl Perform<CountExpired> for SupervisorApiAdapter {
    async fn perform(&self, CountExpired { keep_days, keep_tasks }: CountExpired) -> Result<u64, ApiError> {
        let now = now_ms();
        let before = keep_days.map(|days| now.saturating_sub(DAY_MS * u64::from(days)));
        let expired = self.supervisor.store().expired(before, keep_tasks, Some(now), MAX_COUNTED).await;
        Ok(expired.map_err(storage)?.len() as u64)
    }
}

impl Provide<WatchTasks> for SupervisorApiAdapter {
    async fn provide(&self, WatchTasks { query }: WatchTasks) -> Result<ItemStream<TaskChange>, ApiError> {
        let (watch, first) = rows::ChangeWatch::open(&self.supervisor, &self.summary, query).await?;
        let later = futures::stream::unfold(watch, |mut watch| async move {
            let change = watch.next().await?;
            Some((change, watch))
        });
        Ok(Box::pin(futures::StreamExt::chain(futures::stream::iter([first]), later)))
    }
}

impl Provide<WatchUsage> for SupervisorApiAdapter {
    async fn provide(&self, WatchUsage { id }: WatchUsage) -> Result<ItemStream<UsageSample>, ApiError> {
        usage::watch(&self.supervisor, &id).await
    }
}

impl Perform<ListLanes> for SupervisorApiAdapter {
    async fn perform(&self, _: ListLanes) -> Result<Vec<Lane>, ApiError> {
        rows::lanes(&self.supervisor).await
    }
}

impl Perform<ForgetLane> for SupervisorApiAdapter {
    async fn perform(&self, ForgetLane { slot }: ForgetLane) -> Result<(), ApiError> {
        let there = self.supervisor.lanes().await?.into_iter().find(|lane| lane.slot == slot);
        if let Some(lane) = there {
            let why = match lane.running + lane.queued {
                0 => "it is paused, has conditions, or runs more than one task at once; set that back first",
                _ => "a task is in it",
            };
            return Err(ApiError::Conflict { reason: format!("lane {slot} stays on the lists: {why}") });
        }
        self.supervisor.store().apply(vec![Change::ForgetLane(slot)]).await.map_err(storage)
    }
}

/// Where a draft is in the store.
fn draft_key(draft: DraftKind) -> &'static str {
    match draft {
        DraftKind::NewTask => "draft_new",
        DraftKind::ChangedTask => "draft_change",
    }
}

impl Perform<ReadDraft> for SupervisorApiAdapter {
    async fn perform(&self, ReadDraft { draft }: ReadDraft) -> Result<Option<String>, ApiError> {
        let text = self.supervisor.store().meta(draft_key(draft)).await.map_err(storage)?;
        Ok(text.filter(|text| !text.is_empty()))
    }
}

impl Perform<SaveDraft> for SupervisorApiAdapter {
    async fn perform(&self, SaveDraft { draft, text }: SaveDraft) -> Result<(), ApiError> {
        let text = text.unwrap_or_default();
        if text.len() > MAX_DRAFT_BYTES {
            return Err(ApiError::invalid("text", format!("must be at most {MAX_DRAFT_BYTES} bytes")));
        }
        self.supervisor.store().set_meta(draft_key(draft), &text).await.map_err(storage)
    }
}

/// Where the views are in the store.
const VIEWS: &str = "views";

async fn stored_views(supervisor: &Supervisor) -> Result<StoredList<SavedView>, ApiError> {
    let text = supervisor.store().meta(VIEWS).await.map_err(storage)?;
    StoredList::read(text.as_deref()).map_err(|_| ApiError::Conflict {
        reason: "the stored views are in a form that this version cannot read; they are left as they are"
            .into(),
    })
}

impl Perform<ReadViews> for SupervisorApiAdapter {
    async fn perform(&self, ReadViews {}: ReadViews) -> Result<Vec<SavedView>, ApiError> {
        Ok(stored_views(&self.supervisor).await?.into_read())
    }
}

impl Perform<SaveViews> for SupervisorApiAdapter {
    async fn perform(&self, SaveViews { views }: SaveViews) -> Result<(), ApiError> {
        if views.len() > MAX_VIEWS {
            return Err(ApiError::invalid("views", format!("must be at most {MAX_VIEWS}")));
        }
        for (n, SavedView { name, filter, columns }) in views.iter().enumerate() {
            let refuse = |field: &str, why: &str| Err(ApiError::invalid(format!("views[{n}].{field}"), why));
            if name.trim().is_empty() {
                return refuse("name", "must not be blank");
            }
            if name.len().max(filter.len()) > MAX_VIEW_BYTES {
                return refuse("filter", &format!("must be at most {MAX_VIEW_BYTES} bytes, as the name"));
            }
            if views[..n].iter().any(|other| other.name == *name) {
                return refuse("name", "is already the name of another view");
            }
            if !each_once(columns) {
                return refuse("columns", ONCE);
            }
        }
        let text = stored_views(&self.supervisor).await?.with(&views);
        self.supervisor.store().set_meta(VIEWS, &text).await.map_err(storage)
    }
}

/// Where the layout of the list is in the store.
const LAYOUT: &str = "list_layout";
const ONCE: &str = "must not have a column twice";

impl Perform<ReadListLayout> for SupervisorApiAdapter {
    async fn perform(&self, ReadListLayout {}: ReadListLayout) -> Result<ListLayout, ApiError> {
        let layout = self.supervisor.store().meta(LAYOUT).await.map_err(storage)?;
        // One that a later version wrote is left where it is until another takes its place.
        Ok(layout.and_then(|layout| serde_json::from_str(&layout).ok()).unwrap_or_default())
    }
}

impl Perform<SaveListLayout> for SupervisorApiAdapter {
    async fn perform(&self, SaveListLayout { layout }: SaveListLayout) -> Result<(), ApiError> {
        if !each_once(&layout.columns) {
            return Err(ApiError::invalid("layout.columns", ONCE));
        }
        let text = serde_json::to_string(&layout).map_err(|error| ApiError::internal(&error))?;
        self.supervisor.store().set_meta(LAYOUT, &text).await.map_err(storage)
    }
}

impl Perform<SetLane> for SupervisorApiAdapter {
    async fn perform(&self, SetLane { slot, capacity, paused }: SetLane) -> Result<Lane, ApiError> {
        Ok(self.supervisor.set_lane(&slot, capacity, paused).await?)
    }
}

impl Perform<SetLaneRules> for SupervisorApiAdapter {
    async fn perform(&self, SetLaneRules { slot, rules }: SetLaneRules) -> Result<Lane, ApiError> {
        Ok(self.supervisor.set_lane_rules(&slot, rules).await?)
    }
}
