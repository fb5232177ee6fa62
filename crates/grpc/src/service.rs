//! `solti.v1.SoltiApi` over a handler: messages in, one call, messages out.
//!
//! Who may call is decided before (`gate.rs`) and in the handler's guards; what is legal by the model's validation.

use crate::proto::{self, solti_api_server::SoltiApi};
use crate::status::to_status;
use crate::wire::{self, Resume};
use futures::StreamExt as _;
use futures::future::{BoxFuture, FutureExt as _, pending};
use solti_api::guard::{Auth, Caller};
use solti_api::{ApiError, ApiHandler, LogAccess, LogReading, OutputEventStream};
use solti_model::{AttemptsNotKept, FieldError, HistoryQuery, Slot, TaskId, TaskQuery};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

/// Events of a fast log between two looks at whether it may go on: one at each would cost every line.
const CUT_EVERY: u32 = 256;

pub(crate) struct Service {
    api: Arc<dyn ApiHandler>,
    auth: Option<Arc<Auth>>,
    log_access: Option<Arc<dyn LogAccess>>,
    /// Places for logs that are being read.
    logs: Arc<Semaphore>,
    /// Turns true when the server closes: streams of logs may have no end of their own.
    closing: watch::Receiver<bool>,
}

impl Service {
    pub(crate) fn new(
        api: Arc<dyn ApiHandler>,
        auth: Option<Arc<Auth>>,
        log_access: Option<Arc<dyn LogAccess>>,
        max_logs: usize,
        closing: watch::Receiver<bool>,
    ) -> Self {
        Self { api, auth, log_access, logs: Arc::new(Semaphore::new(max_logs)), closing }
    }

    /// Done when a stream that was just asked for has to end before its log does, with what its reader is told.
    fn cut(&self) -> BoxFuture<'static, ApiError> {
        let mut closing = self.closing.clone();
        let revoked: BoxFuture<'static, ()> = match &self.auth {
            Some(auth) => auth.revoked(Caller::current()).boxed(),
            None => pending().boxed(),
        };
        async move {
            tokio::select! {
                // A sender that is gone is a server that is gone.
                _ = closing.wait_for(|closing| *closing) => {
                    ApiError::Unavailable { reason: "the server is closing".into() }
                }
                () = revoked => ApiError::Unauthenticated,
            }
        }
        .boxed()
    }
}

fn refused(error: ApiError) -> Status {
    to_status(&error)
}

fn invalid(error: FieldError) -> Status {
    to_status(&error.into())
}

fn task_id(id: String) -> Result<TaskId, Status> {
    TaskId::new(id).map_err(invalid)
}

fn query_from_wire(request: proto::ListTasksRequest) -> Result<TaskQuery, FieldError> {
    let statuses = request.status.into_iter().chain(request.statuses);
    Ok(TaskQuery {
        slot: request.slot.map(Slot::new).transpose()?,
        status: statuses.map(|number| wire::phase_from_wire("status", number)).collect::<Result<_, _>>()?,
        limit: (request.limit > 0).then_some(request.limit),
        offset: request.offset,
    })
}

#[tonic::async_trait]
impl SoltiApi for Service {
    async fn submit_task(
        &self,
        request: Request<proto::SubmitTaskRequest>,
    ) -> Result<Response<proto::SubmitTaskResponse>, Status> {
        let spec = request
            .into_inner()
            .spec
            .ok_or_else(|| FieldError::new("spec", "must be given"))
            .map_err(invalid)?;
        let spec = wire::spec_from_wire(spec).map_err(invalid)?;
        let id = self.api.submit_task(spec).await.map_err(refused)?;
        Ok(Response::new(proto::SubmitTaskResponse { task_id: id.into() }))
    }

    async fn get_task_status(
        &self,
        request: Request<proto::GetTaskStatusRequest>,
    ) -> Result<Response<proto::GetTaskStatusResponse>, Status> {
        let id = task_id(request.into_inner().task_id)?;
        let task = self.api.get_task_status(&id).await.map_err(refused)?;
        Ok(Response::new(proto::GetTaskStatusResponse { task: task.map(wire::task_to_wire) }))
    }

    async fn list_tasks(
        &self,
        request: Request<proto::ListTasksRequest>,
    ) -> Result<Response<proto::ListTasksResponse>, Status> {
        let query = query_from_wire(request.into_inner()).map_err(invalid)?;
        let page = self.api.query_tasks(query).await.map_err(refused)?;
        Ok(Response::new(proto::ListTasksResponse {
            tasks: page.items.into_iter().map(wire::task_to_wire).collect(),
            total: u32::try_from(page.total).unwrap_or(u32::MAX),
        }))
    }

    async fn list_task_runs(
        &self,
        request: Request<proto::ListTaskRunsRequest>,
    ) -> Result<Response<proto::ListTaskRunsResponse>, Status> {
        let proto::ListTaskRunsRequest { task_id: id, after, before, limit } = request.into_inner();
        let id = task_id(id)?;
        let mut runs = self.api.list_task_runs(&id).await.map_err(refused)?;
        let not_kept = AttemptsNotKept::among(&runs);
        let mut more = None;
        if after.is_some() || before.is_some() || limit.is_some() {
            runs.retain(|run| run.attempt > after.unwrap_or(0) && run.attempt < before.unwrap_or(u32::MAX));
            let page = HistoryQuery { limit, ..HistoryQuery::default() };
            let limit = page.effective_limit() as usize;
            more = Some(runs.len() > limit);
            if after.is_some() {
                runs.truncate(limit);
            } else {
                runs.drain(..runs.len().saturating_sub(limit));
            }
        }
        Ok(Response::new(proto::ListTaskRunsResponse {
            runs: runs.into_iter().map(wire::run_to_wire).collect(),
            more,
            not_kept_after: not_kept.map(|gap| gap.after),
            not_kept_count: not_kept.map(|gap| gap.count),
        }))
    }

    async fn delete_task(
        &self,
        request: Request<proto::DeleteTaskRequest>,
    ) -> Result<Response<proto::DeleteTaskResponse>, Status> {
        let id = task_id(request.into_inner().task_id)?;
        self.api.delete_task(&id).await.map_err(refused)?;
        Ok(Response::new(proto::DeleteTaskResponse {}))
    }

    type StreamTaskLogsStream = LogStream;

    async fn stream_task_logs(
        &self,
        request: Request<proto::StreamTaskLogsRequest>,
    ) -> Result<Response<LogStream>, Status> {
        let request = request.into_inner();
        let id = task_id(request.task_id)?;
        let place = Arc::clone(&self.logs).try_acquire_owned();
        let place = place
            .map_err(|_| refused(ApiError::Unavailable { reason: "too many logs are being read".into() }))?;
        let from_the_beginning = request.after.is_none() && !request.unfinished && !request.only_now;
        let (events, resume): (OutputEventStream, _) = match &self.log_access {
            Some(logs) if !from_the_beginning => {
                let after = request.after.map(wire::position_from_wire).unwrap_or_default();
                let how = LogReading { after, unfinished: request.unfinished, follow: !request.only_now };
                let events = logs.read_log(&id, how).await.map_err(refused)?;
                (Box::pin(events.map(|(_, event)| event)), Resume::new(None))
            }
            _ => (self.api.stream_task_logs(&id).await.map_err(refused)?, Resume::new(request.after)),
        };
        Ok(Response::new(LogStream { events, resume, sent: 0, cut: self.cut(), _place: place }))
    }
}

/// A log on its way out. Pulled by the connection as far as the client's window allows, so nothing piles up here.
pub(crate) struct LogStream {
    events: OutputEventStream,
    resume: Resume,
    sent: u32,
    cut: BoxFuture<'static, ApiError>,
    _place: OwnedSemaphorePermit,
}

impl Stream for LogStream {
    type Item = Result<proto::OutputEventProto, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.sent.is_multiple_of(CUT_EVERY)
            && let Poll::Ready(error) = self.cut.poll_unpin(cx)
        {
            return Poll::Ready(Some(Err(to_status(&error))));
        }
        loop {
            match self.events.as_mut().poll_next(cx) {
                Poll::Ready(Some(event)) => {
                    if let Some(event) = self.resume.rest(event) {
                        self.sent = self.sent.wrapping_add(1);
                        return Poll::Ready(Some(Ok(wire::event_to_wire(event))));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    let error = ready!(self.cut.poll_unpin(cx));
                    return Poll::Ready(Some(Err(to_status(&error))));
                }
            }
        }
    }
}
