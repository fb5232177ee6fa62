//! Server-sent events: a stream of values as the body of an answer.
//!
//! EventBody that are there are written together; a reader that does not take them stops the stream at its source. Between
//! events a comment now and then keeps the connection known to be alive. The format is that of the HTML standard.

use crate::server::answer::with_type;
use axum::body::Body;
use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::StatusCode;
use http_body::Frame;
use serde::Serialize;
use solti_api::operations::Item;
use solti_api::{ApiError, LogPosition};
use solti_model::OutputEvent;
use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_stream::Stream;

/// Between two signs of life.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// About this much is written at once.
const PORTION: usize = 32 * 1024;

/// A value as an event.
pub(super) trait Event {
    type Data: Serialize;

    /// The event's name.
    fn name(&self) -> &'static str;

    /// Where to go on behind it, for streams that can.
    fn position(&self) -> Option<LogPosition> {
        None
    }

    fn data(&self) -> &Self::Data;
}

impl Event for (LogPosition, OutputEvent) {
    type Data = OutputEvent;

    fn name(&self) -> &'static str {
        match &self.1 {
            OutputEvent::RunStarted { .. } => "run-started",
            OutputEvent::Chunk { .. } => "chunk",
            OutputEvent::RunFinished { .. } => "run-finished",
            OutputEvent::Lagged { .. } => "lagged",
        }
    }

    fn position(&self) -> Option<LogPosition> {
        Some(self.0)
    }

    fn data(&self) -> &OutputEvent {
        &self.1
    }
}

/// An item of a subscription, which goes on nowhere.
pub(super) struct Plain<I>(pub I);

impl<I: Item> Event for Plain<I> {
    type Data = I;

    fn name(&self) -> &'static str {
        self.0.event()
    }

    fn data(&self) -> &I {
        &self.0
    }
}

/// What an open stream holds of its server: one of its places, and the news that it has to end.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    cut: Cut,
}

/// Done when a stream has to end before its source does.
pub(super) type Cut = Pin<Box<dyn Future<Output = Broken> + Send>>;

/// When the server closes, or when the caller's token is `revoked`.
pub(super) fn cut(
    mut closing: watch::Receiver<bool>,
    revoked: impl Future<Output = ()> + Send + 'static,
) -> Cut {
    Box::pin(async move {
        tokio::select! {
            // A sender that is gone is a server that is gone.
            _ = closing.wait_for(|closing| *closing) => Broken::Closing,
            () = revoked => Broken::Revoked,
        }
    })
}

impl Place {
    pub(super) fn new(permit: OwnedSemaphorePermit, cut: Cut) -> Self {
        Self { _permit: permit, cut }
    }
}

pub(super) fn answer<E: Event + Send + 'static>(
    events: Pin<Box<dyn Stream<Item = E> + Send>>,
    place: Place,
) -> Response {
    let body = EventBody {
        events,
        // Sent with the head of the answer: a reader sees at once that the stream is open.
        buffer: BytesMut::from(&b"retry: 1000\n\n"[..]),
        alive: sign_of_life(),
        ended: false,
        over: false,
        place,
    };
    with_type(StatusCode::OK, "text/event-stream", Body::new(body))
}

/// An event of the name `error` with the error's body: the last one of a stream that does not go on.
fn last_words(error: &ApiError) -> serde_json::Result<Frame<Bytes>> {
    let body = serde_json::to_string(error)?;
    Ok(Frame::data(format!("event: error\ndata: {body}\n\n").into()))
}

fn sign_of_life() -> Interval {
    let mut alive = interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    alive
}

/// Ends a stream in the middle, so that a reader does not take the server's end for the log's.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the server shuts down")]
    Closing,
    #[error("the token was replaced")]
    Revoked,
    #[error("an event cannot be written")]
    Event(#[from] serde_json::Error),
}

struct EventBody<E> {
    events: Pin<Box<dyn Stream<Item = E> + Send>>,
    buffer: BytesMut,
    alive: Interval,
    ended: bool,
    /// The last words were said.
    over: bool,
    place: Place,
}

impl<E: Event> EventBody<E> {
    fn write(&mut self, event: &E) -> serde_json::Result<()> {
        self.buffer.put_slice(b"event: ");
        self.buffer.put_slice(event.name().as_bytes());
        if let Some(position) = event.position() {
            // Writing to memory does not fail.
            write!(self.buffer, "\nid: {position}").ok();
        }
        self.buffer.put_slice(b"\ndata: ");
        serde_json::to_writer((&mut self.buffer).writer(), event.data())?;
        self.buffer.put_slice(b"\n\n");
        Ok(())
    }
}

impl<E: Event> http_body::Body for EventBody<E> {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.over {
            return Poll::Ready(None);
        }
        match self.place.cut.as_mut().poll(cx) {
            // A reader is told what to do: no waiting helps. Broken off, the stream could lose these words.
            Poll::Ready(Broken::Revoked) => {
                self.over = true;
                return Poll::Ready(Some(last_words(&ApiError::Unauthenticated).map_err(Into::into)));
            }
            Poll::Ready(broken) => return Poll::Ready(Some(Err(broken))),
            Poll::Pending => {}
        }
        while !self.ended && self.buffer.len() < PORTION {
            match self.events.as_mut().poll_next(cx) {
                Poll::Ready(Some(event)) => self.write(&event)?,
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => break,
            }
        }
        if !self.buffer.is_empty() {
            self.alive.reset();
            return Poll::Ready(Some(Ok(Frame::data(self.buffer.split().freeze()))));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        ready!(self.alive.poll_tick(cx));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b":\n\n")))))
    }
}

impl<E> Unpin for EventBody<E> {}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use solti_model::LogInfo;
    use std::sync::Arc;
    use tokio::sync::Semaphore;

    fn place(closing: watch::Receiver<bool>) -> Place {
        let places = Arc::new(Semaphore::new(1));
        Place::new(places.try_acquire_owned().expect("free"), cut(closing, std::future::pending()))
    }

    async fn text(body: &mut Body) -> String {
        let frame = body.frame().await.expect("not the end").expect("not a break");
        String::from_utf8(frame.into_data().expect("data").to_vec()).expect("text")
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_shows_that_it_is_alive_and_breaks_off_at_the_end_of_the_server() {
        let (closing, closed) = watch::channel(false);
        let events: Pin<Box<dyn Stream<Item = Plain<LogInfo>> + Send>> = Box::pin(tokio_stream::pending());
        let mut body = answer(events, place(closed)).into_body();
        assert_eq!(text(&mut body).await, "retry: 1000\n\n");
        let began = Instant::now();
        for _ in 0..2 {
            assert_eq!(text(&mut body).await, ":\n\n");
        }
        assert_eq!(began.elapsed(), 2 * KEEP_ALIVE);
        closing.send_replace(true);
        assert!(body.frame().await.expect("not a plain end").is_err());
    }

    #[tokio::test]
    async fn events_that_are_there_are_written_together() {
        let (_closing, closed) = watch::channel(false);
        let line = |n: u64| {
            let chunk = OutputEvent::Lagged { skipped: n, reason: None };
            (LogPosition::started(1), chunk)
        };
        let events: Pin<Box<dyn Stream<Item = _> + Send>> = Box::pin(tokio_stream::iter((0..3).map(line)));
        let mut body = answer(events, place(closed)).into_body();
        let written = text(&mut body).await;
        assert!(written.ends_with("event: lagged\nid: 1-0-0\ndata: {\"type\":\"lagged\",\"skipped\":2}\n\n"));
        assert_eq!(written.matches("event: ").count(), 3);
        assert!(body.frame().await.is_none());
    }
}
