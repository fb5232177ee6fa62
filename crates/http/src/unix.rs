//! Unix sockets wherever their file is: the system takes addresses of 107 bytes, data folders may have longer paths.

use rustix::fs::{Mode, OFlags, open};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// `sun_path` without its end.
const LONGEST: usize = 107;

/// A socket's address, and what it needs to stay good.
struct Address {
    path: PathBuf,
    _folder: Option<OwnedFd>,
}

impl Address {
    /// A path that is too long begins at its folder, which this process holds open.
    fn of(path: &Path) -> io::Result<Self> {
        let parts = path.parent().zip(path.file_name());
        let Some((folder, name)) = parts.filter(|_| path.as_os_str().as_bytes().len() > LONGEST) else {
            return Ok(Self { path: path.to_owned(), _folder: None });
        };
        let folder = open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        Ok(Self { path, _folder: Some(folder) })
    }
}

/// Listens at `path`, which may be of any length.
pub(crate) fn bind(path: &Path) -> io::Result<UnixListener> {
    let address = Address::of(path)?;
    UnixListener::bind(&address.path)
}

/// Connects to the socket at `path`, which may be of any length.
///
/// # Errors
/// As [`UnixStream::connect`].
pub async fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    let address = Address::of(path)?;
    UnixStream::connect(&address.path).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "a test may block")]

    use super::*;

    #[tokio::test]
    async fn a_socket_may_be_as_deep_as_any_file() {
        let dir = tempfile::tempdir().expect("temp dir");
        for depth in [1, 80, 107, 108, 200] {
            let folder = dir.path().join("d".repeat(depth)).join("e".repeat(depth));
            std::fs::create_dir_all(&folder).expect("made");
            let path = folder.join("solti.sock");
            let listener = bind(&path).expect("bound");
            assert!(path.exists());
            let (there, here) = tokio::join!(connect_unix(&path), listener.accept());
            assert!(there.is_ok() && here.is_ok(), "{depth}");
        }
        let missing = connect_unix(&dir.path().join("f".repeat(120)).join("solti.sock")).await;
        assert_eq!(missing.map(drop).map_err(|error| error.kind()), Err(io::ErrorKind::NotFound));
    }
}
