//! A log as its client reads it: when the connection breaks it is opened again, and goes on with the next event.

use crate::caller::{Client, nonsense};
use crate::proto::{LogPosition, OutputEventProto, StreamTaskLogsRequest};
use crate::status::from_status;
use crate::wire::{self, Resume};
use futures::future::{BoxFuture, FutureExt as _};
use solti_api::{ApiError, LogReading, Pauses};
use solti_model::{OutputEvent, TaskId};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_stream::Stream;
use tonic::{Status, Streaming};

/// How long a server may be away before its log is given up.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct ResumingLog {
    client: Client,
    id: TaskId,
    how: LogReading,
    position: Option<LogPosition>,
    state: LogState,
}

/// Each event with the position behind it.
pub(crate) struct Positioned(pub ResumingLog);

enum LogState {
    Open(Box<Streaming<OutputEventProto>>, Resume),
    Reopening(BoxFuture<'static, Result<Streaming<OutputEventProto>, Status>>),
    Over,
}

async fn open(
    mut client: Client,
    id: &TaskId,
    how: LogReading,
    after: Option<LogPosition>,
) -> Result<Streaming<OutputEventProto>, Status> {
    let request = StreamTaskLogsRequest {
        task_id: id.to_string(),
        after,
        unfinished: how.unfinished,
        only_now: !how.follow,
    };
    Ok(client.stream_task_logs(request).await?.into_inner())
}

/// Whether the server, or the way to it, is away and may be back.
fn is_away(status: &Status) -> bool {
    matches!(from_status(status), ApiError::Unavailable { .. } | ApiError::RateLimited { .. })
}

async fn reopen(
    client: Client,
    id: TaskId,
    how: LogReading,
    after: Option<LogPosition>,
) -> Result<Streaming<OutputEventProto>, Status> {
    let (until, mut pauses) = (Instant::now() + PATIENCE, Pauses::FOLLOWING);
    loop {
        sleep(pauses.next()).await;
        match open(client.clone(), &id, how, after).await {
            Err(status) if is_away(&status) && Instant::now() < until => {}
            result => return result,
        }
    }
}

impl ResumingLog {
    /// # Errors
    /// As the server says; a log that could not be opened at first is not tried again.
    pub(crate) async fn open(client: Client, id: &TaskId, how: LogReading) -> Result<Self, ApiError> {
        let position = wire::position_to_wire(how.after);
        let stream = open(client.clone(), id, how, position).await.map_err(|status| from_status(&status))?;
        let state = LogState::Open(Box::new(stream), Resume::new(position));
        Ok(Self { client, id: id.clone(), how, position, state })
    }

    /// There is no event that tells of an error: the log ends, and the reason goes to this side's own log.
    fn give_up(&mut self, why: &ApiError) {
        tracing::warn!("the log of task {} ends early: {why}", self.id);
        self.state = LogState::Over;
    }
}

impl Stream for ResumingLog {
    type Item = OutputEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<OutputEvent>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                LogState::Open(stream, resume) => match ready!(Pin::new(&mut **stream).poll_next(cx)) {
                    Some(Ok(message)) => match wire::event_from_wire(message) {
                        // A server that knows of no positions sends everything again.
                        Ok(event) => {
                            if let Some(event) = resume.rest(event) {
                                wire::pass(this.position.get_or_insert_default(), &event);
                                return Poll::Ready(Some(event));
                            }
                        }
                        Err(error) => this.give_up(&nonsense(error)),
                    },
                    Some(Err(status)) if is_away(&status) => {
                        let (client, id) = (this.client.clone(), this.id.clone());
                        this.state = LogState::Reopening(reopen(client, id, this.how, this.position).boxed());
                    }
                    Some(Err(status)) => this.give_up(&from_status(&status)),
                    None => this.state = LogState::Over,
                },
                LogState::Reopening(opening) => match ready!(opening.poll_unpin(cx)) {
                    Ok(stream) => this.state = LogState::Open(Box::new(stream), Resume::new(this.position)),
                    Err(status) => this.give_up(&from_status(&status)),
                },
                LogState::Over => return Poll::Ready(None),
            }
        }
    }
}

impl Stream for Positioned {
    type Item = (solti_api::LogPosition, OutputEvent);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = ready!(Pin::new(&mut self.0).poll_next(cx));
        let position = self.0.position.map(wire::position_from_wire).unwrap_or_default();
        Poll::Ready(event.map(|event| (position, event)))
    }
}
