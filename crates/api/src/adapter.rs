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
    Lane, ListQuery, LogInfo, LogRows, RunEnvironment, Slot, StopMode, Summary, Task, TaskChange, TaskEvent,
    TaskEventKind, TaskId, TaskList, TaskPage, TaskQuery, TaskRow, TaskRun, TaskSpec,
};
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
        if runs.is_empty() && self.supervisor.store().task(id).await.map_err(storage)?.is_none() {
            return Err(ApiError::TaskNotFound { id: id.clone() });
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
        match self.stored(id).await? {
            Some(task) => Ok(self.supervisor.submit(task.spec).await?),
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
        match self.supervisor.store().task(id).await.map_err(storage)? {
            Some(stored) => Ok(rows::complete(&self.supervisor, vec![stored]).await?.pop()),
            None => Ok(None),
        }
    }

    async fn summary(&self) -> Result<Summary, ApiError> {
        rows::summary(&self.supervisor).await
    }

    async fn task_events(&self, id: &TaskId) -> Result<Vec<TaskEvent>, ApiError> {
        let events = self.supervisor.store().events(id).await.map_err(storage)?;
        let readable = events.into_iter().filter_map(|stored| {
            // A word that this version does not know was written by a later one.
            let kind = TaskEventKind::from_word(&stored.kind)?;
            Some(TaskEvent {
                seq: stored.seq,
                at: stored.at,
                attempt: stored.attempt,
                kind,
                detail: stored.detail,
            })
        });
        Ok(readable.collect())
    }

    async fn run_environment(&self, id: &TaskId, attempt: u32) -> Result<Option<RunEnvironment>, ApiError> {
        run_environment::of(&self.supervisor, id, attempt).await
    }

    async fn watch_tasks(&self) -> Result<TaskChangeStream, ApiError> {
        let (supervisor, cursor) = (self.supervisor.clone(), self.supervisor.changes());
        let first = TaskChange {
            resource_version: supervisor.resource_version(),
            changed: vec![],
            deleted: vec![],
            summary: self.summary.get(&supervisor, &cursor).await?,
            resync: false,
        };
        let watch = (supervisor, Arc::clone(&self.summary), cursor);
        let later = futures::stream::unfold(watch, |(supervisor, summary, mut cursor)| async move {
            let changes = cursor.next().await?;
            match rows::change(&supervisor, &summary, &cursor, changes).await {
                Ok(change) => Some((change, (supervisor, summary, cursor))),
                Err(error) => {
                    tracing::error!("the change feed ends: {error}");
                    None
                }
            }
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
