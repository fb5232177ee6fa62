//! Handlers that are no engine: one that always refuses, one whose log is made up.

#![allow(dead_code, reason = "each test file uses its own part")]

use async_trait::async_trait;
use bytestring::ByteString;
use futures::stream::{StreamExt as _, iter};
use solti_api::{ApiError, ApiHandler, OutputEventStream};
use solti_model::{OutputEvent, OutputStreamKind, Task, TaskId, TaskPage, TaskQuery, TaskRun, TaskSpec};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Answers every call with the same error.
pub struct Refusing(pub ApiError);

#[async_trait]
impl ApiHandler for Refusing {
    async fn submit_task(&self, _: TaskSpec) -> Result<TaskId, ApiError> {
        Err(self.0.clone())
    }
    async fn get_task_status(&self, _: &TaskId) -> Result<Option<Task>, ApiError> {
        Err(self.0.clone())
    }
    async fn query_tasks(&self, _: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        Err(self.0.clone())
    }
    async fn list_task_runs(&self, _: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        Err(self.0.clone())
    }
    async fn delete_task(&self, _: &TaskId) -> Result<(), ApiError> {
        Err(self.0.clone())
    }
    async fn stream_task_logs(&self, _: &TaskId) -> Result<OutputEventStream, ApiError> {
        Err(self.0.clone())
    }
}

/// Has one task whose log is `lines` times `line`, and counts what is taken of it.
pub struct Logged {
    pub line: ByteString,
    pub lines: u64,
    /// Whether the log goes on after its lines, without any more of them.
    pub live: bool,
    pub taken_bytes: Arc<AtomicU64>,
}

impl Logged {
    pub fn new(line: &str, lines: u64) -> Self {
        Self { line: line.into(), lines, live: false, taken_bytes: Arc::default() }
    }

    pub fn events(&self) -> impl Iterator<Item = OutputEvent> + Send + 'static + use<> {
        let (line, taken) = (self.line.clone(), Arc::clone(&self.taken_bytes));
        let chunks = (0..self.lines).map(move |seq| {
            taken.fetch_add(line.len() as u64, Ordering::Relaxed);
            OutputEvent::line(1, OutputStreamKind::Stdout, seq, seq, line.clone())
        });
        std::iter::once(OutputEvent::RunStarted { attempt: 1, started_at: 1 }).chain(chunks)
    }
}

#[async_trait]
impl ApiHandler for Logged {
    async fn submit_task(&self, _: TaskSpec) -> Result<TaskId, ApiError> {
        Err(ApiError::Conflict { reason: "there is one task here".into() })
    }
    async fn get_task_status(&self, _: &TaskId) -> Result<Option<Task>, ApiError> {
        Ok(None)
    }
    async fn query_tasks(&self, _: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        Ok(TaskPage { items: vec![], total: 0 })
    }
    async fn list_task_runs(&self, _: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        Ok(vec![])
    }
    async fn delete_task(&self, _: &TaskId) -> Result<(), ApiError> {
        Ok(())
    }
    async fn stream_task_logs(&self, _: &TaskId) -> Result<OutputEventStream, ApiError> {
        if self.live {
            return Ok(Box::pin(iter(self.events()).chain(futures::stream::pending())));
        }
        let end = OutputEvent::RunFinished { attempt: 1, exit_code: Some(0), finished_at: 2 };
        Ok(Box::pin(iter(self.events().chain([end]))))
    }
}
