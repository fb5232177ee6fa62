//! How the leader comes to be: what exec needs, made before the clone, and the way of the child from there to its program.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, PipeWriter};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

use solti_shim::launch::LaunchSpec;
use solti_shim::layout::RUN_ID_VAR;
use solti_shim::start_report::{Stage, StartFailure};

use crate::clone::{self, Cloned, Shared};
use crate::start::at;
use crate::sys::{self, LAST_SIGNAL, SignalSet};

/// Where programs are looked for by whoever has no `PATH`.
const USUAL_PATH: &str = "/usr/bin:/bin";

/// What the child could not do, and why.
#[derive(Clone, Copy)]
pub struct Failed {
    pub stage: Stage,
    pub errno: i32,
}

/// All but the mark of the run: those of the spec, in a cluster over those of the job.
fn variables(spec: &LaunchSpec) -> Vec<(OsString, OsString)> {
    let is_own = |key: &OsString| spec.env.iter().any(|(own, _)| own == key);
    let of_job = spec.cluster.then(std::env::vars_os).into_iter().flatten().filter(|(key, _)| !is_own(key));
    of_job.chain(spec.env.iter().cloned()).filter(|(key, _)| key != RUN_ID_VAR).collect()
}

/// The program of a job, which may be named without a path: as its node has it, in the `PATH` that it is started with. Where none may be
/// executed it is one that is there, or would be: that it cannot be started says why.
pub fn look_up(spec: &LaunchSpec) -> OsString {
    let path = variables(spec).into_iter().find(|(key, _)| key == "PATH");
    found_in(&spec.argv[0], &path.map_or_else(|| USUAL_PATH.into(), |(_, path)| path))
}

fn found_in(program: &OsStr, path: &OsStr) -> OsString {
    if program.as_bytes().contains(&b'/') {
        return program.to_owned();
    }
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    let places: Vec<PathBuf> = folders.map(|folder| folder.join(program)).collect();
    let found = places.iter().find(|place| is_executable(place));
    let found = found.or_else(|| places.iter().find(|place| place.is_file())).or(places.last());
    found.map_or_else(|| Path::new("/").join(program), PathBuf::clone).into()
}

fn is_executable(program: &Path) -> bool {
    let Ok(path) = CString::new(program.as_os_str().as_bytes()) else { return false };
    // SAFETY: a C string and an integer.
    program.is_file() && unsafe { libc::access(path.as_ptr(), libc::X_OK) } == 0
}

/// What the program gets as its own.
pub struct Pipes {
    /// `None`: what we have ourselves, which is /dev/null.
    pub stdin: Option<OwnedFd>,
    pub stdout: PipeWriter,
    pub stderr: PipeWriter,
}

/// All that exec needs, made before the clone, because nothing may be allocated after it.
pub struct Image {
    argv: Vec<*const libc::c_char>,
    envp: Vec<*const libc::c_char>,
    /// From where `cwd` counts.
    home: RawFd,
    cwd: *const libc::c_char,
    stdin: RawFd,
    stdout: RawFd,
    stderr: RawFd,
    ignored: SignalSet,
    open_files: Option<u32>,
    /// The child's word to us, whichever way it is cloned.
    failed: Shared<Option<Failed>>,
    /// Owns what the pointers point into.
    _strings: Vec<CString>,
}

impl Image {
    pub fn new(
        spec: &LaunchSpec,
        home: BorrowedFd<'_>,
        ignored: SignalSet,
        pipes: &Pipes,
    ) -> Result<Self, StartFailure> {
        let mut strings = Vec::with_capacity(spec.argv.len() + spec.env.len() + 2);
        for arg in &spec.argv {
            strings.push(c_string(arg.as_bytes().to_vec())?);
        }
        for (key, value) in variables(spec) {
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
        let stdin = pipes.stdin.as_ref().map_or(libc::STDIN_FILENO, AsRawFd::as_raw_fd);
        let (stdout, stderr) = (pipes.stdout.as_raw_fd(), pipes.stderr.as_raw_fd());
        Ok(Self {
            argv,
            envp,
            home,
            cwd,
            stdin,
            stdout,
            stderr,
            ignored,
            open_files,
            failed,
            _strings: strings,
        })
    }

    pub fn clone_here(&self) -> io::Result<Cloned> {
        // SAFETY: `become_program` does what such a child may, with an image that lives until it is done. This process has one
        // thread.
        unsafe { clone::clone_here(become_program, self.passed()) }
    }

    /// Into a control group: to move there later costs milliseconds, and a moment outside.
    pub fn clone_into(&self, group: BorrowedFd<'_>) -> io::Result<Cloned> {
        // SAFETY: as for `clone_here`.
        unsafe { clone::clone_into(group, become_program, self.passed()) }
    }

    fn passed(&self) -> *mut libc::c_void {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// What the child could not do, if it has not executed the program.
    pub fn failed(&self) -> Option<Failed> {
        // SAFETY: the child that shared it has executed the program, or has ended.
        unsafe { self.failed.get() }
    }
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
        // Nothing happens where it is the same.
        libc::dup2(image.stdin, libc::STDIN_FILENO);
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
        image.failed.set(Some(Failed { stage, errno }));
        libc::_exit(127)
    }
}

/// A program that is there and may be run, but cannot be, lacks what its first line (or its ELF header) names.
pub fn exec_stage(spec: &LaunchSpec, home: BorrowedFd<'_>, errno: i32) -> Stage {
    // Where the child looked; nothing is done in the run folder any more.
    sys::enter(home).ok();
    let program = spec.cwd.as_deref().unwrap_or(Path::new("")).join(spec.program());
    let runnable = || is_executable(&program);
    match errno {
        libc::ENOENT if File::open(&program).is_ok() || runnable() => Stage::Interpreter,
        libc::EACCES if runnable() => Stage::Interpreter,
        _ => Stage::Exec,
    }
}

fn c_string(bytes: Vec<u8>) -> Result<CString, StartFailure> {
    CString::new(bytes).map_err(|_| StartFailure { stage: Stage::Launch, errno: libc::EINVAL })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_program_is_looked_up_where_a_shell_would_find_it() {
        let dir = tempfile::tempdir().expect("temp dir");
        for (place, mode) in [("one/plain", 0o600), ("two/plain", 0o700), ("two/other", 0o600)] {
            let place = dir.path().join(place);
            fs::create_dir_all(place.parent().expect("a folder")).expect("made");
            fs::write(&place, "#!/bin/sh\n").expect("written");
            fs::set_permissions(&place, fs::Permissions::from_mode(mode)).expect("set");
        }
        let path = format!("{0}/one:relative:{0}/two", dir.path().display());
        let found = |program: &str| found_in(OsStr::new(program), OsStr::new(&path));
        for (program, expected) in
            [("plain", "two/plain"), ("other", "two/other"), ("neither", "two/neither"), ("a=b", "two/a=b")]
        {
            assert_eq!(found(program), dir.path().join(expected).into_os_string(), "{program}");
        }
        assert_eq!(found("./plain"), "./plain");
        assert_eq!(found_in(OsStr::new("x"), OsStr::new("")), "/x");
    }
}
