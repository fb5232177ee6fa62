//! The ready-made implementation of every trait of this crate over the supervisor: nothing but translation.

use crate::logs::{OpenMerges, OpenSearches};
use crate::rows::SharedSummary;
use crate::{
    ApiError, ApiHandler, LaneControl, LogAccess, LogEventStream, LogInfoStream, LogPosition,
    OutputEventStream, TaskChangeStream, TaskControl, TaskFeed, UsageStream,
};
use crate::{log_rows, log_stream, rows, run_environment, secrets, usage};
use async_trait::async_trait;
use solti_model::{
    EventPage, HistoryQuery, Lane, ListQuery, LogInfo, LogRows, RunEnvironment, RunPage, Slot, StopMode,
    Summary, Task, TaskEvent, TaskEventKind, TaskId, TaskList, TaskPage, TaskQuery, TaskRow, TaskRun,
    TaskSpec,
};
use solti_store::StoredEvent;
use solti_supervisor::{Supervisor, SupervisorError};
use std::sync::Arc;

#[derive(Clone)]
pub struct SupervisorApiAdapter {
    supervisor: Supervisor,
    summary: Arc<SharedSummary>,
    pub(crate) searches: OpenSearches,
    pub(crate) merges: OpenMerges,
}

impl SupervisorApiAdapter {
    pub fn new(supervisor: Supervisor) -> Self {
        let (searches, merges) = (OpenSearches::default(), OpenMerges::default());
        Self { supervisor, summary: Arc::default(), searches, merges }
    }

    /// With its secrets.
    async fn stored(&self, id: &TaskId) -> Result<Option<Task>, ApiError> {
        Ok(self.supervisor.store().task(id).await.map_err(storage)?.map(|stored| stored.task))
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.supervisor
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

fn storage(error: solti_store::StoreError) -> ApiError {
    SupervisorError::from(error).into()
}

#[async_trait]
impl ApiHandler for SupervisorApiAdapter {
    async fn submit_task(&self, spec: TaskSpec) -> Result<TaskId, ApiError> {
        let spec = secrets::restored(&self.supervisor, spec).await?;
        Ok(self.supervisor.submit(spec).await?)
    }

    async fn get_task_status(&self, id: &TaskId) -> Result<Option<Task>, ApiError> {
        Ok(self.stored(id).await?.map(secrets::masked))
    }

    async fn query_tasks(&self, query: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        let page = self.supervisor.store().query(&query).await.map_err(storage)?;
        Ok(TaskPage { items: page.items.into_iter().map(secrets::masked).collect(), total: page.total })
    }

    async fn list_task_runs(&self, id: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        let runs = self.supervisor.store().runs(id).await.map_err(storage)?;
        if runs.is_empty() {
            self.known(id).await?;
        }
        Ok(runs.into_iter().map(|stored| stored.run).collect())
    }

    async fn delete_task(&self, id: &TaskId) -> Result<(), ApiError> {
        Ok(self.supervisor.delete(id).await?)
    }

    async fn stream_task_logs(&self, id: &TaskId) -> Result<OutputEventStream, ApiError> {
        Ok(Box::pin(log_stream::open(&self.supervisor, id, LogPosition::default()).await?))
    }
}

#[async_trait]
impl TaskControl for SupervisorApiAdapter {
    async fn validate_spec(&self, spec: &TaskSpec) -> Result<(), ApiError> {
        let spec = secrets::restored(&self.supervisor, spec.clone()).await?;
        Ok(self.supervisor.validate(&spec).await?)
    }

    async fn stop_task(&self, id: &TaskId, mode: StopMode) -> Result<(), ApiError> {
        Ok(self.supervisor.stop(id, mode).await?)
    }

    async fn rerun_task(&self, id: &TaskId) -> Result<TaskId, ApiError> {
        match self.supervisor.store().task(id).await.map_err(storage)? {
            Some(stored) if stored.unreadable.is_some() => Err(ApiError::Conflict {
                reason: format!("the record of task {id} cannot be read, and so nothing can be run from it"),
            }),
            Some(stored) => Ok(self.supervisor.submit(stored.task.spec).await?),
            None => Err(ApiError::TaskNotFound { id: id.clone() }),
        }
    }
}

#[async_trait]
impl TaskFeed for SupervisorApiAdapter {
    async fn list_tasks(&self, query: ListQuery) -> Result<TaskList, ApiError> {
        rows::list(&self.supervisor, query).await
    }

    async fn get_task_row(&self, id: &TaskId) -> Result<Option<TaskRow>, ApiError> {
        let row = self.supervisor.store().rows_of(vec![id.clone()]).await.map_err(storage)?;
        Ok(rows::complete(&self.supervisor, row).await?.pop())
    }

    async fn summary(&self) -> Result<Summary, ApiError> {
        rows::summary(&self.supervisor).await
    }

    async fn task_events(&self, id: &TaskId) -> Result<Vec<TaskEvent>, ApiError> {
        let events = self.supervisor.store().events(id).await.map_err(storage)?;
        Ok(events.into_iter().map(event).collect())
    }

    async fn page_runs(&self, id: &TaskId, query: HistoryQuery) -> Result<RunPage, ApiError> {
        let past = self.supervisor.store().run_page(id, query).await.map_err(storage)?;
        if past.items.is_empty() {
            self.known(id).await?;
        }
        let runs = past.items.into_iter().map(|stored| stored.run).collect();
        Ok(RunPage { runs, more: past.more, not_kept: past.not_kept })
    }

    async fn page_events(&self, id: &TaskId, query: HistoryQuery) -> Result<EventPage, ApiError> {
        let past = self.supervisor.store().event_page(id, query).await.map_err(storage)?;
        if past.items.is_empty() {
            self.known(id).await?;
        }
        let events = past.items.into_iter().map(event).collect();
        Ok(EventPage { events, more: past.more, not_kept: past.not_kept })
    }

    async fn run_environment(&self, id: &TaskId, attempt: u32) -> Result<Option<RunEnvironment>, ApiError> {
        run_environment::of(&self.supervisor, id, attempt).await
    }

    async fn watch_tasks(&self) -> Result<TaskChangeStream, ApiError> {
        let (watch, first) = rows::ChangeWatch::open(&self.supervisor, &self.summary).await?;
        let later = futures::stream::unfold(watch, |mut watch| async move {
            let change = watch.next().await?;
            Some((change, watch))
        });
        Ok(Box::pin(futures::StreamExt::chain(futures::stream::iter([first]), later)))
    }

    async fn watch_usage(&self, id: &TaskId) -> Result<UsageStream, ApiError> {
        usage::watch(&self.supervisor, id).await
    }
}

#[async_trait]
impl LaneControl for SupervisorApiAdapter {
    async fn list_lanes(&self) -> Result<Vec<Lane>, ApiError> {
        Ok(self.supervisor.lanes().await?)
    }

    async fn set_lane(
        &self,
        slot: &Slot,
        capacity: Option<u32>,
        paused: Option<bool>,
    ) -> Result<Lane, ApiError> {
        Ok(self.supervisor.set_lane(slot, capacity, paused).await?)
    }
}

#[async_trait]
impl LogAccess for SupervisorApiAdapter {
    async fn log_info(&self, id: &TaskId, attempt: u32) -> Result<LogInfo, ApiError> {
        log_rows::info(&self.supervisor, id, attempt).await
    }

    async fn read_log(&self, id: &TaskId, attempt: u32, from: u64, count: u32) -> Result<LogRows, ApiError> {
        log_rows::read(&self.supervisor, id, attempt, from, count).await
    }

    async fn watch_log(&self, id: &TaskId, attempt: u32) -> Result<LogInfoStream, ApiError> {
        log_rows::watch(&self.supervisor, id, attempt).await
    }

    async fn stream_log_after(&self, id: &TaskId, after: LogPosition) -> Result<LogEventStream, ApiError> {
        Ok(Box::pin(log_stream::open(&self.supervisor, id, after).await?.with_positions()))
    }
}
