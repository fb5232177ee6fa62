//! The wrapper: a handler behind guards is a handler again, of the contract and of every operation.

use super::call::Passage;
use super::{Call, Guard, Outcome};
use crate::operations::{
    Answer, DesktopApi, Export, ExportStream, Items, OperationName, Request, Subscription,
};
use crate::{ApiError, ApiHandler, LogAccess, LogEventStream, LogPosition, LogReading, OutputEventStream};
use async_trait::async_trait;
use solti_model::{OutputEvent, Task, TaskId, TaskPage, TaskQuery, TaskRun, TaskSpec};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio_stream::Stream;

/// A handler behind guards: each is asked in order before a call and told in the opposite order after it.
pub struct Guarded<H: ?Sized> {
    inner: Arc<H>,
    guards: Arc<[Arc<dyn Guard>]>,
}

impl<H: ?Sized> Guarded<H> {
    /// The guards in the order in which they are asked; one that refuses is the last that hears of the call.
    pub fn new(inner: Arc<H>, guards: Vec<Arc<dyn Guard>>) -> Self {
        Self { inner, guards: guards.into() }
    }

    async fn pass<T>(
        &self,
        operation: OperationName,
        task: Option<&TaskId>,
        made: impl FnOnce(&T) -> Option<&TaskId>,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<(T, Call), ApiError> {
        let mut passage = Passage::new(&self.guards, operation, task);
        let answer = match passage.ask() {
            Ok(()) => work.await,
            Err(refusal) => Err(refusal),
        };
        match answer {
            Ok(answer) => {
                let call = passage.tell(Outcome::Done(made(&answer)));
                Ok((answer, call))
            }
            Err(error) => {
                passage.tell(Outcome::Refused(&error));
                Err(error)
            }
        }
    }

    async fn about<T>(
        &self,
        operation: OperationName,
        task: Option<&TaskId>,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        self.pass(operation, task, |_| None, work).await.map(|(answer, _)| answer)
    }

    fn counted<T>(
        &self,
        events: Pin<Box<dyn Stream<Item = T> + Send>>,
        call: Call,
        event: fn(&T) -> &OutputEvent,
    ) -> Counted<T> {
        Counted { events, event, guards: Arc::clone(&self.guards), call, bytes: 0 }
    }
}

#[async_trait]
impl<H: ApiHandler + ?Sized> ApiHandler for Guarded<H> {
    async fn submit_task(&self, spec: TaskSpec) -> Result<TaskId, ApiError> {
        let work = self.inner.submit_task(spec);
        self.pass(OperationName::SubmitTask, None, |made| Some(made), work).await.map(|(made, _)| made)
    }

    async fn get_task_status(&self, id: &TaskId) -> Result<Option<Task>, ApiError> {
        self.about(OperationName::GetTaskStatus, Some(id), self.inner.get_task_status(id)).await
    }

    async fn query_tasks(&self, query: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        self.about(OperationName::QueryTasks, None, self.inner.query_tasks(query)).await
    }

    async fn list_task_runs(&self, id: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        self.about(OperationName::ListTaskRuns, Some(id), self.inner.list_task_runs(id)).await
    }

    async fn delete_task(&self, id: &TaskId) -> Result<(), ApiError> {
        self.about(OperationName::DeleteTask, Some(id), self.inner.delete_task(id)).await
    }

    async fn stream_task_logs(&self, id: &TaskId) -> Result<OutputEventStream, ApiError> {
        let work = self.inner.stream_task_logs(id);
        let (events, call) = self.pass(OperationName::StreamTaskLogs, Some(id), |_| None, work).await?;
        Ok(Box::pin(self.counted(events, call, |event| event)))
    }
}

#[async_trait]
impl<H: LogAccess + ?Sized> LogAccess for Guarded<H> {
    async fn stream_log_after(&self, id: &TaskId, after: LogPosition) -> Result<LogEventStream, ApiError> {
        self.read_log(id, after.into()).await
    }

    async fn read_log(&self, id: &TaskId, how: LogReading) -> Result<LogEventStream, ApiError> {
        let work = self.inner.read_log(id, how);
        let (events, call) = self.pass(OperationName::StreamTaskLogs, Some(id), |_| None, work).await?;
        Ok(Box::pin(self.counted(events, call, |(_, event)| event)))
    }
}

#[async_trait]
impl<H: DesktopApi + ?Sized> DesktopApi for Guarded<H> {
    async fn answer(&self, request: Request) -> Result<Answer, ApiError> {
        let (name, task) = (request.name(), request.task().cloned());
        let (answer, call) = self.pass(name, task.as_ref(), Answer::made, self.inner.answer(request)).await?;
        let bytes = answer.log_bytes();
        if bytes > 0 {
            self.guards.iter().for_each(|guard| guard.sent(&call, bytes));
        }
        Ok(answer)
    }

    async fn subscribe(&self, subscription: Subscription) -> Result<Items, ApiError> {
        let (name, task) = (subscription.name(), subscription.task().cloned());
        self.about(name, task.as_ref(), self.inner.subscribe(subscription)).await
    }

    async fn export(&self, export: Export) -> Result<ExportStream, ApiError> {
        let (name, task) = (export.name(), export.task().cloned());
        self.about(name, task.as_ref(), self.inner.export(export)).await
    }
}

/// Bytes of lines between two tellings: a guard is not to be asked for every line.
const PORTION: u64 = 64 * 1024;

/// A stream whose lines are counted as they go by.
struct Counted<T> {
    events: Pin<Box<dyn Stream<Item = T> + Send>>,
    event: fn(&T) -> &OutputEvent,
    guards: Arc<[Arc<dyn Guard>]>,
    call: Call,
    bytes: u64,
}

impl<T> Counted<T> {
    fn tell(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes > 0 {
            self.guards.iter().for_each(|guard| guard.sent(&self.call, bytes));
        }
    }
}

impl<T> Stream for Counted<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let item = self.events.as_mut().poll_next(cx);
        if let Poll::Ready(Some(item)) = &item
            && let OutputEvent::Chunk { line, .. } = (self.event)(item)
        {
            self.bytes += line.len() as u64;
            if self.bytes >= PORTION {
                self.tell();
            }
        }
        item
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        self.tell();
    }
}
