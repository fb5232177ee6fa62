//! The leader of the run: clone, exec, and its status, which is learned without reaping it.
//!
//! The leader stays a zombie until the run is over. That pins its pid and its process group id, so a signal to the
//! group can never reach a stranger. Where there is a control group, it starts in that. Deciding when to signal is `ending`'s business.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, PipeWriter};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use solti_shim::cgroup::{RunGroup, Unenforced};
use solti_shim::exit_record::{LeaderStatus, Usage};
use solti_shim::launch::LaunchSpec;
use solti_shim::layout::RUN_ID_VAR;
use solti_shim::start_report::{Stage, StartFailure};
use solti_shim::tree;

use crate::start::at;
use crate::sys::{self, LAST_SIGNAL, SignalSet};

/// For the child between clone and exec; it calls a handful of small functions.
const STACK: usize = 64 << 10;
/// A flag of clone3 alone, which has room for it.
const CLONE_INTO_CGROUP: u64 = 1 << 33;

#[derive(Debug)]
pub struct Leader {
    pid: libc::pid_t,
    /// `None` on a kernel without pidfd; then SIGCHLD alone wakes us.
    pidfd: Option<OwnedFd>,
    status: Option<LeaderStatus>,
    group: Option<RunGroup>,
    unenforced: Unenforced,
}

impl Leader {
    /// Starts the program in a process group of its own, and in `group` when the kernel lets it, and returns once exec has
    /// succeeded.
    pub fn spawn(
        spec: &LaunchSpec,
        home: BorrowedFd<'_>,
        mut group: Option<RunGroup>,
        ignored: SignalSet,
        stdout: PipeWriter,
        stderr: PipeWriter,
    ) -> Result<Self, StartFailure> {
        let image = Image::new(spec, home, ignored, stdout.as_raw_fd(), stderr.as_raw_fd())?;
        let mut unenforced = Unenforced::without_group(&spec.limits);
        let mut cloned = None;
        if let Some(made) = &group {
            let limited = made.limit(&spec.limits);
            cloned = image.clone_into(made.as_fd()).ok();
            if cloned.is_some() {
                unenforced = limited;
            } else {
                made.remove();
                group = None;
            }
        }
        let (pid, pidfd) = match cloned {
            Some(cloned) => cloned,
            None => image.clone_here().map_err(at(Stage::Spawn))?,
        };
        drop((stdout, stderr));
        let Some(Failed { stage, errno }) = image.failed() else {
            return Ok(Self { pid, pidfd, status: None, group, unenforced });
        };
        // SAFETY: a null status is allowed; the child is on its way out, so this does not wait for long.
        unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
        if let Some(group) = group {
            group.remove();
        }
        let stage = if stage == Stage::Exec { exec_stage(spec, home, errno) } else { stage };
        Err(StartFailure { stage, errno })
    }

    /// Of the run's limits.
    pub fn unenforced(&self) -> Unenforced {
        self.unenforced
    }

    /// KILL for everything in the control group, also for what is forked meanwhile.
    pub fn kill_group(&self) {
        if let Some(group) = &self.group {
            // A kernel without this has the sweep.
            group.kill().ok();
        }
    }

    /// Whether something lives in the control group.
    pub fn group_is_populated(&self) -> bool {
        self.group.as_ref().is_some_and(RunGroup::is_populated)
    }

    /// Takes the leader and its control group off the machine; returns what the run has used, and whether the kernel has
    /// killed some of it for want of memory. No signal may be sent after this.
    pub fn finish(self) -> (Usage, bool) {
        reap(self.pid);
        let mut usage = sys::usage_of_children();
        let mut oom_killed = false;
        if let Some(group) = self.group {
            usage.cpu_us = group.cpu_us().unwrap_or(usage.cpu_us);
            usage.peak_memory_bytes = group.peak_memory().or(usage.peak_memory_bytes);
            usage.io_bytes = group.io_bytes().or(usage.io_bytes);
            oom_killed = group.oom_kills() > 0;
            group.remove();
        }
        (usage, oom_killed)
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

    /// Reaps adopted orphans that have ended, but never the leader. Once that has ended, it takes a look at all children, which
    /// is for a run that `goes_on` without it.
    pub fn reap_orphans(&mut self, goes_on: bool) {
        while let Some((pid, status)) = peek(libc::P_ALL, 0) {
            if pid == self.pid {
                // It would be reported again and again, before all others.
                self.status = self.status.or(Some(status));
                if goes_on {
                    self.has_company();
                }
                return;
            }
            reap(pid);
        }
    }

    /// Whether a child but the leader is left, which is to say any process of the run; reaps those that have ended.
    pub fn has_company(&self) -> bool {
        // Without the list nothing is known; whoever waits for nobody to be left has a time limit.
        let Ok(children) = tree::children(std::process::id()) else { return true };
        let others = children.into_iter().filter(|pid| *pid != self.pid());
        // All are reaped, not only those up to the first that lives.
        others.filter(|pid| !reap(pid.cast_signed())).count() > 0
    }

    /// Signals the leader's whole process group.
    pub fn signal_group(&self, signal: i32) {
        // SAFETY: integers only; the unreaped leader keeps the group id from being anybody else's.
        unsafe { libc::kill(-self.pid, signal) };
    }
}

/// Takes an ended child off the process table; `false`, and nothing is done, while it lives.
fn reap(pid: libc::pid_t) -> bool {
    // SAFETY: a null status is allowed, the rest are integers.
    unsafe { libc::waitpid(pid, ptr::null_mut(), libc::WNOHANG) != 0 }
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

/// A program that is there and may be run, but cannot be, lacks what its first line (or its ELF header) names.
fn exec_stage(spec: &LaunchSpec, home: BorrowedFd<'_>, errno: i32) -> Stage {
    // Where the child looked; nothing is done in the run folder any more.
    sys::enter(home).ok();
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

/// What the child could not do, and why.
#[derive(Clone, Copy)]
struct Failed {
    stage: Stage,
    errno: i32,
}

/// All that exec needs, made before the clone, because nothing may be allocated after it.
struct Image {
    argv: Vec<*const libc::c_char>,
    envp: Vec<*const libc::c_char>,
    /// From where `cwd` counts.
    home: RawFd,
    cwd: *const libc::c_char,
    stdout: RawFd,
    stderr: RawFd,
    ignored: SignalSet,
    open_files: Option<u32>,
    /// The child's word to us, whichever way it is cloned.
    failed: Shared<Option<Failed>>,
    /// Owns what the pointers point into.
    _strings: Vec<CString>,
}

/// A value that a clone shares with its parent: plain memory where every clone is in ours, else a page of its own, which
/// takes the kernel longer than it would seem.
struct Shared<T>(ptr::NonNull<T>);

#[cfg(target_arch = "x86_64")]
impl<T> Shared<T> {
    fn new(value: T) -> io::Result<Self> {
        Ok(Self(ptr::NonNull::from(Box::leak(Box::new(value)))))
    }
}

#[cfg(target_arch = "x86_64")]
impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: from the box that `new` leaked; no child is in our memory any more.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl<T> Shared<T> {
    fn new(value: T) -> io::Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping of our own; a page is large enough, and aligned, for what is put into it.
        unsafe {
            let page = libc::mmap(ptr::null_mut(), size_of::<T>(), protection, flags, -1, 0);
            if page == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let place = page.cast::<T>();
            place.write(value);
            Ok(Self(ptr::NonNull::new_unchecked(place)))
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping that `new` made, in which nothing needs to be dropped.
        unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<T>()) };
    }
}

/// A clone's pid, and a pidfd where the kernel has them.
type Cloned = (libc::pid_t, Option<OwnedFd>);

impl Image {
    fn new(
        spec: &LaunchSpec,
        home: BorrowedFd<'_>,
        ignored: SignalSet,
        stdout: RawFd,
        stderr: RawFd,
    ) -> Result<Self, StartFailure> {
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
        let failed = Shared::new(None).map_err(at(Stage::Spawn))?;
        let open_files = spec.limits.open_files;
        let argv = pointers;
        let home = home.as_raw_fd();
        Ok(Self { argv, envp, home, cwd, stdout, stderr, ignored, open_files, failed, _strings: strings })
    }

    /// As posix_spawn does it: the child borrows our memory until it executes the program, which spares the copy of it, and
    /// we stand still meanwhile.
    fn clone_here(&self) -> io::Result<Cloned> {
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        let mut stack = Vec::<u128>::with_capacity(STACK / size_of::<u128>());
        let mut pidfd: RawFd = -1;
        // SAFETY: the stack is large enough for what `become_program` calls, aligned, and lives until the child is done
        // with it, as do the image and `pidfd`. This process has one thread.
        let pid = sys::check(unsafe {
            libc::clone(
                become_program,
                stack.as_mut_ptr().add(stack.capacity()).cast(),
                flags,
                ptr::from_ref(self).cast_mut().cast(),
                &raw mut pidfd,
            )
        })?;
        Ok((pid, owned(pidfd)))
    }

    /// The same right into a control group: to move there later costs milliseconds, and a moment outside.
    fn clone_into(&self, group: BorrowedFd<'_>) -> io::Result<Cloned> {
        let mut stack = Vec::<u128>::with_capacity(STACK / size_of::<u128>());
        let mut pidfd: RawFd = -1;
        // SAFETY: zeroed arguments are valid.
        let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
        arguments.flags = (libc::CLONE_VFORK | libc::CLONE_PIDFD) as u64 | CLONE_INTO_CGROUP;
        arguments.pidfd = (&raw mut pidfd) as u64;
        arguments.exit_signal = libc::SIGCHLD as u64;
        arguments.cgroup = group.as_raw_fd() as u64;
        // SAFETY: as for `clone_here`, and the arguments are as clone3 wants them.
        let pid = unsafe { clone3(&mut arguments, stack.spare_capacity_mut(), become_program, self) };
        match libc::pid_t::try_from(pid) {
            Ok(pid) if pid > 0 => Ok((pid, owned(pidfd))),
            Ok(error) => Err(io::Error::from_raw_os_error(-error)),
            Err(_) => Err(io::ErrorKind::Other.into()),
        }
    }

    fn failed(&self) -> Option<Failed> {
        // SAFETY: made by `new`; the child that shared it has executed the program, or has ended.
        unsafe { self.failed.0.as_ptr().read_volatile() }
    }
}

/// clone3 for a child that borrows our memory and runs `entry`, which does not come back, on `stack`. libc has no function
/// for it. Returns the child's pid, or a negative errno.
///
/// # Safety
/// The arguments' pointers, `stack` and `image` are good until the child has executed a program or ended, which CLONE_VFORK
/// waits for. This process has one thread.
#[cfg(target_arch = "x86_64")]
unsafe fn clone3(
    arguments: &mut libc::clone_args,
    stack: &mut [MaybeUninit<u128>],
    entry: extern "C" fn(*mut libc::c_void) -> libc::c_int,
    image: &Image,
) -> i64 {
    arguments.flags |= libc::CLONE_VM as u64;
    arguments.stack = stack.as_mut_ptr() as u64;
    arguments.stack_size = size_of_val(stack) as u64;
    let mut result = libc::SYS_clone3;
    // SAFETY: the kernel gives the child our registers but for rax and the stack pointer, which is the aligned end of `stack`;
    // it calls `entry` there and never gets to what follows. For us this is a system call like any other.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r8",
            "call r9",
            "ud2",
            "2:",
            inlateout("rax") result,
            in("rdi") ptr::from_mut(arguments),
            in("rsi") size_of::<libc::clone_args>(),
            in("r8") ptr::from_ref(image),
            in("r9") entry,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

/// The same where nobody has written the assembly: the child gets a copy of our memory, which takes longer.
///
/// # Safety
/// `image` is good. This process has one thread.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn clone3(
    arguments: &mut libc::clone_args,
    _stack: &mut [MaybeUninit<u128>],
    entry: extern "C" fn(*mut libc::c_void) -> libc::c_int,
    image: &Image,
) -> i64 {
    // SAFETY: the kernel is told the arguments' size; the child calls nothing but `entry`.
    let pid =
        unsafe { libc::syscall(libc::SYS_clone3, ptr::from_mut(arguments), size_of::<libc::clone_args>()) };
    match pid {
        0 => {
            entry(ptr::from_ref(image).cast_mut().cast());
            // It does not come back.
            std::process::abort()
        }
        -1 => -i64::from(io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)),
        pid => i64::from(pid),
    }
}

fn owned(pidfd: RawFd) -> Option<OwnedFd> {
    // SAFETY: where the kernel has left a number it is of a new descriptor (close-on-exec) that nobody else owns.
    (pidfd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(pidfd) })
}

/// The child's way: it becomes the program, or leaves word of why it could not and ends.
///
/// It may share our memory, so it changes nothing in it but `failed`, and calls nothing that allocates or locks. Signal
/// dispositions, descriptors and the directory are its own.
extern "C" fn become_program(image: *mut libc::c_void) -> libc::c_int {
    // SAFETY: the image that `spawn` passed, which lives until we have executed the program or ended; the calls are on
    // integers and on C strings in it.
    unsafe {
        let image = &*image.cast::<Image>();
        libc::setpgid(0, 0);
        libc::dup2(image.stdout, libc::STDOUT_FILENO);
        libc::dup2(image.stderr, libc::STDERR_FILENO);
        // The program must not inherit what the app or we block and ignore. What is handled goes back by itself.
        // Asked of the kernel directly: libc would keep its own two signals from being reset.
        let default = [0u64; 4];
        for signal in (1..=LAST_SIGNAL).filter(|&signal| image.ignored.holds(signal)) {
            libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), ptr::null_mut::<u64>(), 8usize);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
        if let Some(most) = image.open_files {
            let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
            // Nobody may raise the hard one.
            let most = libc::rlim_t::from(most).min(limit.rlim_max);
            limit = libc::rlimit { rlim_cur: most, rlim_max: most };
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
        let mut stage = Stage::Exec;
        libc::fchdir(image.home);
        if !image.cwd.is_null() && libc::chdir(image.cwd) != 0 {
            stage = Stage::Chdir;
        } else {
            libc::execve(image.argv[0], image.argv.as_ptr(), image.envp.as_ptr());
        }
        let errno = *libc::__errno_location();
        image.failed.0.as_ptr().write_volatile(Some(Failed { stage, errno }));
        libc::_exit(127)
    }
}

fn c_string(bytes: Vec<u8>) -> Result<CString, StartFailure> {
    CString::new(bytes).map_err(|_| StartFailure { stage: Stage::Launch, errno: libc::EINVAL })
}
