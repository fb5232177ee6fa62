//! The six methods of the contract, each one request.

use crate::client::HttpClient;
use crate::client::follow::Call;
use crate::wire::{Made, RunsBody, Submit, TaskBody};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use http::Method;
use solti_api::{
    ApiError, ApiHandler, LogAccess, LogEventStream, LogPosition, LogReading, OutputEventStream,
};
use solti_model::{OutputEvent, Task, TaskId, TaskPage, TaskQuery, TaskRun, TaskSpec};
use url::form_urlencoded::Serializer;

/// Ids and slots are made of characters that stand for themselves in a path.
fn task(id: &TaskId) -> String {
    format!("/api/v1/tasks/{id}")
}

fn log(id: &TaskId) -> Call {
    Call::get(format!("{}/logs", task(id)))
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
        let body = serde_json::to_vec(&Submit { spec }).map_err(|error| ApiError::internal(&error))?;
        let call = Call::change(Method::POST, "/api/v1/tasks", Some(body)).with_key();
        let made: Made = self.parse(&self.exchange(&call).await?)?;
        Ok(made.task_id)
    }

    async fn get_task_status(&self, id: &TaskId) -> Result<Option<Task>, ApiError> {
        Ok(found(self.get::<TaskBody>(task(id)).await)?.map(|body| body.task))
    }

    async fn query_tasks(&self, query: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        self.get(format!("/api/v1/tasks?{}", parameters(&query))).await
    }

    async fn list_task_runs(&self, id: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        let runs: RunsBody = self.get(format!("{}/runs", task(id))).await?;
        Ok(runs.runs)
    }

    async fn delete_task(&self, id: &TaskId) -> Result<(), ApiError> {
        let call = Call::change(Method::DELETE, task(id), None::<Bytes>);
        self.exchange(&call).await.map(drop)
    }

    async fn stream_task_logs(&self, id: &TaskId) -> Result<OutputEventStream, ApiError> {
        let events = self.follow::<OutputEvent>(log(id), None, true).await?;
        Ok(Box::pin(events.map(|followed| followed.value)))
    }
}

#[async_trait]
impl LogAccess for HttpClient {
    async fn stream_log_after(&self, id: &TaskId, after: LogPosition) -> Result<LogEventStream, ApiError> {
        self.read_log(id, after.into()).await
    }

    async fn read_log(&self, id: &TaskId, how: LogReading) -> Result<LogEventStream, ApiError> {
        let LogReading { after, unfinished, follow } = how;
        let last = (after != LogPosition::default()).then(|| after.to_string().into());
        let mut call = log(id);
        // A server of an earlier version knows of no other way, and takes no parameter.
        if unfinished || !follow {
            call.path = format!("{}?unfinished={unfinished}&follow={follow}", call.path).into();
        }
        let events = self.follow::<OutputEvent>(call, last, true).await?;
        let positions = events.scan(after, |position, followed| {
            let reported = followed.id.as_deref().and_then(|id| std::str::from_utf8(id).ok());
            *position = reported.and_then(|id| id.parse().ok()).unwrap_or(*position);
            futures::future::ready(Some((*position, followed.value)))
        });
        Ok(Box::pin(positions))
    }
}
