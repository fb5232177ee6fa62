//! Connections as they come in, with the peer that the kernel names, each in its place, and none that says nothing.

use crate::GrpcError;
use futures::stream::{Stream, unfold};
use solti_api::guard::{self, Origin, Place, Places};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::{Sleep, sleep};
use tonic::transport::server::Connected;

/// Bytes that every client sends first, unasked (RFC 9113, 3.4).
const PREFACE_BYTES: usize = 24;
/// How long they may take.
const PREFACE_PATIENCE: Duration = Duration::from_secs(10);
/// Before the next try when the system cannot accept, for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Where a server listens. Binding, and the mode of a socket's folder, are the caller's.
pub enum Listener {
    /// For callers with the token; with TLS where other machines can reach it.
    Tcp(TcpListener),
    /// For callers on this machine, whose user the kernel names.
    Unix(UnixListener),
}

/// Who is at the other end.
#[derive(Clone)]
pub struct Peer {
    pub place: Arc<Place>,
}

impl Listener {
    /// The address that other machines can reach it by; `None` for what only this one can.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn open_address(&self) -> Result<Option<SocketAddr>, GrpcError> {
        match self {
            Self::Tcp(listener) => {
                Ok(Some(listener.local_addr().map_err(GrpcError::Address)?)
                    .filter(|at| !at.ip().is_loopback()))
            }
            Self::Unix(_) => Ok(None),
        }
    }

    async fn accept(&self) -> io::Result<(Socket, Origin)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Socket::Tcp(stream), Origin::Network { address: address.ip() }))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let uid = stream.peer_cred()?.uid();
                Ok((Socket::Unix(stream), Origin::Socket { uid }))
            }
        }
    }

    /// Every connection; those for which there is no place wait in the system's queue.
    pub fn incoming(self, places: Arc<Places>) -> impl Stream<Item = io::Result<Connection>> {
        unfold((self, places), |(listener, places)| async move {
            loop {
                places.room().await;
                match listener.accept().await {
                    Ok((socket, origin)) => {
                        let stream = guard::Connection::new(socket, places.enter(origin));
                        let preface = Some((0, Box::pin(sleep(PREFACE_PATIENCE))));
                        let connection = Connection { stream, preface };
                        return Some((Ok(connection), (listener, places)));
                    }
                    Err(error) => {
                        tracing::warn!("a connection was not accepted: {error}");
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        })
    }
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

pub struct Connection {
    stream: guard::Connection<Socket>,
    /// Bytes read and the time until when, while there are fewer than the preface has.
    preface: Option<(usize, Pin<Box<Sleep>>)>,
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        Peer { place: Arc::clone(self.stream.place()) }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Some((seen, until)) = &mut self.preface {
            *seen += buf.filled().len() - before;
            if *seen >= PREFACE_BYTES {
                self.preface = None;
            } else if read.is_pending() && until.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
