//! The names in a run folder, and how its control socket and its lock are reached.
//!
//! Where run folders lie and who makes or cleans them is the runner's and the supervisor's business. The names of
//! the log files belong to `solti-logstore`.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The launch spec (0600) of a shim that is executed for one run. Written by the runner, removed by the shim as soon as it
/// is read. A shim of a fork server gets its spec with the order ([`crate::fork_order`]), and there is no such file.
///
/// Who removes it decides: a shim that cannot remove it starts nothing. So whoever wants to give a run up for lost
/// takes the lock, removes this file, and knows that the program will never run if the file was still there.
pub const LAUNCH: &str = "launch";
/// The exit record, 128 bytes; see [`crate::exit_record`]. Locked (`flock`) by the shim for as long as it lives, which
/// is the proof of life. Empty when somebody asked for the lock before any shim had it.
pub const EXIT: &str = "exit";
/// The control socket; see [`crate::control`]. A shim that was given its first client makes it when that one leaves, or
/// soon after the start: most runs are over before anybody else could ask.
pub const SOCKET: &str = "control.sock";
/// Ends a run that is a job of a cluster, whose shim looks for it about once a second: as a stop does, or at once when [`KILL_WORD`] is in it.
/// It stays where it is when the run is over, for a shim that is believed to be gone and is not; one whose record was removed ends too.
pub const STOP: &str = "stop";
/// See [`STOP`].
pub const KILL_WORD: &str = "KILL";
/// The descriptor on which the shim finds the write end of the status pipe, see [`crate::start_report`], and a fork server
/// its socket.
pub const STATUS_FD: i32 = 3;
/// The variable that marks every process of a run; its value is the run id, unique for ever.
pub const RUN_ID_VAR: &str = "SOLTI_RUN_ID";

/// Opens a run folder without following a symlink in its last component.
///
/// # Errors
/// `ELOOP` or `ENOTDIR` when a symlink or a file took its place, and what `open` says otherwise.
pub fn open_run_dir(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW).open(path)
}

/// Where to connect to the control socket: a socket's address holds 108 bytes, a data folder's path may be longer.
///
/// The path means something only in this process and while `dir` is open.
pub fn socket_path(dir: BorrowedFd<'_>) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", dir.as_raw_fd()))
}

/// Opens a file of the run folder relative to `dir`; never follows a symlink, always close-on-exec, created as 0600.
///
/// # Errors
/// What `openat` says.
pub fn open_at(dir: BorrowedFd<'_>, name: &CStr, flags: i32) -> io::Result<File> {
    use std::os::fd::FromRawFd;
    // SAFETY: `name` is a C string and `dir` is open; the mode argument is the one that O_CREAT reads.
    let fd = unsafe {
        libc::openat(
            dir.as_raw_fd(),
            name.as_ptr(),
            flags | libc::O_CLOEXEC | libc::O_NOFOLLOW,
            0o600 as libc::c_uint,
        )
    };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a descriptor just returned by the kernel that nobody else owns.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// Takes the run's lock, or `None` when a living shim holds it. The lock lasts as long as the file is open.
///
/// A process other than the shim uses this to ask "is it alive?" and must drop the file within milliseconds: a shim
/// that is about to start waits no longer than that.
///
/// # Errors
/// What `openat` or `flock` says.
pub fn try_lock(dir: BorrowedFd<'_>) -> io::Result<Option<File>> {
    let file = open_at(dir, c"exit", libc::O_RDWR | libc::O_CREAT)?;
    // SAFETY: plain call on an open descriptor.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(Some(file));
    }
    let error = io::Error::last_os_error();
    if error.kind() == io::ErrorKind::WouldBlock { Ok(None) } else { Err(error) }
}
