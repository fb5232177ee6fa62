//! A connection in its place: it ends when the place is lost, when its other end takes nothing for too long, and where somebody
//! newer has the place of one who keeps us waiting.

use crate::guard::Place;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream in a [`Place`]. Reading and writing fail once the place is lost; writing also when nothing was taken for too long.
pub struct Connection<S> {
    stream: S,
    place: Arc<Place>,
    /// While the other end takes nothing: until when it may.
    stalled: Option<Pin<Box<Sleep>>>,
    /// There is something that it has not taken.
    unwritten: bool,
}

impl<S> Connection<S> {
    /// The place is given back when the connection is dropped.
    pub fn new(stream: S, place: Arc<Place>) -> Self {
        Self { stream, place, stalled: None, unwritten: false }
    }

    /// For the calls that come on it: [`Place::admitted`].
    pub fn place(&self) -> &Arc<Place> {
        &self.place
    }
}

impl<S: AsyncWrite + Unpin> Connection<S> {
    fn poll_out<T>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(error) = self.place.poll_lost(cx) {
            return Poll::Ready(Err(error));
        }
        let written = write(Pin::new(&mut self.stream), cx);
        self.unwritten = written.is_pending();
        match self.place.write_time() {
            Some(time) if written.is_pending() => {
                let until = self.stalled.get_or_insert_with(|| Box::pin(sleep(time)));
                if until.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
            _ => self.stalled = None,
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(error) = self.place.poll_lost(cx) {
            return Poll::Ready(Err(error));
        }
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        // What has come is read first, and an answer is written to its end.
        match self.place.poll_displaced(cx) {
            Poll::Ready(error) if read.is_pending() && !self.unwritten => Poll::Ready(Err(error)),
            _ => read,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_out(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_out(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_out(cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_out(cx, |stream, cx| stream.poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{AccessToken, Auth, Caller, Origin, PlaceLimits, Places, PresentedToken};
    use std::time::Duration;
    use tokio::io::AsyncWriteExt as _;

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_for_too_long_is_let_go_but_not_this_user() {
        let dir = tempfile::tempdir().expect("temp dir");
        let token = Arc::new(AccessToken::open(dir.path()).expect("made"));
        let limits = PlaceLimits {
            known: 8,
            unknown: 8,
            unknown_time: Duration::from_secs(1),
            write_time: Duration::from_secs(60),
        };
        let places = Places::new(Some(Arc::new(Auth::new(Arc::clone(&token), 1_000))), limits);
        let write = async |origin| {
            let (near, far) = tokio::io::duplex(16);
            let place = places.enter(origin);
            place.admitted(&Arc::new(Caller { origin, token: Some(PresentedToken::new(token.text())) }));
            let mut connection = Connection::new(near, place);
            let written = tokio::time::timeout(limits.write_time * 2, connection.write_all(&[0; 64])).await;
            drop(far);
            written
        };
        let far = Origin::Network { address: [192, 0, 2, 1].into() };
        let let_go = write(far).await.expect("it does not wait for ever").expect_err("nothing is taken");
        assert_eq!(let_go.kind(), io::ErrorKind::TimedOut);
        assert!(write(Origin::Socket { uid: 1_000 }).await.is_err(), "it waits");
    }
}
