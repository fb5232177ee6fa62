//! The leader of the run: fork, exec, and its status, which is learned without reaping it.
//!
//! The leader stays a zombie until the shim ends. That pins its pid and its process group id, so a signal to the
//! group can never reach a stranger. Deciding when to signal is `ending`'s business.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, PipeWriter, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use solti_shim::exit_record::LeaderStatus;
use solti_shim::launch::LaunchSpec;
use solti_shim::layout::RUN_ID_VAR;
use solti_shim::start_report::{Stage, StartFailure};

use crate::start::at;
use crate::sys;

/// The highest real-time signal of Linux.
const LAST_SIGNAL: libc::c_int = 64;

#[derive(Debug)]
pub struct Leader {
    pid: libc::pid_t,
    /// `None` on a kernel without pidfd; then SIGCHLD alone wakes us.
    pidfd: Option<OwnedFd>,
    status: Option<LeaderStatus>,
}

impl Leader {
    /// Starts the program in a process group of its own, and returns once exec has succeeded.
    pub fn spawn(spec: &LaunchSpec, stdout: PipeWriter, stderr: PipeWriter) -> Result<Self, StartFailure> {
        let image = Image::new(spec)?;
        let (mut failed, report) = io::pipe().map_err(at(Stage::Spawn))?;
        // SAFETY: this process still has one thread, and the child calls nothing but async-signal-safe functions.
        let pid = sys::check(unsafe { libc::fork() }).map_err(at(Stage::Spawn))?;
        if pid == 0 {
            // SAFETY: we are the forked child; the image was made complete before the fork.
            unsafe { image.become_program(stdout.as_raw_fd(), stderr.as_raw_fd(), report.as_raw_fd()) }
        }
        drop((report, stdout, stderr));
        let leader = Self { pid, pidfd: open_pidfd(pid), status: None };
        let mut words = [0; 8];
        match failed.read_exact(&mut words) {
            // End of file: exec closed the pipe.
            Err(_) => Ok(leader),
            Ok(()) => {
                // SAFETY: a null status is allowed; the child is on its way out, so this does not wait for long.
                unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
                let [stage, _, _, _, errno @ ..] = words;
                let errno = i32::from_ne_bytes(errno);
                let stage = if stage == Stage::Chdir as u8 { Stage::Chdir } else { exec_stage(spec, errno) };
                Err(StartFailure { stage, errno })
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.pid.unsigned_abs()
    }

    pub fn status(&self) -> Option<LeaderStatus> {
        self.status
    }

    /// The descriptor that becomes readable when the leader ends, -1 when there is nothing to wait for.
    pub fn poll_fd(&self) -> RawFd {
        if self.status.is_some() { -1 } else { self.pidfd.as_ref().map_or(-1, AsRawFd::as_raw_fd) }
    }

    /// Looks whether the leader has ended, and leaves it a zombie.
    pub fn look(&mut self) {
        if self.status.is_none() {
            self.status = peek(libc::P_PID, self.pid.unsigned_abs()).map(|(_, status)| status);
        }
    }

    /// Reaps adopted orphans that have ended, but never the leader.
    pub fn reap_orphans(&mut self) {
        while let Some((pid, status)) = peek(libc::P_ALL, 0) {
            if pid == self.pid {
                // It would be reported again and again; what is left is reaped by the sweep, or by init after us.
                self.status = self.status.or(Some(status));
                return;
            }
            reap(pid);
        }
    }

    /// Signals the leader's whole process group.
    pub fn signal_group(&self, signal: i32) {
        // SAFETY: integers only; the unreaped leader keeps the group id from being anybody else's.
        unsafe { libc::kill(-self.pid, signal) };
    }
}

/// Takes an ended child off the process table; does nothing while it lives.
pub fn reap(pid: libc::pid_t) {
    // SAFETY: a null status is allowed, the rest are integers.
    unsafe { libc::waitpid(pid, ptr::null_mut(), libc::WNOHANG) };
}

/// An ended child and how it ended, without reaping it.
fn peek(kind: libc::idtype_t, id: libc::id_t) -> Option<(libc::pid_t, LeaderStatus)> {
    // SAFETY: a zeroed siginfo is valid; with WNOHANG and no ended child the kernel leaves its pid at zero.
    // After success the accessors read the fields that SIGCHLD defines.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        if libc::waitid(kind, id, &raw mut info, flags) != 0 || info.si_pid() == 0 {
            return None;
        }
        let status = match info.si_code {
            libc::CLD_EXITED => LeaderStatus::Code(info.si_status()),
            _ => LeaderStatus::Signal(info.si_status()),
        };
        Some((info.si_pid(), status))
    }
}

fn open_pidfd(pid: libc::pid_t) -> Option<OwnedFd> {
    // SAFETY: integers in, a new descriptor (close-on-exec by definition) or -1 out.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    // SAFETY: a descriptor just returned by the kernel that nobody else owns.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// A program that is there and may be run, but cannot be, lacks what its first line (or its ELF header) names.
fn exec_stage(spec: &LaunchSpec, errno: i32) -> Stage {
    let program = spec.cwd.as_deref().unwrap_or(Path::new("")).join(spec.program());
    let runnable = || {
        let Ok(path) = CString::new(program.as_os_str().as_bytes()) else { return false };
        // SAFETY: a C string and an integer.
        program.is_file() && unsafe { libc::access(path.as_ptr(), libc::X_OK) } == 0
    };
    match errno {
        libc::ENOENT if File::open(&program).is_ok() || runnable() => Stage::Interpreter,
        libc::EACCES if runnable() => Stage::Interpreter,
        _ => Stage::Exec,
    }
}

/// All that exec needs, made before the fork, because nothing may be allocated after it.
struct Image {
    argv: Vec<*const libc::c_char>,
    envp: Vec<*const libc::c_char>,
    cwd: *const libc::c_char,
    /// Owns what the pointers point into.
    _strings: Vec<CString>,
}

impl Image {
    fn new(spec: &LaunchSpec) -> Result<Self, StartFailure> {
        let mut strings = Vec::with_capacity(spec.argv.len() + spec.env.len() + 2);
        for arg in &spec.argv {
            strings.push(c_string(arg.as_bytes().to_vec())?);
        }
        for (key, value) in spec.env.iter().filter(|(key, _)| key != RUN_ID_VAR) {
            strings.push(c_string([key.as_bytes(), b"=", value.as_bytes()].concat())?);
        }
        strings.push(c_string(format!("{RUN_ID_VAR}={}", spec.run_id).into_bytes())?);
        let mut pointers: Vec<_> = strings.iter().map(|string| string.as_ptr()).collect();
        pointers.push(ptr::null());
        let envp = pointers.split_off(spec.argv.len());
        pointers.push(ptr::null());
        let mut cwd = ptr::null();
        if let Some(path) = &spec.cwd {
            let path = c_string(path.as_os_str().as_bytes().to_vec())?;
            cwd = path.as_ptr();
            strings.push(path);
        }
        Ok(Self { argv: pointers, envp, cwd, _strings: strings })
    }

    /// Becomes the program, or reports why not and ends.
    ///
    /// # Safety
    /// Only in a child just forked from a process with one thread.
    unsafe fn become_program(&self, stdout: RawFd, stderr: RawFd, report: RawFd) -> ! {
        // SAFETY: async-signal-safe calls on integers and on C strings made before the fork.
        unsafe {
            libc::setpgid(0, 0);
            libc::dup2(stdout, libc::STDOUT_FILENO);
            libc::dup2(stderr, libc::STDERR_FILENO);
            // The program must not inherit what the app or we block and ignore.
            // Asked of the kernel directly: libc would keep its own two signals from being reset.
            let default = [0u64; 4];
            for signal in 1..=LAST_SIGNAL {
                libc::syscall(
                    libc::SYS_rt_sigaction,
                    signal,
                    default.as_ptr(),
                    ptr::null_mut::<u64>(),
                    8usize,
                );
            }
            let mut none: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
            let mut stage = Stage::Exec;
            if !self.cwd.is_null() && libc::chdir(self.cwd) != 0 {
                stage = Stage::Chdir;
            } else {
                libc::execve(self.argv[0], self.argv.as_ptr(), self.envp.as_ptr());
            }
            let mut words = [0; 8];
            words[0] = stage as u8;
            words[4..].copy_from_slice(&(*libc::__errno_location()).to_ne_bytes());
            libc::write(report, words.as_ptr().cast(), words.len());
            libc::_exit(127)
        }
    }
}

fn c_string(bytes: Vec<u8>) -> Result<CString, StartFailure> {
    CString::new(bytes).map_err(|_| StartFailure { stage: Stage::Launch, errno: libc::EINVAL })
}
