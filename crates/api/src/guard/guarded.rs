//! The wrapper: a handler behind guards is a handler again, with every trait that it had.

use super::call::Passage;
use super::{Call, Guard, Operation, Outcome};
use crate::{
    ApiError, ApiHandler, LaneControl, LogAccess, LogEventStream, LogInfoStream, LogPosition,
    OutputEventStream, TaskChangeStream, TaskControl, TaskFeed, UsageStream,
};
use async_trait::async_trait;
use solti_model::{
    EventPage, HistoryQuery, Lane, ListQuery, LogInfo, LogRows, OutputEvent, RunEnvironment, RunPage, Slot,
    StopMode, Summary, Task, TaskEvent, TaskId, TaskList, TaskPage, TaskQuery, TaskRow, TaskRun, TaskSpec,
};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio_stream::Stream;

/// A handler behind guards: each is asked in order before a call and told in the opposite order after it.
pub struct Guarded<H: ?Sized> {
    pub(super) inner: Arc<H>,
    guards: Arc<[Arc<dyn Guard>]>,
}

impl<H: ?Sized> Guarded<H> {
    pub fn new(inner: Arc<H>, guards: Vec<Arc<dyn Guard>>) -> Self {
        Self { inner, guards: guards.into() }
    }

    async fn pass<T>(
        &self,
        operation: Operation,
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

    pub(super) async fn about<T>(
        &self,
        operation: Operation,
        task: Option<&TaskId>,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        self.pass(operation, task, |_| None, work).await.map(|(answer, _)| answer)
    }

    async fn making(
        &self,
        operation: Operation,
        task: Option<&TaskId>,
        work: impl Future<Output = Result<TaskId, ApiError>>,
    ) -> Result<TaskId, ApiError> {
        self.pass(operation, task, |made| Some(made), work).await.map(|(made, _)| made)
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
        self.making(Operation::SubmitTask, None, self.inner.submit_task(spec)).await
    }

    async fn get_task_status(&self, id: &TaskId) -> Result<Option<Task>, ApiError> {
        self.about(Operation::GetTaskStatus, Some(id), self.inner.get_task_status(id)).await
    }

    async fn query_tasks(&self, query: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        self.about(Operation::QueryTasks, None, self.inner.query_tasks(query)).await
    }

    async fn list_task_runs(&self, id: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        self.about(Operation::ListTaskRuns, Some(id), self.inner.list_task_runs(id)).await
    }

    async fn delete_task(&self, id: &TaskId) -> Result<(), ApiError> {
        self.about(Operation::DeleteTask, Some(id), self.inner.delete_task(id)).await
    }

    async fn stream_task_logs(&self, id: &TaskId) -> Result<OutputEventStream, ApiError> {
        let work = self.inner.stream_task_logs(id);
        let (events, call) = self.pass(Operation::StreamTaskLogs, Some(id), |_| None, work).await?;
        Ok(Box::pin(self.counted(events, call, |event| event)))
    }
}

#[async_trait]
impl<H: TaskControl + ?Sized> TaskControl for Guarded<H> {
    async fn validate_spec(&self, spec: &TaskSpec) -> Result<(), ApiError> {
        self.about(Operation::ValidateSpec, None, self.inner.validate_spec(spec)).await
    }

    async fn stop_task(&self, id: &TaskId, mode: StopMode) -> Result<(), ApiError> {
        self.about(Operation::StopTask, Some(id), self.inner.stop_task(id, mode)).await
    }

    async fn rerun_task(&self, id: &TaskId) -> Result<TaskId, ApiError> {
        self.making(Operation::RerunTask, Some(id), self.inner.rerun_task(id)).await
    }
}

#[async_trait]
impl<H: TaskFeed + ?Sized> TaskFeed for Guarded<H> {
    async fn list_tasks(&self, query: ListQuery) -> Result<TaskList, ApiError> {
        self.about(Operation::ListTasks, None, self.inner.list_tasks(query)).await
    }

    async fn get_task_row(&self, id: &TaskId) -> Result<Option<TaskRow>, ApiError> {
        self.about(Operation::GetTaskRow, Some(id), self.inner.get_task_row(id)).await
    }

    async fn summary(&self) -> Result<Summary, ApiError> {
        self.about(Operation::Summary, None, self.inner.summary()).await
    }

    async fn task_events(&self, id: &TaskId) -> Result<Vec<TaskEvent>, ApiError> {
        self.about(Operation::TaskEvents, Some(id), self.inner.task_events(id)).await
    }

    async fn page_runs(&self, id: &TaskId, query: HistoryQuery) -> Result<RunPage, ApiError> {
        self.about(Operation::ListTaskRuns, Some(id), self.inner.page_runs(id, query)).await
    }

    async fn page_events(&self, id: &TaskId, query: HistoryQuery) -> Result<EventPage, ApiError> {
        self.about(Operation::TaskEvents, Some(id), self.inner.page_events(id, query)).await
    }

    async fn run_environment(&self, id: &TaskId, attempt: u32) -> Result<Option<RunEnvironment>, ApiError> {
        let work = self.inner.run_environment(id, attempt);
        self.about(Operation::RunEnvironment, Some(id), work).await
    }

    async fn watch_tasks(&self) -> Result<TaskChangeStream, ApiError> {
        self.about(Operation::WatchTasks, None, self.inner.watch_tasks()).await
    }

    async fn watch_usage(&self, id: &TaskId) -> Result<UsageStream, ApiError> {
        self.about(Operation::WatchUsage, Some(id), self.inner.watch_usage(id)).await
    }
}

#[async_trait]
impl<H: LaneControl + ?Sized> LaneControl for Guarded<H> {
    async fn list_lanes(&self) -> Result<Vec<Lane>, ApiError> {
        self.about(Operation::ListLanes, None, self.inner.list_lanes()).await
    }

    async fn set_lane(
        &self,
        slot: &Slot,
        capacity: Option<u32>,
        paused: Option<bool>,
    ) -> Result<Lane, ApiError> {
        self.about(Operation::SetLane, None, self.inner.set_lane(slot, capacity, paused)).await
    }
}

#[async_trait]
impl<H: LogAccess + ?Sized> LogAccess for Guarded<H> {
    async fn log_info(&self, id: &TaskId, attempt: u32) -> Result<LogInfo, ApiError> {
        self.about(Operation::LogInfo, Some(id), self.inner.log_info(id, attempt)).await
    }

    async fn read_log(&self, id: &TaskId, attempt: u32, from: u64, count: u32) -> Result<LogRows, ApiError> {
        let work = self.inner.read_log(id, attempt, from, count);
        let (page, call) = self.pass(Operation::ReadLog, Some(id), |_| None, work).await?;
        let bytes = page.rows.iter().map(|row| row.text.len() as u64).sum();
        self.guards.iter().for_each(|guard| guard.sent(&call, bytes));
        Ok(page)
    }

    async fn watch_log(&self, id: &TaskId, attempt: u32) -> Result<LogInfoStream, ApiError> {
        self.about(Operation::WatchLog, Some(id), self.inner.watch_log(id, attempt)).await
    }

    async fn stream_log_after(&self, id: &TaskId, after: LogPosition) -> Result<LogEventStream, ApiError> {
        let work = self.inner.stream_log_after(id, after);
        let (events, call) = self.pass(Operation::StreamTaskLogs, Some(id), |_| None, work).await?;
        Ok(Box::pin(self.counted(events, call, |(_, event)| event)))
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
