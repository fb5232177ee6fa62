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
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Between two looks whether the socket's file is there.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// Something that connections come from.
pub(super) trait Listener: Send + 'static {
    type Connection: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static;

    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Connection, Origin)>> + Send;
}

/// A Unix socket for this user alone; its file goes with it.
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Which file of that path is ours.
    file: FileId,
    /// When to look whether it is still there.
    looks: Interval,
    own_uid: u32,
}

/// A device, and a file of it.
type FileId = (u64, u64);

fn id_of(path: &Path) -> io::Result<FileId> {
    std::fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
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
        let file = own(path).map_err(failed)?;
        let mut looks = interval(BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let own_uid = rustix::process::geteuid().as_raw();
        Ok(Self { listener, path: path.to_owned(), file, looks, own_uid })
    }

    /// Makes the socket's file again if somebody has removed it: nobody could come in by it for as long as this process lives. One that
    /// another has made in its place is theirs.
    fn look(&mut self) {
        if !id_of(&self.path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return;
        }
        let bound = bind(&self.path).and_then(|listener| Ok((listener, own(&self.path)?)));
        match bound {
            Ok((listener, file)) => {
                tracing::warn!("the socket {} was removed, and is made again", self.path.display());
                (self.listener, self.file) = (listener, file);
            }
            // The folder may be gone as well; it is not ours to make then.
            Err(error) => tracing::debug!("the socket {} cannot be made: {error}", self.path.display()),
        }
    }
}

/// Closes a new socket to others.
fn own(path: &Path) -> io::Result<FileId> {
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    id_of(path)
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
        // It may be gone already, or another's; the next server replaces what is left.
        if id_of(&self.path).is_ok_and(|found| found == self.file) {
            std::fs::remove_file(&self.path).ok();
        }
    }
}

impl Listener for Socket {
    type Connection = UnixStream;

    async fn accept(&mut self) -> io::Result<(UnixStream, Origin)> {
        loop {
            let (stream, _) = tokio::select! {
                biased;
                accepted = self.listener.accept() => accepted?,
                _ = self.looks.tick() => {
                    self.look();
                    continue;
                }
            };
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

    async fn accept(&mut self) -> io::Result<(TcpStream, Origin)> {
        let (stream, peer) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        // A peer that vanished without a word does not hold its place for ever.
        rustix::net::sockopt::set_socket_keepalive(&stream, true)?;
        Ok((stream, Origin::Network { address: peer.ip() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_is_removed_is_made_again_and_one_of_another_is_left_alone() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("solti.sock");
        let mut socket = Socket::open(&path).await.expect("listens");
        std::fs::remove_file(&path).expect("there");
        socket.looks = interval(Duration::from_millis(10));
        let came = async {
            while connect_unix(&path).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let (accepted, ()) =
            solti_testing::within("somebody comes in", async { tokio::join!(socket.accept(), came) }).await;
        assert!(accepted.is_ok());
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);

        std::fs::remove_file(&path).expect("there");
        let _others = bind(&path).expect("free");
        socket.look();
        assert!(connect_unix(&path).await.is_ok());
        drop(socket);
        assert!(path.exists());
    }
}
