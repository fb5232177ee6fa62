//! The fork server as the app sees it: started at the first run or before, told of each run, ended with the runner.
//!
//! It is the shim itself, executed once (`solti_shim::fork_order` says why); the shims that it forks outlive it. A server
//! that has died is noticed by the order that it does not take, one that hangs by the order that it does not carry out: the next
//! run gets another.

use std::fs::File;
use std::io::{self, IoSlice, PipeReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use solti_shim::fork_order::{FORK_SERVER, ForkOrder};

use crate::connection::SUBSCRIBE;
use crate::{Shelter, spawn};

/// The one server of a runner, when there is one.
#[derive(Default)]
pub(crate) struct ForkServerSlot {
    current: Mutex<Option<Arc<ForkServer>>>,
    /// One at a time: taking a server in takes a moment.
    starting: tokio::sync::Mutex<()>,
    shelter: Option<Arc<dyn Shelter>>,
    /// See [`spawn::spawn`].
    pub open_files: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct ForkServer {
    pid: Pid,
    socket: OwnedFd,
}

/// What an order gives.
#[derive(Debug)]
pub(crate) struct Ordered {
    pub server: Arc<ForkServer>,
    pub status: PipeReader,
    /// Subscribed already.
    pub control: UnixStream,
}

impl ForkServerSlot {
    pub(crate) fn with_shelter(shelter: Arc<dyn Shelter>) -> Self {
        Self { shelter: Some(shelter), ..Self::default() }
    }

    pub(crate) fn with_open_files(self, soft: Option<u64>) -> Self {
        Self { open_files: soft, ..self }
    }

    /// The server, which is started and taken in where there is none.
    pub(crate) async fn server(&self, shim: &Path) -> io::Result<Arc<ForkServer>> {
        if let Some(server) = self.current() {
            return Ok(server);
        }
        let _one = self.starting.lock().await;
        if let Some(server) = self.current() {
            return Ok(server);
        }
        let server = Arc::new(ForkServer::start(shim, self.open_files)?);
        if let Some(shelter) = &self.shelter {
            shelter.take_in(server.pid()).await;
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&server));
        Ok(server)
    }

    fn current(&self) -> Option<Arc<ForkServer>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Orders a shim for the run folder. An error says that this order will start none; the caller executes one instead.
    pub(crate) async fn order(&self, shim: &Path, run_dir: &Path, spec: &[u8]) -> io::Result<Ordered> {
        let server = self.server(shim).await?;
        let ordered = Arc::clone(&server).order(run_dir, spec);
        // What we lack ourselves is not its fault.
        if ordered.as_ref().is_err_and(|error| !is_shortage(error)) {
            self.discard(&server);
        }
        ordered
    }

    /// Takes a server out of use that does not do its work.
    pub(crate) fn discard(&self, server: &Arc<ForkServer>) {
        let mut slot = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take_if(|current| Arc::ptr_eq(current, server));
    }
}

impl ForkServer {
    fn start(shim: &Path, open_files: Option<u64>) -> io::Result<Self> {
        let (socket, theirs) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let pid = spawn::spawn(shim, FORK_SERVER.as_ref(), theirs.as_fd(), open_files)?;
        Ok(Self { pid, socket })
    }

    fn order(self: Arc<Self>, run_dir: &Path, spec: &[u8]) -> io::Result<Ordered> {
        let order = ForkOrder::new(run_dir, spec);
        let launch = if order.spec.is_none() { Some(in_memory(spec)?) } else { None };
        let (status, status_end) = io::pipe()?;
        let (mut control, control_end) = UnixStream::pair()?;
        control.write_all(&SUBSCRIBE.encode())?;
        control.set_nonblocking(true)?;

        let mut descriptors = vec![status_end.as_fd(), control_end.as_fd()];
        descriptors.extend(launch.as_ref().map(AsFd::as_fd));
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        // A server that is this far behind is no faster than a new process.
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        rustix::net::sendmsg(&self.socket, &[IoSlice::new(&order.encode())], &mut ancillary, flags)?;
        Ok(Ordered { server: self, status, control })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Ends it, with all orders that it has not read; its shims go on.
    pub(crate) fn kill(&self) {
        // A child that is reaped in `drop` alone has its pid until then; one that has ended needs no end.
        kill_process(self.pid, Signal::KILL).ok();
    }
}

/// We have no descriptor, or no memory, to give an order with: a new process would take as many.
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS | libc::ETOOMANYREFS)
    )
}

/// A spec is never on the disk: it holds the task's environment, and a file would cost an inode for the blink of an eye.
fn in_memory(spec: &[u8]) -> io::Result<File> {
    let mut file = File::from(rustix::fs::memfd_create("launch", rustix::fs::MemfdFlags::CLOEXEC)?);
    file.write_all(spec)?;
    Ok(file)
}

impl Drop for ForkServer {
    /// It would end by itself with its socket, but somebody has to reap it.
    fn drop(&mut self) {
        self.kill();
        let pid = self.pid;
        let reap = move || waitpid(Some(pid), WaitOptions::empty());
        // One that hangs in the kernel ends when it comes out of it, and the thread of a runtime cannot wait for that.
        std::thread::Builder::new().name("reap-fork-server".into()).spawn(reap).ok();
    }
}
