//! The contract and what a window needs first of all: each method one request. Searches and excerpts are in `logs`.

use crate::client::HttpClient;
use crate::wire::{History, LanePatch, Lanes, Made, RowBody, RunsBody, Started, Stop, Submit, TaskBody};
use async_trait::async_trait;
use futures::StreamExt as _;
use http::Method;
use serde::Serialize;
use solti_api::{
    ApiError, ApiHandler, LaneControl, LogAccess, LogEventStream, LogInfoStream, LogPosition,
    OutputEventStream, TaskChangeStream, TaskControl, TaskFeed, UsageStream,
};
use solti_model::{
    EventPage, HistoryQuery, Lane, ListQuery, LogInfo, LogRows, OutputEvent, RunEnvironment, RunPage, Slot,
    StopMode, Summary, Task, TaskChange, TaskEvent, TaskId, TaskList, TaskPage, TaskQuery, TaskRow, TaskRun,
    TaskSpec, UsageSample,
};
use url::form_urlencoded::Serializer;

/// Ids and slots are made of characters that stand for themselves in a path.
fn task(id: &TaskId) -> String {
    format!("/api/v1/tasks/{id}")
}

pub(super) fn desktop(id: &TaskId) -> String {
    format!("/api/v1/desktop/tasks/{id}")
}

pub(super) fn log(id: &TaskId, attempt: u32) -> String {
    format!("/api/v1/desktop/tasks/{id}/logs/{attempt}")
}

fn body(value: &impl Serialize) -> Result<Option<Vec<u8>>, ApiError> {
    serde_json::to_vec(value).map(Some).map_err(|error| ApiError::internal(&error))
}

fn found<T>(answer: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(ApiError::TaskNotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn parameters(query: &TaskQuery) -> String {
    let mut parameters = Serializer::new(String::new());
    if let Some(slot) = &query.slot {
        parameters.append_pair("slot", slot.as_str());
    }
    parameters.extend_pairs(query.status.iter().map(|phase| ("status", phase.word())));
    if let Some(limit) = query.limit {
        parameters.append_pair("limit", &limit.to_string());
    }
    parameters.append_pair("offset", &query.offset.to_string());
    parameters.finish()
}

#[async_trait]
impl ApiHandler for HttpClient {
    async fn submit_task(&self, spec: TaskSpec) -> Result<TaskId, ApiError> {
        let made: Made = self.ask(Method::POST, "/api/v1/tasks", &Submit { spec }).await?;
        Ok(made.task_id)
    }

    async fn get_task_status(&self, id: &TaskId) -> Result<Option<Task>, ApiError> {
        Ok(found(self.get::<TaskBody>(&task(id)).await)?.map(|body| body.task))
    }

    async fn query_tasks(&self, query: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        self.get(&format!("/api/v1/tasks?{}", parameters(&query))).await
    }

    async fn list_task_runs(&self, id: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        let runs: RunsBody = self.get(&format!("{}/runs", task(id))).await?;
        Ok(runs.runs)
    }

    async fn delete_task(&self, id: &TaskId) -> Result<(), ApiError> {
        self.tell(Method::DELETE, &task(id), None).await
    }

    async fn stream_task_logs(&self, id: &TaskId) -> Result<OutputEventStream, ApiError> {
        let events = self.follow::<OutputEvent>(format!("{}/logs", task(id)), None, true).await?;
        Ok(Box::pin(events.map(|followed| followed.value)))
    }
}

#[async_trait]
impl TaskControl for HttpClient {
    async fn validate_spec(&self, spec: &TaskSpec) -> Result<(), ApiError> {
        let spec = body(&Submit { spec: spec.clone() })?;
        self.tell(Method::POST, "/api/v1/desktop/validate", spec).await
    }

    async fn stop_task(&self, id: &TaskId, mode: StopMode) -> Result<(), ApiError> {
        self.tell(Method::POST, &format!("{}/stop", desktop(id)), body(&Stop { mode })?).await
    }

    async fn rerun_task(&self, id: &TaskId) -> Result<TaskId, ApiError> {
        let response = self.send(Method::POST, &format!("{}/rerun", desktop(id)), None, None).await?;
        let made: Made = self.parse(&self.read(response).await?)?;
        Ok(made.task_id)
    }
}

/// Always with its limit: without any of them it is no page that is asked for.
fn page(query: HistoryQuery) -> String {
    let mut text = format!("limit={}", query.effective_limit());
    for (name, cursor) in [("after", query.after), ("before", query.before)] {
        if let Some(cursor) = cursor {
            text.push_str(&format!("&{name}={cursor}"));
        }
    }
    text
}

#[async_trait]
impl TaskFeed for HttpClient {
    async fn list_tasks(&self, query: ListQuery) -> Result<TaskList, ApiError> {
        self.ask(Method::POST, "/api/v1/desktop/rows", &query).await
    }

    async fn get_task_row(&self, id: &TaskId) -> Result<Option<TaskRow>, ApiError> {
        Ok(found(self.get::<RowBody>(&desktop(id)).await)?.map(|body| body.row))
    }

    async fn summary(&self) -> Result<Summary, ApiError> {
        self.get("/api/v1/desktop/summary").await
    }

    async fn task_events(&self, id: &TaskId) -> Result<Vec<TaskEvent>, ApiError> {
        let history: History = self.get(&format!("{}/events", desktop(id))).await?;
        Ok(history.events)
    }

    async fn page_runs(&self, id: &TaskId, query: HistoryQuery) -> Result<RunPage, ApiError> {
        let body: RunsBody = self.get(&format!("{}/runs?{}", task(id), page(query))).await?;
        Ok(RunPage { runs: body.runs, more: body.more.unwrap_or(false), not_kept: body.not_kept })
    }

    async fn page_events(&self, id: &TaskId, query: HistoryQuery) -> Result<EventPage, ApiError> {
        let history: History = self.get(&format!("{}/events?{}", desktop(id), page(query))).await?;
        Ok(EventPage {
            events: history.events,
            more: history.more.unwrap_or(false),
            not_kept: history.not_kept,
        })
    }

    async fn run_environment(&self, id: &TaskId, attempt: u32) -> Result<Option<RunEnvironment>, ApiError> {
        let started: Started = self.get(&format!("{}/runs/{attempt}/environment", desktop(id))).await?;
        Ok(started.environment)
    }

    async fn watch_tasks(&self) -> Result<TaskChangeStream, ApiError> {
        let changes = self.follow::<TaskChange>("/api/v1/desktop/watch".to_owned(), None, false).await?;
        Ok(Box::pin(changes.map(|followed| {
            // Nobody told of the changes between two connections.
            TaskChange { resync: followed.value.resync || followed.again, ..followed.value }
        })))
    }

    async fn watch_usage(&self, id: &TaskId) -> Result<UsageStream, ApiError> {
        let samples = self.follow::<UsageSample>(format!("{}/usage", desktop(id)), None, true).await?;
        Ok(Box::pin(samples.map(|followed| followed.value)))
    }
}

#[async_trait]
impl LaneControl for HttpClient {
    async fn list_lanes(&self) -> Result<Vec<Lane>, ApiError> {
        let lanes: Lanes = self.get("/api/v1/desktop/lanes").await?;
        Ok(lanes.lanes)
    }

    async fn set_lane(
        &self,
        slot: &Slot,
        capacity: Option<u32>,
        paused: Option<bool>,
    ) -> Result<Lane, ApiError> {
        let path = format!("/api/v1/desktop/lanes/{slot}");
        self.ask(Method::PATCH, &path, &LanePatch { capacity, paused }).await
    }
}

#[async_trait]
impl LogAccess for HttpClient {
    async fn log_info(&self, id: &TaskId, attempt: u32) -> Result<LogInfo, ApiError> {
        self.get(&log(id, attempt)).await
    }

    async fn read_log(&self, id: &TaskId, attempt: u32, from: u64, count: u32) -> Result<LogRows, ApiError> {
        self.get(&format!("{}/rows?from={from}&count={count}", log(id, attempt))).await
    }

    async fn watch_log(&self, id: &TaskId, attempt: u32) -> Result<LogInfoStream, ApiError> {
        let infos = self.follow::<LogInfo>(format!("{}/watch", log(id, attempt)), None, true).await?;
        Ok(Box::pin(infos.map(|followed| followed.value)))
    }

    async fn stream_log_after(&self, id: &TaskId, after: LogPosition) -> Result<LogEventStream, ApiError> {
        let last = (after != LogPosition::default()).then(|| after.to_string().into());
        let events = self.follow::<OutputEvent>(format!("{}/logs", task(id)), last, true).await?;
        let positions = events.scan(after, |position, followed| {
            let told = followed.id.as_deref().and_then(|id| std::str::from_utf8(id).ok());
            *position = told.and_then(|id| id.parse().ok()).unwrap_or(*position);
            futures::future::ready(Some((*position, followed.value)))
        });
        Ok(Box::pin(positions))
    }
}
