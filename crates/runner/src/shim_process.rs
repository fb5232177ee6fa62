//! The shim as a process: learning of its death, and reaping it. What it is told and tells is elsewhere.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, waitpid};
use solti_shim::tree::Process;
use tokio::io::unix::AsyncFd;

use crate::readable::readable;
use crate::run_dir::RunPlace;
use crate::{AttachError, spawn};

/// A shim that this process has started, or one that an earlier process has.
#[derive(Debug)]
pub(crate) enum ShimProcess {
    /// Not reaped yet, so the pid is its own.
    Child {
        pid: Pid,
    },
    Reaped,
    /// Of the fork server, or of an earlier app.
    Other {
        pid: u32,
    },
}

impl ShimProcess {
    /// Executes a shim for the folder, and returns the read end of its status pipe.
    pub(crate) fn spawn(
        shim: &Path,
        run_dir: &Path,
        open_files: Option<u64>,
    ) -> io::Result<(Self, PipeReader)> {
        let (report, write_end) = io::pipe()?;
        let pid = spawn::spawn(shim, run_dir.as_os_str(), write_end.as_fd(), open_files)?;
        Ok((Self::Child { pid }, report))
    }

    /// Ends it at once. Only for a shim that has not said that its child runs; `server` is the pid of the fork server,
    /// which tells a shim from whoever has its pid after it.
    pub(crate) fn kill(&mut self, server: Option<u32>) {
        match *self {
            // An unreaped child's pid is nobody else's.
            Self::Child { pid } => {
                kill_process(pid, Signal::KILL).ok();
            }
            Self::Reaped => {}
            Self::Other { pid } => {
                let shim = Process::find(pid).filter(|shim| Some(shim.parent) == server);
                // One that is gone needs no end.
                drop(shim.map(|shim| shim.signal(libc::SIGKILL)));
            }
        }
    }

    /// Waits until it is gone, and reaps it when it is our child. Safe to cancel.
    ///
    /// # Errors
    /// Nothing is known about the shim; above all, there may be no descriptor left to watch it with.
    pub(crate) async fn gone(&mut self, place: &RunPlace) -> Result<(), AttachError> {
        let watch = |source| AttachError::Watch { path: place.path().to_owned(), source };
        match self {
            Self::Child { .. } | Self::Reaped => self.reap().await.map_err(watch),
            Self::Other { pid } => {
                let pidfd = match Pid::from_raw(pid.cast_signed()).map_or(Err(Errno::SRCH), open_pidfd) {
                    Ok(pidfd) => Pidfd::new(pidfd).map_err(watch)?,
                    Err(Errno::SRCH) => return Ok(()),
                    Err(error) => return Err(watch(error.into())),
                };
                // Held after the pid was pinned: it is the shim's. Free: the pid may be anybody's by now, unless another file has
                // taken the place of the one that is locked.
                let held = match place.open()? {
                    Some(dir) => dir.try_lock()?.is_none(),
                    // The lock went with the folder.
                    None => false,
                };
                let lives = held || place.is_where(*pid).map_err(watch)?;
                if lives { pidfd.closed().await.map_err(watch) } else { Ok(()) }
            }
        }
    }

    /// Its process id, while it is known.
    pub(crate) fn pid(&self) -> Option<u32> {
        match *self {
            Self::Child { pid } => Some(pid.as_raw_nonzero().get().unsigned_abs()),
            Self::Reaped => None,
            Self::Other { pid } => Some(pid),
        }
    }

    /// Waits for the end of a child and takes it off the process table. Nothing to do for a shim of another parent.
    pub(crate) async fn reap(&mut self) -> io::Result<()> {
        let Self::Child { pid } = *self else { return Ok(()) };
        if !try_reap(pid)? {
            Pidfd::new(open_pidfd(pid)?)?.closed().await?;
            try_reap(pid)?;
        }
        *self = Self::Reaped;
        Ok(())
    }
}

/// `false` while the child lives.
fn try_reap(pid: Pid) -> io::Result<bool> {
    Ok(waitpid(Some(pid), WaitOptions::NOHANG)?.is_some())
}

fn open_pidfd(pid: Pid) -> Result<OwnedFd, Errno> {
    pidfd_open(pid, PidfdFlags::empty())
}

/// A descriptor that becomes readable when the process ends.
#[derive(Debug)]
struct Pidfd(AsyncFd<OwnedFd>);

impl Pidfd {
    fn new(fd: OwnedFd) -> io::Result<Self> {
        readable(fd).map(Self)
    }

    async fn closed(&self) -> io::Result<()> {
        self.0.readable().await.map(drop)
    }
}
