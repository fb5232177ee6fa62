//! Connections as they come in: bounded in number, with the peer that the kernel names, and none that says nothing.

use crate::GrpcError;
use futures::stream::{Stream, unfold};
use solti_api::guard::Origin;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    pub origin: Origin,
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

    async fn accept(&self) -> io::Result<(Socket, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Socket::Tcp(stream), Peer { origin: Origin::Network { address: address.ip() } }))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let uid = stream.peer_cred()?.uid();
                Ok((Socket::Unix(stream), Peer { origin: Origin::Socket { uid } }))
            }
        }
    }

    /// Every connection; at most `max` at a time, others wait in the system's queue.
    pub fn incoming(self, max: usize) -> impl Stream<Item = io::Result<Connection>> {
        unfold((self, Arc::new(Semaphore::new(max))), |(listener, places)| async move {
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            loop {
                match listener.accept().await {
                    Ok((socket, peer)) => {
                        let preface = Some((0, Box::pin(sleep(PREFACE_PATIENCE))));
                        let connection = Connection { socket, peer, preface, _place: place };
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
    socket: Socket,
    peer: Peer,
    /// Bytes read and the time until when, while there are fewer than the preface has.
    preface: Option<(usize, Pin<Box<Sleep>>)>,
    _place: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = match &mut self.socket {
            Socket::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Socket::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        };
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
        match &mut self.socket {
            Socket::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Socket::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.socket {
            Socket::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Socket::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
