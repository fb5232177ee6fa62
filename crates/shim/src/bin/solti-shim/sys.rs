//! Thin safe faces of the system calls that std does not offer. No decisions here.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::ptr;
use std::time::Duration;

use solti_shim::exit_record::Usage;
use solti_shim::layout::STATUS_FD;

pub fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The descriptor that the runner left us, if it did; close-on-exec from now on.
pub fn take_given_descriptor() -> Option<OwnedFd> {
    // SAFETY: fcntl on a number; it fails when that is no open descriptor.
    check(unsafe { libc::fcntl(STATUS_FD, libc::F_SETFD, libc::FD_CLOEXEC) }).ok()?;
    // SAFETY: called first in `main`, so the descriptor is the runner's and nobody else in this process owns it.
    Some(unsafe { OwnedFd::from_raw_fd(STATUS_FD) })
}

/// Whether anybody can still read from the pipe whose write end this is.
pub fn has_reader(pipe: BorrowedFd<'_>) -> bool {
    let mut slots = [poll_slot(pipe.as_raw_fd(), 0)];
    poll(&mut slots, Some(Duration::ZERO));
    slots[0].revents & libc::POLLERR == 0
}

/// Opens what a program is to read. A named pipe is not waited for: without a writer it is at its end.
pub fn open_to_read(path: &Path) -> io::Result<OwnedFd> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let flags = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: a C string and integers; the descriptor is new and nobody else's.
    let file = unsafe { OwnedFd::from_raw_fd(check(libc::open(path.as_ptr(), flags))?) };
    // SAFETY: an open descriptor and integers. The program is to wait for what it reads.
    unsafe {
        let flags = check(libc::fcntl(file.as_raw_fd(), libc::F_GETFL))?;
        check(libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags & !libc::O_NONBLOCK))?;
    }
    let file = File::from(file);
    if file.metadata()?.is_dir() {
        return Err(io::Error::from_raw_os_error(libc::EISDIR));
    }
    Ok(file.into())
}

/// Lets go of the app's terminal and pipes, and of what it leaked into us: nothing of it lives as long as the run. Called
/// before anything of ours is open.
pub fn detach() {
    let first = STATUS_FD as libc::c_uint + 1;
    // SAFETY: nothing of ours is open above the given descriptor yet, and std uses 0 to 2 by number alone.
    unsafe {
        libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0);
        // Without /dev/null (a broken container) they are as the app left them, which is /dev/null as well.
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        for fd in 0..=2 {
            libc::dup2(null, fd);
        }
        if null > 2 {
            libc::close(null);
        }
    }
}

/// Which side of a fork we are on.
pub enum Forked {
    Parent { child: u32 },
    Child,
}

/// # Safety
/// Only in a process with one thread.
pub unsafe fn fork() -> io::Result<Forked> {
    // SAFETY: the caller's promise.
    let pid = check(unsafe { libc::fork() })?;
    Ok(if pid == 0 { Forked::Child } else { Forked::Parent { child: pid.unsigned_abs() } })
}

/// Some signals, a bit each from the lowest for number 1, as the kernel has them.
#[repr(transparent)]
#[derive(Debug, Clone, Copy)]
pub struct SignalSet(u64);

impl SignalSet {
    pub fn holds(self, signal: libc::c_int) -> bool {
        self.0 >> (signal - 1) & 1 != 0
    }

    fn add(&mut self, signal: libc::c_int) {
        self.0 |= 1 << (signal - 1);
    }
}

/// The highest real-time signal of Linux.
pub const LAST_SIGNAL: libc::c_int = 64;

/// The signals that this process ignores: they would stay ignored in a program that it executes.
pub fn ignored_signals() -> SignalSet {
    let mut set = SignalSet(0);
    for signal in 1..=LAST_SIGNAL {
        // As the kernel has it: handler, flags, restorer, mask. Asked directly, because libc keeps two signals to itself.
        let mut now = [0usize; 4];
        // SAFETY: the kernel writes at most as much, its mask having eight bytes.
        unsafe {
            libc::syscall(libc::SYS_rt_sigaction, signal, ptr::null::<usize>(), now.as_mut_ptr(), 8usize);
        }
        if now[0] == libc::SIG_IGN {
            set.add(signal);
        }
    }
    set
}

/// Ends this process without running what the libraries do at an exit: that only makes pages of this fork that nobody needs,
/// and nothing is buffered.
pub fn leave(code: u8) -> ! {
    // SAFETY: an integer argument.
    unsafe { libc::_exit(code.into()) }
}

/// Children that end leave no zombie.
pub fn reap_by_itself() {
    // SAFETY: sets a disposition, no handler.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
}

/// The next message with its descriptors, close-on-exec; an empty one when the other side has closed, `None` when the
/// socket is broken.
pub fn receive(socket: BorrowedFd<'_>, bytes: &mut [u8]) -> Option<(usize, Vec<OwnedFd>)> {
    // Room for the descriptors of one order, aligned as the headers in it are.
    let mut control = [0u64; 8];
    let mut part = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: a zeroed header is valid; its pointers are to buffers that outlive the call, with their lengths. The kernel
    // fills in well-formed control messages, and each descriptor in them is new and nobody else's.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&control);
        let len = loop {
            let len = libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC);
            match usize::try_from(len) {
                Ok(len) => break len,
                Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        };
        let mut descriptors = Vec::new();
        let mut header = libc::CMSG_FIRSTHDR(&raw const message);
        while let Some(found) = header.as_ref() {
            if (found.cmsg_level, found.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
                let bytes = found.cmsg_len - libc::CMSG_LEN(0) as usize;
                let data = libc::CMSG_DATA(header).cast::<RawFd>();
                for place in 0..bytes / size_of::<RawFd>() {
                    descriptors.push(OwnedFd::from_raw_fd(data.add(place).read_unaligned()));
                }
            }
            header = libc::CMSG_NXTHDR(&raw const message, header);
        }
        Some((len, descriptors))
    }
}

/// The current directory, to come back to.
pub fn current_dir() -> io::Result<OwnedFd> {
    // SAFETY: a C string and integers; the descriptor is new and nobody else's.
    unsafe {
        let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
        Ok(OwnedFd::from_raw_fd(check(libc::open(c".".as_ptr(), flags))?))
    }
}

/// Makes it the current directory.
pub fn enter(dir: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: an open descriptor.
    check(unsafe { libc::fchdir(dir.as_raw_fd()) }).map(drop)
}

/// A session of our own: no terminal, and signals to the app's group do not reach us.
pub fn new_session() {
    // SAFETY: no arguments. Fails only for a group leader, who was put into a group of its own already.
    unsafe { libc::setsid() };
}

/// A process group of our own, so that what is sent to another one's does not reach us.
pub fn new_group() {
    // SAFETY: integers. Fails only for the leader of a session, who has a group already.
    unsafe { libc::setpgid(0, 0) };
}

/// Orphans of the run become our children instead of init's.
pub fn become_subreaper() -> io::Result<()> {
    // SAFETY: integer arguments only.
    check(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1 as libc::c_ulong, 0, 0, 0) }).map(drop)
}

/// What the children have used that were reaped.
pub fn usage_of_children() -> Usage {
    // SAFETY: a zeroed rusage is valid, should the call fail; the pointer is to it.
    let used = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut used);
        used
    };
    let us = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    // As getrusage(2) counts: memory in kilobytes, disks in blocks of 512 bytes.
    Usage {
        cpu_us: us(used.ru_utime) + us(used.ru_stime),
        peak_memory_bytes: Some(used.ru_maxrss as u64 * 1_024),
        io_bytes: Some((used.ru_inblock as u64 * 512, used.ru_oublock as u64 * 512)),
    }
}

pub fn since_boot() -> Duration {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the pointer is to a timespec; a zeroed one is valid, should the call fail.
    let time = unsafe {
        libc::clock_gettime(libc::CLOCK_BOOTTIME, time.as_mut_ptr());
        time.assume_init()
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// All signals as a descriptor to poll: whatever a program sends to its parent, or the kernel to us, does not end the run. What
/// cannot be blocked (KILL, STOP, and the kernel's word of a fault of our own) is as ever.
pub fn signal_descriptor() -> io::Result<OwnedFd> {
    // As the kernel has it: libc keeps two signals to itself, and we have one thread.
    let all = SignalSet(u64::MAX);
    let len = size_of::<SignalSet>();
    let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
    // SAFETY: plain calls with pointers to a set of the kernel's size; the descriptor is new and nobody else's.
    unsafe {
        set_signal_mask(all)?;
        // CHLD may be inherited as ignored, which would reap our children behind our back.
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        let fd = libc::syscall(libc::SYS_signalfd4, -1, &raw const all, len, flags);
        Ok(OwnedFd::from_raw_fd(check(fd as libc::c_int)?))
    }
}

/// For a program that is executed by std, which hands the mask on.
pub fn unblock_signals() -> io::Result<()> {
    set_signal_mask(SignalSet(0))
}

fn set_signal_mask(set: SignalSet) -> io::Result<()> {
    let none = ptr::null_mut::<SignalSet>();
    let len = size_of::<SignalSet>();
    // SAFETY: a pointer to a set of the kernel's size; the former mask is not asked for.
    let done =
        unsafe { libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const set, none, len) };
    check(done as libc::c_int).map(drop)
}

/// The next pending signal of a [`signal_descriptor`].
pub fn next_signal(fd: BorrowedFd<'_>) -> Option<i32> {
    let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
    let len = size_of::<libc::signalfd_siginfo>();
    // SAFETY: the buffer has room for exactly one record, and is only read when a whole one was written.
    unsafe {
        let read = libc::read(fd.as_raw_fd(), info.as_mut_ptr().cast(), len);
        (read == len as isize).then(|| info.assume_init().ssi_signo as i32)
    }
}

/// For a pipe just made, which has no other flags.
pub fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: fcntl with integer arguments on an open descriptor.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) }).map(drop)
}

/// Asks for a larger pipe; the kernel may refuse, which only costs speed.
pub fn enlarge_pipe(fd: BorrowedFd<'_>, bytes: libc::c_int) {
    // SAFETY: fcntl with integer arguments on an open descriptor.
    unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETPIPE_SZ, bytes) };
}

/// Reserves the blocks of a small file. A file system that cannot is written to without.
pub fn allocate(fd: BorrowedFd<'_>, bytes: usize) -> io::Result<()> {
    // SAFETY: fallocate with integer arguments on an open descriptor.
    match check(unsafe { libc::fallocate(fd.as_raw_fd(), 0, 0, bytes as libc::off_t) }) {
        Err(error) if !matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::ENOSYS)) => Err(error),
        _ => Ok(()),
    }
}

pub fn remove_at(dir: BorrowedFd<'_>, name: &std::ffi::CStr) -> io::Result<()> {
    // SAFETY: a C string and an open directory.
    check(unsafe { libc::unlinkat(dir.as_raw_fd(), name.as_ptr(), 0) }).map(drop)
}

/// Whether the other end of the socket runs as our own user.
pub fn is_own_user(stream: &UnixStream) -> bool {
    let mut peer = libc::ucred { pid: 0, uid: libc::uid_t::MAX, gid: libc::gid_t::MAX };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the pointers are to a ucred and its length; geteuid has no arguments.
    unsafe {
        let result = libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut len,
        );
        result == 0 && peer.uid == libc::geteuid()
    }
}

/// A slot of the poll list; a negative descriptor is skipped by the kernel.
pub fn poll_slot(fd: RawFd, events: libc::c_short) -> libc::pollfd {
    libc::pollfd { fd, events, revents: 0 }
}

/// Waits until a slot is ready or the time is over (`None`: for ever). An interruption counts as nothing ready.
pub fn poll(slots: &mut [libc::pollfd], wait: Option<Duration>) {
    let wait = wait.map(|wait| libc::timespec {
        tv_sec: wait.as_secs().try_into().unwrap_or(i32::MAX.into()),
        tv_nsec: wait.subsec_nanos() as libc::c_long,
    });
    let timeout = wait.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: a valid list with its length, and a null or valid timeout that outlives the call.
    let ready = unsafe { libc::ppoll(slots.as_mut_ptr(), slots.len() as libc::nfds_t, timeout, ptr::null()) };
    if ready < 0 {
        slots.iter_mut().for_each(|slot| slot.revents = 0);
    }
}
