//! The two kinds of listener, and who is at the other end of what they accept.
#![allow(clippy::disallowed_methods, reason = "small files, when a door is opened or shut")]

use crate::HttpError;
use crate::unix::{bind, connect_unix};
use solti_api::guard::Origin;
use std::fs::{DirBuilder, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Something that connections come from.
pub(super) trait Listener: Send + 'static {
    type Connection: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static;

    fn accept(&self) -> impl Future<Output = io::Result<(Self::Connection, Origin)>> + Send;
}

/// A Unix socket for this user alone; its file goes with it.
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    own_uid: u32,
}

impl Socket {
    /// Makes the folder (0700) and the socket (0600). What is left of a server that died is replaced, one that answers is not.
    pub(super) async fn open(path: &Path) -> Result<Self, HttpError> {
        let failed = |source| HttpError::Socket { path: path.to_owned(), source };
        if let Some(dir) = path.parent() {
            make_private(dir).map_err(failed)?;
        }
        let listener = match bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                if connect_unix(path).await.is_ok() {
                    return Err(HttpError::SocketInUse { path: path.to_owned() });
                }
                std::fs::remove_file(path).map_err(failed)?;
                bind(path).map_err(failed)?
            }
            bound => bound.map_err(failed)?,
        };
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned(), own_uid: rustix::process::geteuid().as_raw() })
    }
}

/// Makes the folder, or closes it to others. One that belongs to somebody else, or that many put things into, stays as it is.
fn make_private(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let found = std::fs::metadata(dir)?;
    let mode = found.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    if found.uid() != rustix::process::geteuid().as_raw() || mode & 0o1000 != 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "its folder is open to others"));
    }
    std::fs::set_permissions(dir, Permissions::from_mode(0o700))
}

impl Drop for Socket {
    fn drop(&mut self) {
        // It may be gone already; the next server replaces what is left.
        std::fs::remove_file(&self.path).ok();
    }
}

impl Listener for Socket {
    type Connection = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Origin)> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let uid = stream.peer_cred()?.uid();
            if uid == self.own_uid {
                return Ok((stream, Origin::Socket { uid }));
            }
            // The folder keeps others out; whoever came in nevertheless gets no word.
            tracing::warn!(uid, "another user tried the socket");
        }
    }
}

pub(super) struct Tcp {
    listener: TcpListener,
}

impl Tcp {
    pub(super) async fn open(address: SocketAddr) -> Result<(Self, SocketAddr), HttpError> {
        let failed = |source| HttpError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        Ok((Self { listener }, bound))
    }
}

impl Listener for Tcp {
    type Connection = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Origin)> {
        let (stream, peer) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        // A peer that vanished without a word does not hold its place for ever.
        rustix::net::sockopt::set_socket_keepalive(&stream, true)?;
        Ok((stream, Origin::Network { address: peer.ip() }))
    }
}
