//! One connection to a shim's control socket. The messages are `solti_shim::control`'s; reconnecting is `watch.rs`'s.

use std::io;

use solti_shim::FormatError;
use solti_shim::control::{REPLY_LEN, Reply, Request};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use crate::run_dir::RunDir;

/// All that this release understands.
pub(crate) const SUBSCRIBE: Request = Request::Subscribe { main_ended: true };

#[derive(Debug)]
pub(crate) struct Connection {
    stream: UnixStream,
    reply: [u8; REPLY_LEN],
    filled: usize,
}

/// What the shim's side of a connection can do.
#[derive(Debug)]
pub(crate) enum Heard {
    Reply(Reply),
    /// The shim has closed it, or is gone.
    Closed,
    /// Bytes of another version.
    Garbled(FormatError),
}

impl Connection {
    pub(crate) async fn open(dir: &RunDir) -> io::Result<Self> {
        Ok(Self::over(UnixStream::connect(dir.socket()).await?))
    }

    pub(crate) fn over(stream: UnixStream) -> Self {
        Self { stream, reply: [0; REPLY_LEN], filled: 0 }
    }

    pub(crate) async fn send(&mut self, request: Request) -> io::Result<()> {
        self.stream.write_all(&request.encode()).await
    }

    /// The next reply. Safe to cancel: a part of a reply is kept for the next call.
    pub(crate) async fn next(&mut self) -> Heard {
        while self.filled < REPLY_LEN {
            let ready = self.stream.readable().await;
            match ready.and_then(|()| self.stream.try_read(&mut self.reply[self.filled..])) {
                Ok(0) => return Heard::Closed,
                Ok(len) => self.filled += len,
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(_) => return Heard::Closed,
            }
        }
        self.filled = 0;
        match Reply::decode(&self.reply) {
            Ok(reply) => Heard::Reply(reply),
            Err(error) => Heard::Garbled(error),
        }
    }
}
