//! `posix_spawn` of the shim. std's `Command` can pass no descriptor but 0 to 2 without a hook between fork and exec,
//! and with one it forks, which takes twice as long from a process as large as the app.
#![allow(unsafe_code, reason = "nothing else offers posix_spawn")]

use std::ffi::{CString, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use solti_shim::layout::STATUS_FD;

/// Starts the shim with its one argument and the descriptor that it is given as [`STATUS_FD`]; returns its pid.
///
/// `open_files` is the soft limit of open files that it, and so whatever it starts, has; `None` for ours. Its environment is empty: a mark that the app itself carries, as a task of another app, must not be the shim's.
/// Its directory is `/`, so that it keeps no file system busy; its input and output are nothing. The session of its own
/// it makes itself.
pub(crate) fn spawn(
    shim: &Path,
    argument: &OsStr,
    given: BorrowedFd<'_>,
    open_files: Option<u64>,
) -> io::Result<Pid> {
    let words = [CString::new(shim.as_os_str().as_bytes())?, CString::new(argument.as_bytes())?];
    let argv = [words[0].as_ptr().cast_mut(), words[1].as_ptr().cast_mut(), ptr::null_mut()];
    let environment = [ptr::null_mut()];
    let actions = Actions::new(given)?;
    let attributes = Attributes::new()?;
    let mut pid = 0;
    // SAFETY: all strings and both lists live until the call returns, and the lists end with a null.
    check(unsafe {
        libc::posix_spawn(
            &raw mut pid,
            words[0].as_ptr(),
            actions.0.as_ptr(),
            attributes.0.as_ptr(),
            argv.as_ptr(),
            environment.as_ptr(),
        )
    })?;
    let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))?;
    if let Some(soft) = open_files {
        limit_open_files(pid, soft);
    }
    Ok(pid)
}

/// At once, before the process has loaded its libraries. One that has ended needs no limit.
fn limit_open_files(pid: Pid, soft: u64) {
    // It has inherited ours.
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = Some(maximum.map_or(soft, |maximum| maximum.min(soft)));
    prlimit(Some(pid), Resource::Nofile, Rlimit { current, maximum }).ok();
}

/// These functions return the errno.
fn check(errno: libc::c_int) -> io::Result<()> {
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}

struct Actions(MaybeUninit<libc::posix_spawn_file_actions_t>);

impl Actions {
    fn new(given: BorrowedFd<'_>) -> io::Result<Self> {
        let mut raw = MaybeUninit::uninit();
        // SAFETY: init makes the list valid; from then on it is ours to destroy.
        check(unsafe { libc::posix_spawn_file_actions_init(raw.as_mut_ptr()) })?;
        let mut this = Self(raw);
        let list = this.0.as_mut_ptr();
        // SAFETY: a valid list; the strings are static. The given one is none of 0 to 2, which std keeps open from the start,
        // and its copy onto its own number would, as defined, just keep it open.
        unsafe {
            for (fd, flags) in [(0, libc::O_RDONLY), (1, libc::O_WRONLY), (2, libc::O_WRONLY)] {
                check(libc::posix_spawn_file_actions_addopen(list, fd, c"/dev/null".as_ptr(), flags, 0))?;
            }
            check(libc::posix_spawn_file_actions_adddup2(list, given.as_raw_fd(), STATUS_FD))?;
            check(libc::posix_spawn_file_actions_addchdir_np(list, c"/".as_ptr()))?;
        }
        Ok(this)
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: made valid by `new`.
        unsafe { libc::posix_spawn_file_actions_destroy(self.0.as_mut_ptr()) };
    }
}

struct Attributes(MaybeUninit<libc::posix_spawnattr_t>);

impl Attributes {
    /// No signal blocked, and SIGPIPE as usual, which std ignores in the app.
    fn new() -> io::Result<Self> {
        let mut raw = MaybeUninit::uninit();
        // SAFETY: init makes the attributes valid; from then on they are ours to destroy.
        check(unsafe { libc::posix_spawnattr_init(raw.as_mut_ptr()) })?;
        let mut this = Self(raw);
        let attributes = this.0.as_mut_ptr();
        let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
        // SAFETY: valid attributes; sigemptyset initialises the set before anything reads it.
        unsafe {
            let mut set = MaybeUninit::uninit();
            libc::sigemptyset(set.as_mut_ptr());
            check(libc::posix_spawnattr_setsigmask(attributes, set.as_ptr()))?;
            libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE);
            check(libc::posix_spawnattr_setsigdefault(attributes, set.as_ptr()))?;
            check(libc::posix_spawnattr_setflags(attributes, flags as libc::c_short))?;
        }
        Ok(this)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: made valid by `new`.
        unsafe { libc::posix_spawnattr_destroy(self.0.as_mut_ptr()) };
    }
}
